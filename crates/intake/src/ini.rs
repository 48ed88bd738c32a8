//! The INI dialect of Python's configuration files: `setup.cfg`, `entry_points.txt`, `pip.conf`.
//!
//! Values may go on over more deeply indented lines. Nothing is interpolated. Lines that are no section, option or continuation are skipped, as a reader of hostile files must.

/// A parsed file: options in order, each with its section.
#[derive(Debug, Default)]
pub(crate) struct Ini {
    options: Vec<(String, String, String)>,
}

impl Ini {
    /// Parses text. Names of options are folded to lower case when `fold` is set, as Python's parser does unless told otherwise.
    pub(crate) fn parse(text: &str, fold: bool) -> Self {
        let mut options: Vec<(String, String, String)> = Vec::new();
        let mut section = String::new();
        let mut open_indent = None;
        for line in text.lines() {
            let trimmed = line.trim();
            if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
                continue;
            }
            let indent = line.len() - line.trim_start().len();
            if open_indent.is_some_and(|open| indent > open) {
                if let Some((_, _, value)) = options.last_mut() {
                    value.push('\n');
                    value.push_str(trimmed);
                }
                continue;
            }
            if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
                section = name.trim().to_owned();
                open_indent = None;
            } else if let Some((key, value)) = trimmed.split_once(['=', ':']) {
                let key = key.trim();
                let key = if fold { key.to_lowercase() } else { key.to_owned() };
                options.push((section.clone(), key, value.trim().to_owned()));
                open_indent = Some(indent);
            }
        }
        Self { options }
    }

    /// The value of an option; the last, if it is given more than once.
    pub(crate) fn get(&self, section: &str, key: &str) -> Option<&str> {
        self.options.iter().rev().find(|(s, k, _)| s == section && k == key).map(|(_, _, value)| value.as_str())
    }

    /// The non-empty lines of an option's value.
    pub(crate) fn lines(&self, section: &str, key: &str) -> impl Iterator<Item = &str> {
        self.get(section, key).unwrap_or_default().lines().map(str::trim).filter(|line| !line.is_empty())
    }

    /// All options: section, name, value.
    pub(crate) fn options(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.options.iter().map(|(section, key, value)| (section.as_str(), key.as_str(), value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_go_on_over_indented_lines() {
        let ini = Ini::parse(
            "[metadata]\nName = example\n# a comment\n[options.entry_points]\nconsole_scripts =\n    one = a.b:c\n    two = d:e\n\nother: x\nbroken line\n[metadata]\nname=later\n",
            true,
        );
        assert_eq!(ini.get("metadata", "name"), Some("later"));
        assert_eq!(
            ini.lines("options.entry_points", "console_scripts").collect::<Vec<_>>(),
            ["one = a.b:c", "two = d:e"]
        );
        assert_eq!(ini.get("options.entry_points", "other"), Some("x"));
        assert_eq!(ini.get("nowhere", "x"), None);
    }

    #[test]
    fn case_is_kept_when_asked() {
        let ini = Ini::parse("[console_scripts]\nRunMe = a:b\n", false);
        assert_eq!(ini.options().next(), Some(("console_scripts", "RunMe", "a:b")));
    }
}
