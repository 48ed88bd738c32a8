//! Archives and files that are made to exhaust, confuse or outlive their reader.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

mod common;

use std::fs;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use common::*;
use sluice_intake::{FileKind, Limits, Options, Target, resolve, unpack};

const APP: &[u8] = b"import json\n\nprint(json.dumps({}))\n";
const MIB: usize = 1 << 20;

/// A zip archive whose directory lists one local entry under many names.
fn zip_sharing(packed: &[u8], unpacked: usize, method: u16, names: impl Iterator<Item = String>) -> Vec<u8> {
    let crc = {
        let mut crc = flate2::Crc::new();
        crc.update(&vec![0; unpacked]);
        crc.sum()
    };
    let common = |out: &mut Vec<u8>, name: &str| {
        out.extend([0, 0]);
        out.extend(method.to_le_bytes());
        out.extend([0; 4]);
        out.extend(crc.to_le_bytes());
        out.extend((packed.len() as u32).to_le_bytes());
        out.extend((unpacked as u32).to_le_bytes());
        out.extend((name.len() as u16).to_le_bytes());
        out.extend([0, 0]);
    };
    let mut out = b"PK\x03\x04\x14\0".to_vec();
    common(&mut out, "shared.bin");
    out.extend(b"shared.bin");
    out.extend(packed);
    let start = out.len() as u64;
    let mut count = 0_u64;
    for name in names {
        out.extend(b"PK\x01\x02\x14\x03\x14\0");
        common(&mut out, &name);
        out.extend([0; 14]);
        out.extend(name.as_bytes());
        count += 1;
    }
    let size = out.len() as u64 - start;
    let end = out.len() as u64;
    out.extend(b"PK\x06\x06");
    out.extend(44_u64.to_le_bytes());
    out.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for number in [count, count, size, start] {
        out.extend(number.to_le_bytes());
    }
    out.extend(b"PK\x06\x07\0\0\0\0");
    out.extend(end.to_le_bytes());
    out.extend(1_u32.to_le_bytes());
    out.extend(b"PK\x05\x06\0\0\0\0\xff\xff\xff\xff");
    out.extend(u32::MAX.to_le_bytes());
    out.extend(u32::MAX.to_le_bytes());
    out.extend([0, 0]);
    out
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn entries_that_share_bytes_are_a_bomb_together() {
    // Each entry is below the size from which one alone is suspected.
    let packed = deflated(&vec![0; 9 * MIB]);
    let names = (0..2000).map(|number| format!("part{number}.bin"));
    let package = open("p.zip", &zip_sharing(&packed, 9 * MIB, 8, names));
    assert!(unread(&package, "p.zip", "far more than an honest archive"), "{:?}", package.coverage);
    assert!(package.coverage.hides_code());
    assert!(package.files.len() < 10, "{}", package.files.len());

    // Few of them: no bomb, but told.
    let names = (0..2).map(|number| format!("part{number}.bin"));
    let package = open("p.zip", &zip_sharing(b"\0\0\0", 3, 0, names));
    assert_eq!(paths(&package), ["part0.bin", "part1.bin"]);
    assert!(noted(&package, "p.zip", "share bytes"), "{:?}", package.coverage);
}

#[test]
fn a_directory_that_lists_nothing_hides_nothing() {
    let whole = zip(&[("hidden.py", APP)]);
    let directory = whole.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    let end = [b"PK\x05\x06".as_slice(), &[0; 18]].concat();
    let package = open("p.zip", &[&whole[..directory], &end].concat());
    assert!(is_python(&package, "hidden.py"), "{:?}", package.coverage);
    assert!(noted(&package, "hidden.py", "not in its central directory"));
    // Behind the last entry that is listed, after some padding.
    let listed = zip(&[("listed.py", APP)]);
    let at = listed.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    let mut bytes = [&listed[..at], b"\0\0", &whole[..directory], &listed[at..]].concat();
    let start = bytes.len() - 6;
    bytes[start..start + 4].copy_from_slice(&((at + 2 + directory) as u32).to_le_bytes());
    let package = open("p.zip", &bytes);
    assert_eq!(paths(&package), ["hidden.py", "listed.py"], "{:?}", package.coverage);

    assert!(noted(&open("p.zip", &end), "p.zip", "lists no entries"));
}

#[test]
fn archives_in_archives_are_bounded_together() {
    let limits = Limits { package_bytes: 32 << 20, ..Limits::default() };
    let mut bytes = zip(&[("zeros.bin", &vec![0; MIB])]);
    for _ in 0..5 {
        let names: Vec<String> = (0..8).map(|number| format!("n{number}.zip")).collect();
        let inner: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), bytes.as_slice())).collect();
        bytes = zip(&inner);
    }
    let package = open_within("p.zip", &bytes, &limits);
    assert!(package.coverage.hides_code(), "{:?}", package.coverage);
    assert!(package.coverage.bytes <= limits.package_bytes);
    let most = format!("more than {} bytes", limits.package_bytes);
    assert!(package.coverage.unread.iter().any(|unread| unread.why.contains(&most)), "{:?}", package.coverage);
}

