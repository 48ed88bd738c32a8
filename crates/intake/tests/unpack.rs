//! Archives of every kind, honest and hostile, opened in memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

mod common;

use common::*;
use sha2::{Digest, Sha256};
use sluice_intake::{FileKind, Limits, PackageKind, Shape, unpack};

const APP: &[u8] = b"import json\n\nprint(json.dumps({}))\n";

#[test]
fn every_format_gives_the_same_files() {
    let plain = tar(&[("example-1.0/app.py", APP), ("example-1.0/README", b"hello\n")]);
    let zipped = zip(&[("example-1.0/app.py", APP), ("example-1.0/README", b"hello\n")]);
    for (name, bytes) in [
        ("example-1.0.tar", plain.clone()),
        ("example-1.0.tar.gz", gz(&plain)),
        ("example-1.0.tar.bz2", bz2(&plain)),
        ("example-1.0.tar.xz", xz(&plain)),
        ("example-1.0.tar.zst", zst(&plain)),
        ("example-1.0.zip", zipped.clone()),
        // The name is not what decides.
        ("example-1.0.dat", gz(&plain)),
        ("example-1.0.tar.gz", zipped),
    ] {
        let package = open(name, &bytes);
        assert_eq!(paths(&package), ["example-1.0/README", "example-1.0/app.py"], "{name}");
        assert_eq!(text(&package, "example-1.0/app.py").as_bytes(), APP);
        assert!(is_python(&package, "example-1.0/app.py"));
        assert_eq!(package.kind, PackageKind::Package);
        assert_eq!((package.coverage.files, package.coverage.read), (2, 2));
        assert!(package.coverage.unread.is_empty(), "{name}: {:?}", package.coverage);
        assert_eq!(package.digest.len(), 64);
    }
}

#[test]
fn text_and_bytes_are_held_once() {
    let package = open("e.zip", &zip(&[("a.py", APP)]));
    let file = file(&package, "a.py");
    assert!(std::ptr::eq(file.text.as_ref().unwrap().as_bytes(), &*file.bytes));
}

#[test]
fn nested_archives_are_opened_with_joined_names() {
    let inner = zip(&[("deep.py", APP)]);
    let middle = gz(&tar(&[("m/inner.zip", &inner), ("m/mid.py", APP)]));
    let package = open("outer.tar", &tar(&[("o/middle.tgz", &middle)]));
    assert_eq!(
        paths(&package),
        ["o/middle.tgz", "o/middle.tgz!/m/inner.zip", "o/middle.tgz!/m/inner.zip!/deep.py", "o/middle.tgz!/m/mid.py"]
    );
    assert_eq!(file(&package, "o/middle.tgz").kind, FileKind::Archive);
    assert!(package.coverage.unread.is_empty());
}

#[test]
fn nesting_ends_at_the_limit() {
    let mut bytes = zip(&[("bottom.py", APP)]);
    for _ in 0..12 {
        bytes = zip(&[("n.zip", &bytes)]);
    }
    let package = open("top.zip", &bytes);
    assert!(
        package.coverage.unread.iter().any(|unread| unread.why.contains("inside 8 others") && unread.matters),
        "{:?}",
        package.coverage
    );
    assert!(package.files.iter().all(|file| !file.path.ends_with(".py")));

    let mut bytes = zip(&[("bottom.py", APP)]);
    for _ in 1..8 {
        bytes = gz(&tar(&[("n.tgz", &bytes)]));
    }
    let package = open("top.tgz", &bytes);
    assert!(package.files.iter().any(|file| file.path.ends_with("!/bottom.py")), "{:?}", package.coverage);
    assert!(package.coverage.unread.is_empty());
}

#[test]
fn a_compressed_file_is_one_file() {
    let package = open(
        "x.zip",
        &zip(&[
            ("data/payload.py.gz", &gz(APP)),
            ("data/list.txt.xz", &xz(b"a\nb\n")),
            ("data/more.bz2", &bz2(b"text")),
        ]),
    );
    assert_eq!(text(&package, "data/payload.py.gz!/payload.py").as_bytes(), APP);
    assert_eq!(text(&package, "data/list.txt.xz!/list.txt"), "a\nb\n");
    assert_eq!(text(&package, "data/more.bz2!/more"), "text");
    let package = open("payload.py.gz", &gz(APP));
    assert!(is_python(&package, "payload.py"));
}

