//! What a build script does for a word on its command line that no installer says: `python setup.py publish`.

use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashSet;
use sluice_syntax::ir::{FuncId, Module};

use super::Engine;
use super::finish::Whens;
use super::state::EventData;
use super::value::Key;
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
    if name.is_empty() || text.matches("def ").count() > 10_000 {
        return false;
    }
    let mut defined = 0u32;
    let mut called = 0u32;
    for (before, rest) in words(text, name) {
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

/// What stands before and behind each place of a name in a text.
fn words<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = (&'t str, &'t str)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).filter_map(move |(at, _)| {
        let (before, rest) = (text.get(..at)?, text.get(at + name.len()..)?);
        (!before.ends_with(is_word) && !rest.starts_with(is_word)).then_some((before, rest))
    })
}

/// True if a text does nothing with its command line but ask for its words and their number: one that has the list
/// itself, under whatever name, may put words into it and say them to itself. `script` for the build script, in which
/// every `argv` is taken for the list.
pub(super) fn only_reads_arguments(text: &str, script: bool) -> bool {
    // Of the module that holds the list, only attributes that are written out are asked for.
    let asked = |(before, rest): (&str, &str)| {
        let line = before.rsplit('\n').next().unwrap_or("").trim_start();
        let imported =
            (line.starts_with("import ") || line.starts_with("from ")) && !rest.trim_start().starts_with("as ");
        imported || only_asks(before, rest)
    };
    // Each place may ask for a look at the whole text.
    if text.matches("argv").count() > 200 {
        return false;
    }
    let takes = text.contains("import argv") || text.contains(", argv");
    words(text, "sys").all(asked)
        && text.match_indices("argv").all(|(at, name)| {
            let before = text.get(..at).unwrap_or("");
            let rest = text.get(at + name.len()..).unwrap_or("").trim_start_matches([' ', '\t']);
            let holder = before.strip_suffix("sys.").unwrap_or(before);
            // A name of its own, in a module that does not take the list by this name from where it is.
            if !takes && holder.len() == before.len() && !before.ends_with(['"', '\'', '.']) && !script {
                return true;
            }
            if holder.ends_with("len(") && rest.starts_with(')') {
                return true;
            }
            if let Some(called) = holder.strip_suffix('(').filter(|_| rest.starts_with(')')) {
                let defined = called.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_');
                let name = called.get(defined.len()..).unwrap_or("");
                return is_handed_the_command_line(text, name);
            }
            // `from sys import argv`, and no other name for it.
            if before.ends_with("import ") {
                return !rest.starts_with("as ");
            }
            // An index is short.
            let index = rest.strip_prefix('[').and_then(|index| {
                index.char_indices().take(40).find(|(_, c)| *c == ']').and_then(|(end, _)| index.get(end + 1..))
            });
            let Some(behind) = index.map(|behind| behind.trim_start_matches([' ', '\t'])) else { return false };
            let assigned = behind.starts_with('=') && !behind.starts_with("==") || behind.starts_with("+=");
            !assigned && !holder.trim_end().ends_with("del")
        })
}

/// True if a place of `sys` asks for something that it holds, or whether it holds it, and cannot give its list of words.
fn only_asks(before: &str, rest: &str) -> bool {
    const HELD: [&str; 5] = ["__excepthook__", "__stderr__", "__stdin__", "__stdout__", "modules[__name__]"];
    let attribute = rest.strip_prefix('.');
    let written = attribute.is_some_and(|name| !name.starts_with("__") && !name.starts_with("modules"));
    let held = attribute.is_some_and(|name| HELD.iter().any(|held| name.starts_with(held)));
    let modules = attribute.and_then(|name| name.strip_prefix("modules"));
    let is_in = before.ends_with(" in ") && modules.is_some_and(|rest| !rest.starts_with(['.', '[', '(']));
    // By its name in the text: `getattr(sys, "frozen", False)`.
    let named = rest.trim_start().strip_prefix(',').map(str::trim_start);
    let quoted = named.and_then(|named| named.strip_prefix(['"', '\'']));
    let plain = quoted.and_then(|quoted| quoted.split_once(['"', '\''])).is_some_and(|(name, behind)| {
        !name.starts_with("argv")
            && !name.starts_with('_')
            && name != "modules"
            && behind.trim_start().starts_with([',', ')'])
    });
    written || held || is_in || before.ends_with("hasattr(") || (before.ends_with("getattr(") && plain)
}

