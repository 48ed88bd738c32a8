//! What a file is: by its content first, by its name second.
//!
//! A name is a claim. Where the content contradicts it, the content wins and the contradiction is noted. Nothing is parsed here.

use crate::magic::{
    binary_name, compiled_by, container, ends_as_zip, is_closed_archive, is_disk_image, is_lzma, looks_like_text,
};
use crate::package::FileKind;

/// Binary formats whose content could run, or hide what runs. Of these, what cannot be opened matters.
const ACTIVE: [&str; 28] = [
    "masked PE executable",
    "masked ELF executable",
    "ELF executable",
    "PE executable",
    "DOS executable",
    "Mach-O executable",
    "Java class",
    "WebAssembly module",
    "Android executable",
    "Python bytecode",
    "LLVM bitcode",
    "Lua bytecode",
    "OLE compound file",
    "Windows shortcut",
    "compiled AppleScript",
    "compiled HTML help",
    "cpio archive",
    "lzip data",
    "compress data",
    "ISO image",
    "ar archive",
    "RPM package",
    "7-Zip archive",
    "RAR archive",
    "Cabinet archive",
    "XAR archive",
    "Zstandard data",
    "LZ4 data",
];

/// Extensions of archives, packages and images of disks: a file that is named so is meant to be opened.
const PACKAGES: &[&str] = &[
    "tar", "gz", "tgz", "bz2", "tbz", "tbz2", "xz", "txz", "lzma", "tlz", "zst", "tzst", "z", "lz", "zip", "whl",
    "egg", "pyz", "crate", "jar", "war", "gem", "nupkg", "deb", "rpm", "apk", "msi", "cab", "7z", "rar", "cpio", "iso",
    "dmg", "pkg", "vsix", "xpi", "conda",
];

/// Extensions of source code and their languages.
const LANGUAGES: &[(&str, &str)] = &[
    ("pth", "pth"),
    ("pyx", "cython"),
    ("pxd", "cython"),
    ("pxi", "cython"),
    ("js", "javascript"),
    ("mjs", "javascript"),
    ("cjs", "javascript"),
    ("jsx", "javascript"),
    ("ts", "typescript"),
    ("mts", "typescript"),
    ("cts", "typescript"),
    ("tsx", "typescript"),
    ("html", "html"),
    ("htm", "html"),
    ("xhtml", "html"),
    ("vue", "html"),
    ("svelte", "html"),
    ("astro", "html"),
    ("sh", "shell"),
    ("bash", "shell"),
    ("zsh", "shell"),
    ("ksh", "shell"),
    ("fish", "fish"),
    ("ps1", "powershell"),
    ("psm1", "powershell"),
    ("psd1", "powershell"),
    ("bat", "batch"),
    ("cmd", "batch"),
    ("vbs", "vbscript"),
    ("vbe", "vbscript"),
    ("wsf", "windows-script"),
    ("hta", "windows-script"),
    ("rb", "ruby"),
    ("pl", "perl"),
    ("pm", "perl"),
    ("php", "php"),
    ("lua", "lua"),
    ("c", "c"),
    ("h", "c"),
    ("cc", "cpp"),
    ("cpp", "cpp"),
    ("cxx", "cpp"),
    ("hpp", "cpp"),
    ("cu", "cuda"),
    ("m", "objective-c"),
    ("go", "go"),
    ("rs", "rust"),
    ("java", "java"),
    ("kt", "kotlin"),
    ("scala", "scala"),
    ("swift", "swift"),
    ("cs", "csharp"),
    ("r", "r"),
    ("jl", "julia"),
    ("f", "fortran"),
    ("f90", "fortran"),
    ("s", "assembly"),
    ("asm", "assembly"),
    ("sql", "sql"),
    ("tcl", "tcl"),
    ("applescript", "applescript"),
    ("scpt", "applescript"),
];

/// Extensions of files that hold nothing that runs by itself.
const HARMLESS: &[&str] = &[
    "png", "jpg", "jpeg", "gif", "bmp", "ico", "webp", "tif", "tiff", "svg", "eps", "md", "rst", "txt", "csv", "tsv",
    "pdf", "html", "htm", "css", "less", "scss", "json", "xml", "yaml", "yml", "toml", "cfg", "ini", "po", "pot", "mo",
    "ttf", "otf", "woff", "woff2", "eot", "mp3", "mp4", "wav", "ogg", "flac", "avi", "mov", "webm", "npy", "h5",
    "hdf5", "parquet", "fits", "nc", "log", "typed", "tex", "bib", "doc", "docx", "ppt", "pptx", "xls", "xlsx", "odt",
    "map", "lock",
];

