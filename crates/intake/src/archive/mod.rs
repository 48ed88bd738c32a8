//! Archives and compressed streams, opened in memory.
//!
//! Nothing is written to disk, no name is used as a path of this machine, and no entry is left out silently: what cannot be read is recorded, and reading goes on with the next entry.

mod stream;
mod tape;
mod zipped;

use std::io::{self, Read};

use crate::classify::matters;
use crate::magic::Container;
use crate::unpack::{Unpacker, Whole};

use stream::{Codec, Metered, Stream};

/// Opens the archive `bytes`, giving its entries to `unpacker` under names that begin with `prefix`. `shown` names the archive in the coverage, and `depth` counts it and the archives around it.
pub(crate) fn open(
    unpacker: &mut Unpacker,
    shown: &str,
    prefix: &str,
    format: Option<Container>,
    bytes: &[u8],
    depth: u32,
) {
    match format {
        Some(Container::Tar) => tape::read(unpacker, shown, prefix, &mut &*bytes, depth, None),
        Some(Container::Gzip) => compressed(unpacker, shown, prefix, Codec::Gzip, bytes, depth),
        Some(Container::Bzip2) => compressed(unpacker, shown, prefix, Codec::Bzip2, bytes, depth),
        Some(Container::Xz) => compressed(unpacker, shown, prefix, Codec::Xz, bytes, depth),
        Some(Container::Lzma) => compressed(unpacker, shown, prefix, Codec::Lzma, bytes, depth),
        Some(Container::Zstd) => compressed(unpacker, shown, prefix, Codec::Zstd, bytes, depth),
        Some(Container::Zip) | None => zipped::read(unpacker, shown, prefix, bytes, depth),
    }
}

/// A compressed stream holds a tar archive, or one file.
fn compressed(unpacker: &mut Unpacker, shown: &str, prefix: &str, codec: Codec, bytes: &[u8], depth: u32) {
    let limits = unpacker.limits.clone();
    let mut stream = Stream::new(codec, bytes, &limits);
    let tripped = std::cell::Cell::new(None);
    let mut metered = Metered::new(&mut stream, bytes.len() as u64, &limits, &tripped);
    let (head, broken) = read_up_to(&mut metered, 512);
    if crate::magic::is_tar(&head) {
        let mut whole = head.as_slice().chain(&mut metered);
        tape::read(unpacker, shown, prefix, &mut whole, depth, Some(&tripped));
    } else {
        let (mut content, mut why) = (head, broken);
        if why.is_none() {
            let (more, broken) = read_up_to(&mut metered, limits.file_bytes.saturating_add(1));
            content.extend(more);
            why = broken;
        }
        if let Some(reason) = tripped.get() {
            why = Some(reason.to_owned());
        }
        let name = inner_name(shown, codec);
        if is_tar_name(shown) && !content.is_empty() {
            let what = "has the name of a tar archive and is a compressed file of another kind";
            unpacker.coverage.note(shown, what);
            // Of a package that does not open as one, nothing is known.
            if depth == 1 {
                unpacker.coverage.unread(shown, what, true);
            }
        }
        if unpacker.enter(shown) {
            unpacker.coverage.files += 1;
            let path = format!("{prefix}{name}");
            if content.is_empty() && why.is_some() {
                unpacker.coverage.unread(shown, why.unwrap_or_default(), matters(&path, &[]));
            } else {
                unpacker.admit(path, content, why.map_or(Whole::Yes, Whole::No), depth);
            }
        }
    }
    if stream.members() > 1 {
        unpacker
            .coverage
            .note(shown, format!("holds {} compressed streams one after another; all were read", stream.members()));
    }
    if tripped.get().is_none() && stream.trailing() > 0 {
        unpacker
            .coverage
            .note(shown, format!("holds {} bytes after the end of its compressed stream", stream.trailing()));
    }
}

/// At most `most` bytes, and why there are not more, if reading failed.
fn read_up_to(reader: &mut dyn Read, most: u64) -> (Vec<u8>, Option<String>) {
    let mut bytes = Vec::new();
    match reader.take(most).read_to_end(&mut bytes) {
        Ok(_) => (bytes, None),
        Err(error) => {
            let why = reason(&error);
            (bytes, Some(why))
        }
    }
}

fn reason(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        "ends before its data does".to_owned()
    } else {
        format!("cannot be unpacked: {error}")
    }
}

/// Whether a name says that the file is a compressed tar archive.
fn is_tar_name(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    [".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz", ".tar.lzma", ".tlz", ".tar.zst", ".tzst"]
        .iter()
        .any(|end| path.ends_with(end))
}

/// The name of the one file in a compressed stream: the stream's own, without its last extension.
fn inner_name(path: &str, codec: Codec) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let lower = name.to_ascii_lowercase();
    let end = match codec {
        Codec::Gzip => ".gz",
        Codec::Bzip2 => ".bz2",
        Codec::Xz => ".xz",
        Codec::Lzma => ".lzma",
        Codec::Zstd => ".zst",
    };
    let kept = lower.strip_suffix(end).map_or(0, str::len);
    match name.get(..kept) {
        Some(stem) if !stem.is_empty() => stem.to_owned(),
        _ => format!("{name}.unpacked"),
    }
}

/// A name as an archive holds it, cleaned of what changes nothing: `./` in front, and doubled slashes. Everything else stays, with notes on what would leave the archive's folder.
fn entry_name(unpacker: &mut Unpacker, prefix: &str, raw: &[u8]) -> String {
    let name = String::from_utf8_lossy(raw);
    let lossy = matches!(name, std::borrow::Cow::Owned(_));
    let mut kept: Vec<&str> = name.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if kept.is_empty() {
        kept.push(if name.is_empty() { "(no name)" } else { "." });
    }
    let path = format!("{prefix}{}{}", if name.starts_with('/') { "/" } else { "" }, kept.join("/"));
    if lossy {
        unpacker.coverage.note(&path, "has a name that is not UTF-8");
    }
    if name.starts_with('/') || name.get(1..3).is_some_and(|drive| drive == ":\\" || drive == ":/") {
        unpacker.coverage.note(&path, "has an absolute path");
    }
    if name.split(['/', '\\']).any(|part| part == "..") {
        unpacker.coverage.note(&path, "has a path that leaves the archive's folder");
    }
    if name.contains('\\') {
        unpacker.coverage.note(&path, "has a backslash in its name");
    }
    if name.chars().any(char::is_control) {
        unpacker.coverage.note(&path, "has control characters in its name");
    }
    path
}
