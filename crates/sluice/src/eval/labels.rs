//! Labelled targets: lists in several forms, and folders.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::wrong;
use crate::cli::LabelledArgs;
use crate::exit::Failure;

/// A target with its label.
#[derive(Clone, Debug)]
pub struct Labelled {
    pub path: PathBuf,
    pub malicious: bool,
    pub family: Option<String>,
    pub stratum: Option<String>,
    pub ecosystem: Option<String>,
    pub year: Option<u16>,
}

/// A row of a list, as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    path: String,
    label: String,
    family: Option<String>,
    stratum: Option<String>,
    ecosystem: Option<String>,
    year: Option<Year>,
}

/// A year as a number or as its digits.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Year {
    Number(i64),
    Digits(String),
}

/// The columns of a list without a header, in order.
const COLUMNS: [&str; 6] = ["path", "label", "family", "stratum", "ecosystem", "year"];

/// The targets that the command line names.
pub fn labelled(args: &LabelledArgs) -> Result<Vec<Labelled>, Failure> {
    let mut all = Vec::new();
    for list in &args.list {
        let text = fs::read_to_string(list).map_err(|source| Failure::File { path: list.clone(), source })?;
        all.extend(read(list, &text)?);
    }
    for (folders, malicious) in [(&args.malicious, true), (&args.benign, false)] {
        for folder in folders {
            all.extend(below(folder, malicious)?);
        }
    }
    if all.is_empty() {
        return Err(wrong("no target is named: give a list, or folders by `--malicious` and `--benign`"));
    }
    Ok(all)
}

/// Every file below a folder.
fn below(folder: &Path, malicious: bool) -> Result<Vec<Labelled>, Failure> {
    let mut files = Vec::new();
    super::archives(folder, &mut files).map_err(|source| Failure::File { path: folder.to_owned(), source })?;
    files.sort();
    let stratum = folder.file_name().map(|name| name.to_string_lossy().into_owned());
    let labelled = |path: PathBuf| {
        let inside = path.strip_prefix(folder).unwrap_or(&path);
        // `family/…/archive`: an archive that lies in the folder itself is of no family.
        let first = inside.components().next().filter(|_| inside.components().count() > 1);
        let family = first.map(|name| name.as_os_str().to_string_lossy().into_owned()).filter(|_| malicious);
        Labelled { malicious, family, stratum: stratum.clone(), ecosystem: None, year: None, path }
    };
    Ok(files.into_iter().map(labelled).collect())
}

/// The targets of a list: JSON Lines, comma-separated or tab-separated by the suffix of its name.
fn read(list: &Path, text: &str) -> Result<Vec<Labelled>, Failure> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let suffix = list.extension().and_then(|suffix| suffix.to_str()).unwrap_or_default().to_ascii_lowercase();
    let rows = match suffix.as_str() {
        "jsonl" | "ndjson" => objects(list, text)?,
        "csv" => cells(list, text, b',')?,
        _ => cells(list, text, b'\t')?,
    };
    let folder = list.parent().unwrap_or(Path::new(""));
    rows.into_iter().map(|(line, row)| checked(list, folder, text, line, row)).collect()
}

/// What is wrong with the row that is said to begin at a line: what is passed over in front of it counts to it.
fn at(list: &Path, text: &str, line: u64, what: impl std::fmt::Display) -> Failure {
    let before = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
    let passed = text.lines().skip(before).take_while(|line| line.is_empty() || line.starts_with('#')).count();
    wrong(format!("line {} of `{}` {what}", line + passed as u64, list.display()))
}

fn objects(list: &Path, text: &str) -> Result<Vec<(u64, Row)>, Failure> {
    let lines = (1_u64..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let row = |(line, text): (u64, &str)| match serde_json::from_str(text) {
        Ok(row) => Ok((line, row)),
        Err(error) => Err(at(list, text, line, format_args!("is no labelled target: {error}"))),
    };
    lines.map(row).collect()
}

fn cells(list: &Path, text: &str, delimiter: u8) -> Result<Vec<(u64, Row)>, Failure> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        // Names between tabs stand as they are.
        .quoting(delimiter == b',')
        .from_reader(text.as_bytes());
    let mut columns: Vec<String> = COLUMNS.iter().map(|&name| name.to_owned()).collect();
    let mut rows = Vec::new();
    for (number, record) in reader.records().enumerate() {
        let record = record.map_err(|error| wrong(format!("`{}` is no list: {error}", list.display())))?;
        let line = record.position().map_or(0, csv::Position::line);
        let names: Vec<&str> = record.iter().map(str::trim).collect();
        if number == 0 && (names.contains(&"label") || names.contains(&"path")) {
            if let Some(missing) = ["path", "label"].into_iter().find(|name| !names.contains(name)) {
                return Err(at(list, text, line, format_args!("has no column `{missing}`")));
            }
            if let Some(twice) = names.iter().enumerate().find(|(at, name)| names.iter().take(*at).any(|n| n == *name))
            {
                return Err(at(list, text, line, format_args!("has the column `{}` twice", twice.1)));
            }
            if let Some(other) = names.iter().find(|name| !COLUMNS.contains(name)) {
                let known = COLUMNS.join(", ");
                return Err(at(list, text, line, format_args!("has a column `{other}`; the columns are {known}")));
            }
            columns = names.into_iter().map(ToOwned::to_owned).collect();
            continue;
        }
        if record.len() > columns.len() || record.len() < 2 {
            let (has, most) = (record.len(), columns.len());
            return Err(at(
                list,
                text,
                line,
                format_args!("has {has} cells; a path and a label are needed, at most {most}"),
            ));
        }
        let mut row = Row::default();
        for (name, cell) in columns.iter().zip(&record) {
            let cell = cell.trim();
            let filled = || Some(cell.to_owned()).filter(|text| !text.is_empty());
            match name.as_str() {
                "path" => cell.clone_into(&mut row.path),
                "label" => cell.clone_into(&mut row.label),
                "family" => row.family = filled(),
                "stratum" => row.stratum = filled(),
                "ecosystem" => row.ecosystem = filled(),
                _ => row.year = filled().map(Year::Digits),
            }
        }
        rows.push((line, row));
    }
    Ok(rows)
}