/// Extensions of formats that are never text.
const NEVER_TEXT: &[&str] = &[
    "png", "jpg", "jpeg", "gif", "bmp", "ico", "webp", "tif", "tiff", "ttf", "otf", "woff", "woff2", "eot", "mp3",
    "mp4", "wav", "ogg", "flac", "avi", "mov", "webm", "npy", "h5", "hdf5", "parquet", "so", "pyd", "dll", "dylib",
    "exe", "pyc", "pyo", "whl", "zip", "gz", "tgz", "bz2", "xz", "zst", "7z", "rar", "class", "jar", "wasm",
];

/// Documents whose format is a zip archive.
const OFFICE: [&str; 6] = ["docx", "pptx", "xlsx", "odt", "npy", "svg"];

/// Extensions of text that may quote code, and is none.
const PROSE: &[&str] = &[
    "md", "rst", "txt", "html", "htm", "xml", "csv", "tsv", "json", "yaml", "yml", "toml", "cfg", "ini", "tex", "po",
    "pot", "css", "less", "scss", "log", "ipynb", "diff", "patch", "in", "j2", "tmpl", "tpl", "template", "lock",
    "map", "bib", "adoc", "typed", "pem", "crt",
];

/// Extensions of source in other languages, some lines of which read like Python's.
const OTHER_LANGUAGES: &[&str] = &[
    "js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "vue", "svelte", "astro", "java", "kt", "kts", "scala",
    "groovy", "gradle", "go", "rs", "c", "h", "cc", "cpp", "cxx", "hh", "hpp", "cs", "fs", "swift", "m", "mm", "rb",
    "pl", "pm", "lua", "php", "r", "jl", "dart", "ex", "exs", "erl", "hs", "ml", "nim", "zig", "sh", "bash", "zsh",
    "fish", "ps1", "bat", "cmd", "sql", "proto", "thrift", "pyx", "pxd", "pxi", "cu", "cl", "glsl", "wgsl", "qml",
    "coffee", "mojo",
];

/// Whether content that was not read could be code that runs, judged by the name and, if any of it was seen, by its first bytes.
pub(crate) fn matters(path: &str, head: &[u8]) -> bool {
    if let Some(name) = binary_name(head) {
        return ACTIVE.contains(&name);
    }
    if container(head).is_some() {
        return true;
    }
    !extension(path).is_some_and(|ext| HARMLESS.contains(&ext.as_str()))
}

/// The lower-case extension of the last component, if it has one.
pub(crate) fn extension(path: &str) -> Option<String> {
    let name = path.rsplit('/').next()?;
    let (stem, ext) = name.rsplit_once('.')?;
    if stem.is_empty() && ext != "pth" {
        return None;
    }
    Some(ext.to_ascii_lowercase())
}

/// What the name of a binary format begins with if the bytes are masked: a [`FileKind::Binary`] of a file that is named
/// as source code.
pub const MASKED: &str = "masked ";

/// The format of a program of which each byte was changed by the same exclusive or: the header of a PE or ELF file that
/// comes out by one key fits in so many places that chance does not make it.
fn masked_program(bytes: &[u8]) -> Option<&'static str> {
    let at = |index: usize| bytes.get(index).copied();
    let key = at(0)? ^ b'M';
    if key != 0 && at(1)? ^ key == b'Z' {
        let field = bytes.get(0x3c..0x40)?.iter().rev().fold(0_usize, |sum, byte| sum << 8 | usize::from(byte ^ key));
        let header = bytes.get(field..field.checked_add(4)?)?;
        return header.iter().map(|byte| byte ^ key).eq(*b"PE\0\0").then_some("PE executable");
    }
    let key = at(0)? ^ 0x7f;
    // Signature, 32 or 64 bits, byte order, version 1, and seven bytes of padding, the first of which names a system.
    let head: Vec<u8> = bytes.get(..16)?.iter().map(|byte| byte ^ key).collect();
    let padding = head.get(9..16)?;
    let fits = key != 0
        && head.starts_with(b"\x7fELF")
        && matches!(head.get(4..7), Some([1 | 2, 1 | 2, 1]))
        && padding.iter().all(|byte| *byte == 0);
    fits.then_some("ELF executable")
}

