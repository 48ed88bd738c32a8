//! Tar archives.
//!
//! Reading goes on after the marker that ends an archive, because some readers do the same: what stands there is read, and noted.

use std::cell::Cell;
use std::io::Read;

use tar::{Archive, EntryType};

use super::{entry_name, read_up_to};
use crate::classify::matters;
use crate::magic::is_tar;
use crate::unpack::{Link, Unpacker, Whole};

/// Longest extended header that is read, in bytes.
const LONGEST_HEADER: u64 = 1 << 20;

/// Records of extended headers, in order: a key may come more than once.
type Records = Vec<(String, Vec<u8>)>;

/// Reads all entries of a tar stream. `tripped` tells why the stream stopped, if a limit stopped it.
pub(super) fn read(
    unpacker: &mut Unpacker,
    shown: &str,
    prefix: &str,
    stream: &mut dyn Read,
    depth: u32,
    tripped: Option<&Cell<Option<&'static str>>>,
) {
    let mut links = Vec::new();
    let mut global = Records::new();
    let mut head = Vec::new();
    let mut round = 0_u32;
    loop {
        let mut whole = head.as_slice().chain(&mut *stream);
        if !entries(unpacker, shown, prefix, &mut whole, depth, tripped, &mut links, &mut global) {
            break;
        }
        let Some(next) = after_end(unpacker, shown, &mut whole) else { break };
        if round == 0 {
            unpacker.coverage.note(shown, "holds entries after the marker that ends it");
        }
        round += 1;
        head = next;
    }
    unpacker.link(links);
}

/// Looks past the end marker: the first block of more entries, if there are any.
fn after_end(unpacker: &mut Unpacker, shown: &str, stream: &mut dyn Read) -> Option<Vec<u8>> {
    loop {
        let (block, broken) = read_up_to(stream, 512);
        if let Some(why) = broken {
            unpacker.coverage.unread(shown, format!("the bytes after its last entry: {why}"), true);
            return None;
        }
        if block.is_empty() {
            return None;
        }
        if block.iter().all(|&b| b == 0) {
            continue;
        }
        if is_tar(&block) {
            return Some(block);
        }
        let mut count = block.len() as u64;
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = stream.read(&mut buffer) {
            count += read as u64;
        }
        unpacker.coverage.note(shown, format!("holds {count} bytes after its last entry that are no entry"));
        return None;
    }
}

/// The records of an extended header: `LENGTH KEY=VALUE` and a line feed each, the length that of the whole record.
fn records(mut bytes: &[u8]) -> Records {
    let mut found = Records::new();
    while let Some(space) = bytes.iter().take(20).position(|&byte| byte == b' ') {
        let length = bytes.get(..space).and_then(|digits| std::str::from_utf8(digits).ok());
        let Some(length) = length.and_then(|digits| digits.trim_start().parse::<usize>().ok()) else { break };
        let Some(record) = bytes.get(space + 1..length) else { break };
        let record = record.strip_suffix(b"\n").unwrap_or(record);
        if let Some(equals) = record.iter().position(|&byte| byte == b'=') {
            let (key, value) = record.split_at(equals);
            found.push((String::from_utf8_lossy(key).into_owned(), value.get(1..).unwrap_or_default().to_vec()));
        }
        bytes = bytes.get(length..).unwrap_or_default();
    }
    found
}

/// The last value of a key.
fn value<'a>(records: &'a Records, key: &str) -> Option<&'a [u8]> {
    records.iter().rev().find(|(known, _)| known == key).map(|(_, value)| value.as_slice())
}

/// The whole content of a file that was stored without its holes, as GNU tar stores it behind extended headers; `None` for
/// any other file. What is too large, or contradicts itself, is left as it is stored.
fn filled(stored: &[u8], records: &Records, most: u64) -> Option<Vec<u8>> {
    let number = |text: &[u8]| std::str::from_utf8(text).ok()?.trim().parse::<usize>().ok();
    let size = value(records, "GNU.sparse.realsize").or_else(|| value(records, "GNU.sparse.size")).and_then(number)?;
    if size as u64 > most {
        return None;
    }
    let (map, mut data): (Vec<usize>, &[u8]) = if value(records, "GNU.sparse.major") == Some(b"1") {
        // The map stands in front of the content: a count, then pairs, a line each, filled up to a whole block.
        let mut lines = stored.split(|&byte| byte == b'\n');
        let first = lines.next()?;
        let count = number(first)?;
        let mut read = first.len() + 1;
        let mut map = Vec::new();
        for line in lines.take(count.checked_mul(2)?) {
            read += line.len() + 1;
            map.push(number(line)?);
        }
        (map, stored.get(read.next_multiple_of(512)..)?)
    } else if let Some(map) = value(records, "GNU.sparse.map") {
        (map.split(|&byte| byte == b',').map(number).collect::<Option<_>>()?, stored)
    } else {
        let parts = records.iter().filter(|(key, _)| key == "GNU.sparse.offset" || key == "GNU.sparse.numbytes");
        (parts.map(|(_, value)| number(value)).collect::<Option<_>>()?, stored)
    };
    let mut whole = vec![0; size];
    for pair in map.chunks_exact(2) {
        let &[at, length] = pair else { continue };
        let (piece, rest) = data.split_at_checked(length)?;
        whole.get_mut(at..at.checked_add(length)?)?.copy_from_slice(piece);
        data = rest;
    }
    Some(whole)
}

