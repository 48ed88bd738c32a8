//! The names that the language itself brings, and what they are as text.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

/// The names that are always there.
const BUILTINS: &[&str] = &[
    "__import__",
    "__builtins__",
    "abs",
    "all",
    "any",
    "ascii",
    "bin",
    "bool",
    "breakpoint",
    "bytearray",
    "bytes",
    "callable",
    "chr",
    "classmethod",
    "compile",
    "complex",
    "delattr",
    "dict",
    "dir",
    "divmod",
    "enumerate",
    "eval",
    "exec",
    "execfile",
    "filter",
    "float",
    "format",
    "frozenset",
    "getattr",
    "globals",
    "hasattr",
    "hash",
    "help",
    "hex",
    "id",
    "input",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "list",
    "locals",
    "long",
    "map",
    "max",
    "memoryview",
    "min",
    "next",
    "object",
    "oct",
    "open",
    "ord",
    "pow",
    "print",
    "property",
    "range",
    "raw_input",
    "reduce",
    "reload",
    "repr",
    "reversed",
    "round",
    "set",
    "setattr",
    "slice",
    "sorted",
    "staticmethod",
    "str",
    "sum",
    "super",
    "tuple",
    "type",
    "unichr",
    "unicode",
    "vars",
    "xrange",
    "zip",
    "file",
    "exit",
    "quit",
    "buffer",
    "apply",
    "copyright",
    "credits",
    "license",
];

/// What a built-in is as text: `<built-in function oct>`, `<class 'int'>`. Disguises take letters from it.
pub(crate) fn shown(name: &str) -> Option<String> {
    const TYPES: [&str; 26] = [
        "bool",
        "bytearray",
        "bytes",
        "classmethod",
        "complex",
        "dict",
        "enumerate",
        "filter",
        "float",
        "frozenset",
        "int",
        "list",
        "map",
        "memoryview",
        "object",
        "property",
        "range",
        "reversed",
        "set",
        "slice",
        "staticmethod",
        "str",
        "super",
        "tuple",
        "type",
        "zip",
    ];
    match name {
        // The first words are the same in every release; only they are given.
        "copyright" => Some("Copyright (c) 2001-".to_owned()),
        "exit" | "quit" => Some(format!("Use {name}() or Ctrl-D (i.e. EOF) to exit")),
        "credits" | "license" | "help" | "file" | "unicode" | "long" | "buffer" => None,
        _ if TYPES.contains(&name) => Some(format!("<class '{name}'>")),
        _ if BUILTINS.contains(&name) => Some(format!("<built-in function {name}>")),
        _ => None,
    }
}

/// True if a name that nothing binds is the language's own.
pub(crate) fn is_builtin(name: &str) -> bool {
    // Every free name and every call that leaves the package is asked.
    static KNOWN: LazyLock<FxHashSet<&'static str>> = LazyLock::new(|| BUILTINS.iter().copied().collect());
    KNOWN.contains(name) || name.ends_with("Error") || name.ends_with("Exception") || name.ends_with("Warning")
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn built_ins_are_shown_as_the_interpreter_shows_them() {
        assert_eq!(shown("oct").as_deref(), Some("<built-in function oct>"));
        assert_eq!(shown("int").as_deref(), Some("<class 'int'>"));
        assert_eq!(shown("copyright").and_then(|text| text.chars().nth(4)), Some('r'));
        assert_eq!(shown("undefined"), None);
    }
}