/// What a file is, and what its name and content contradict each other in.
pub(crate) fn classify(path: &str, bytes: &[u8]) -> (FileKind, Vec<String>) {
    if bytes.is_empty() {
        return (FileKind::Empty, Vec::new());
    }
    let named = named_kind(path);
    let text = looks_like_text(bytes) || crate::decode::utf16_order(bytes).is_some();
    if text {
        return classify_text(path, bytes, named);
    }
    let mut notes = Vec::new();
    let is_named_lzma = || extension(path).is_some_and(|ext| matches!(ext.as_str(), "lzma" | "tlz")) && is_lzma(bytes);
    let found = if container(bytes).is_some() || ends_as_zip(bytes) || is_named_lzma() {
        Some(FileKind::Archive)
    } else if is_disk_image(bytes) {
        Some(FileKind::Binary("macOS disk image".to_owned()))
    } else {
        binary_name(bytes)
            .map(|name| if is_closed_archive(name) { FileKind::Archive } else { FileKind::Binary(name.to_owned()) })
    };
    if found.is_none()
        && let Some(named @ (FileKind::Python | FileKind::OtherSource(_))) = &named
        && let Some(what) = masked_program(bytes)
    {
        let named = words(named);
        notes.push(format!("named as {named} but its content is a program, each byte masked with the same value"));
        return (FileKind::Binary(format!("{MASKED}{what}")), notes);
    }
    // An interpreter takes a script by its first line, whatever stands behind.
    let named = if found.is_none() { named.or_else(|| shebang(bytes)) } else { named };
    // A signature of a few letters is also a name that a program may begin with.
    let is_source = |named: &FileKind| match named {
        FileKind::Python => true,
        FileKind::OtherSource(language) => matches!(language.as_str(), "javascript" | "typescript"),
        _ => false,
    };
    let found = match (found, &named) {
        (Some(FileKind::Binary(name)), Some(named))
            if is_source(named)
                && bytes.iter().take(4).all(|byte| matches!(byte, b' '..=b'~'))
                && name != "Python pickle" =>
        {
            notes.push(format!("begins with the signature of {name}"));
            None
        }
        (found, _) => found,
    };
    match (found, named) {
        (Some(kind), named) => {
            let what = match &kind {
                FileKind::Binary(name) => name.as_str(),
                _ => "archive",
            };
            if let Some(named) = named {
                notes.push(format!("named as {} but its content is: {what}", words(&named)));
            } else if let Some(ext) = extension(path)
                && HARMLESS.contains(&ext.as_str())
                && (kind == FileKind::Archive || ACTIVE.contains(&what))
                && !OFFICE.contains(&ext.as_str())
            {
                notes.push(format!("named as a document or media file (.{ext}) but its content is: {what}"));
            }
            if what == "Python bytecode" {
                let version = compiled_by(bytes)
                    .map_or_else(|| "an unknown version of Python".to_owned(), |version| format!("Python {version}"));
                notes.push(format!("is a module compiled by {version}"));
            }
            (kind, notes)
        }
        (None, Some(named)) if mostly_text(bytes) => {
            notes.push("holds bytes that are not text".to_owned());
            (named, notes)
        }
        // An interpreter that is told to run it reads past noise, in a comment or a string; so does the reviewer.
        (None, Some(named)) if named != FileKind::PythonStub => {
            notes.push(format!("named as {} but much of its content is not text", words(&named)));
            (named, notes)
        }
        (None, _) => (FileKind::Data, notes),
    }
}