fn checked(list: &Path, folder: &Path, text: &str, line: u64, row: Row) -> Result<Labelled, Failure> {
    let malicious = match row.label.as_str() {
        "malicious" => true,
        "benign" => false,
        other => {
            let what = format_args!("has the label `{other}`, which is neither `malicious` nor `benign`");
            return Err(at(list, text, line, what));
        }
    };
    if row.path.is_empty() {
        return Err(at(list, text, line, "names no target"));
    }
    let digits = row.year.map(|year| match year {
        Year::Number(number) => number.to_string(),
        Year::Digits(digits) => digits,
    });
    let year = match digits.map(|digits| digits.parse().map_err(|_| digits)) {
        None => None,
        Some(Ok(year)) => Some(year),
        Some(Err(digits)) => return Err(at(list, text, line, format_args!("has the year `{digits}`, which is none"))),
    };
    let Row { path, family, stratum, ecosystem, .. } = row;
    Ok(Labelled { path: folder.join(path), malicious, family, stratum, ecosystem, year })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str, text: &str) -> Result<Vec<String>, String> {
        let rows = read(Path::new(name), text).map_err(|failure| failure.to_string())?;
        Ok(rows.iter().map(|one| format!("{one:?}")).collect())
    }

    #[test]
    fn the_forms_of_a_list_say_the_same() {
        let tabs = told("l.tsv", "# told\na.whl\tmalicious\tf\tnew\tpypi\t2024\nb \"c\".whl\tbenign\n").unwrap();
        let commas = told(
            "l.csv",
            "year,path,label,family,ecosystem,stratum\n2024,a.whl,malicious,f,pypi,new\n,\"b \"\"c\"\".whl\",benign\n",
        );
        let objects = told(
            "l.jsonl",
            "{\"path\":\"a.whl\",\"label\":\"malicious\",\"family\":\"f\",\"stratum\":\"new\",\"ecosystem\":\"pypi\",\"year\":2024}\n\n{\"path\":\"b \\\"c\\\".whl\",\"label\":\"benign\"}\n",
        );
        assert_eq!(Ok(&tabs), commas.as_ref());
        assert_eq!(Ok(&tabs), objects.as_ref());
        assert!(tabs[0].contains("year: Some(2024)"), "{tabs:?}");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (name, text, expected) in [
            ("l.tsv", "a\tbenign\n# x\nb\tgood\n", "line 3 of `l.tsv` has the label `good`"),
            ("l.csv", "path,label,owner\n", "line 1 of `l.csv` has a column `owner`"),
            ("l.csv", "path,label,year\na,benign,soon\n", "line 2 of `l.csv` has the year `soon`"),
            (
                "l.jsonl",
                "{\"path\":\"a\",\"label\":\"benign\"}\n{\"path\":1}\n",
                "line 2 of `l.jsonl` is no labelled target",
            ),
            ("l.jsonl", "{\"path\":\"a\",\"label\":\"benign\",\"owner\":1}\n", "unknown field `owner`"),
            ("l.tsv", "\tbenign\n", "names no target"),
            ("l.csv", "path,verdict\n", "line 1 of `l.csv` has no column `label`"),
            ("l.csv", "path,label,path\n", "has the column `path` twice"),
            ("l.tsv", "a benign\n", "line 1 of `l.tsv` has 1 cells"),
            ("l.tsv", "a\tbenign\tf\ts\tpypi\t2024\tx\n", "has 7 cells"),
            ("l.jsonl", "{\"path\":\"a\",\"label\":\"benign\",\"year\":70000}\n", "has the year `70000`"),
        ] {
            let error = told(name, text).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