/// True if a command may start the build script again, with whatever words: `patterns` are the command's alternatives with
/// `{}` for what is not known, `script` the name of the script's file.
pub(super) fn may_start_again(patterns: &[Arc<str>], script: &str) -> bool {
    // As many as are kept: there may be more.
    patterns.is_empty()
        || patterns.len() >= 8
        || patterns.iter().any(|pattern| {
            let program = pattern.split_whitespace().next().unwrap_or_default();
            let program = program.rsplit(['/', '\\']).next().unwrap_or_default().trim_end_matches(".exe");
            let known = !program.is_empty() && !program.contains("{}");
            // A program that runs what it is given, or that reads what to run from a file.
            let runs = !known
                || program != pattern.split_whitespace().next().unwrap_or_default()
                || RUNNERS
                    .iter()
                    .any(|runner| program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.') == *runner);
            let rest = pattern.split_once(char::is_whitespace).map_or("", |(_, rest)| rest);
            pattern.contains(script) || (runs && (rest.contains("{}") || rest.is_empty() || is_shell(program)))
        })
}

/// Programs that run a script or a command that they are given.
const RUNNERS: &[&str] = &[
    "bash", "cmd", "dash", "env", "invoke", "just", "ksh", "make", "nice", "nohup", "nox", "py", "pypy", "python",
    "pythonw", "sh", "sudo", "timeout", "tox", "xargs", "zsh",
];

/// True for programs whose commands stand in files: what these say is not followed here.
fn is_shell(program: &str) -> bool {
    ["bash", "cmd", "dash", "ksh", "make", "sh", "zsh", "tox", "nox", "just", "invoke"].contains(&program)
}

impl Engine<'_> {
    /// Of the build scripts those that nothing says a word to but whoever starts them: no module that runs at the
    /// installation has the command line itself, and no command there may start the script again.
    pub(super) fn readers(&self, whens: &Whens) -> FxHashSet<u32> {
        let installs = |key: &Key| {
            let reached = whens.reached.get(key);
            reached.is_some_and(|when| when.iter().any(|when| matches!(when.as_str(), "install" | "build")))
        };
        let mut modules = self.modules.iter().zip(0..);
        let writes = |(module, index): (&Rc<Module>, u32)| {
            installs(&Key { module: index, func: FuncId::MODULE.0 })
                && !only_reads_arguments(&module.text, whens.readers.contains(&index))
        };
        if whens.readers.is_empty() || modules.any(writes) {
            return FxHashSet::default();
        }
        let starts = |reader: u32, event: &EventData| {
            let asked = event.function.module == reader
                && asks_for_own_verb(&event.guards, whens.handed.contains(&event.function));
            let path = self.modules.get(reader as usize).map_or("", |module| module.path.as_str());
            let script = path.rsplit('/').next().unwrap_or_default();
            let commands = event.args.iter().filter(|arg| arg.roles.iter().any(|role| role == "process.command"));
            !asked
                && installs(&event.function)
                && event.actions.iter().any(|action| matches!(action.as_str(), "process.spawn" | "process.replace"))
                && commands.into_iter().any(|arg| may_start_again(&arg.fact.patterns, script))
        };
        let said = |reader: u32| self.events.iter().any(|event| starts(reader, event));
        whens.readers.iter().copied().filter(|reader| !said(*reader)).collect()
    }
}

#[cfg(test)]
mod tests {
    use smol_str::SmolStr;

    use super::{asks_for_own_verb, is_handed_the_command_line, may_start_again, only_reads_arguments};
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
    fn a_text_that_may_write_its_own_command_line_is_told() {
        let main = "def main(argv):\n    if len(argv) > 1 and argv[1] == 'publish':\n        run(argv[2:])\n\nmain(sys.argv)\n";
        for text in [
            main,
            "import os, sys\n\nif sys.argv[-1] == 'publish':\n    sys.exit()\n",
            "from sys import argv\nprint(argv[1])\n",
        ] {
            assert!(only_reads_arguments(text, true), "{text}");
        }
        for text in [
            "sys.argv[1] = 'publish'",
            "sys.argv.insert(1, 'publish')",
            "argv = ['', 'publish']",
            "sys.argv += ['publish']",
            "sys.argv[1:] = ['publish']",
            "setattr(sys, 'argv', words)",
            "del sys.argv[1]",
            "words = sys.argv\nwords.insert(1, 'publish')",
            "from sys import argv as words",
            "fill(sys.argv)",
            "def main(argv):\n    argv.append('publish')\n\nmain(sys.argv)\n",
            "fill(sys)",
            "import sys as held",
            "sys.__dict__['ar' + 'gv']",
            "sys.modules['sy' + 's']",
            "for name in sys.modules.values():\n    fill(name)",
            "getattr(sys, 'ar' + 'gv')",
        ] {
            assert!(!only_reads_arguments(text, true), "{text}");
        }
    }

    #[test]
    fn a_module_may_have_a_name_of_its_own() {
        let module = "import sys\n\ndef main(argv=None):\n    parser.parse_args(argv or sys.argv[1:])\n";
        assert!(only_reads_arguments(module, false));
        assert!(!only_reads_arguments(module, true));
        for text in [
            "from sys import argv\nargv.append('publish')\n",
            "from sys import path, argv\nargv[1:] = []\n",
            "sys.argv.append('publish')",
        ] {
            assert!(!only_reads_arguments(text, false), "{text}");
        }
    }

    #[test]
    fn a_command_that_starts_the_script_again_is_told() {
        let may = |pattern: &str| may_start_again(&[pattern.into()], "setup.py");
        assert!(may("{} setup.py publish"));
        assert!(may("python3.11 {} publish"));
        assert!(may("{}"));
        assert!(may("sh build.sh"));
        assert!(may("./build"));
        assert!(may_start_again(&[], "setup.py"));
        assert!(!may("git clone {}"));
        assert!(!may("{} -m cython one.pyx"));
        assert!(!may("git describe --tags"));
    }
}