/// The script that stands in front of an archive, with its kind. An interpreter that is given the file runs the script: what
/// it does is not told by the archive behind. Where the archive begins is the writer's choice, and most interpreters read
/// on: their script is the whole file. Python takes no zero bytes, which every archive has, so that its script is what stands
/// in front; a first line that only names the interpreter is none.
pub(crate) fn script_in_front<'a>(path: &str, bytes: &'a [u8]) -> Option<(FileKind, &'a [u8])> {
    if container(bytes).is_some() {
        return None;
    }
    let start = bytes.windows(4).position(|window| window == b"PK\x03\x04")?;
    let front = bytes.get(..start)?;
    let kind = shebang(front)
        .or_else(|| named_kind(path).filter(|kind| matches!(kind, FileKind::Python | FileKind::OtherSource(_))))?;
    if kind != FileKind::Python {
        return Some((kind, bytes));
    }
    let lines = front.split(|&byte| byte == b'\n' || byte == b'\r').map(<[u8]>::trim_ascii);
    let is_code = |line: &[u8]| !line.is_empty() && !line.starts_with(b"#") && !line.starts_with(b"//");
    lines.into_iter().any(is_code).then_some((kind, front))
}

/// Whether a name says that the file is an archive or a package.
#[must_use]
pub fn is_named_as_package(path: &str) -> bool {
    extension(path).is_some_and(|ext| PACKAGES.contains(&ext.as_str()))
}

/// Whether a file named as source is still source with some odd bytes in it, rather than something else under that name.
fn mostly_text(bytes: &[u8]) -> bool {
    let head = bytes.get(..8192).unwrap_or(bytes);
    let odd = head.iter().filter(|&&b| b >= 0x80 || (b < 32 && !b.is_ascii_whitespace())).count();
    odd * 3 <= head.len()
}

fn classify_text(path: &str, bytes: &[u8], named: Option<FileKind>) -> (FileKind, Vec<String>) {
    let mut notes = Vec::new();
    if let Some(kind) = named {
        if let Some(name) = binary_name(bytes) {
            notes.push(format!("begins with the signature of {name}, and is text all the same"));
        }
        return (kind, notes);
    }
    if let Some(kind) = shebang(bytes) {
        if extension(path).is_some_and(|ext| HARMLESS.contains(&ext.as_str())) {
            notes.push(format!("has the name of a document, and begins as {}", words(&kind)));
        }
        return (kind, notes);
    }
    if let Some(name) = binary_name(bytes) {
        let kind = if is_closed_archive(name) { FileKind::Archive } else { FileKind::Binary(name.to_owned()) };
        return (kind, notes);
    }
    let ext = extension(path).unwrap_or_default();
    if NEVER_TEXT.contains(&ext.as_str()) {
        notes.push(format!("has the name of a binary format (.{ext}), and its content is text"));
    }
    if ext == "svg" && has_script(bytes) {
        return (FileKind::OtherSource("html".to_owned()), notes);
    }
    let may_be = !PROSE.contains(&ext.as_str()) && !OTHER_LANGUAGES.contains(&ext.as_str());
    // Prose often has no extension, and may quote a few lines.
    if may_be && reads_as_python(bytes, if ext.is_empty() { 4 } else { 10 }) {
        notes.push("reads as Python source, whatever its name says".to_owned());
        return (FileKind::Python, notes);
    }
    if may_be && reads_as_javascript(bytes) {
        notes.push("reads as JavaScript source, whatever its name says".to_owned());
        return (FileKind::OtherSource("javascript".to_owned()), notes);
    }
    (FileKind::Text, notes)
}

/// Whether a drawing may have a script, so that it is more than a picture.
fn has_script(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase().replace('\0', "");
    let is_handler = |(at, _): (usize, &str)| {
        let name = text.get(at + 2..).unwrap_or_default().trim_start_matches(|c: char| c.is_ascii_lowercase());
        text.get(..at).is_some_and(|before| before.ends_with([' ', '\t', '\n', '\r', '"', '\'', '/']))
            && name.trim_start().starts_with('=')
    };
    // What an entity stands for may be written in signs that are none of a script.
    text.trim_start_matches('\u{feff}').trim_start().starts_with('<')
        && (text.contains("script")
            || text.contains("<!entity") && text.contains("&#")
            || text.match_indices("on").any(is_handler))
}

/// Whether text reads as Python: some of its lines can hardly be anything else, and they are not a few among many.
fn reads_as_python(bytes: &[u8], one_in: usize) -> bool {
    let head = bytes.get(..64 * 1024).unwrap_or(bytes);
    let text = String::from_utf8_lossy(head);
    let (mut lines, mut python) = (0_usize, 0_usize);
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        lines += 1;
        python += usize::from(is_python_line(line));
    }
    python > 0 && python * one_in >= lines
}

