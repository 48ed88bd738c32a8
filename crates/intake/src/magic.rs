//! Formats that content alone tells: containers, programs, compiled modules, media.
//!
//! Nothing here looks at a name.

/// A container format that can be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Container {
    Tar,
    Gzip,
    Bzip2,
    Xz,
    Lzma,
    Zstd,
    Zip,
}

/// Formats known by their first bytes: offset, bytes, name. A longer match stands before a shorter one.
const MAGIC: &[(usize, &[u8], &str)] = &[
    (0, b"\x7fELF", "ELF executable"),
    (0, b"\xfe\xed\xfa\xce", "Mach-O executable"),
    (0, b"\xfe\xed\xfa\xcf", "Mach-O executable"),
    (0, b"\xce\xfa\xed\xfe", "Mach-O executable"),
    (0, b"\xcf\xfa\xed\xfe", "Mach-O executable"),
    (0, b"\0asm", "WebAssembly module"),
    (0, b"dex\n03", "Android executable"),
    (0, b"BC\xc0\xde", "LLVM bitcode"),
    (0, b"\x1bLua", "Lua bytecode"),
    (0, b"\xca\xfe\xba\xbf", "Mach-O executable"),
    (0, b"\xbe\xba\xfe\xca", "Mach-O executable"),
    (0, b"\xbf\xba\xfe\xca", "Mach-O executable"),
    (0, b"FasdUAS ", "compiled AppleScript"),
    (0, b"ITSF\x03\0\0\0", "compiled HTML help"),
    (0, b"!<arch>\n", "ar archive"),
    (0, b"!<thin>\n", "ar archive"),
    (0, b"LZIP\x01", "lzip data"),
    (0x8001, b"CD001", "ISO image"),
    (0, b"\xed\xab\xee\xdb", "RPM package"),
    (0, b"7z\xbc\xaf\x27\x1c", "7-Zip archive"),
    (0, b"Rar!\x1a\x07", "RAR archive"),
    (0, b"\x28\xb5\x2f\xfd", "Zstandard data"),
    (0, b"\x04\x22\x4d\x18", "LZ4 data"),
    (0, b"MSCF\0\0\0\0", "Cabinet archive"),
    (0, b"xar!", "XAR archive"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "OLE compound file"),
    (0, b"L\0\0\0\x01\x14\x02\0", "Windows shortcut"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG image"),
    (0, b"\xff\xd8\xff", "JPEG image"),
    (0, b"GIF87a", "GIF image"),
    (0, b"GIF89a", "GIF image"),
    (0, b"II*\0", "TIFF image"),
    (0, b"MM\0*", "TIFF image"),
    (0, b"\0\0\x01\0", "icon image"),
    (0, b"%PDF-", "PDF document"),
    (0, b"SQLite format 3\0", "SQLite database"),
    (0, b"\x89HDF\r\n\x1a\n", "HDF5 data"),
    (0, b"\x93NUMPY", "NumPy array"),
    (0, b"PAR1", "Parquet data"),
    (0, b"\xde\x12\x04\x95", "message catalog"),
    (0, b"\x95\x04\x12\xde", "message catalog"),
    (0, b"wOFF", "font"),
    (0, b"wOF2", "font"),
    (0, b"OTTO\0", "font"),
    (0, b"\0\x01\0\0\0", "font"),
    (0, b"ttcf", "font"),
    (0, b"OggS", "Ogg media"),
    (0, b"fLaC", "FLAC audio"),
    (0, b"ID3", "MP3 audio"),
    (4, b"ftyp", "MP4 media"),
    (0, b"\x1aE\xdf\xa3", "Matroska media"),
];

/// Archive formats that are known and cannot be opened.
const CLOSED_ARCHIVES: [&str; 11] = [
    "ar archive",
    "RPM package",
    "7-Zip archive",
    "RAR archive",
    "Cabinet archive",
    "XAR archive",
    "LZ4 data",
    "cpio archive",
    "lzip data",
    "compress data",
    "ISO image",
];

/// Magic numbers of compiled Python modules: the first and the last of each version, as CPython's own table has them.
const COMPILED: &[(u16, u16, &str)] = &[
    (62041, 62071, "2.4"),
    (62071, 62131, "2.5"),
    (62151, 62161, "2.6"),
    (62171, 62211, "2.7"),
    (3000, 3131, "3.0"),
    (3141, 3151, "3.1"),
    (3160, 3180, "3.2"),
    (3190, 3230, "3.3"),
    (3250, 3310, "3.4"),
    (3320, 3351, "3.5"),
    (3360, 3379, "3.6"),
    (3390, 3394, "3.7"),
    (3400, 3413, "3.8"),
    (3420, 3425, "3.9"),
    (3430, 3439, "3.10"),
    (3450, 3495, "3.11"),
    (3500, 3531, "3.12"),
    (3550, 3571, "3.13"),
    (3600, 3627, "3.14"),
    (3650, 3699, "3.15"),
];

/// The version of Python that compiled a module.
pub(crate) fn compiled_by(bytes: &[u8]) -> Option<&'static str> {
    let number = bytes.get(..2).and_then(|head| <[u8; 2]>::try_from(head).ok()).map(u16::from_le_bytes)?;
    COMPILED.iter().find(|(first, last, _)| (*first..=*last).contains(&number)).map(|(_, _, version)| *version)
}