#[test]
fn second_members_are_read() {
    let whole = tar(&[("p/one.py", APP), ("p/two.py", b"import os\n")]);
    let (first, second) = whole.split_at(1024);
    for (name, join) in
        [("p.tar.gz", gz as fn(&[u8]) -> Vec<u8>), ("p.tar.bz2", bz2), ("p.tar.xz", xz), ("p.tar.zst", zst)]
    {
        let package = open(name, &[join(first), join(second)].concat());
        assert_eq!(paths(&package), ["p/one.py", "p/two.py"], "{name}");
        assert!(noted(&package, name, "2 compressed streams"), "{:?}", package.coverage);
    }
}

#[test]
fn a_frame_whose_header_is_broken_is_unread_and_not_clean() {
    let package = open("p.tar.zst", b"\x28\xb5\x2f\xfd\xff\xff");
    assert!(package.coverage.unread.iter().any(|unread| unread.file == "p.tar.zst"), "{:?}", package.coverage);
    let mut bytes = zst(&tar(&[("p/one.py", APP)]));
    bytes.truncate(bytes.len() / 2);
    let package = open("p.tar.zst", &bytes);
    assert!(!package.coverage.unread.is_empty(), "{:?}", package.coverage);
}

#[test]
fn entries_after_the_end_marker_are_read() {
    let bytes = [tar(&[("p/one.py", APP)]), tar(&[("p/hidden.py", APP)])].concat();
    let package = open("p.tar.gz", &gz(&bytes));
    assert_eq!(paths(&package), ["p/hidden.py", "p/one.py"]);
    assert!(noted(&package, "p.tar.gz", "after the marker"));
}

#[test]
fn trailing_bytes_are_noted() {
    let mut bytes = gz(&tar(&[("p/one.py", APP)]));
    bytes.extend(b"and something more");
    assert!(noted(&open("p.tar.gz", &bytes), "p.tar.gz", "18 bytes after"));
    let mut bytes = tar(&[("p/one.py", APP)]);
    bytes.extend(b"no entry at all");
    assert!(noted(&open("p.tar", &bytes), "p.tar", "15 bytes after"));
    let mut bytes = zip(&[("one.py", APP)]);
    bytes.extend(b"xyz");
    assert!(noted(&open("p.zip", &bytes), "p.zip", "3 bytes after"));
}

#[test]
fn hostile_names_are_kept_and_noted() {
    let mut builder = tar::Builder::new(Vec::new());
    for path in ["../../up.py", "/abs.py", "./here//x.py", "a/../b.py"] {
        tar_entry(&mut builder, path, tar::EntryType::Regular, "", APP);
    }
    let package = open("p.tar", &builder.into_inner().unwrap());
    assert_eq!(paths(&package), ["../../up.py", "/abs.py", "a/../b.py", "here/x.py"]);
    assert!(noted(&package, "../../up.py", "leaves"));
    assert!(noted(&package, "/abs.py", "absolute"));
    assert!(noted(&package, "a/../b.py", "leaves"));
    assert!(package.coverage.unread.is_empty());
}

