//! Speed of every stage of a review, over packages made here and, if `SLUICE_BENCH_DIR` names a folder, over the archives
//! in it.
//!
//! Each stage is measured alone, on what the stages before it gave, over all packages of a set. Packages made here have
//! 10 and 100 modules: a stage whose time is linear takes ten times as long for the second.

#![allow(clippy::expect_used, reason = "a failure here is a failed measurement")]

use std::ffi::OsStr;
use std::fmt;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use divan::Bencher;
use divan::counter::BytesCount;
use flate2::Compression;
use flate2::write::GzEncoder;
use sluicegate::intake::{self, Coverage, Input, Limits, Package, Part, Shape, Target, unpack};
use sluicegate::render;
use sluicegate::stages::Stages;
use sluicegate::{Engine, Options, STACK_BYTES};

fn main() {
    // Divan measures on the thread that calls it, and the stages nest deeply.
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(divan::main).expect("a thread");
    thread.join().expect("the benchmarks end by themselves");
}

/// Packages that are measured together.
#[derive(Clone, Debug)]
enum Set {
    /// One package made here, of so many modules.
    Made(usize),
    /// The archives of a folder.
    Folder(PathBuf),
}

impl fmt::Display for Set {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Made(modules) => write!(formatter, "{modules} modules"),
            Self::Folder(_) => formatter.write_str("SLUICE_BENCH_DIR"),
        }
    }
}

fn sets() -> Vec<Set> {
    let mut sets = vec![Set::Made(10), Set::Made(100)];
    sets.extend(std::env::var_os("SLUICE_BENCH_DIR").map(|folder| Set::Folder(PathBuf::from(folder))));
    sets
}

impl Set {
    fn inputs(&self) -> Vec<Input> {
        match self {
            Self::Made(modules) => vec![made(*modules)],
            Self::Folder(folder) => archives(folder),
        }
    }

    fn packages(&self) -> Vec<Package> {
        self.inputs().into_iter().map(|input| unpack(input, &Limits::default())).collect()
    }
}

fn archives(folder: &Path) -> Vec<Input> {
    let entries = std::fs::read_dir(folder).expect("the folder of SLUICE_BENCH_DIR");
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    paths.sort();
    let options = intake::Options::default();
    let mut inputs = Vec::new();
    for path in paths {
        let target = Target::parse(OsStr::new(&path)).expect("a path is a target");
        for planned in intake::plan(&target, &options).expect("the file is there") {
            inputs.push(planned.load(&options).expect("the file can be read"));
        }
    }
    inputs
}

/// A source archive of one package with so many modules.
fn made(modules: usize) -> Input {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    let mut add = |path: &str, text: &str| -> io::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, format!("inventory-1.0/{path}"), text.as_bytes())
    };
    let setup =
        "from setuptools import setup\n\nsetup(name=\"inventory\", version=\"1.0\", packages=[\"inventory\"])\n";
    add("setup.py", setup).expect("memory takes all that is written");
    add("inventory/__init__.py", "\"\"\"Keeps the stock of several stores.\"\"\"\n").expect("memory takes all");
    for number in 0..modules {
        add(&format!("inventory/store_{number}.py"), &module(number)).expect("memory takes all");
    }
    let bytes = archive.into_inner().and_then(GzEncoder::finish).expect("memory takes all");
    let name = "inventory-1.0.tar.gz".to_owned();
    let parts = vec![Part { path: name.clone(), bytes }];
    Input { name, shape: Shape::Archive, parts, coverage: Coverage::default() }
}

/// The code of one module: a client of a service with a cache, a report and a command, which calls the module before it.
fn module(number: usize) -> String {
    let mut text = format!(
        r#""""Store {number}: its stock, kept in step with the service."""
import argparse
import base64
import json
import logging
import os
import subprocess
import time
from pathlib import Path

import requests

log = logging.getLogger(__name__)
SERVICE = "https://stock.example.invalid/v1/stores/{number}"
CACHE = Path.home() / ".cache" / "inventory" / "store-{number}.json"
FIELDS = ("name", "amount", "price", "seen")


class StoreError(Exception):
    """The service did not answer as it should."""


class Store{number}:
    """The stock of one store."""

    def __init__(self, token=None, timeout=10, retries=3):
        self.token = token or os.environ.get("INVENTORY_TOKEN", "")
        self.timeout = timeout
        self.retries = retries
        self.items = {{}}
        self.session = requests.Session()
        self.session.headers["Authorization"] = "Basic " + base64.b64encode(self.token.encode()).decode()

    def load(self):
        if not CACHE.exists():
            return {{}}
        with open(CACHE, encoding="utf-8") as file:
            self.items = json.load(file)
        return self.items

    def save(self):
        CACHE.parent.mkdir(parents=True, exist_ok=True)
        with open(CACHE, "w", encoding="utf-8") as file:
            json.dump(self.items, file, indent=2, sort_keys=True)

    def fetch(self, path, **query):
        url = "%s/%s" % (SERVICE, path.strip("/"))
        for attempt in range(self.retries):
            try:
                answer = self.session.get(url, params=query, timeout=self.timeout)
            except requests.ConnectionError as error:
                log.warning("attempt %d of %s: %s", attempt, url, error)
                time.sleep(2 ** attempt)
                continue
            if answer.status_code == 200:
                return answer.json()
            raise StoreError(answer.text)
        raise StoreError("no answer from " + url)

    def push(self, name):
        item = self.items[name]
        body = {{field: item.get(field) for field in FIELDS}}
        body["sent"] = time.time()
        answer = self.session.post(SERVICE + "/items", data=json.dumps(body), timeout=self.timeout)
        if answer.status_code >= 400:
            log.error("%s was refused: %s", name, answer.text)
            return False
        return True

"#
    );
    for field in ["amount", "price", "shelf", "supplier", "weight", "color"] {
        let _ = write!(
            text,
            r#"    def {field}_of(self, name, default=None):
        item = self.items.get(name)
        if item is None:
            item = self.fetch("items/" + name)
            self.items[name] = dict(item, seen=time.time())
        value = item.get("{field}", default)
        return value if value is not None else self.items[name].setdefault("{field}", default)

    def set_{field}(self, name, value):
        old = self.{field}_of(name)
        self.items.setdefault(name, {{}})["{field}"] = value
        log.info("%s: {field} %r -> %r", name, old, value)
        return self.push(name)

"#
        );
    }
    let _ = write!(
        text,
        r#"
def rows(store, names):
    for name in sorted(names):
        parts = [name.ljust(20)]
        for field in FIELDS[1:]:
            parts.append(str(store.items.get(name, {{}}).get(field, "-")).rjust(10))
        yield "".join(parts)


def report(store, target):
    lines = list(rows(store, store.items))
    total = sum(item.get("amount", 0) * item.get("price", 0) for item in store.items.values())
    text = "\n".join(lines + ["", "total {{:.2f}}".format(total)])
    Path(target).write_text(text, encoding="utf-8")
    return subprocess.run(["lp", "-o", "fit-to-page", target], check=False).returncode


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--report", default="report.txt")
    options = parser.parse_args(argv)
    store = Store{number}()
    store.load()
    for name in options.names:
        store.set_amount(name, store.amount_of(name, 0) + 1)
    store.save()
    return report(store, options.report)


if __name__ == "__main__":
    raise SystemExit(main())
"#
    );
    if let Some(before) = number.checked_sub(1) {
        let _ = write!(
            text,
            r#"

def move(name, count, token=None):
    from inventory.store_{before} import Store{before}

    source, target = Store{before}(token), Store{number}(token)
    left = source.amount_of(name, 0) - count
    if left < 0:
        raise StoreError("only %d of %s" % (left + count, name))
    return source.set_amount(name, left) and target.set_amount(name, target.amount_of(name, 0) + count)
"#
        );
    }
    text
}

