//! Packs the pages of behaviors: all front matter into one deflate stream, which every start reads, and each body into
//! its own, which is read only when somebody asks for an explanation or an example.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::{fs, io};

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// Writes `pages.rs` and the streams that it includes to `out`.
pub fn pack(out: &Path) -> io::Result<()> {
    println!("cargo::rerun-if-changed=behaviors");
    let root = Path::new("behaviors");
    let mut pages = Vec::new();
    for family in fs::read_dir(root)? {
        let family = family?.path();
        if !family.is_dir() {
            continue;
        }
        println!("cargo::rerun-if-changed={}", family.display());
        for page in fs::read_dir(&family)? {
            let page = page?.path();
            if page.extension().is_some_and(|extension| extension == "md") {
                println!("cargo::rerun-if-changed={}", page.display());
                pages.push(page);
            }
        }
    }
    // By id: with the extension, `decoded-x.md` would stand before `decoded.md`.
    pages.sort_by_key(|page: &std::path::PathBuf| page.with_extension(""));
    let mut fronts = String::new();
    let mut code = String::from("static PAGES: &[Packed] = &[\n");
    for (number, path) in pages.iter().enumerate() {
        let text = fs::read_to_string(path)?;
        let bad = || io::Error::other(format!("{}: no front matter between two lines `+++`", path.display()));
        let rest = text.strip_prefix("+++\n").ok_or_else(bad)?;
        let end = rest.find("\n+++\n").ok_or_else(bad)?;
        let (front, body) = (rest.get(..=end).ok_or_else(bad)?, rest.get(end + 5..).ok_or_else(bad)?);
        let start = fronts.len();
        fronts.push_str(front);
        let body_file = out.join(format!("page-{number}.deflate"));
        fs::write(&body_file, deflate(body)?)?;
        let id = path.strip_prefix(root).unwrap_or(path).with_extension("");
        let id = id.to_string_lossy().replace('\\', "/");
        let line = front.matches('\n').count() + 3;
        writeln!(
            code,
            "Packed {{ id: {id:?}, front: ({start}, {}), body_line: {line}, body: include_bytes!({body_file:?}) }},",
            fronts.len()
        )
        .map_err(io::Error::other)?;
    }
    let fronts_file = out.join("fronts.deflate");
    fs::write(&fronts_file, deflate(&fronts)?)?;
    writeln!(code, "];\nstatic FRONTS: &[u8] = include_bytes!({fronts_file:?});").map_err(io::Error::other)?;
    fs::write(out.join("pages.rs"), code)
}

fn deflate(text: &str) -> io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text.as_bytes())?;
    encoder.finish()
}