/// The format of an archive or a compressed stream, by content alone.
pub(crate) fn container(bytes: &[u8]) -> Option<Container> {
    if bytes.starts_with(b"\x1f\x8b") {
        Some(Container::Gzip)
    } else if bytes.starts_with(b"BZh")
        && bytes.get(4..10).is_some_and(|block| block == b"1AY&SY" || block == b"\x17rE8P\x90")
    {
        Some(Container::Bzip2)
    } else if bytes.starts_with(b"\xfd7zXZ\0") {
        Some(Container::Xz)
    } else if skip_frames(bytes).starts_with(ZSTD) {
        Some(Container::Zstd)
    } else if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        Some(Container::Zip)
    } else if is_tar(bytes) {
        Some(Container::Tar)
    } else if lzma_holds_tar(bytes) {
        Some(Container::Lzma)
    } else {
        None
    }
}

/// What a frame of Zstandard begins with.
pub(crate) const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";

/// The bytes behind frames that a reader of Zstandard skips.
pub(crate) fn skip_frames(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while let Some(&[0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d]) = rest.first_chunk::<8>() {
        let size = usize::try_from(u32::from_le_bytes([a, b, c, d])).unwrap_or(usize::MAX);
        let Some(after) = size.checked_add(8).and_then(|end| rest.get(end..)) else { return &[] };
        rest = after;
    }
    rest
}

/// Whether the bytes begin as an LZMA stream without a container, as `liblzma` tells one from other files: the size of the
/// dictionary is a power of two or one and a half of it, and the unpacked size is unknown or believable.
pub(crate) fn is_lzma(bytes: &[u8]) -> bool {
    let Some(&[props, d0, d1, d2, d3, ref size @ .., first]) = bytes.first_chunk::<14>() else { return false };
    let dictionary = u32::from_le_bytes([d0, d1, d2, d3]);
    let size = <[u8; 8]>::try_from(size.as_slice()).map_or(0, u64::from_le_bytes);
    let fits = dictionary.is_power_of_two() || (dictionary % 3 == 0 && (dictionary / 3).is_power_of_two());
    props < 225 && fits && first == 0 && (size == u64::MAX || size < 1 << 38)
}

/// Whether an LZMA stream without a container unpacks to a tar archive. Its header alone is too little to tell it by.
fn lzma_holds_tar(bytes: &[u8]) -> bool {
    /// Memory for looking at the first block.
    const MEMORY_KIB: u32 = 96 * 1024;
    if !is_lzma(bytes) {
        return false;
    }
    let Ok(mut reader) = lzma_rust2::LzmaReader::new_mem_limit(bytes, MEMORY_KIB, None) else { return false };
    let mut block = [0; 512];
    std::io::Read::read_exact(&mut reader, &mut block).is_ok() && is_tar(&block)
}