#[test]
fn links_lead_to_content_of_the_same_archive() {
    let mut builder = tar::Builder::new(Vec::new());
    tar_entry(&mut builder, "p/notes.txt", tar::EntryType::Regular, "", APP);
    tar_entry(&mut builder, "p/sub/mod.py", tar::EntryType::Symlink, "../notes.txt", b"");
    tar_entry(&mut builder, "p/hard.py", tar::EntryType::Link, "p/notes.txt", b"");
    tar_entry(&mut builder, "p/out.py", tar::EntryType::Symlink, "../../etc/hosts", b"");
    tar_entry(&mut builder, "p/gone.py", tar::EntryType::Symlink, "nothing", b"");
    tar_entry(&mut builder, "p/loop.py", tar::EntryType::Symlink, "loop.py", b"");
    tar_entry(&mut builder, "p/dev", tar::EntryType::Char, "", b"");
    tar_entry(&mut builder, "p/fifo", tar::EntryType::Fifo, "", b"");
    let package = open("p.tar", &builder.into_inner().unwrap());
    assert_eq!(paths(&package), ["p/hard.py", "p/notes.txt", "p/sub/mod.py"]);
    for path in ["p/sub/mod.py", "p/hard.py"] {
        assert!(is_python(&package, path));
        assert_eq!(text(&package, path).as_bytes(), APP);
        assert!(file(&package, path).notes[0].contains("link to"));
    }
    assert!(noted(&package, "p/out.py", "out of the archive"));
    assert!(noted(&package, "p/gone.py", "no file of the archive"));
    assert!(noted(&package, "p/loop.py", "no file of the archive"));
    assert!(noted(&package, "p/dev", "device"));
    assert!(noted(&package, "p/fifo", "pipe"));
    assert_eq!(package.coverage.links, 5);
}

#[test]
fn the_last_of_two_entries_keeps_the_name() {
    let package = open("p.tar", &tar(&[("a.py", b"first = 1\n"), ("a.py", b"second = 2\n"), ("a.py", b"third = 3\n")]));
    assert_eq!(paths(&package), ["a.py", "a.py#1", "a.py#2"]);
    assert_eq!(text(&package, "a.py"), "third = 3\n");
    assert_eq!(text(&package, "a.py#1"), "first = 1\n");
    assert!(noted(&package, "a.py", "more than once"));
    // A central directory that lists one name twice.
    let mut bytes = zip(&[("a.py", b"first = 1\n"), ("b.py", b"second = 2\n")]);
    replace_all(&mut bytes, b"b.py", b"a.py");
    let package = open("p.zip", &bytes);
    assert_eq!(paths(&package), ["a.py", "a.py#1"]);
    assert_eq!(text(&package, "a.py"), "second = 2\n");
}

#[test]
fn bombs_are_left_and_recorded() {
    let zeros = vec![0; 30 * 1024 * 1024];
    let package = open("p.tar.gz", &gz(&tar(&[("p/a.py", APP), ("p/zeros.bin", &zeros)])));
    assert!(unread(&package, "p/zeros.bin", "honest"), "{:?}", package.coverage);
    assert!(package.coverage.hides_code());
    assert!(is_python(&package, "p/a.py"));
    assert!(package.files.iter().all(|file| file.size < 20 * 1024 * 1024));

    let package = open("p.zip", &zip(&[("big.bin", &zeros), ("small.py", APP)]));
    assert!(unread(&package, "big.bin", "honest"));
    assert!(is_python(&package, "small.py"));
}

#[test]
fn limits_on_sizes_and_entries() {
    let limits = Limits { file_bytes: 1000, ..Limits::default() };
    let big = vec![b'x'; 2000];
    for (name, bytes) in [
        ("p.tar", tar(&[("big.py", &big), ("big.md", &big), ("a.py", APP)])),
        ("p.zip", zip(&[("big.py", &big), ("big.md", &big), ("a.py", APP)])),
    ] {
        let package = open_within(name, &bytes, &limits);
        assert_eq!(paths(&package), ["a.py"], "{name}");
        let matters: Vec<bool> = package.coverage.unread.iter().map(|unread| unread.matters).collect();
        assert_eq!(matters, [false, true], "{:?}", package.coverage.unread);
        assert_eq!(package.coverage.files, 3);
    }
    let many: Vec<(String, Vec<u8>)> =
        (0..20).map(|n| (format!("f{n:02}.py"), format!("x = {n}\n").into_bytes())).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
    let limits = Limits { entries: 5, ..Limits::default() };
    for (name, bytes) in [("p.tar", tar(&many)), ("p.zip", zip(&many))] {
        let package = open_within(name, &bytes, &limits);
        assert_eq!(package.files.len(), 5);
        assert!(unread(&package, name, "more than 5 entries"));
    }
    let limits = Limits { package_bytes: 20, ..Limits::default() };
    let package = open_within("p.tar", &tar(&many), &limits);
    assert!(package.coverage.hides_code());
    assert!(package.files.len() < 20);
}

