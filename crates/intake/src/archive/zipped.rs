//! Zip archives: wheels, eggs, and whatever else is one inside.
//!
//! The central directory says what the archive holds, as it does for the interpreter. Each entry's own local header is compared with it, and the bytes that no listed entry covers are looked through
//! for entries that only a streaming reader would find.

use std::io::Cursor;

use zip::read::{ZipFileEntry, read_zipfile_from_stream};
use zip::unstable::read::ZipIterable;
use zip::{CompressionMethod, ZipReadOptions};

use super::{entry_name, read_up_to};
use crate::classify::matters;
use crate::unpack::{Unpacker, Whole};

/// Entries of one archive that may each unpack to more than an honest file does, before the rest of the archive is left.
const MOST_BOMBS: u32 = 16;

/// The flag of an entry whose name is UTF-8.
const UTF_8: u16 = 1 << 11;

/// Reads all entries of a zip archive.
pub(super) fn read(unpacker: &mut Unpacker, shown: &str, prefix: &str, bytes: &[u8], depth: u32) {
    let entries = match listed(bytes, unpacker.limits.entries) {
        Ok((entries, broken)) => {
            if let Some(why) = broken {
                unpacker.coverage.unread(shown, format!("the rest of its directory cannot be read: {why}"), true);
            }
            entries
        }
        Err(why) => {
            unpacker.coverage.note(
                shown,
                format!("has no readable central directory ({why}); its entries were read one after another"),
            );
            let covered = unlisted(unpacker, shown, prefix, bytes, 0, depth, false);
            if covered == 0 {
                unpacker.coverage.unread(shown, format!("cannot be read as a zip archive: {why}"), true);
            }
            return;
        }
    };
    if entries.is_empty() {
        unpacker.coverage.note(shown, "has a central directory that lists no entries");
    }
    let mut covered: Vec<(u64, u64)> = Vec::with_capacity(entries.len());
    let (mut produced, mut bombs) = (0_u64, 0_u32);
    for entry in entries {
        if !unpacker.enter(shown) {
            return;
        }
        let local = Local::at(bytes, entry.header_start());
        let end = local
            .as_ref()
            .map_or(entry.header_start(), |local| local.data_start.saturating_add(entry.compressed_size()));
        covered.push((entry.header_start(), end));
        match one(unpacker, prefix, bytes, entry, local.as_ref(), depth) {
            Some(unpacked) => produced += unpacked,
            None => bombs += 1,
        }
        // Entries that share bytes are each honest, and a bomb together.
        if bombs > MOST_BOMBS || unpacker.limits.is_bomb(bytes.len() as u64, produced) {
            unpacker.coverage.unread(
                shown,
                "the rest was left: it unpacks to far more than an honest archive does",
                true,
            );
            return;
        }
    }
    gaps(unpacker, shown, prefix, bytes, covered, depth);
    let trailing = after_end(bytes);
    if trailing > 0 {
        unpacker.coverage.note(shown, format!("holds {trailing} bytes after the end of the archive"));
    }
}

/// Bytes after the last end record and its comment.
fn after_end(bytes: &[u8]) -> usize {
    const END: usize = 22;
    let from = bytes.len().saturating_sub(END + 0xffff);
    let tail = bytes.get(from..).unwrap_or_default();
    let Some(at) = tail.windows(4).rposition(|window| window == b"PK\x05\x06") else { return 0 };
    let comment = two(tail, at + 20).map_or(0, usize::from);
    tail.len().saturating_sub(at + END + comment)
}

/// The entries that the central directory lists, at most one more than `most`, and what stopped the listing.
fn listed(bytes: &[u8], most: u64) -> Result<(Vec<ZipFileEntry<'static>>, Option<String>), String> {
    let mut archive =
        ZipIterable::try_new(Cursor::new(bytes), zip::read::Config::default()).map_err(|error| error.to_string())?;
    let mut entries = Vec::new();
    let most = usize::try_from(most.saturating_add(1)).unwrap_or(usize::MAX);
    for entry in archive.files().map_err(|error| error.to_string())?.take(most) {
        match entry {
            Ok(entry) => entries.push(entry),
            Err(error) if entries.is_empty() => return Err(error.to_string()),
            Err(error) => return Ok((entries, Some(error.to_string()))),
        }
    }
    Ok((entries, None))
}

