//! Whether a tag of a page belongs to HTML, or to a drawing or formula in it: the same tag is read in two ways.
//!
//! In HTML what stands in `<style>` or `<title>` is text to its end tag, in a drawing it is markup (HTML Living Standard,
//! 13.2.6.5). Drawings that are well formed are followed exactly. Of any other a browser makes what its whole tree tells,
//! which is not kept here: from there on both readings are in doubt.

/// Tags of HTML that end a drawing in which they stand.
const BREAKOUT: &[&[u8]] = &[
    b"b",
    b"big",
    b"blockquote",
    b"body",
    b"br",
    b"center",
    b"code",
    b"dd",
    b"div",
    b"dl",
    b"dt",
    b"em",
    b"embed",
    b"font",
    b"h1",
    b"h2",
    b"h3",
    b"h4",
    b"h5",
    b"h6",
    b"head",
    b"hr",
    b"i",
    b"img",
    b"li",
    b"listing",
    b"menu",
    b"meta",
    b"nobr",
    b"ol",
    b"p",
    b"pre",
    b"ruby",
    b"s",
    b"small",
    b"span",
    b"strike",
    b"strong",
    b"sub",
    b"sup",
    b"table",
    b"tt",
    b"u",
    b"ul",
    b"var",
];

/// Tags of HTML that have no end tag.
const VOID: &[&[u8]] = &[
    b"area", b"base", b"br", b"col", b"embed", b"hr", b"img", b"input", b"keygen", b"link", b"meta", b"param",
    b"source", b"track", b"wbr",
];

/// Tags whose content HTML takes as text.
const TEXTS: &[&[u8]] = &[
    b"script",
    b"style",
    b"title",
    b"textarea",
    b"xmp",
    b"iframe",
    b"noembed",
    b"noframes",
    b"noscript",
    b"plaintext",
];

/// True for a tag whose content HTML takes as text.
pub(super) fn is_text(name: &[u8]) -> bool {
    TEXTS.contains(&name)
}

/// How a tag is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Html,
    Foreign,
    /// Either, by what the whole page comes to.
    Doubt,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Space {
    Html,
    Drawing,
    Formula,
}

/// The tags that are open in a drawing or formula.
#[derive(Debug, Default)]
pub(super) struct Namespaces {
    /// Each with the space of what stands in it; the first opened the drawing.
    open: Vec<(Vec<u8>, Space)>,
    /// A list of choices is open: browsers differ in which tags they take there.
    choices: bool,
    doubt: bool,
}

impl Namespaces {
    fn space(&self) -> Space {
        self.open.last().map_or(Space::Html, |(_, space)| *space)
    }

    /// How what comes next is read.
    pub(super) fn reading(&self) -> Reading {
        match self.space() {
            _ if self.doubt => Reading::Doubt,
            Space::Html => Reading::Html,
            Space::Drawing | Space::Formula => Reading::Foreign,
        }
    }

    /// Takes a start tag, and says how it is read itself.
    pub(super) fn start(&mut self, name: &[u8], closed: bool) -> Reading {
        let roots = match name {
            b"svg" => Some(Space::Drawing),
            b"math" => Some(Space::Formula),
            _ => None,
        };
        let space = self.space();
        match space {
            // Which texts of a formula are HTML depends on the tag around them and its attributes.
            Space::Formula => self.doubt |= is_text(name),
            Space::Drawing => self.doubt |= BREAKOUT.contains(&name),
            Space::Html => self.doubt |= roots.is_some() && self.choices,
        }
        let reading = self.reading();
        if self.doubt {
            return reading;
        }
        if self.open.is_empty() {
            match name {
                b"select" => self.choices = true,
                _ if self.choices && name != b"script" && is_text(name) => return Reading::Doubt,
                _ => {}
            }
        }
        let inside = match (space, roots) {
            (Space::Html, Some(root)) => Some(root),
            (Space::Html, None) if self.open.is_empty() || VOID.contains(&name) => None,
            (Space::Html, None) => Some(Space::Html),
            (Space::Drawing, _) if matches!(name, b"foreignobject" | b"desc" | b"title") => Some(Space::Html),
            (other, _) => Some(other),
        };
        // HTML knows no tag that closes itself.
        let closed = closed && (space != Space::Html || roots.is_some());
        if let Some(inside) = inside.filter(|_| !closed) {
            self.open.push((name.to_vec(), inside));
        }
        reading
    }

    /// Takes an end tag.
    pub(super) fn end(&mut self, name: &[u8]) {
        match self.open.last() {
            _ if self.doubt => {}
            None => self.choices &= name != b"select",
            Some((open, _)) if open == name => {
                self.open.pop();
            }
            Some(_) => {
                self.doubt = true;
                self.open.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reading of the last of these tags; `/x` is an end tag, `x/` closes itself.
    fn last(tags: &str) -> Reading {
        let mut spaces = Namespaces::default();
        let mut reading = Reading::Html;
        for tag in tags.split(' ') {
            match (tag.strip_prefix('/'), tag.strip_suffix('/')) {
                (Some(name), _) => spaces.end(name.as_bytes()),
                (_, Some(name)) => reading = spaces.start(name.as_bytes(), true),
                _ => reading = spaces.start(tag.as_bytes(), false),
            }
        }
        reading
    }

    #[test]
    fn a_well_formed_drawing_is_followed() {
        for (tags, wanted) in [
            ("p div style", Reading::Html),
            ("svg style", Reading::Foreign),
            ("svg g path/ svg /svg /g style", Reading::Foreign),
            ("svg /svg style", Reading::Html),
            ("svg/ style", Reading::Html),
            ("svg title style", Reading::Html),
            ("svg foreignobject div br p /p /div /foreignobject style", Reading::Foreign),
            ("math mi /mi /math style", Reading::Html),
            ("select option /select style", Reading::Html),
        ] {
            assert_eq!(last(tags), wanted, "{tags}");
        }
    }

    #[test]
    fn any_other_is_in_doubt() {
        for tags in [
            "svg a svg /a /svg style",
            "svg p style",
            "svg desc b /desc style",
            "svg desc svg/ div/ /desc style",
            "math mi style",
            "select xmp",
            "select svg style",
        ] {
            assert_eq!(last(tags), Reading::Doubt, "{tags}");
        }
    }
}