#[test]
fn a_million_entries_are_read_to_the_limit_and_no_further() {
    let limits = Limits { entries: 20_000, ..Limits::default() };
    let names = (0..1_000_000).map(|number| format!("m{number}.py"));
    let package = open_within("p.zip", &zip_sharing(b"", 0, 0, names), &limits);
    assert_eq!(package.files.len(), 20_000);
    assert!(unread(&package, "p.zip", "more than 20000 entries"));

    // As a tape: one compressed member of a thousand entries, a thousand times.
    let names: Vec<String> = (0..1000).map(|number| format!("p/m{number}.py")).collect();
    let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
    let tape = tar(&entries);
    let member = gz(&tape[..tape.len() - 1024]);
    let package = open_within("p.tar.gz", &member.repeat(1000), &limits);
    assert_eq!(package.files.len(), 20_000);
    assert!(unread(&package, "p.tar.gz", "more than 20000 entries"));
    assert!(package.coverage.hides_code());
}

#[test]
fn one_name_many_times_is_read_many_times() {
    // With a search for a free name from the start each time, this would take hours.
    const TIMES: usize = 90_000;
    let tape = tar(&[("a.py", b"")]);
    let package = open("p.tar", &tape[..512].repeat(TIMES));
    assert_eq!(package.files.len(), TIMES);
    assert!(package.files.is_sorted_by(|one, next| one.path < next.path));
    assert!(package.files.iter().any(|file| file.path == format!("a.py#{}", TIMES - 1)));
}

#[test]
fn links_cost_what_copies_cost() {
    let large = [b"# ".as_slice(), &vec![b'x'; MIB]].concat();
    let mut builder = tar::Builder::new(Vec::new());
    tar_entry(&mut builder, "large.txt", tar::EntryType::Regular, "", &large);
    for number in 0..200 {
        tar_entry(&mut builder, &format!("m{number}.py"), tar::EntryType::Symlink, "large.txt", b"");
    }
    let limits = Limits { package_bytes: 8 << 20, ..Limits::default() };
    let package = open_within("p.tar", &builder.into_inner().unwrap(), &limits);
    assert!(package.files.len() <= 8, "{}", package.files.len());
    assert!(unread(&package, "m199.py", "more than"), "{:?}", package.coverage);
    assert!(package.coverage.hides_code());
}

#[test]
fn links_that_lead_to_each_other_end() {
    let mut builder = tar::Builder::new(Vec::new());
    tar_entry(&mut builder, "one.py", tar::EntryType::Symlink, "two.py", b"");
    tar_entry(&mut builder, "two.py", tar::EntryType::Symlink, "one.py", b"");
    tar_entry(&mut builder, "three.py", tar::EntryType::Link, "three.py", b"");
    tar_entry(&mut builder, "ok.py", tar::EntryType::Regular, "", APP);
    let package = open("p.tar", &builder.into_inner().unwrap());
    assert_eq!(paths(&package), ["ok.py"]);
    for name in ["one.py", "two.py", "three.py"] {
        assert!(noted(&package, name, "no file of the archive"), "{:?}", package.coverage);
    }
}

#[test]
fn sizes_that_lie_are_found_out() {
    // A tape's entry that says it is far larger than the file.
    let mut tape = tar(&[("a.py", APP), ("b.py", APP)]);
    let mut header = tar::Header::new_ustar();
    header.set_path("b.py").unwrap();
    header.set_mode(0o644);
    header.set_size(1 << 40);
    header.set_cksum();
    tape[1024..1536].copy_from_slice(header.as_bytes());
    let package = open("p.tar", &tape);
    assert!(is_python(&package, "a.py"));
    assert!(unread(&package, "b.py", "1099511627776 bytes large"), "{:?}", package.coverage);
    assert!(package.coverage.hides_code());

    // A zip directory that says a file is empty, and one that says it is huge.
    for declared in [0_u32, u32::MAX - 1] {
        let mut bytes = zip(&[("a.py", APP)]);
        let at = bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
        bytes[at + 24..at + 28].copy_from_slice(&declared.to_le_bytes());
        let package = open("p.zip", &bytes);
        let said = noted(&package, "a.py", "contradicts") || noted(&package, "a.py", "declares");
        assert!(said, "{declared}: {:?}", package.coverage);
        let whole = package.files.iter().any(|file| file.path == "a.py" && &*file.bytes == APP);
        assert!(whole || package.coverage.hides_code(), "{declared}: {:?}", package.coverage);
    }
}

