//! Prints the IR of Python files; with `--robust`, that of the robust path.

use sluice_syntax::{ir::Language, parse, parse_robust, print::print};

#[allow(clippy::print_stdout)]
fn main() {
    let (options, paths): (Vec<String>, Vec<String>) = std::env::args().skip(1).partition(|arg| arg == "--robust");
    let read = if options.is_empty() { parse } else { parse_robust };
    for path in paths {
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap_or_default()).into_owned();
        print!("{}", print(&read(&path, &text, Language::Python)));
    }
}