/// Whether the bytes begin with a tar header. Old tar headers have no magic, so the checksum of the first block decides. It is
/// read as leniently as the readers of installers read it: what they open must not pass for something else.
pub(crate) fn is_tar(bytes: &[u8]) -> bool {
    let Some(block) = bytes.get(..512) else { return false };
    let Some(wanted) = block.get(148..156).and_then(checksum) else { return false };
    let outside = || block.iter().enumerate().map(|(at, &byte)| if (148..156).contains(&at) { b' ' } else { byte });
    let unsigned: i64 = outside().map(i64::from).sum();
    // Some writers add the bytes up with their signs.
    let signed: i64 = outside().map(|byte| i64::from(byte.cast_signed())).sum();
    (wanted == unsigned || wanted == signed) && block.iter().any(|&byte| byte != 0)
}

/// The number in the checksum's field: octal digits up to a NUL, or with the highest bit set the bytes behind the first.
fn checksum(field: &[u8]) -> Option<i64> {
    if let Some((&(0x80 | 0xff), rest)) = field.split_first() {
        return Some(rest.iter().fold(0_i64, |sum, &byte| (sum << 8) | i64::from(byte)));
    }
    let end = field.iter().position(|&byte| byte == 0).unwrap_or(field.len());
    let digits: String = field.get(..end)?.iter().map(|&byte| char::from(byte)).collect();
    let digits = digits.trim().trim_start_matches("0o").replace('_', "");
    i64::from_str_radix(&digits, 8).ok()
}

/// Whether a zip archive ends where these bytes end, whatever they begin with.
pub(crate) fn ends_as_zip(bytes: &[u8]) -> bool {
    const END: usize = 22;
    let from = bytes.len().saturating_sub(END + 0xffff);
    let Some(tail) = bytes.get(from..) else { return false };
    if tail.len() < END {
        return false;
    }
    tail.windows(END).enumerate().rev().any(|(at, end)| {
        end.starts_with(b"PK\x05\x06")
            && end.get(20..22).and_then(|c| <[u8; 2]>::try_from(c).ok()).is_some_and(|c| at + END + usize::from(u16::from_le_bytes(c)) == tail.len())
            // A central directory of at least one entry: a few stray bytes are no archive.
            && end.get(10..12).is_some_and(|count| count != [0, 0])
    })
}

/// The name of the binary format that the bytes begin with, if it is known.
pub(crate) fn binary_name(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"\xca\xfe\xba\xbe") {
        // A class file's version is above 44; a fat Mach-O file has fewer architectures than that.
        let count = bytes.get(4..8).and_then(|b| <[u8; 4]>::try_from(b).ok()).map(u32::from_be_bytes)?;
        return Some(if count < 44 { "Mach-O executable" } else { "Java class" });
    }
    if bytes.starts_with(b"MZ") && !looks_like_text(bytes) {
        let at = bytes.get(0x3c..0x40).and_then(|b| <[u8; 4]>::try_from(b).ok()).map(u32::from_le_bytes);
        let pe = at.and_then(|at| bytes.get(at as usize..)).is_some_and(|rest| rest.starts_with(b"PE\0\0"));
        return Some(if pe { "PE executable" } else { "DOS executable" });
    }
    if bytes.starts_with(b"RIFF") {
        return match bytes.get(8..12) {
            Some(b"WEBP") => Some("WebP image"),
            Some(b"WAVE") => Some("WAV audio"),
            Some(b"AVI ") => Some("AVI video"),
            _ => None,
        };
    }
    if bytes.starts_with(b"BM") && bytes.get(6..10) == Some(&[0, 0, 0, 0]) {
        return Some("BMP image");
    }
    // Packets of 188 bytes. Such files share their ending with TypeScript.
    if [0, 188, 376].iter().all(|at| bytes.get(*at) == Some(&0x47)) && !looks_like_text(bytes) {
        return Some("MPEG media");
    }
    if is_bytecode(bytes) {
        return Some("Python bytecode");
    }
    if is_pickle(bytes) {
        return Some("Python pickle");
    }
    // Two bytes, and the number of bits of a code.
    if let Some(&[0x1f, 0x9d, 0x09..=0x10 | 0x89..=0x90]) = bytes.first_chunk::<3>() {
        return Some("compress data");
    }
    // Numbers alone are what a table may begin with; the whole header of an entry is not.
    let cpio = |magic: &[u8], length: usize| {
        bytes.starts_with(magic) && bytes.get(..length).is_some_and(|head| head.iter().all(u8::is_ascii_hexdigit))
    };
    if cpio(b"070701", 110) || cpio(b"070702", 110) || cpio(b"070707", 76) {
        return Some("cpio archive");
    }
    MAGIC
        .iter()
        .find(|(at, magic, _)| bytes.get(*at..).is_some_and(|rest| rest.starts_with(magic)))
        .map(|(_, _, name)| *name)
}

