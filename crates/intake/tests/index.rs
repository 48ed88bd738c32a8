//! Fetching from a small index on this machine's own loopback address.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

mod common;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use common::*;
use sha2::{Digest, Sha256};
use sluice_intake::{
    Ecosystem, EntryKind, IndexError, Input, IntakeError, Limits, Options, PackageKind, Shape, Target, resolve, unpack,
};

const SDIST: &str = "two_words-1.1.tar.gz";
const WHEEL: &str = "two_words-1.1-py3-none-any.whl";

struct Index {
    address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

/// Serves answers by path: media type and body.
fn serve(answers: BTreeMap<String, (&'static str, Vec<u8>)>) -> Index {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = String::new();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {}
            let path = head.split_whitespace().nth(1).unwrap_or_default().to_owned();
            seen.lock().unwrap().push(head);
            let (status, (kind, body)) = match answers.get(&path) {
                Some(answer) => ("200 OK", answer.clone()),
                None => ("404 Not Found", ("text/plain", b"nothing".to_vec())),
            };
            write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            )
            .unwrap();
            stream.write_all(&body).unwrap();
        }
    });
    Index { address, requests }
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sdist() -> Vec<u8> {
    gz(&tar(&[
        ("two_words-1.1/setup.py", b"from setuptools import setup\nsetup()\n"),
        ("two_words-1.1/PKG-INFO", b"Metadata-Version: 2.1\nName: two-words\nVersion: 1.1\nSummary: counts words\n"),
        ("two_words-1.1/two_words/__init__.py", b"def count(text):\n    return len(text.split())\n"),
    ]))
}

fn wheel() -> Vec<u8> {
    zip(&[
        ("two_words/__init__.py", b"def count(text):\n    return len(text.split())\n"),
        (
            "two_words-1.1.dist-info/METADATA",
            b"Metadata-Version: 2.1\nName: two-words\nVersion: 1.1\nSummary: counts words\n",
        ),
        ("two_words-1.1.dist-info/entry_points.txt", b"[console_scripts]\ncount-words = two_words:count\n"),
    ])
}

/// An index with version 1.0 as a source archive, and 1.1 as a source archive and a wheel, whose listed digest is `wheel_digest`.
fn index(html: bool, wheel_digest: &str) -> Index {
    let files =
        [("two_words-1.0.tar.gz", digest(&sdist())), (SDIST, digest(&sdist())), (WHEEL, wheel_digest.to_owned())];
    let page = if html {
        let links: String = files
            .iter()
            .map(|(name, digest)| format!("<a href=\"/files/{name}#sha256={digest}\">{name}</a><br>\n"))
            .collect();
        ("text/html; charset=utf-8", format!("<!DOCTYPE html><html><body>{links}</body></html>"))
    } else {
        let files: Vec<String> = files
            .iter()
            .map(|(name, digest)| {
                format!(
                    r#"{{"filename":"{name}","url":"../../files/{name}","hashes":{{"sha256":"{digest}"}},"size":400}}"#
                )
            })
            .collect();
        (
            "application/vnd.pypi.simple.v1+json",
            format!(
                r#"{{"meta":{{"api-version":"1.1"}},"name":"two-words","files":[{}],"versions":["1.0","1.1"]}}"#,
                files.join(",")
            ),
        )
    };
    serve(BTreeMap::from([
        ("/simple/two-words/".to_owned(), (page.0, page.1.into_bytes())),
        ("/files/two_words-1.0.tar.gz".to_owned(), ("application/octet-stream", sdist())),
        (format!("/files/{SDIST}"), ("application/octet-stream", sdist())),
        (format!("/files/{WHEEL}"), ("application/octet-stream", wheel())),
    ]))
}

fn fetch_from(index_url: String, typed: &str, limits: Limits) -> Result<Input, IntakeError> {
    let options = Options { index_url: Some(index_url), limits, ..Options::default() };
    resolve(&typed.parse::<Target>().unwrap(), &options).map(|mut inputs| inputs.remove(0))
}

fn fetch(index: &Index, typed: &str) -> Result<Input, IntakeError> {
    fetch_from(format!("http://{}/simple/", index.address), typed, Limits::default())
}