#[test]
fn sparse_entries_are_bounded_by_what_they_unfold_to() {
    let mut header = tar::Header::new_gnu();
    header.set_path("hole.py").unwrap();
    header.set_entry_type(tar::EntryType::GNUSparse);
    header.set_mode(0o644);
    header.set_size(0);
    header.as_gnu_mut().unwrap().realsize[..11].copy_from_slice(b"77777777777");
    header.set_cksum();
    let mut builder = tar::Builder::new(Vec::new());
    builder.append(&header, &b""[..]).unwrap();
    tar_entry(&mut builder, "ok.py", tar::EntryType::Regular, "", APP);
    let package = open("p.tar", &builder.into_inner().unwrap());
    assert!(package.coverage.hides_code(), "{:?}", package.coverage);
    assert!(package.files.iter().all(|file| file.size < MIB as u64));
}

#[test]
fn names_of_any_bytes_are_told_and_kept_apart() {
    let mut builder = tar::Builder::new(Vec::new());
    for name in ["nl\nname.py", "esc\u{1b}[2J.py", "back\\slash.py", "C:\\up.py", ""] {
        tar_entry(&mut builder, name, tar::EntryType::Regular, "", APP);
    }
    let mut header = tar::Header::new_ustar();
    header.as_mut_bytes()[..6].copy_from_slice(b"a\xff\xfe.py");
    header.set_size(APP.len() as u64);
    header.set_cksum();
    builder.append(&header, APP).unwrap();
    let package = open("p.tar", &builder.into_inner().unwrap());
    assert_eq!(package.files.len(), 6, "{:?}", paths(&package));
    assert!(noted(&package, "nl\nname.py", "control characters"));
    assert!(noted(&package, "esc\u{1b}[2J.py", "control characters"));
    assert!(noted(&package, "C:\\up.py", "absolute"));
    assert!(noted(&package, "a\u{fffd}\u{fffd}.py", "not UTF-8"));
    // A zip archive can hold a NUL byte in a name, where another reader's name ends.
    let mut bytes = zip(&[("safe.pyX.txt", APP)]);
    for at in 0..bytes.len() - 12 {
        if &bytes[at..at + 12] == b"safe.pyX.txt" {
            bytes[at + 7] = 0;
        }
    }
    let package = open("p.zip", &bytes);
    assert!(noted(&package, "safe.py\0.txt", "control characters"), "{:?}", package.coverage);
}

#[test]
#[cfg(unix)]
fn a_file_that_grows_while_it_is_read_is_read_to_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.py");
    fs::write(&path, b"# line\n").unwrap();
    fs::write(folder.path().join("still.py"), APP).unwrap();
    let ended = AtomicBool::new(false);
    let options = Options { limits: Limits { file_bytes: 1 << 18, ..Limits::default() }, ..Options::default() };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
            while !ended.load(Ordering::Relaxed) && file.metadata().unwrap().len() < 64 << 20 {
                file.write_all(&b"# line\n".repeat(1000)).unwrap();
            }
        });
        for _ in 0..20 {
            let input = resolve(&Target::Path(folder.path().to_path_buf()), &options).unwrap().remove(0);
            let package = unpack(input, &options.limits);
            assert!(is_python(&package, "still.py"));
            match package.files.iter().find(|file| file.path == "log.py") {
                Some(file) => assert!(file.bytes.starts_with(b"# line\n") && file.size <= options.limits.file_bytes),
                None => assert!(unread(&package, "log.py", "more than"), "{:?}", package.coverage),
            }
        }
        ended.store(true, Ordering::Relaxed);
    });
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_whose_size_says_nothing_is_read_whole() {
    // The kernel's own files have the size zero.
    let input = resolve(&Target::Path("/proc/self/status".into()), &Options::default()).unwrap().remove(0);
    let package = unpack(input, &Limits::default());
    assert!(package.files[0].size > 0);
    assert_eq!(package.files[0].kind, FileKind::Text);
}
