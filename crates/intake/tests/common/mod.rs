//! Archives built by code, for the tests.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

use std::io::{Cursor, Write};

use sluice_intake::{Coverage, FileKind, Input, Limits, Package, Part, Shape, SourceFile, unpack};
use zip::write::SimpleFileOptions;

pub fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, bytes) in files {
        tar_entry(&mut builder, path, tar::EntryType::Regular, "", bytes);
    }
    builder.into_inner().unwrap()
}

/// Writes an entry with its name as given, which the library's own methods refuse for hostile names.
pub fn tar_entry(builder: &mut tar::Builder<Vec<u8>>, path: &str, kind: tar::EntryType, link: &str, bytes: &[u8]) {
    let mut header = tar::Header::new_ustar();
    let block = header.as_mut_bytes();
    block[..path.len()].copy_from_slice(path.as_bytes());
    block[157..157 + link.len()].copy_from_slice(link.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(bytes.len() as u64);
    header.set_cksum();
    builder.append(&header, bytes).unwrap();
}

pub fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn bz2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(1)).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn zst(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

pub fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in files {
        writer.start_file(*path, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub fn input(name: &str, shape: Shape, parts: &[(&str, &[u8])]) -> Input {
    let parts = parts.iter().map(|(path, bytes)| Part { path: (*path).to_owned(), bytes: bytes.to_vec() }).collect();
    Input { name: name.to_owned(), shape, parts, coverage: Coverage::default() }
}

pub fn open(name: &str, bytes: &[u8]) -> Package {
    open_within(name, bytes, &Limits::default())
}

pub fn open_within(name: &str, bytes: &[u8], limits: &Limits) -> Package {
    unpack(input(name, Shape::Archive, &[(name, bytes)]), limits)
}

pub fn paths(package: &Package) -> Vec<&str> {
    package.files.iter().map(|file| file.path.as_str()).collect()
}

pub fn file<'a>(package: &'a Package, path: &str) -> &'a SourceFile {
    package
        .files
        .iter()
        .find(|file| file.path == path)
        .unwrap_or_else(|| panic!("{path} is not in {:?}", paths(package)))
}

pub fn text<'a>(package: &'a Package, path: &str) -> &'a str {
    file(package, path).text.as_deref().unwrap()
}

pub fn noted(package: &Package, path: &str, what: &str) -> bool {
    package.coverage.notes.iter().any(|note| note.file == path && note.what.contains(what))
}

pub fn unread(package: &Package, path: &str, why: &str) -> bool {
    package.coverage.unread.iter().any(|unread| unread.file == path && unread.why.contains(why))
}

pub fn is_python(package: &Package, path: &str) -> bool {
    file(package, path).kind == FileKind::Python
}