/// Reads one entry. Gives the number of bytes it unpacked to, or nothing if those are more than an honest file's.
fn one(
    unpacker: &mut Unpacker,
    prefix: &str,
    bytes: &[u8],
    entry: ZipFileEntry<'static>,
    local: Option<&Local>,
    depth: u32,
) -> Option<u64> {
    let name = entry.name().map_or_else(|_| entry.name_raw().to_vec(), |name| name.as_bytes().to_vec());
    let path = entry_name(unpacker, prefix, &name);
    let central = name_in_directory(bytes, entry.central_header_start()).unwrap_or_else(|| entry.name_raw());
    if local.is_some_and(|local| local.flags & UTF_8 != 0) && std::str::from_utf8(central).is_err() {
        unpacker.coverage.note(&path, "is said to have a name in UTF-8, and its name is not");
    }
    // Some installers take the name in the directory up to a NUL, others the one in the field for Unicode names. Whichever
    // is used, the file is read under it.
    let mut others: Vec<Vec<u8>> = Vec::new();
    for other in [name.as_slice(), central] {
        let cut = other.split(|&byte| byte == 0).next().unwrap_or_default();
        for other in [other, cut] {
            // Of two spellings in other code pages, neither is another name.
            let is_other = other != name && !other.is_empty() && std::str::from_utf8(other).is_ok();
            if is_other && !others.iter().any(|known| known == other) {
                others.push(other.to_vec());
            }
        }
    }
    match local {
        None => unpacker.coverage.note(&path, "has no local header where the central directory says"),
        Some(local) => compare(unpacker, &path, &entry, local),
    }
    if entry.is_dir() {
        unpacker.coverage.folders += 1;
        if entry.size() > 0 {
            unpacker.coverage.unread(&path, "is a folder that holds data", true);
        }
        return Some(0);
    }
    unpacker.coverage.files += 1;
    if entry.encrypted() {
        unpacker.coverage.unread(&path, "is encrypted", matters(&path, &[]));
        return Some(0);
    }
    let method = entry.compression();
    if !matches!(method, CompressionMethod::Stored | CompressionMethod::DEFLATE | CompressionMethod::BZIP2) {
        unpacker.coverage.unread(
            &path,
            format!("is compressed by a method that is not read ({method:?})"),
            matters(&path, &[]),
        );
        return Some(0);
    }
    let (size, packed, link) = (entry.size(), entry.compressed_size(), entry.is_symlink());
    let most = unpacker.limits.file_bytes;
    let honest = unpacker.limits.ratio_from.max(packed.saturating_mul(unpacker.limits.ratio));
    let mut cursor = Cursor::new(bytes);
    let (content, broken) = match entry.with_reader(&mut cursor, ZipReadOptions::new()) {
        Ok(mut reader) => read_up_to(&mut reader, most.min(honest).saturating_add(1)),
        Err(error) => (Vec::new(), Some(format!("cannot be unpacked: {error}"))),
    };
    let got = content.len() as u64;
    if unpacker.limits.is_bomb(packed, got) {
        unpacker.coverage.unread(&path, "unpacks to far more than an honest file does", matters(&path, &content));
        return None;
    }
    if got > most {
        unpacker.coverage.unread(
            &path,
            format!("is more than the {most} bytes large that are read of one file"),
            matters(&path, &content),
        );
    } else if let (Some(why), true) = (&broken, content.is_empty()) {
        unpacker.coverage.unread(&path, why.clone(), matters(&path, &[]));
    } else {
        if link {
            unpacker.coverage.note(
                &path,
                format!(
                    "is marked as a link to `{}`; installers write it as a file",
                    String::from_utf8_lossy(&content)
                ),
            );
        }
        if broken.is_none() && got != size {
            unpacker.coverage.note(&path, format!("unpacks to {got} bytes and declares {size}"));
        }
        let whole = broken.map_or(Whole::Yes, Whole::No);
        for other in others {
            let other = entry_name(unpacker, prefix, &other);
            unpacker.coverage.note(&other, format!("is another name of the entry `{path}`; it was read under both"));
            unpacker.coverage.files += 1;
            unpacker.admit(other, content.clone(), whole.clone(), depth);
        }
        unpacker.admit(path, content, whole, depth);
    }
    Some(got)
}

/// The name of an entry as the central directory has it, without what its extra fields say.
fn name_in_directory(bytes: &[u8], at: u64) -> Option<&[u8]> {
    let header = bytes.get(usize::try_from(at).ok()?..)?;
    let length = usize::from(two(header.strip_prefix(b"PK\x01\x02")?, 24)?);
    header.get(46..46 + length)
}

/// Notes where a local header says other than the central directory.
fn compare(unpacker: &mut Unpacker, path: &str, entry: &ZipFileEntry<'_>, local: &Local) {
    let mut differ = Vec::new();
    if local.name != entry.name_raw() {
        differ.push(format!("name `{}`", String::from_utf8_lossy(&local.name)));
    }
    let method = match entry.compression() {
        CompressionMethod::Stored => Some(0),
        CompressionMethod::DEFLATE => Some(8),
        CompressionMethod::BZIP2 => Some(12),
        _ => None,
    };
    if method.is_some_and(|method| method != local.method) {
        differ.push(format!("compression method {}", local.method));
    }
    if (local.flags & 1 == 1) != entry.encrypted() {
        differ.push("encryption".to_owned());
    }
    // With bit 3 the sizes stand after the data; with the highest value, in a zip64 field.
    if local.flags & 8 == 0 {
        if local.packed != u32::MAX && u64::from(local.packed) != entry.compressed_size() {
            differ.push(format!("packed size {}", local.packed));
        }
        if local.unpacked != u32::MAX && u64::from(local.unpacked) != entry.size() {
            differ.push(format!("size {}", local.unpacked));
        }
        if local.crc != entry.crc32() {
            differ.push("checksum".to_owned());
        }
    }
    if !differ.is_empty() {
        unpacker
            .coverage
            .note(path, format!("has a local header that contradicts the central directory: {}", differ.join(", ")));
    }
}

