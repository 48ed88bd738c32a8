//! The words of commands: which program one names, and what it starts.

use super::value::Value;

/// The program that a word of a command names: without folders and suffix, in lower case.
pub(super) fn program(word: &str) -> String {
    let name = word.trim_matches(['"', '\'']).rsplit(['/', '\\']).next().unwrap_or(word).to_ascii_lowercase();
    name.strip_suffix(".exe").map(str::to_owned).unwrap_or(name)
}

/// The language of a program's scripts, if it is an interpreter that is read.
pub(super) fn interpreter(word: &str) -> Option<&'static str> {
    let name = program(word);
    match name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.') {
        "python" | "pythonw" | "py" | "pyw" | "pypy" => Some("python"),
        "sh" | "bash" | "zsh" | "dash" | "ash" | "ksh" | "cmd" => Some("shell"),
        "powershell" | "pwsh" => Some("powershell"),
        "node" | "nodejs" | "bun" | "deno" => Some("javascript"),
        _ => None,
    }
}

/// The program of a command in one text, where it is a fixed word that does not start what follows: `git` of
/// `` git rev-parse `name` ``. `None` where the shell may start more than one program.
pub(super) fn fixed_program(value: &Value, launchers: &[&str]) -> Option<String> {
    let patterns = match value.known_text() {
        Some(text) => vec![text.to_string()],
        None => value.term()?.patterns(),
    };
    let mut program_of_all: Option<String> = None;
    for pattern in &patterns {
        let (word, rest) = pattern.trim_start().split_once(char::is_whitespace)?;
        let starts_more = pattern.contains([';', '&', '|', '\n', '`', '<', '>', '(']);
        let is_plain =
            !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+'));
        let starts_rest = interpreter(word).is_some()
            || sluice_catalog::commands::starts_others(pattern)
            || launchers.contains(&program(word).as_str())
            || [
                "cd",
                "nice",
                "timeout",
                "time",
                "xargs",
                "doas",
                "su",
                "chroot",
                "source",
                "eval",
                "conhost",
                "cmd",
                "forfiles",
                "pcalua",
                "iex",
                "invoke-expression",
                "icm",
                "invoke-command",
                "saps",
                "start-process",
                "start-job",
                "invoke-item",
                "ii",
                "import-module",
                "ipmo",
                "add-type",
                "function",
                "filter",
                "trap",
            ]
            .contains(&program(word).as_str());
        if starts_more || !is_plain || starts_rest || rest.trim().is_empty() {
            return None;
        }
        if program_of_all.as_deref().is_some_and(|known| known != word) {
            return None;
        }
        program_of_all = Some(word.to_owned());
    }
    program_of_all
}

/// A word of a command as far as it is known, with `{}` for what is not.
pub(super) fn told_word(word: &Value) -> String {
    let pattern = || word.term().and_then(|term| term.patterns().into_iter().next());
    word.known_text().map(|text| text.to_string()).or_else(pattern).unwrap_or_else(|| "{}".to_owned())
}

/// True for a path whose last part is known, whatever is in front of it.
pub(super) fn lies_in_a_folder(value: &Value) -> bool {
    let is_named = |pattern: &String| {
        pattern.rsplit_once(['/', '\\']).is_some_and(|(_, name)| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+'))
        })
    };
    value.term().is_some_and(|term| {
        let patterns = term.patterns();
        !patterns.is_empty() && patterns.iter().all(is_named)
    })
}

/// True if a word of a command names a script that is read.
pub(super) fn is_script(word: &str) -> bool {
    [".py", ".pyw", ".js", ".mjs", ".cjs", ".ts"].iter().any(|suffix| word.ends_with(suffix))
}

/// True for a file of which Python runs only the lines that import something, false for one that it runs whole; `None` for
/// what it does not run when it starts.
pub(super) fn started_by_python(patterns: &[String]) -> Option<bool> {
    patterns.iter().find_map(|pattern| {
        let name = pattern.rsplit(['/', '\\']).next().unwrap_or(pattern).to_ascii_lowercase();
        if name.ends_with(".pth") && name.len() > ".pth".len() {
            return Some(true);
        }
        matches!(name.as_str(), "sitecustomize.py" | "usercustomize.py").then_some(false)
    })
}

/// The name of a file beside the code (`os.path.join(os.path.dirname(__file__), "tool.py")`), empty if it is none.
pub(super) fn file_beside(word: &Value) -> String {
    let patterns = word.term().map(|term| term.patterns()).unwrap_or_default();
    let [pattern] = patterns.as_slice() else { return String::new() };
    match pattern.strip_prefix("{}/") {
        Some(name) if !name.is_empty() && !name.contains("{}") => name.to_owned(),
        _ => String::new(),
    }
}
