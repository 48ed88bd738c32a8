//! Notebooks: the code cells of one as one Python module.
//!
//! Each line of code stands on the line of the notebook's file on which its text begins, as far as there is one line of code for a line of the file, so that places in a review are places in the file.
//! Where several stand on one line of the file, they follow each other, and the lines after them are counted on.
//!
//! Magics become the calls that IPython makes of them. Outputs and Markdown are no code.

use std::fmt::Write as _;

use memchr::memchr_iter;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A notebook's code.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Notebook {
    /// The code cells as one module.
    pub code: String,
    /// The language that the notebook names, in lower case, if it is not Python.
    pub language: Option<String>,
    /// Code cells.
    pub cells: usize,
    /// Whether every line stands where it stands in the file.
    pub in_place: bool,
}

#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(borrow, default)]
    cells: Vec<Cell<'a>>,
    /// Where the cells are in the third form of the format.
    #[serde(borrow, default)]
    worksheets: Vec<Sheet<'a>>,
    #[serde(default)]
    metadata: serde_json::Value,
}

#[derive(Deserialize)]
struct Sheet<'a> {
    #[serde(borrow, default)]
    cells: Vec<Cell<'a>>,
}

#[derive(Deserialize)]
struct Cell<'a> {
    #[serde(default)]
    cell_type: String,
    #[serde(borrow, default, alias = "input")]
    source: Option<&'a RawValue>,
}

/// Whether a file is named as a notebook.
pub(crate) fn is_named(path: &str) -> bool {
    crate::classify::extension(path).as_deref() == Some("ipynb")
}

/// Reads a notebook.
///
/// # Errors
/// With the reason, when the text is not the JSON of a notebook.
pub(crate) fn read(text: &str) -> Result<Notebook, String> {
    // A list of a structure's fields would pass for the structure.
    if !text.trim_start().starts_with('{') {
        return Err("it is no JSON object".to_owned());
    }
    let raw: Raw<'_> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let named = ["/kernelspec/language", "/language_info/name"];
    let language = named.iter().find_map(|place| raw.metadata.pointer(place)?.as_str()).map(str::to_lowercase);
    let mut out = Out { text, code: String::new(), line: 0, seen: (0, 0), in_place: true };
    let mut count = 0;
    for cell in raw.cells.into_iter().chain(raw.worksheets.into_iter().flat_map(|sheet| sheet.cells)) {
        let (true, Some(source)) = (cell.cell_type == "code", cell.source) else { continue };
        count += 1;
        out.cell(&lines(source)?);
    }
    let language = language.filter(|language| !language.starts_with("python") && language != "ipython");
    Ok(Notebook { code: out.code, language, cells: count, in_place: out.in_place })
}

/// The lines of a cell, each with the address in memory of the JSON text that it is from.
fn lines(source: &RawValue) -> Result<Vec<(usize, String)>, String> {
    let piece = |raw: &RawValue| -> Result<(usize, String), String> {
        let text: String = serde_json::from_str(raw.get()).map_err(|error| error.to_string())?;
        Ok((raw.get().as_ptr().addr(), text))
    };
    let pieces = if source.get().starts_with('[') {
        let list: Vec<&RawValue> = serde_json::from_str(source.get()).map_err(|error| error.to_string())?;
        list.into_iter().map(piece).collect::<Result<Vec<_>, _>>()?
    } else {
        vec![piece(source)?]
    };
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (place, text) in pieces {
        for line in text.split_inclusive('\n') {
            match lines.last_mut().filter(|_| open) {
                Some((_, last)) => last.push_str(line.trim_end_matches('\n')),
                None => lines.push((place, line.trim_end_matches('\n').to_owned())),
            }
            open = !line.ends_with('\n');
        }
    }
    Ok(lines)
}

struct Out<'a> {
    text: &'a str,
    code: String,
    /// Lines written so far.
    line: usize,
    /// An offset in the text, and the number of line breaks before it: places only go up.
    seen: (usize, usize),
    in_place: bool,
}

impl Out<'_> {
    /// Writes a line of code at its place, or as the next one.
    fn put(&mut self, address: usize, code: &str) {
        let offset = address.saturating_sub(self.text.as_ptr().addr()).min(self.text.len());
        let (from, breaks) = self.seen;
        if let Some(between) = self.text.as_bytes().get(from..offset) {
            self.seen = (offset, breaks + memchr_iter(b'\n', between).count());
        }
        let place = self.seen.1;
        while self.line < place {
            self.code.push('\n');
            self.line += 1;
        }
        self.in_place &= self.line == place;
        // A carriage return would count as a line of its own.
        self.code.push_str(code.trim_end_matches('\r'));
        self.code.push('\n');
        self.line += 1;
    }

    fn cell(&mut self, lines: &[(usize, String)]) {
        let first = lines.iter().position(|(_, line)| !line.trim().is_empty()).unwrap_or(0);
        let magic = lines.get(first).and_then(|(place, line)| Some((*place, line.trim_start().strip_prefix("%%")?)));
        let Some((place, magic)) = magic else {
            for (place, line) in lines {
                self.put(*place, &code_of(line));
            }
            return;
        };
        let rest = lines.get(first + 1..).unwrap_or_default();
        let (name, arguments) = magic.split_once(char::is_whitespace).unwrap_or((magic, ""));
        if RUNS_PYTHON.contains(&name) {
            self.put(place, "");
            for (place, line) in rest {
                self.put(*place, &code_of(line));
            }
            return;
        }
        let head = format!("get_ipython().run_cell_magic({}, {}, ", quoted(name), quoted(arguments.trim()));
        if rest.is_empty() {
            self.put(place, &format!("{head}'')"));
            return;
        }
        self.put(place, &head);
        let last = rest.len() - 1;
        for (index, (place, line)) in rest.iter().enumerate() {
            self.put(*place, &format!("{}{}", quoted(&format!("{line}\n")), if index == last { ")" } else { "" }));
        }
    }
}