#[test]
fn source_archive_and_wheel_of_the_newest_version() {
    for html in [false, true] {
        let index = index(html, &digest(&wheel()));
        let input = fetch(&index, "pypi:Two.Words").unwrap();
        assert_eq!(input.name, "pypi:Two.Words@1.1");
        assert_eq!(input.shape, Shape::PypiVersion { name: "two-words".into(), version: "1.1".into() });
        assert_eq!(input.parts.iter().map(|part| part.path.as_str()).collect::<Vec<_>>(), [WHEEL, SDIST]);
        let accept = index.requests.lock().unwrap()[0].to_lowercase();
        assert!(accept.contains("application/vnd.pypi.simple.v1+json"), "{accept}");

        let package = unpack(Input::from_bytes(&input.to_bytes().unwrap()).unwrap(), &Limits::default());
        assert_eq!(package.kind, PackageKind::Package);
        assert_eq!(package.ecosystem, Some(Ecosystem::Pypi));
        assert_eq!(package.version.as_deref(), Some("1.1"));
        assert_eq!(package.manifest.summary.as_deref(), Some("counts words"));
        assert!(is_python(&package, &format!("{SDIST}!/two_words-1.1/setup.py")));
        let kinds: Vec<EntryKind> = package.manifest.entry_points.iter().map(|entry| entry.kind).collect();
        assert_eq!(
            kinds,
            [EntryKind::Install, EntryKind::Import, EntryKind::Import, EntryKind::Run],
            "{:?}",
            package.manifest.entry_points
        );
        assert!(package.coverage.unread.is_empty());
    }
}

#[test]
fn a_named_version_is_fetched_alone() {
    let index = index(false, &digest(&wheel()));
    let input = fetch(&index, "pkg:pypi/two_words@1.0").unwrap();
    assert_eq!(input.parts.len(), 1);
    assert_eq!(index.requests.lock().unwrap().len(), 2);
}

#[test]
fn a_file_that_is_not_the_listed_one_is_refused() {
    for html in [false, true] {
        let index = index(html, &"0".repeat(64));
        let error = fetch(&index, "pypi:two-words").unwrap_err();
        assert!(matches!(&error, IntakeError::Index(IndexError::Digest { file, .. }) if file == WHEEL), "{error}");
        assert!(error.to_string().contains(WHEEL));
    }
}

#[test]
fn unknown_names_and_versions_are_told_with_advice() {
    let index = index(false, &digest(&wheel()));
    let error = fetch(&index, "pypi:three-words").unwrap_err();
    assert!(matches!(&error, IntakeError::Index(IndexError::UnknownProject { .. })), "{error}");
    let error = fetch(&index, "pypi:two-words@1.2").unwrap_err().to_string();
    assert!(error.contains("1.0, 1.1") && error.contains("newest is 1.1"), "{error}");
}

#[test]
fn what_is_too_large_is_left_and_recorded() {
    let index = index(false, &digest(&wheel()));
    let limits = Limits { fetch_bytes: 600, ..Limits::default() };
    let input = fetch_from(format!("http://{}/simple", index.address), "pypi:two-words", limits).unwrap();
    // The source archive comes first: it is what a wheel is made from.
    assert_eq!(input.parts.iter().map(|part| part.path.as_str()).collect::<Vec<_>>(), [SDIST]);
    assert_eq!(input.coverage.unread[0].file, WHEEL);
    assert!(input.coverage.hides_code());
}

#[test]
fn a_file_of_unsaid_size_stops_at_the_limit() {
    let index = index(true, &digest(&wheel()));
    let limits = Limits { fetch_bytes: sdist().len() as u64 + 10, ..Limits::default() };
    let input = fetch_from(format!("http://{}/simple", index.address), "pypi:two-words", limits).unwrap();
    assert_eq!(input.parts.len(), 1);
    assert_eq!(input.coverage.unread[0].file, WHEEL);
}

#[test]
fn credentials_go_to_the_index_and_are_never_shown() {
    let index = index(false, &digest(&wheel()));
    let url = format!("http://me:hunter2@{}/simple", index.address);
    fetch_from(url.clone(), "pypi:two-words", Limits::default()).unwrap();
    assert!(
        index
            .requests
            .lock()
            .unwrap()
            .iter()
            .all(|head| head.to_lowercase().contains("authorization: basic bwu6ahvudgvymg=="))
    );
    let error = fetch_from(url, "pypi:nothing", Limits::default()).unwrap_err().to_string();
    assert!(!error.contains("hunter2"), "{error}");
}

#[test]
fn an_index_that_is_none_is_told() {
    let index = serve(BTreeMap::from([("/simple/x/".to_owned(), ("application/json", b"{\"no\": 1}".to_vec()))]));
    let error = fetch(&index, "pypi:x").unwrap_err();
    assert!(matches!(error, IntakeError::Index(IndexError::Page { .. })), "{error}");
    // A port that nothing listens on.
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = fetch_from(format!("http://{closed}/simple"), "pypi:x", Limits::default()).unwrap_err();
    assert!(matches!(error, IntakeError::Index(IndexError::Request { .. })), "{error}");
}