/// Whether text reads as JavaScript: it says what only that language says, and many of its lines are its statements.
fn reads_as_javascript(bytes: &[u8]) -> bool {
    const ONLY: [&str; 8] = [
        "require('",
        "require(\"",
        "module.exports",
        "process.env",
        "process.argv",
        "=> {",
        "eval(atob(",
        "globalThis",
    ];
    const BEGIN: [&str; 12] = [
        "const ",
        "let ",
        "var ",
        "function ",
        "async ",
        "(function",
        "!function",
        "module.exports",
        "exports.",
        "});",
        "return ",
        "'use strict'",
    ];
    let head = bytes.get(..64 * 1024).unwrap_or(bytes);
    let text = String::from_utf8_lossy(head);
    if text.trim_start().starts_with('<') || text.contains("<?php") || !ONLY.iter().any(|word| text.contains(word)) {
        return false;
    }
    let (mut lines, mut code) = (0_usize, 0_usize);
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")) {
        lines += 1;
        code += usize::from(BEGIN.iter().any(|start| line.starts_with(start)) || line.ends_with(';'));
    }
    code > 0 && code * 2 >= lines
}

/// Whether a line is a statement of Python by its first words and its end.
fn is_python_line(line: &str) -> bool {
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | ','));
    let mut words = line.split_whitespace();
    match (words.next(), words.next(), words.next(), words.next()) {
        (Some("from"), Some(module), Some("import"), Some(_)) => is_name(module),
        (Some("import"), Some(module), None, _) => {
            is_name(module.split(';').next().unwrap_or_default()) && !line.ends_with(['\'', '"'])
        }
        (Some("import"), Some(module), Some("as"), Some(name)) => {
            is_name(module) && is_name(name.trim_end_matches(';'))
        }
        (Some("import"), Some(module), Some(_), _) if module.ends_with([',', ';']) => {
            is_name(module.trim_end_matches(';'))
        }
        (Some("def"), Some(name), ..) => name.contains('(') && line.ends_with(':'),
        (Some("class"), Some(_), ..) => line.ends_with("):"),
        _ => {
            ["exec(", "eval(compile(", "__import__("].iter().any(|start| line.starts_with(start)) && line.ends_with(')')
        }
    }
}

fn named_kind(path: &str) -> Option<FileKind> {
    let ext = extension(path)?;
    match ext.as_str() {
        "py" | "pyw" => Some(FileKind::Python),
        "pyi" => Some(FileKind::PythonStub),
        ext => LANGUAGES
            .iter()
            .find(|(known, _)| *known == ext)
            .map(|(_, language)| FileKind::OtherSource((*language).to_owned())),
    }
}

/// The language that a `#!` line asks for.
fn shebang(bytes: &[u8]) -> Option<FileKind> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let line = bytes.strip_prefix(b"#!")?.split(|&b| b == b'\n').next()?;
    let line = String::from_utf8_lossy(line);
    let program = line
        .split_whitespace()
        .map(|word| word.rsplit('/').next().unwrap_or(word))
        .find(|word| *word != "env" && !word.starts_with('-') && !word.contains('='))?;
    let program = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    Some(match program {
        "python" | "pythonw" | "pypy" | "ipython" => FileKind::Python,
        "sh" | "bash" | "zsh" | "dash" | "ksh" | "ash" => FileKind::OtherSource("shell".into()),
        "node" | "nodejs" | "deno" | "bun" => FileKind::OtherSource("javascript".into()),
        "perl" => FileKind::OtherSource("perl".into()),
        "ruby" => FileKind::OtherSource("ruby".into()),
        "php" => FileKind::OtherSource("php".into()),
        "pwsh" | "powershell" => FileKind::OtherSource("powershell".into()),
        "" => return None,
        other => FileKind::OtherSource(other.to_owned()),
    })
}

