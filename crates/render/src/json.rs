//! JSON in which no control or format character stands as itself.

use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};
use sluice_review::Review;
use sluice_review::model::escape;

/// The report's twelve fields, indented, with a final line break.
///
/// # Errors
/// When a value cannot be written as JSON; no value of a review is of that kind.
pub fn report(review: &Review) -> serde_json::Result<String> {
    lines(&review.report, PrettyFormatter::new())
}

/// The whole review, indented, with a final line break.
///
/// # Errors
/// As [`report`].
pub fn json(review: &Review) -> serde_json::Result<String> {
    lines(review, PrettyFormatter::new())
}

/// Reviews as an indented array, with a final line break.
///
/// # Errors
/// As [`report`].
pub fn json_array(reviews: &[Review]) -> serde_json::Result<String> {
    lines(reviews, PrettyFormatter::new())
}

/// The whole review on one line, with a final line break.
///
/// # Errors
/// As [`report`].
pub fn jsonl(review: &Review) -> serde_json::Result<String> {
    lines(review, CompactFormatter)
}

fn lines<T: Serialize + ?Sized>(value: &T, layout: impl Formatter) -> serde_json::Result<String> {
    let mut bytes = Vec::new();
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, Visible(layout)))?;
    bytes.push(b'\n');
    String::from_utf8(bytes).map_err(|error| serde_json::Error::io(io::Error::other(error)))
}

/// A layout in which characters that a terminal obeys or hides are written as `\uXXXX`, which reads back the same.
struct Visible<F>(F);

impl<F: Formatter> Formatter for Visible<F> {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        if fragment.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
            return writer.write_all(fragment.as_bytes());
        }
        let mut utf8 = [0; 4];
        let mut utf16 = [0; 2];
        for character in fragment.chars() {
            let text: &str = character.encode_utf8(&mut utf8);
            if escape(text) == text {
                writer.write_all(text.as_bytes())?;
            } else {
                for unit in character.encode_utf16(&mut utf16) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn end_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_key(writer)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_written_out_and_read_back() {
        let value = "é \u{7f} \u{9b}31m \u{202e} \u{1b}[0m \u{e0041}";
        let text = lines(value, CompactFormatter).unwrap();
        assert_eq!(text, "\"é \\u007f \\u009b31m \\u202e \\u001b[0m \\udb40\\udc41\"\n");
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), value);
    }
}