#[test]
fn truncated_archives_give_what_there_is() {
    let long: Vec<u8> = (0..4000).flat_map(|n| format!("x{n} = {n}\n").into_bytes()).collect();
    let whole = tar(&[("p/a.py", APP), ("p/long.py", &long)]);
    let cut = &whole[..4096];
    let package = open("p.tar", cut);
    assert_eq!(paths(&package), ["p/a.py", "p/long.py"]);
    assert!(unread(&package, "p/long.py", "of"), "{:?}", package.coverage);
    assert!(package.coverage.hides_code());
    assert_eq!(package.coverage.read, 1);

    let packed = gz(&whole);
    let package = open("p.tar.gz", &packed[..packed.len() / 2]);
    assert!(is_python(&package, "p/a.py"));
    assert!(package.coverage.hides_code());

    let packed = zip(&[("a.py", APP), ("long.py", &long)]);
    let package = open("p.zip", &packed[..packed.len() / 2]);
    assert!(noted(&package, "p.zip", "no readable central directory"), "{:?}", package.coverage);
    assert!(is_python(&package, "a.py"));
    assert!(package.coverage.hides_code());
}

#[test]
fn broken_archives_are_recorded_and_never_stop_anything() {
    let whole = zip(&[("a.py", APP), ("b.py", b"y = 2\n")]);
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        let package = open("p.zip", &bytes);
        let seen = !package.files.is_empty() || !package.coverage.unread.is_empty();
        assert!(seen, "byte {at}");
    }
    let whole = gz(&tar(&[("a.py", APP), ("b.py", b"y = 2\n")]));
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        let package = open("p.tar.gz", &bytes);
        let seen = !package.files.is_empty() || !package.coverage.unread.is_empty();
        assert!(seen, "byte {at}");
    }
}

fn replace_all(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    assert_eq!(from.len(), to.len());
    for at in 0..=bytes.len() - from.len() {
        if &bytes[at..at + from.len()] == from {
            bytes[at..at + from.len()].copy_from_slice(to);
        }
    }
}

#[test]
fn zip_headers_that_disagree_are_noted() {
    let mut bytes = zip(&[("safe.py", APP)]);
    // The first occurrence is the local header's, the second the directory's.
    let at = bytes.windows(7).position(|window| window == b"safe.py").unwrap();
    bytes[at..at + 7].copy_from_slice(b"evil.py");
    let package = open("p.zip", &bytes);
    assert_eq!(paths(&package), ["safe.py"]);
    assert!(noted(&package, "safe.py", "name `evil.py`"), "{:?}", package.coverage);
}

#[test]
fn zip_entries_missing_from_the_directory_are_read() {
    // Two archives in one file: the directory of the second does not list the first's entries.
    let bytes = [zip(&[("hidden.py", APP)]), zip(&[("listed.py", APP)])].concat();
    let package = open("p.zip", &bytes);
    assert_eq!(paths(&package), ["hidden.py", "listed.py"]);
    assert!(noted(&package, "hidden.py", "not in its central directory"), "{:?}", package.coverage);
}

#[test]
fn encrypted_and_unknown_entries_are_unread() {
    let mut bytes = zip(&[("secret.py", APP), ("open.py", APP)]);
    // Bit 0 of the flags, in the local header and in the directory.
    let directory = bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    bytes[6] |= 1;
    bytes[directory + 8] |= 1;
    let package = open("p.zip", &bytes);
    assert!(unread(&package, "secret.py", "encrypted"), "{:?}", package.coverage);
    assert_eq!(paths(&package), ["open.py"]);
    let package = open("p.zip", &zip(&[("more.7z", b"7z\xbc\xaf\x27\x1c\0\x04rest")]));
    assert!(unread(&package, "more.7z", "7-Zip"));
    assert!(package.coverage.hides_code());
}

#[test]
fn an_archive_behind_a_script_is_opened() {
    let bytes = [b"#!/usr/bin/env python3\n".as_slice(), &zip(&[("__main__.py", APP)])].concat();
    let package = unpack(input("app", Shape::File, &[("app", &bytes)]), &Limits::default());
    assert!(is_python(&package, "app!/__main__.py"), "{:?}", paths(&package));
    assert!(noted(&package, "app", "bytes before the archive"));
}