fn words(kind: &FileKind) -> String {
    match kind {
        FileKind::Python => "Python source".to_owned(),
        FileKind::PythonStub => "a Python stub".to_owned(),
        FileKind::OtherSource(language) => format!("{language} source"),
        FileKind::Binary(name) => name.clone(),
        FileKind::Text => "text".to_owned(),
        FileKind::Data => "data".to_owned(),
        FileKind::Archive => "an archive".to_owned(),
        FileKind::Empty => "an empty file".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(path: &str, bytes: &[u8]) -> FileKind {
        classify(path, bytes).0
    }

    #[test]
    fn a_masked_program_is_seen_under_the_name_of_source() {
        let mut program: Vec<u8> = (0..512_u32).map(|at| (at * 7 % 251) as u8).collect();
        program[0x3d..0x40].fill(0);
        program[..2].copy_from_slice(b"MZ");
        program[0x3c] = 0x80;
        program[0x80..0x84].copy_from_slice(b"PE\0\0");
        let masked: Vec<u8> = program.iter().map(|byte| byte ^ 0x5b).collect();
        assert_eq!(classify("pkg/tools.py", &masked).0, FileKind::Binary("masked PE executable".to_owned()));
        // The same first bytes, and nothing where the header should stand.
        let mut other = masked.clone();
        other[0x80] = 0;
        assert_eq!(classify("pkg/tools.py", &other).0, FileKind::Python);
        let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
        elf.resize(16, 0);
        elf.extend((0..400_u32).map(|at| (at * 11 % 253) as u8));
        let masked: Vec<u8> = elf.iter().map(|byte| byte ^ 0xa7).collect();
        assert_eq!(classify("pkg/tools.py", &masked).0, FileKind::Binary("masked ELF executable".to_owned()));
    }

    #[test]
    fn names_decide_for_text() {
        assert_eq!(kind("a/b.py", b"x = 1\n"), FileKind::Python);
        assert_eq!(kind("a/b.PYW", b"x = 1\n"), FileKind::Python);
        assert_eq!(kind("b.pyi", b"x: int\n"), FileKind::PythonStub);
        assert_eq!(kind("x.pth", b"import x\n"), FileKind::OtherSource("pth".into()));
        assert_eq!(kind(".pth", b"import x\n"), FileKind::OtherSource("pth".into()));
        assert_eq!(kind("x.js", b"let a"), FileKind::OtherSource("javascript".into()));
        assert_eq!(kind("README", b"hello"), FileKind::Text);
        assert_eq!(kind("__init__.py", b""), FileKind::Empty);
    }

    #[test]
    fn shebang_decides_without_a_known_name() {
        assert_eq!(kind("bin/tool", b"#!/usr/bin/env python3.11\nprint()"), FileKind::Python);
        assert_eq!(kind("bin/tool", b"#!/usr/bin/env -S python3 -u\nprint()"), FileKind::Python);
        assert_eq!(kind("bin/tool", b"#!/bin/sh\nls"), FileKind::OtherSource("shell".into()));
        let (found, notes) = classify("notes.txt", b"#!/usr/bin/python\nprint()");
        assert_eq!(found, FileKind::Python);
        assert_eq!(notes.len(), 1);
    }

    #[test]
    fn content_wins_over_a_name() {
        let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
        elf.resize(16, 0);
        elf.extend((0..400_u32).map(|at| (at * 11 % 253) as u8));
        let mut pe = b"MZ\x90\0".to_vec();
        pe.resize(0x3c, 0);
        pe.extend(0x40u32.to_le_bytes());
        pe.extend(b"PE\0\0");
        let mut pyc = 3495u16.to_le_bytes().to_vec();
        pyc.extend(b"\r\n");
        pyc.extend([0; 12]);
        pyc.push(0xe3);
        for (bytes, name) in [
            (elf, "ELF executable"),
            (pe, "PE executable"),
            (pyc, "Python bytecode"),
            (b"\x89PNG\r\n\x1a\n\0\0".to_vec(), "PNG image"),
        ] {
            let (found, notes) = classify("mod.py", &bytes);
            assert_eq!(found, FileKind::Binary(name.into()));
            assert!(notes[0].contains("Python source"), "{notes:?}");
        }
        let (found, notes) = classify("mod.py", b"\x1f\x8b\x08\0\0\0\0\0\0\x03");
        assert_eq!(found, FileKind::Archive);
        assert!(notes[0].contains("archive"));
    }

    #[test]
    fn a_signature_in_valid_source_does_not_hide_the_source() {
        let (found, notes) = classify("mod.py", b"GIF89a = 1\nimport os\n");
        assert_eq!(found, FileKind::Python);
        assert!(notes[0].contains("GIF image"), "{notes:?}");
        assert_eq!(kind("mod.py", b"MZ = 1\n"), FileKind::Python);
    }

    #[test]
    fn what_is_named_as_source_is_source_whatever_bytes_it_holds() {
        assert_eq!(kind("m.py", b"x = 1\0\nimport os\nprint('hello there')\n"), FileKind::Python);
        let noise: Vec<u8> = (0..4096u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        // An interpreter reads past noise in a comment: the file is read, and what cannot be read of it is told.
        assert_eq!(kind("m.py", &noise), FileKind::Python);
        let mut commented = b"#".to_vec();
        commented.extend([1; 9000]);
        commented.extend(b"\nimport os\n");
        assert_eq!(kind("m.py", &commented), FileKind::Python);
        assert_eq!(kind("m.js", &commented), FileKind::OtherSource("javascript".into()));
        let mut signed = b"ID3 = 1\n".to_vec();
        signed.extend(&commented);
        assert_eq!(kind("m.py", &signed), FileKind::Python);
        assert_eq!(kind("m.dat", &noise), FileKind::Data);
        let mut video = vec![0_u8; 1000];
        [0, 188, 376].iter().for_each(|at| video[*at] = 0x47);
        assert_eq!(kind("clip.ts", &video), FileKind::Binary("MPEG media".into()));
        // A script of a shell that carries something packed.
        let mut script = b"#!/bin/sh\nexit\n".to_vec();
        script.extend(&noise);
        assert_eq!(kind("install.run", &script), FileKind::OtherSource("shell".into()));
    }

    #[test]
    fn formats_that_run_or_hold_files_are_told_apart() {
        for (bytes, name) in [
            (b"\xca\xfe\xba\xbf\0\0\0\x02".as_slice(), "Mach-O executable"),
            (b"BC\xc0\xde\0\0", "LLVM bitcode"),
            (b"L\0\0\0\x01\x14\x02\0\0", "Windows shortcut"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", "OLE compound file"),
        ] {
            assert_eq!(kind("x.bin", bytes), FileKind::Binary(name.into()));
            assert!(matters("x.png", bytes), "{name}");
        }
        let mut iso = vec![0; 0x8001];
        iso.extend(b"CD001\x01");
        let cpio = format!("070701{}", "0".repeat(104));
        for bytes in [iso.as_slice(), b"\x1f\x9d\x90\0", cpio.as_bytes()] {
            assert_eq!(kind("x.bin", bytes), FileKind::Archive);
        }
        assert_eq!(kind("x.bin", b"070701,070702,070703\n"), FileKind::Text);
        assert!(is_named_as_package("a/x-1.0.tar.gz") && is_named_as_package("X.WHL") && !is_named_as_package("x.txt"));
    }

    #[test]
    fn a_script_in_front_of_an_archive_is_a_script() {
        let zip = b"PK\x03\x04 and so on";
        let with = |front: &[u8]| [front, zip.as_slice()].concat();
        let (kind, front) =
            script_in_front("i.js", &with(b"run();\n//")).map(|(kind, front)| (kind, front.len())).unwrap();
        assert_eq!((kind, front), (FileKind::OtherSource("javascript".into()), 9 + zip.len()));
        // Its own first bytes do not end a script.
        assert!(script_in_front("i.js", &with(b"//PK\x03\x04\nrun();\n//")).is_some());
        assert_eq!(script_in_front("x.py", &with(b"run()\n#")).map(|(_, front)| front.len()), Some(7));
        assert!(script_in_front("x.run", &with(b"#!/bin/sh\nls\nexit\n")).is_some());
        assert!(script_in_front("app.pyz", &with(b"#!/usr/bin/env python3\n")).is_none());
        assert!(script_in_front("setup.exe", &with(b"MZ\0\0 stub\n")).is_none());
        assert!(script_in_front("i.py", zip).is_none());
    }

    #[test]
    fn scripts_without_a_name_for_them_are_known_by_their_lines() {
        let script = b"const https = require('https');\nconst data = JSON.stringify(process.env);\nhttps.get('https://a.example.invalid');\n";
        for path in ["logo.png", "f.woff2", "w.dat", "tool"] {
            assert_eq!(kind(path, script), FileKind::OtherSource("javascript".into()), "{path}");
        }
        let python = b"import os\nimport sys\n\nprint(os.getcwd())\nsys.exit()\n";
        for path in ["tool", "SConstruct", "picture.svg"] {
            assert_eq!(kind(path, python), FileKind::Python, "{path}");
        }
        for (path, text) in [
            ("README", b"Usage\n=====\n\nFirst:\n\n    import os\n\nThen read on, there is\nmore to say about that,\nand how it is used.\n".as_slice()),
            ("picture.svg", b"<svg><path d='M 0 0' fill='none'/><text>on = off</text></svg>\n"),
            ("notes.md", script),
            ("rules.dat", b"let there be light;\nvar is a word;\n"),
            ("LICENSE", b"Permission is hereby granted;\nuse it;\n"),
        ] {
            assert_eq!(kind(path, text), FileKind::Text, "{path}");
        }
        for text in [
            b"<svg><script>const a = require('b');</script></svg>\n".as_slice(),
            b"<?xml version='1.0'?>\n<svg><rect\nONCLICK = 'go()'/></svg>\n",
            b"<svg><a href='JavaScript:go()'/></svg>\n",
        ] {
            assert_eq!(kind("picture.svg", text), FileKind::OtherSource("html".into()));
        }
    }

    #[test]
    fn a_bundle_of_another_language_is_not_read_as_python() {
        let bundle = b"import a, {b as c} from './b.js';\nexport default a;\n";
        for path in ["static/app.js", "app.mjs", "app.ts", "view.vue"] {
            assert_ne!(classify(path, bundle).0, FileKind::Python, "{path}");
        }
    }

    #[test]
    fn code_under_the_name_of_media_is_code() {
        let code = b"import os, sys\n\ndef run(command):\n    os.system(command)\n\nrun('id')\n";
        for path in ["logo.png", "font.woff2", "words.dat", "a.bin", "x.pyd"] {
            let (found, notes) = classify(path, code);
            assert_eq!(found, FileKind::Python, "{path}");
            assert!(notes.iter().any(|note| note.contains("reads as Python")), "{notes:?}");
        }
        assert_eq!(kind("a.dat", b"exec(__import__('zlib').decompress(b'x'))"), FileKind::Python);
        for (path, text) in [
            ("README.md", code.as_slice()),
            ("notes.txt", code),
            ("words.dat", b"import of goods\nfrom here to there\nclass of 1990:\n"),
            ("a.java.in", b"import java.util.List;\n"),
            ("table.dat", b"1 2 3\n4 5 6\n"),
            ("m.mjs.txt", b"import x from 'y'\n"),
        ] {
            assert_eq!(kind(path, text), FileKind::Text, "{path}");
        }
        let (found, notes) = classify("logo.png", b"version https://a.example.invalid\noid 12\n");
        assert_eq!(found, FileKind::Text);
        assert!(notes[0].contains(".png"), "{notes:?}");
        let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
        elf.resize(16, 0);
        elf.extend((0..400_u32).map(|at| (at * 11 % 253) as u8));
        let (found, notes) = classify("logo.png", &elf);
        assert_eq!(found, FileKind::Binary("ELF executable".into()));
        assert!(notes[0].contains("its content is: ELF"), "{notes:?}");
    }

    #[test]
    fn compiled_modules_tell_their_version() {
        for (number, version) in [(3495_u16, "3.11"), (3413, "3.8"), (62211, "2.7"), (3531, "3.12")] {
            let mut bytes = number.to_le_bytes().to_vec();
            bytes.extend(b"\r\n");
            bytes.extend([0; 12]);
            bytes.push(0xe3);
            bytes.extend([0; 8]);
            let (found, notes) = classify("m.pyc", &bytes);
            assert_eq!(found, FileKind::Binary("Python bytecode".into()));
            assert!(notes.iter().any(|note| note.ends_with(&format!("Python {version}"))), "{notes:?}");
        }
    }

    #[test]
    fn what_matters_unread() {
        for path in ["a.py", "lib.so", "unknown", "x.bin", "a.tar.gz", "b.sh"] {
            assert!(matters(path, b""), "{path}");
        }
        for path in ["a.png", "README.md", "d.csv", "x/y.json"] {
            assert!(!matters(path, b""), "{path}");
        }
        assert!(matters("a.png", b"\x7fELF"));
        assert!(!matters("a.bin", b"\x89PNG\r\n\x1a\n"));
    }
}