/// Reads entries up to the end marker. Gives false when the stream cannot be read any further.
#[expect(
    clippy::too_many_arguments,
    reason = "the place in the target, the bounds, and what goes on from entry to entry"
)]
fn entries(
    unpacker: &mut Unpacker,
    shown: &str,
    prefix: &str,
    stream: &mut dyn Read,
    depth: u32,
    tripped: Option<&Cell<Option<&'static str>>>,
    links: &mut Vec<Link>,
    global: &mut Records,
) -> bool {
    let stopped = || tripped.and_then(Cell::get);
    let mut archive = Archive::new(stream);
    let entries = match archive.entries() {
        Ok(entries) => entries,
        Err(error) => {
            unpacker.coverage.unread(shown, format!("cannot be read as a tar archive: {error}"), true);
            return false;
        }
    };
    // What an extended header of an older kind says of the entry behind it.
    let mut before = Records::new();
    for entry in entries {
        let mut entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let why = stopped().map_or_else(
                    || format!("the rest of the archive cannot be read: {error}"),
                    |why| format!("the rest was left: it {why}"),
                );
                unpacker.coverage.unread(shown, why, true);
                return false;
            }
        };
        if !unpacker.enter(shown) {
            return false;
        }
        let raw = entry.path_bytes().into_owned();
        let kind = entry.header().entry_type();
        if kind == EntryType::XGlobalHeader || kind.as_byte() == b'X' {
            let (bytes, _) = read_up_to(&mut entry, LONGEST_HEADER);
            let found = records(&bytes);
            if value(&found, "size").is_some() {
                let why = "has an extended header that changes the sizes of entries, which is not followed";
                unpacker.coverage.unread(shown, why, true);
            }
            if kind == EntryType::XGlobalHeader {
                global.extend(found)
            } else {
                before = found
            }
            continue;
        }
        let mut own: Records = match entry.pax_extensions() {
            Ok(Some(records)) => records
                .filter_map(Result::ok)
                .map(|record| (String::from_utf8_lossy(record.key_bytes()).into_owned(), record.value_bytes().to_vec()))
                .collect(),
            _ => Records::new(),
        };
        let from_before = std::mem::take(&mut before);
        let sparse = value(&own, "GNU.sparse.name").or_else(|| value(&from_before, "GNU.sparse.name"));
        let renamed = sparse
            .or_else(|| value(&from_before, "path"))
            .or_else(|| value(global, "path").filter(|_| value(&own, "path").is_none()))
            .map(<[u8]>::to_vec);
        let path = entry_name(unpacker, prefix, renamed.as_deref().unwrap_or(&raw));
        if renamed.as_ref().is_some_and(|name| *name != raw) {
            unpacker.coverage.note(
                &path,
                format!(
                    "has its name from an extended header; its own header calls it `{}`",
                    String::from_utf8_lossy(&raw)
                ),
            );
        }
        own.extend(from_before);
        match kind {
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {}
            EntryType::Directory => {
                unpacker.coverage.folders += 1;
                continue;
            }
            EntryType::Symlink | EntryType::Link => {
                let to = value(&own, "linkpath")
                    .or_else(|| value(global, "linkpath"))
                    .map(<[u8]>::to_vec)
                    .or_else(|| entry.link_name_bytes().map(std::borrow::Cow::into_owned))
                    .map(|name| String::from_utf8_lossy(&name).into_owned())
                    .unwrap_or_default();
                unpacker.coverage.links += 1;
                let (hard, after) = (kind == EntryType::Link, unpacker.count());
                links.push(Link { path, to, hard, root: prefix.to_owned(), after });
                continue;
            }
            EntryType::Block | EntryType::Char | EntryType::Fifo => {
                unpacker.coverage.note(&path, "is a device or a pipe, which an archive of source code has no use for");
                continue;
            }
            other => {
                unpacker
                    .coverage
                    .note(&path, format!("is an entry of the unknown kind {:?}", char::from(other.as_byte())));
            }
        }
        unpacker.coverage.files += 1;
        let size = entry.size();
        if size > unpacker.limits.file_bytes {
            let (head, _) = read_up_to(&mut entry, 512);
            let why = format!(
                "is {size} bytes large, more than the {} that are read of one file",
                unpacker.limits.file_bytes
            );
            unpacker.coverage.unread(&path, why, matters(&path, &head));
            continue;
        }
        let (mut bytes, broken) = read_up_to(&mut entry, size);
        let whole = match broken {
            Some(why) => Whole::No(stopped().map_or(why, |why| format!("was left: the archive {why}"))),
            None if (bytes.len() as u64) < size => Whole::No(format!("ends after {} of {size} bytes", bytes.len())),
            None => Whole::Yes,
        };
        if own.iter().any(|(key, _)| key.starts_with("GNU.sparse.")) {
            unpacker.coverage.note(&path, "is stored without its holes");
            match filled(&bytes, &own, unpacker.limits.file_bytes) {
                Some(all) => bytes = all,
                None => {
                    unpacker.coverage.unread(&path, "is stored without its holes, and cannot be put together", true)
                }
            }
        }
        unpacker.admit(path, bytes, whole, depth);
    }
    true
}