#[test]
fn one_content_in_two_places_keeps_its_own_kind() {
    let package = open("p.zip", &zip(&[("a.txt", APP), ("b.py", APP), ("c.py", APP)]));
    assert_eq!(file(&package, "a.txt").kind, FileKind::Text);
    assert!(is_python(&package, "b.py") && is_python(&package, "c.py"));
    assert_eq!(file(&package, "b.py").digest, file(&package, "c.py").digest);
}

#[test]
fn standard_input_takes_the_named_language() {
    let stdin = |language: Option<&str>, bytes: &[u8]| {
        unpack(input("-", Shape::Stdin { language: language.map(Into::into) }, &[("-", bytes)]), &Limits::default())
    };
    assert!(is_python(&stdin(None, APP), "-"));
    assert!(is_python(&stdin(Some("python"), APP), "-"));
    assert_eq!(stdin(Some("shell"), b"ls\n").files[0].kind, FileKind::OtherSource("shell".into()));
    assert_eq!(stdin(None, APP).kind, PackageKind::File);
    assert_eq!(paths(&stdin(None, &zip(&[("a.py", APP)]))), ["a.py"]);
}

#[test]
fn large_binaries_keep_only_their_beginning() {
    let mut elf = b"\x7fELF".to_vec();
    elf.resize(3000, 0);
    let limits = Limits { binary_bytes: 100, ..Limits::default() };
    let package = unpack(input("lib.so", Shape::File, &[("lib.so", &elf)]), &limits);
    assert_eq!((package.files[0].size, package.files[0].bytes.len()), (3000, 100));
    assert_eq!(package.files[0].digest, package.digest);
}

/// A line of `RECORD` for this content.
fn record(path: &str, bytes: &[u8]) -> String {
    use base64::Engine as _;
    let digest = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(Sha256::digest(bytes));
    format!("{path},sha256={digest},{}\n", bytes.len())
}

#[test]
fn a_record_is_compared_with_the_wheel() {
    let notes = |lines: &str| {
        let wheel = zip(&[
            ("w/__init__.py", APP),
            ("w/a,b.py", APP),
            ("w-1.0.dist-info/METADATA", b"Name: w\nVersion: 1.0\n"),
            ("w-1.0.dist-info/RECORD", lines.as_bytes()),
        ]);
        open("w-1.0-py3-none-any.whl", &wheel).manifest.notes
    };
    let metadata = record("w-1.0.dist-info/METADATA", b"Name: w\nVersion: 1.0\n");
    let comma = record("\"w/a,b.py\"", APP);
    let own = "w-1.0.dist-info/RECORD,,\n";
    let whole = format!("{}{comma}{metadata}{own}", record("w/__init__.py", APP));
    assert_eq!(notes(&whole), Vec::<String>::new());
    let differs = format!("{}{comma}{metadata}{own}", record("w/__init__.py", b"x = 1\n"));
    assert_eq!(
        notes(&differs),
        ["`w-1.0.dist-info/RECORD` gives another digest than the content has for `w/__init__.py`"]
    );
    assert_eq!(
        notes(&format!("{whole}{}", record("w/gone.py", APP))),
        ["`w-1.0.dist-info/RECORD` lists what the wheel does not hold: `w/gone.py`"]
    );
    assert_eq!(notes(&format!("{comma}{metadata}")), ["`w-1.0.dist-info/RECORD` does not list `w/__init__.py`"]);
}