/// Cell magics that run their cell as Python in the notebook's own interpreter or another.
const RUNS_PYTHON: [&str; 8] = ["time", "timeit", "capture", "prun", "python", "python3", "pypy", "debug"];

/// A line of a cell as Python.
fn code_of(line: &str) -> String {
    let code = line.trim_start();
    let indent = line.get(..line.len() - code.len()).unwrap_or_default();
    if let Some(command) = code.strip_prefix("!!") {
        return format!("{indent}get_ipython().getoutput({})", quoted(command.trim()));
    }
    if let Some(command) = code.strip_prefix('!') {
        return format!("{indent}get_ipython().system({})", quoted(command.trim()));
    }
    let line_magic = |magic: &str| {
        let (name, arguments) = magic.split_once(char::is_whitespace).unwrap_or((magic, ""));
        format!("get_ipython().run_line_magic({}, {})", quoted(name), quoted(arguments.trim()))
    };
    // A `%` that goes on with an expression of several lines is followed by a space or a bracket.
    if let Some(magic) = code.strip_prefix('%').filter(|magic| magic.starts_with(|c: char| c.is_ascii_alphabetic())) {
        return format!("{indent}{}", line_magic(magic));
    }
    if code.starts_with('?') || code.trim_end().ends_with('?') && !code.contains(['#', '\'', '"']) {
        return format!("{indent}# {code}");
    }
    if let Some((name, value)) = code.split_once('=') {
        let name = name.trim();
        let value = value.trim_start();
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        if let (true, Some(command)) = (is_name, value.strip_prefix('!')) {
            return format!("{indent}{name} = get_ipython().getoutput({})", quoted(command.trim()));
        }
        let magic = value.strip_prefix('%').filter(|magic| magic.starts_with(|c: char| c.is_ascii_alphabetic()));
        if let (true, Some(magic)) = (is_name, magic) {
            return format!("{indent}{name} = {}", line_magic(magic));
        }
    }
    line.to_owned()
}

/// Text as a literal of Python.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    for c in text.chars() {
        match c {
            '\'' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {
                let _ = write!(out, "\\x{:02x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTEBOOK: &str = r##"{
 "cells": [
  {
   "cell_type": "markdown",
   "source": ["import never\n"]
  },
  {
   "cell_type": "code",
   "outputs": [{"text": ["import output\n"]}],
   "source": [
    "%pip install example\n",
    "import os\n",
    "\n",
    "files = !ls -l 'a'"
   ]
  },
  {
   "cell_type": "code",
   "source": [
    "%%bash\n",
    "curl https://a.example.invalid\n",
    "echo it's"
   ]
  },
  {
   "cell_type": "code",
   "source": "%%time\nfor x in y:\n    !run {x}\n"
  }
 ],
 "metadata": {"kernelspec": {"language": "python"}}
}
"##;

    #[test]
    fn code_cells_are_a_module_whose_lines_are_those_of_the_file() {
        let notebook = read(NOTEBOOK).unwrap();
        assert_eq!((notebook.cells, notebook.language.as_deref(), notebook.in_place), (3, None, false));
        let lines: Vec<&str> = notebook.code.lines().collect();
        for (number, line) in [
            (11, "get_ipython().run_line_magic('pip', 'install example')"),
            (12, "import os"),
            (13, ""),
            (14, "files = get_ipython().getoutput('ls -l \\'a\\'')"),
            (20, "get_ipython().run_cell_magic('bash', '', "),
            (21, "'curl https://a.example.invalid\\n'"),
            (22, "'echo it\\'s\\n')"),
            (28, "for x in y:"),
            (29, "    get_ipython().system('run {x}')"),
        ] {
            assert_eq!(lines[number - 1], line, "{number}: {lines:#?}");
        }
        assert!(!notebook.code.contains("never") && !notebook.code.contains("import output"));
    }

    #[test]
    fn other_languages_and_other_files_are_told() {
        let julia = r#"{"cells": [{"cell_type": "code", "source": ["x = 1"]}], "metadata": {"language_info": {"name": "Julia"}}}"#;
        assert_eq!(read(julia).unwrap().language.as_deref(), Some("julia"));
        let third = r#"{"worksheets": [{"cells": [{"cell_type": "code", "input": ["import os\n", "os.name"]}]}]}"#;
        assert_eq!(read(third).unwrap().code, "import os\nos.name\n");
        assert!(read("{\"cells\": 3}").is_err());
        assert!(read("import os\n").is_err());
    }
}