/// Looks through the bytes that no listed entry covers.
fn gaps(unpacker: &mut Unpacker, shown: &str, prefix: &str, bytes: &[u8], mut covered: Vec<(u64, u64)>, depth: u32) {
    covered.sort_unstable();
    let mut overlapping = false;
    let mut last = covered.first().map_or(0, |(start, _)| *start);
    if last > 0 {
        unpacker.coverage.note(shown, format!("holds {last} bytes before the archive begins"));
        unlisted(
            unpacker,
            shown,
            prefix,
            bytes.get(..usize::try_from(last).unwrap_or(0)).unwrap_or_default(),
            0,
            depth,
            true,
        );
    }
    for (start, end) in covered {
        if start < last {
            overlapping = true;
        } else if start > last {
            let from = usize::try_from(last).unwrap_or(usize::MAX);
            let to = usize::try_from(start).unwrap_or(usize::MAX);
            unlisted(unpacker, shown, prefix, bytes.get(..to).unwrap_or(bytes), from, depth, true);
        }
        last = last.max(end);
    }
    if overlapping {
        unpacker.coverage.note(shown, "holds entries that share bytes");
    }
    // What follows the last entry, up to the directory: all of the archive when the directory lists nothing.
    let from = usize::try_from(last).unwrap_or(usize::MAX);
    let rest = bytes.get(from..).unwrap_or_default();
    let directory = rest.windows(4).position(|window| window == b"PK\x01\x02" || window == b"PK\x05\x06");
    let end = directory.map_or(bytes.len(), |at| from.saturating_add(at));
    unlisted(unpacker, shown, prefix, bytes.get(..end).unwrap_or(bytes), from, depth, true);
}

/// Reads local entries one after another from `from` on, as a streaming reader would. Gives the number of entries.
fn unlisted(
    unpacker: &mut Unpacker,
    shown: &str,
    prefix: &str,
    bytes: &[u8],
    from: usize,
    depth: u32,
    hidden: bool,
) -> u64 {
    let mut count = 0;
    let Some(mut rest) = bytes.get(from..) else { return 0 };
    // A data descriptor, or padding, may stand in front.
    let Some(at) = rest.windows(4).position(|window| window == b"PK\x03\x04") else { return 0 };
    rest = rest.get(at..).unwrap_or_default();
    while rest.starts_with(b"PK\x03\x04") {
        if !unpacker.enter(shown) {
            return count;
        }
        let most = unpacker.limits.file_bytes;
        let total = rest.len() as u64;
        let local = Local::at(rest, 0);
        let raw = local.as_ref().map(|local| local.name.clone()).unwrap_or_default();
        let path = entry_name(unpacker, prefix, &raw);
        count += 1;
        unpacker.coverage.files += 1;
        if hidden {
            unpacker.coverage.note(&path, "is in the archive and not in its central directory");
        }
        let read = match read_zipfile_from_stream(&mut rest) {
            Ok(Some(mut file)) => Ok(read_up_to(&mut file, most.saturating_add(1))),
            Ok(None) => break,
            Err(error) => Err(error.to_string()),
        };
        match read {
            Ok((content, broken))
                if content.len() as u64 <= most && !unpacker.limits.is_bomb(total, content.len() as u64) =>
            {
                if raw.ends_with(b"/") && content.is_empty() {
                    unpacker.coverage.files -= 1;
                    unpacker.coverage.folders += 1;
                } else if content.is_empty() && broken.is_some() {
                    unpacker.coverage.unread(&path, broken.unwrap_or_default(), matters(&path, &[]));
                } else {
                    unpacker.admit(path, content, broken.map_or(Whole::Yes, Whole::No), depth);
                }
            }
            Ok((content, _)) => {
                unpacker.coverage.unread(&path, "is larger than what is read of one file", matters(&path, &content))
            }
            Err(why) => {
                unpacker.coverage.unread(
                    &path,
                    format!("cannot be unpacked without the central directory: {why}"),
                    matters(&path, &[]),
                );
                break;
            }
        }
    }
    count
}

/// The fixed part of a local header.
struct Local {
    flags: u16,
    method: u16,
    crc: u32,
    packed: u32,
    unpacked: u32,
    name: Vec<u8>,
    data_start: u64,
}

impl Local {
    fn at(bytes: &[u8], start: u64) -> Option<Self> {
        let from = usize::try_from(start).ok()?;
        let header = bytes.get(from..)?.strip_prefix(b"PK\x03\x04")?;
        let name_start = from.checked_add(30)?;
        let name_end = name_start.checked_add(usize::from(two(header, 22)?))?;
        let name = bytes.get(name_start..name_end)?.to_vec();
        let data_start = (name_end + usize::from(two(header, 24)?)) as u64;
        Some(Self {
            flags: two(header, 2)?,
            method: two(header, 4)?,
            crc: four(header, 10)?,
            packed: four(header, 14)?,
            unpacked: four(header, 18)?,
            name,
            data_start,
        })
    }
}

fn two(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_le_bytes)
}

fn four(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}