#[test]
fn code_of_a_wheel_that_its_sources_lack_is_told() {
    let sdist = gz(&tar(&[
        ("w-1.0/PKG-INFO", b"Name: w\nVersion: 1.0\n"),
        ("w-1.0/python/w/__init__.py", APP),
        ("w-1.0/python/w/changed.py", b"x = 1\n"),
    ]));
    let wheel = zip(&[
        ("w/__init__.py", APP),
        ("w/changed.py", b"x = 2\n"),
        ("w/extra.py", b"import os\n"),
        ("w-1.0.dist-info/METADATA", b"Name: w\nVersion: 1.0\n"),
    ]);
    let shape = Shape::PypiVersion { name: "w".into(), version: "1.0".into() };
    let parts = [("w-1.0-py3-none-any.whl", wheel.as_slice()), ("w-1.0.tar.gz", sdist.as_slice())];
    let package = unpack(input("pypi:w", shape, &parts), &Limits::default());
    assert_eq!(package.manifest.notes, ["its wheels hold code that its source archive does not: `w/extra.py`"]);
}

#[test]
fn a_name_that_is_not_the_archives_is_told() {
    let sdist = gz(&tar(&[("w-1.0/PKG-INFO", b"Name: other_name\nVersion: 2.0\n"), ("w-1.0/setup.py", APP)]));
    let notes = open("w-1.0.tar.gz", &sdist).manifest.notes;
    assert!(notes.iter().any(|note| note == "calls itself `other_name`, and its archive is named `w`"), "{notes:?}");
    assert!(notes.iter().any(|note| note.contains("version `2.0`")), "{notes:?}");
    assert!(open("Other.Name-2.0.tar.gz", &sdist).manifest.notes.is_empty());
}

#[test]
fn a_notebook_is_its_code() {
    let notebook =
        "{\n \"cells\": [\n  {\"cell_type\": \"code\", \"source\": [\n   \"import os\\n\",\n   \"!ls\"\n  ]}\n ]\n}\n";
    let package =
        open("p.zip", &zip(&[("n.ipynb", notebook.as_bytes()), ("m.py", notebook.as_bytes()), ("bad.ipynb", b"[]")]));
    assert!(is_python(&package, "n.ipynb"));
    assert_eq!(text(&package, "n.ipynb"), "\n\n\nimport os\nget_ipython().system('ls')\n");
    assert_eq!(text(&package, "m.py"), notebook);
    assert_eq!(file(&package, "bad.ipynb").kind, FileKind::Text);
    assert!(file(&package, "bad.ipynb").notes[0].contains("is none"));

    // More nesting than our reader takes, and less than others do.
    let deep = format!("{{\"metadata\": {}{}, {}", "[".repeat(200), "]".repeat(200), notebook.trim_start_matches('{'));
    let package = open("p.zip", &zip(&[("deep.ipynb", deep.as_bytes())]));
    assert!(unread(&package, "deep.ipynb", "cannot be read") && package.coverage.hides_code());
}

