//! Tar archives.
//!
//! Reading goes on after the marker that ends an archive, because some readers do the same: what stands there is read, and noted.

use std::cell::Cell;
use std::io::Read;

use tar::{Archive, EntryType};

use super::{entry_name, read_up_to};
use crate::classify::{is_tar, matters};
use crate::unpack::{Link, Unpacker, Whole};

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
    let mut head = Vec::new();
    let mut round = 0_u32;
    loop {
        let mut whole = head.as_slice().chain(&mut *stream);
        if !entries(unpacker, shown, prefix, &mut whole, depth, tripped, &mut links) {
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

/// Reads entries up to the end marker. Gives false when the stream cannot be read any further.
fn entries(
    unpacker: &mut Unpacker,
    shown: &str,
    prefix: &str,
    stream: &mut dyn Read,
    depth: u32,
    tripped: Option<&Cell<Option<&'static str>>>,
    links: &mut Vec<Link>,
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
        let path = entry_name(unpacker, prefix, &raw);
        let kind = entry.header().entry_type();
        match kind {
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {}
            EntryType::Directory => {
                unpacker.coverage.folders += 1;
                continue;
            }
            EntryType::Symlink | EntryType::Link => {
                let to =
                    entry.link_name_bytes().map(|name| String::from_utf8_lossy(&name).into_owned()).unwrap_or_default();
                unpacker.coverage.links += 1;
                links.push(Link { path, to, hard: kind == EntryType::Link, root: prefix.to_owned() });
                continue;
            }
            EntryType::XGlobalHeader => continue,
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
        let (bytes, broken) = read_up_to(&mut entry, size);
        let whole = match broken {
            Some(why) => Whole::No(stopped().map_or(why, |why| format!("was left: the archive {why}"))),
            None if (bytes.len() as u64) < size => Whole::No(format!("ends after {} of {size} bytes", bytes.len())),
            None => Whole::Yes,
        };
        unpacker.admit(path, bytes, whole, depth);
    }
    true
}
