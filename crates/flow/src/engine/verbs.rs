//! What a build script does for a word on its command line that no installer says: `python setup.py publish`.

use crate::facts::Guard;

/// The words that installers and build front ends call a build script with.
const SAID_BY_INSTALLERS: &[&str] = &[
    "alias",
    "bdist",
    "bdist_egg",
    "bdist_wheel",
    "build",
    "build_clib",
    "build_ext",
    "build_py",
    "build_scripts",
    "clean",
    "develop",
    "dist_info",
    "easy_install",
    "editable_wheel",
    "egg_info",
    "install",
    "install_data",
    "install_egg_info",
    "install_headers",
    "install_lib",
    "install_scripts",
    "saveopts",
    "sdist",
    "test",
];

/// True if one of the conditions asks the command line for a word that no installer says; `handed` if it may be the
/// function's parameter `argv` that is asked ([`is_handed_the_command_line`]).
pub(super) fn asks_for_own_verb(guards: &[Guard], handed: bool) -> bool {
    guards.iter().any(|guard| {
        guard.holds
            && (guard.kind == "argument" || (handed && guard.kind.is_empty()))
            && !guard.text.contains(" or ")
            && !guard.text.contains(" if ")
            && guard.text.split(" and ").any(is_own_verb)
    })
}

/// True for `sys.argv[1] == "publish"`, of which both sides are nothing more than that.
fn is_own_verb(condition: &str) -> bool {
    let Some((place, word)) = condition.trim().split_once("==") else { return false };
    let index = place.trim().trim_start_matches("sys.").strip_prefix("argv[").and_then(|rest| rest.strip_suffix(']'));
    // The last word is the name of the script where there is no other: `setup.py` is no verb either.
    let named = index.is_some_and(|index| index.parse::<i8>().is_ok_and(|index| index != 0));
    let word = word.trim();
    let inner = ['"', '\''].iter().find_map(|quote| word.strip_prefix(*quote)?.strip_suffix(*quote));
    let own = inner.is_some_and(|word| {
        !word.is_empty()
            && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
            && !word.starts_with('-')
            && !SAID_BY_INSTALLERS.contains(&word.replace('-', "_").as_str())
    });
    named && own
}

/// True for a function `main(argv)` of which the text does nothing but call it with `sys.argv`.
pub(super) fn is_handed_the_command_line(text: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    if name.is_empty() || text.matches("def ").count() > 10_000 {
        return false;
    }
    let mut defined = 0u32;
    let mut called = 0u32;
    for (at, _) in text.match_indices(name) {
        let before = text.get(..at).unwrap_or("");
        let rest = text.get(at + name.len()..).unwrap_or("");
        if before.ends_with(is_word) || rest.starts_with(is_word) {
            continue;
        }
        if before.ends_with("def ") && rest.starts_with("(argv):") {
            defined += 1;
        } else if rest.starts_with("(sys.argv)") && !before.ends_with(['.', '"', '\'']) {
            called += 1;
        } else {
            // Whatever else is done with it may call it with other words.
            return false;
        }
    }
    defined == 1 && called > 0
}

/// True if a text only reads its command line. One that puts words into it says them to itself.
pub(super) fn only_reads_arguments(text: &str) -> bool {
    text.match_indices("argv").all(|(at, name)| {
        let before = text.get(..at).unwrap_or("").trim_end_matches([' ', '\t']);
        // `del sys.argv[1]`, `setattr(sys, "argv", …)`.
        if before.ends_with(['"', '\'']) || before.trim_end_matches("sys.").trim_end().ends_with("del") {
            return false;
        }
        let rest = text.get(at + name.len()..).unwrap_or("").trim_start_matches([' ', '\t']);
        let behind = match rest.strip_prefix('[') {
            // An index is short.
            Some(index) => {
                index.char_indices().take(40).find(|(_, c)| *c == ']').and_then(|(end, _)| index.get(end + 1..))
            }
            None => Some(rest),
        };
        let Some(behind) = behind.map(|behind| behind.trim_start_matches([' ', '\t'])) else { return false };
        let assigned = behind.starts_with('=') && !behind.starts_with("==") || behind.starts_with("+=");
        !assigned && !behind.starts_with('.')
    })
}

#[cfg(test)]
mod tests {
    use smol_str::SmolStr;

    use super::{asks_for_own_verb, is_handed_the_command_line, only_reads_arguments};
    use crate::facts::{EvidenceId, Guard};

    fn asks(text: &str) -> bool {
        let guard = |holds| Guard {
            kind: SmolStr::new_static("argument"),
            text: SmolStr::new(text),
            holds,
            evidence: EvidenceId(0),
        };
        assert!(!asks_for_own_verb(&[guard(false)], true));
        asks_for_own_verb(&[guard(true)], false)
    }

    #[test]
    fn a_word_of_its_own_is_asked_for() {
        assert!(asks("sys.argv[1] == 'publish'"));
        assert!(asks("len(argv) >= 2 and argv[1] == \"publish\""));
        assert!(!asks("argv[1] == 'install'"));
        assert!(!asks("argv[1] == 'bdist-wheel'"));
        assert!(asks("sys.argv[-1] == 'publish'"));
        assert!(!asks("argv[0] == 'setup'"));
        assert!(!asks("argv[1] == 'publish' or ready"));
        assert!(!asks("argv[1] == '--quiet'"));
        assert!(!asks("(argv[1] == 'publish') == False"));
        assert!(!asks("argv[1] != 'publish'"));
    }

    #[test]
    fn a_function_is_handed_the_command_line() {
        let main = "def main(argv):\n    print(argv)\n\nif __name__ == '__main__':\n    main(sys.argv)\n";
        assert!(is_handed_the_command_line(main, "main"));
        for more in ["main(['', 'publish'])\n", "other(main)\n", "main(sys.argv + ['publish'])\n"] {
            assert!(!is_handed_the_command_line(&format!("{main}{more}"), "main"), "{more}");
        }
    }

    #[test]
    fn a_text_that_writes_its_own_command_line_is_told() {
        assert!(only_reads_arguments("main(sys.argv)\nif argv[1] == 'publish':\n    run(argv[2:])\n"));
        for text in [
            "sys.argv[1] = 'publish'",
            "sys.argv.insert(1, 'publish')",
            "argv = ['', 'publish']",
            "sys.argv += ['publish']",
            "sys.argv[1:] = ['publish']",
            "setattr(sys, 'argv', words)",
            "del sys.argv[1]",
        ] {
            assert!(!only_reads_arguments(text), "{text}");
        }
    }
}