/// One entry of a tape with its header made by hand: the checksum is filled in.
fn entry(name: &[u8], kind: u8, bytes: &[u8]) -> Vec<u8> {
    let mut block = vec![0; 512];
    block[..name.len()].copy_from_slice(name);
    block[124..136].copy_from_slice(format!("{:011o}\0", bytes.len()).as_bytes());
    block[148..156].fill(b' ');
    block[156] = kind;
    block[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block.extend(bytes);
    block.resize(block.len().next_multiple_of(512), 0);
    block
}

/// The records of an extended header.
fn extended(records: &[(&str, &str)]) -> Vec<u8> {
    let mut all = Vec::new();
    for (key, value) in records {
        let rest = key.len() + value.len() + 3;
        let length =
            (1..9).map(|digits| rest + digits).find(|length| length.to_string().len() + rest == *length).unwrap();
        all.extend(format!("{length} {key}={value}\n").bytes());
    }
    all
}

fn tape(entries: &[Vec<u8>]) -> Vec<u8> {
    [entries.concat(), vec![0; 1024]].concat()
}

#[test]
fn lzma_without_a_container_is_opened() {
    let mut options = lzma_rust2::LzmaOptions::with_preset(1);
    options.dict_size = 1 << 20;
    let mut writer = lzma_rust2::LzmaWriter::new_use_header(Vec::new(), &options, None).unwrap();
    std::io::Write::write_all(&mut writer, &tar(&[("p/a.py", APP)])).unwrap();
    let bytes = writer.finish().unwrap();
    for name in ["p-1.0.tar.lzma", "p-1.0.tar.xz"] {
        let package = open(name, &bytes);
        assert_eq!(paths(&package), ["p/a.py"], "{:?}", package.coverage);
    }
    // What begins so and cannot be opened is no document.
    let package =
        open("p.tar", &tar(&[("p/x.lzma", b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0nothing of the kind")]));
    assert!(unread(&package, "p/x.lzma", "not opened") && package.coverage.hides_code(), "{:?}", package.coverage);
}

#[test]
fn frames_that_are_skipped_hide_nothing() {
    let skipped = b"\x50\x2a\x4d\x18\x04\0\0\0abcd".as_slice();
    let whole = tar(&[("p/a.py", APP), ("p/b.py", b"x = 1\n")]);
    let (one, two) = whole.split_at(1024);
    for bytes in [[skipped, &zst(&whole)].concat(), [&zst(one), skipped, &zst(two)].concat()] {
        let package = open("p-1.0.tar.zst", &bytes);
        assert_eq!(paths(&package), ["p/a.py", "p/b.py"], "{:?}", package.coverage);
    }
}

#[test]
fn extended_headers_name_files_as_they_do_for_installers() {
    let path = extended(&[("path", "p/setup.py")]);
    let global = tape(&[entry(b"p/a.txt", b'0', b"a"), entry(b"g", b'g', &path), entry(b"p/notes.md", b'0', APP)]);
    let solaris = tape(&[entry(b"X", b'X', &path), entry(b"p/notes.md", b'0', APP)]);
    let size = APP.len().to_string();
    let sparse = extended(&[
        ("GNU.sparse.major", "1"),
        ("GNU.sparse.minor", "0"),
        ("GNU.sparse.name", "p/setup.py"),
        ("GNU.sparse.realsize", &size),
    ]);
    let mut stored = format!("1\n0\n{size}\n").into_bytes();
    stored.resize(512, 0);
    stored.extend(APP);
    let sparse = tape(&[entry(b"x", b'x', &sparse), entry(b"p/GNUSparseFile.0/notes.md", b'0', &stored)]);
    for bytes in [global, solaris, sparse] {
        let package = open("p.tar", &bytes);
        assert_eq!(text(&package, "p/setup.py").as_bytes(), APP, "{:?}", package.coverage);
        assert!(noted(&package, "p/setup.py", "extended header"), "{:?}", package.coverage);
    }
    // A header of its own goes before the global one, and what ordinary archives say in it changes nothing.
    let own = extended(&[("path", "p/own.py")]);
    let bytes = tape(&[entry(b"g", b'g', &path), entry(b"x", b'x', &own), entry(b"p/notes.md", b'0', APP)]);
    assert_eq!(paths(&open("p.tar", &bytes)), ["p/own.py"]);
    let comment = extended(&[("comment", "0123456789abcdef")]);
    let package = open("p.tar", &tape(&[entry(b"g", b'g', &comment), entry(b"p/a.py", b'0', APP)]));
    assert_eq!((paths(&package), package.coverage.notes.len()), (vec!["p/a.py"], 0));
}

#[test]
fn links_lead_where_the_whole_archive_says() {
    type Entry<'a> = (&'a str, tar::EntryType, &'a str, &'a [u8]);
    const FILE: tar::EntryType = tar::EntryType::Regular;
    const SOFT: tar::EntryType = tar::EntryType::Symlink;
    const HARD: tar::EntryType = tar::EntryType::Link;
    let build = |entries: &[Entry<'_>]| {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, kind, to, bytes) in entries {
            tar_entry(&mut builder, path, *kind, to, bytes);
        }
        open("p.tar", &builder.into_inner().unwrap())
    };
    let cases: [&[Entry<'_>]; 6] = [
        &[("p/setup.py", SOFT, "a.txt", b""), ("p/a.txt", SOFT, "README.md", b""), ("p/README.md", FILE, "", APP)],
        &[("p/README.md", FILE, "", APP), ("p/a.txt", SOFT, "README.md", b""), ("p/setup.py", SOFT, "a.txt", b"")],
        &[("p/docs/x.md", FILE, "", APP), ("p/d", SOFT, "docs", b""), ("p/setup.py", SOFT, "d/x.md", b"")],
        &[
            ("p/docs/setup.py", FILE, "", APP),
            ("p", SOFT, "q", b""),
            ("q", SOFT, "p/docs", b""),
            ("p/setup.py", SOFT, "docs/setup.py", b""),
        ],
        &[("p/setup.py", FILE, "", b"x = 1\n"), ("p/README.md", FILE, "", APP), ("p/setup.py", SOFT, "README.md", b"")],
        &[
            ("p/setup.py", FILE, "", b"x = 1\n"),
            ("p/README.md", FILE, "", APP),
            ("p/setup.py", HARD, "p/README.md", b""),
        ],
    ];
    for (number, case) in cases.iter().enumerate() {
        if number == 3 {
            continue;
        }
        let package = build(case);
        assert_eq!(text(&package, "p/setup.py").as_bytes(), APP, "{number}: {:?}", package.coverage);
        assert!(is_python(&package, "p/setup.py"), "{number}");
    }
    // Links that run in a circle end.
    assert!(build(cases[3]).coverage.notes.iter().any(|note| note.what.contains("link to")));
    // A link to a folder gives all of the folder a second name.
    let package = build(&[("p/docs/__init__.py", FILE, "", APP), ("p/mod", SOFT, "docs", b"")]);
    assert_eq!(paths(&package), ["p/docs/__init__.py", "p/mod/__init__.py"]);
    // A file that comes behind the link has the name.
    let package = build(&[("p/b.py", FILE, "", b"x = 1\n"), ("p/a.py", SOFT, "b.py", b""), ("p/a.py", FILE, "", APP)]);
    assert_eq!(text(&package, "p/a.py").as_bytes(), APP);
}

#[test]
fn an_entry_of_a_zip_is_read_under_each_of_its_names() {
    let unicode = |name: &str, other: &str| {
        let mut crc = flate2::Crc::new();
        crc.update(name.as_bytes());
        let mut field = vec![1];
        field.extend(crc.sum().to_le_bytes());
        field.extend(other.bytes());
        let mut extra = 0x7075_u16.to_le_bytes().to_vec();
        extra.extend(u16::try_from(field.len()).unwrap().to_le_bytes());
        extra.extend(field);
        extra
    };
    let whole = zip(&[("p/init.py", APP)]);
    let directory = whole.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    let extra = unicode("p/init.py", "README.md");
    let mut bytes = whole.clone();
    let old = usize::from(u16::from_le_bytes([bytes[directory + 30], bytes[directory + 31]]));
    let end = directory + 46 + "p/init.py".len();
    bytes.splice(end..end + old, extra.iter().copied());
    bytes[directory + 30..directory + 32].copy_from_slice(&u16::try_from(extra.len()).unwrap().to_le_bytes());
    let size = u32::try_from(bytes.len() - 22 - directory).unwrap();
    let footer = bytes.len() - 22;
    bytes[footer + 12..footer + 16].copy_from_slice(&size.to_le_bytes());
    let package = open("p.whl", &bytes);
    assert_eq!(paths(&package), ["README.md", "p/init.py"], "{:?}", package.coverage);
    assert!(is_python(&package, "p/init.py"));
    assert!(noted(&package, "p/init.py", "another name"), "{:?}", package.coverage);

    let mut bytes = zip(&[("p/init.py_.md", APP)]);
    replace_all(&mut bytes, b"p/init.py_.md", b"p/init.py\0.md");
    let package = open("p.whl", &bytes);
    assert!(is_python(&package, "p/init.py"), "{:?}", paths(&package));
}

#[test]
fn a_script_is_read_with_the_archive_behind_it() {
    let script = b"const fs = require('fs');\nfs.readFileSync('a');\n//";
    let bytes = [script.as_slice(), &zip(&[("a.txt", &[0, 1, 2, 3])])].concat();
    let shape = Shape::File;
    let package = unpack(input("i.js", shape, &[("i.js", &bytes)]), &Limits::default());
    assert_eq!(file(&package, "i.js").kind, FileKind::OtherSource("javascript".into()), "{:?}", paths(&package));
    assert!(text(&package, "i.js").starts_with("const fs"));
}