/// Whether the bytes begin as a compiled Python module: a magic number of a released interpreter, then CR LF, then a type code of a code object.
fn is_bytecode(bytes: &[u8]) -> bool {
    let Some(head) = bytes.get(..4) else { return false };
    let [low, high, b'\r', b'\n'] = head else { return false };
    let number = u16::from_le_bytes([*low, *high]);
    let known = (3000..4000).contains(&number) || (20121..=62300).contains(&number);
    known && [8, 12, 16].iter().any(|&at| bytes.get(at).is_some_and(|code| matches!(code, b'c' | 0xe3)))
}

/// Whether the bytes are a pickle of protocol 2 or later.
fn is_pickle(bytes: &[u8]) -> bool {
    matches!(bytes, [0x80, 2..=5, .., b'.']) && !looks_like_text(bytes)
}

/// Whether a closed archive format is named by `name`.
pub(crate) fn is_closed_archive(name: &str) -> bool {
    CLOSED_ARCHIVES.contains(&name)
}

/// Whether the first 8 KiB read as text in an encoding that contains ASCII.
pub(crate) fn looks_like_text(bytes: &[u8]) -> bool {
    let head = bytes.get(..8192).unwrap_or(bytes);
    let control = head.iter().filter(|&&b| b < 32 && !matches!(b, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b | 0x08)).count();
    if head.contains(&0) {
        return false;
    }
    match std::str::from_utf8(head) {
        Ok(_) => control * 20 <= head.len(),
        // The cut at 8 KiB may go through a character.
        Err(error) if error.error_len().is_none() && head.len() < bytes.len() => control * 20 <= head.len(),
        Err(_) => {
            let high = head.iter().filter(|&&b| b >= 0x80).count();
            control == 0 && high * 3 <= head.len()
        }
    }
}

/// Whether the bytes end as an image of a disk for macOS does.
pub(crate) fn is_disk_image(bytes: &[u8]) -> bool {
    bytes.len().checked_sub(512).and_then(|at| bytes.get(at..)).is_some_and(|end| end.starts_with(b"koly\0\0\0\x04"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_of_a_tar_header_is_read_as_installers_read_it() {
        let header = |write: fn(i64) -> Vec<u8>, signed: bool| {
            let mut block = [0_u8; 512];
            block[..7].copy_from_slice(b"p/\xff\xff.tx");
            block[148..156].fill(b' ');
            let sum =
                block.iter().map(|&byte| if signed { i64::from(byte.cast_signed()) } else { i64::from(byte) }).sum();
            let field = write(sum);
            block[148..148 + field.len()].copy_from_slice(&field);
            block
        };
        let plain: fn(i64) -> Vec<u8> = |sum| format!("{sum:06o}\0 ").into_bytes();
        assert!(is_tar(&header(plain, false)));
        assert!(is_tar(&header(plain, true)));
        assert!(is_tar(&header(|sum| format!("{sum:06o}\x009").into_bytes(), false)));
        assert!(is_tar(&header(|sum| [&[0x80], &sum.to_be_bytes()[1..]].concat(), false)));
        assert!(!is_tar(&header(|sum| format!("{:06o}\0 ", sum + 1).into_bytes(), false)));
        assert!(!is_tar(&[0; 512]));
    }
}