/// Measures something done to each package of a set, given what `prepare` makes of it beforehand.
fn measure<T>(bencher: Bencher<'_, '_>, set: &Set, prepare: impl Fn(&Stages<'_>) -> T, work: impl Fn(&Stages<'_>, T)) {
    let engine = Engine::new().expect("the shipped data");
    let options = Options::default();
    let packages = set.packages();
    let all: Vec<Stages<'_>> = packages.iter().map(|package| Stages::new(&engine, package, &options, &[])).collect();
    let bytes: u64 = all.iter().map(Stages::source_bytes).sum();
    bencher
        .counter(BytesCount::new(bytes))
        .with_inputs(|| all.iter().map(&prepare).collect::<Vec<T>>())
        .bench_local_values(|inputs| {
            for (stages, input) in all.iter().zip(inputs) {
                work(stages, input);
            }
        });
}

#[divan::bench(args = sets(), sample_count = 5, sample_size = 1)]
fn a_unpack(bencher: Bencher<'_, '_>, set: &Set) {
    let inputs = set.inputs();
    let bytes: u64 = inputs.iter().map(Input::size).sum();
    bencher.counter(BytesCount::new(bytes)).with_inputs(|| inputs.clone()).bench_local_values(|inputs| {
        for input in inputs {
            divan::black_box(unpack(input, &Limits::default()));
        }
    });
}

#[divan::bench(args = sets(), sample_count = 5, sample_size = 1)]
fn b_parse(bencher: Bencher<'_, '_>, set: &Set) {
    measure(
        bencher,
        set,
        |_| (),
        |stages, ()| {
            divan::black_box(stages.parse_only());
        },
    );
}

/// Parsing, too: what a review does to get from text to the IR.
#[divan::bench(args = sets(), sample_count = 5, sample_size = 1)]
fn c_parse_and_lower(bencher: Bencher<'_, '_>, set: &Set) {
    measure(
        bencher,
        set,
        |_| (),
        |stages, ()| {
            divan::black_box(stages.lower());
        },
    );
}

#[divan::bench(args = sets(), sample_count = 5, sample_size = 1)]
fn d_analyze(bencher: Bencher<'_, '_>, set: &Set) {
    measure(
        bencher,
        set,
        |stages| stages.lower(),
        |stages, modules| {
            divan::black_box(stages.analyze(modules));
        },
    );
}

#[divan::bench(args = sets(), sample_count = 5, sample_size = 1)]
fn e_match(bencher: Bencher<'_, '_>, set: &Set) {
    measure(
        bencher,
        set,
        |stages| stages.analyze(stages.lower()),
        |stages, facts| {
            divan::black_box(stages.find(&facts));
        },
    );
}

#[divan::bench(args = sets(), sample_count = 5, sample_size = 1)]
fn f_review(bencher: Bencher<'_, '_>, set: &Set) {
    let prepare = |stages: &Stages<'_>| {
        let facts = stages.analyze(stages.lower());
        let findings = stages.find(&facts);
        (facts, findings)
    };
    measure(bencher, set, prepare, |stages, (facts, findings)| {
        divan::black_box(stages.review(&facts, &findings));
    });
}

#[divan::bench(args = sets(), sample_count = 5, sample_size = 1)]
fn g_render(bencher: Bencher<'_, '_>, set: &Set) {
    let prepare = |stages: &Stages<'_>| {
        let facts = stages.analyze(stages.lower());
        stages.review(&facts, &stages.find(&facts))
    };
    measure(bencher, set, prepare, |_, review| {
        divan::black_box(render::json(&review).expect("a review is JSON"));
    });
}
