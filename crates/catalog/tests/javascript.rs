//! What the models of JavaScript say: that sources and sinks have their kinds, that calls lead from type to type, and that
//! signatures keep to the conventions by which arguments are bound.

// Helpers of tests fail like tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::LazyLock;

use sluice_catalog::{Attribute, Catalog, Model, kinds};

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::embedded("javascript").unwrap());

fn model(symbol: &str) -> &'static Model {
    let canonical = CATALOG.canonical(symbol);
    CATALOG.model(&canonical).unwrap_or_else(|| panic!("{symbol} ({canonical}) has no model"))
}

fn attribute(symbol: &str) -> &'static Attribute {
    CATALOG.attribute(&CATALOG.canonical(symbol)).unwrap_or_else(|| panic!("{symbol} has no attribute"))
}

fn has(roles: &[smol_str::SmolStr], role: &str) -> bool {
    roles.iter().any(|known| known == role)
}

#[test]
fn one_module_under_its_names() {
    for (other, canonical) in [
        ("fs/promises.readFile", "fs.promises.readFile"),
        ("fs-extra.readFileSync", "fs.readFileSync"),
        ("graceful-fs.unlink", "fs.unlink"),
        ("path/posix.join", "path.join"),
        ("dns/promises.lookup", "dns.promises.lookup"),
        ("timers/promises.setTimeout", "timers.promises.setTimeout"),
        ("net.createConnection", "net.connect"),
        ("buffer.Buffer.from", "Buffer.from"),
        ("url.URL", "URL"),
        ("cross-fetch", "node-fetch"),
        ("request-promise.post", "request.post"),
        ("mysql2/promise.createConnection", "mysql.createConnection"),
        ("@octokit/rest.Octokit", "octokit.Octokit"),
        ("webextension-polyfill.cookies.getAll", "chrome.cookies.getAll"),
    ] {
        assert_eq!(CATALOG.canonical(other), canonical);
        model(other);
    }
}

/// An object of options stands for named parameters, and is bound to the parameter of that name.
#[test]
fn what_is_only_named_stands_in_the_options() {
    for symbol in CATALOG.symbols() {
        let Some(model) = CATALOG.model(symbol) else { continue };
        let named = model.params.iter().any(|param| param.named_only);
        let options = model.params.iter().any(|param| param.name == "options" && !param.named_only);
        assert!(!named || options, "{symbol} has named parameters, but no `options`");
    }
}

/// An object in the first place stands for the options only if they come next.
#[test]
fn options_come_right_behind_what_may_be_left_out() {
    for symbol in CATALOG.symbols() {
        let Some(model) = CATALOG.model(symbol) else { continue };
        let mut positional = model.params.iter().filter(|param| param.name != "self" && !param.named_only);
        let (first, second) = (positional.next(), positional.next());
        let named = model.params.iter().any(|param| param.named_only);
        if let Some(first) = first.filter(|first| named && first.optional && first.name != "options") {
            assert!(second.is_some_and(|second| second.name == "options"), "{symbol}: {} comes first", first.name);
        }
    }
}

#[test]
fn a_callback_is_called() {
    for symbol in CATALOG.symbols() {
        let Some(model) = CATALOG.model(symbol) else { continue };
        for (name, roles) in &model.args {
            assert!(!has(roles, "callback") || model.calls.contains_key(name), "{symbol} does not call `{name}`");
        }
    }
}

#[test]
fn what_is_read_and_who_is_asked() {
    for (symbol, kind) in [
        ("fs.readFileSync", "file"),
        ("fs.promises.readFile", "file"),
        ("fs.createReadStream", "file"),
        ("os.hostname", "host.identity"),
        ("os.userInfo", "host.identity"),
        ("os.networkInterfaces", "host.identity"),
        ("os.platform", "platform"),
        ("Date.now", "time"),
        ("Math.random", "random"),
        ("crypto.randomBytes", "random"),
        ("child_process.execSync", "process.output"),
        ("fetch", "network.response"),
        ("axios.get", "network.response"),
        ("clipboardy.readSync", "clipboard"),
        ("navigator.clipboard.readText", "clipboard"),
        ("screenshot-desktop", "screen"),
        ("iohook.on", "keystroke"),
        ("chrome.history.search", "browser.profile"),
        ("keytar.getPassword", "file.credential"),
        ("minimist", "argument"),
        ("Deno.readTextFile", "file"),
    ] {
        assert_eq!(model(symbol).source.as_deref(), Some(kind), "{symbol}");
    }
    assert_eq!(attribute("process.env").source.as_deref(), Some("environment"));
    assert_eq!(attribute("process.argv").source.as_deref(), Some("argument"));
    assert_eq!(attribute("process.platform").guard.as_deref(), Some("platform"));
    assert_eq!(attribute("document.cookie").source.as_deref(), Some("file.credential"));
    assert_eq!(attribute("ethers.Wallet.privateKey").source.as_deref(), Some("wallet"));
    assert_eq!(model("os.homedir").source, None, "the home folder's place is no secret");
}

#[test]
fn sinks_that_matter_most_have_their_roles() {
    for (symbol, parameter, role) in [
        ("eval", "script", "code.execute"),
        ("Function", "code", "code.execute"),
        ("vm.runInNewContext", "code", "code.execute"),
        ("vm.Script.runInThisContext", "self", "code.execute"),
        ("module._compile", "content", "code.execute"),
        ("require", "id", "code.load"),
        ("child_process.exec", "command", "process.command"),
        ("child_process.execSync", "command", "process.command"),
        ("child_process.spawn", "args", "process.command"),
        ("child_process.spawn", "stdio", "stdin"),
        ("child_process.spawn", "shell", "shell"),
        ("child_process.fork", "modulePath", "process.command"),
        ("child_process.Stdin.write", "chunk", "process.input"),
        ("execa", "file", "process.command"),
        ("shelljs.exec", "command", "process.command"),
        ("Deno.Command", "command", "process.command"),
        ("Bun.spawn", "cmd", "process.command"),
        ("fs.writeFileSync", "data", "file.write"),
        ("fs.writeFile", "file", "file.path"),
        ("fs.WriteStream.write", "chunk", "file.write"),
        ("fs.WriteStream.write", "chunk", "file.write"),
        ("fs.unlinkSync", "path", "file.delete"),
        ("fs.rmSync", "path", "file.delete"),
        ("http.ClientRequest.write", "chunk", "network.send"),
        ("https.request", "hostname", "network.destination"),
        ("net.connect", "host", "network.destination"),
        ("net.Socket.write", "data", "network.send"),
        ("dns.lookup", "hostname", "network.destination"),
        ("WebSocket.send", "data", "network.send"),
        ("navigator.sendBeacon", "data", "network.send"),
        ("Image.src", "url", "network.destination"),
        ("Element.innerHTML", "markup", "markup"),
        ("console.log", "args", "log"),
        ("JSON.stringify", "value", "serialize"),
        ("node-serialize.unserialize", "text", "deserialize"),
        ("pg.Client.query", "sql", "database.query"),
        ("ejs.render", "source", "template"),
        ("https.request", "rejectUnauthorized", "verify"),
    ] {
        let roles = model(symbol).roles(parameter);
        assert!(has(roles, role), "{symbol}({parameter}) has {roles:?}");
    }
    assert!(has(&model("fs.rmSync").actions, "file.delete-tree"));
    assert!(has(&model("crypto.createCipheriv").actions, "encrypt"));
    assert!(has(&model("crypto.createHash").actions, "digest"));
}

#[test]
fn payload_and_destination_of_a_request_are_told_apart() {
    for symbol in ["fetch", "node-fetch", "axios.post", "got.post", "request.post", "needle.post", "http.request"] {
        let model = model(symbol);
        assert!(has(model.roles("url"), "network.destination"), "{symbol}");
        assert!(has(model.roles("headers"), "network.send"), "{symbol}");
        for other in ["timeout", "agent", "proxy", "method", "callback"] {
            assert!(!model.roles(other).iter().any(|role| kinds::is_sink(role)), "{symbol} {other}");
        }
        assert_eq!(model.source.as_deref(), Some("network.response"), "{symbol}");
        assert_eq!(model.from.as_deref(), Some(&[][..]), "{symbol}: what is sent is not what comes back");
    }
}

#[test]
fn callbacks_get_what_was_asked_for() {
    assert_eq!(model("fs.readFile").calls["callback"], ["_", "result:Buffer"]);
    assert_eq!(model("child_process.exec").calls["callback"], ["_", "result:String", "result:String"]);
    assert_eq!(model("https.get").calls["callback"], ["result:http.IncomingMessage"]);
    assert_eq!(model("http.createServer").calls["callback"], ["result:http.IncomingMessage", "_:http.ServerResponse"]);
    assert_eq!(model("http.IncomingMessage.on").calls["listener"], ["self:Buffer"]);
    assert_eq!(model("Array.map").calls["callback"], ["self", "_", "_"]);
    assert_eq!(model("setTimeout").calls["callback"], ["args"]);
    assert_eq!(model("Array.push").into["self"], ["items"]);
    assert_eq!(model("stream.Readable.pipe").into["destination"], ["self"]);
    assert_eq!(model("stream.Readable.pipe").calls["destination.write"], ["self:Buffer"]);
    assert_eq!(model("stream.Readable.pipe").result.as_deref(), Some("$destination"));
}

#[test]
fn objects_lead_from_call_to_call() {
    let last = |start: &str, members: &[&str]| {
        let mut kind = model(start).result.clone().unwrap_or_else(|| panic!("{start} has no type"));
        for member in members {
            let symbol = format!("{kind}.{member}");
            let known = CATALOG.model(&symbol).map(|model| &model.result);
            let result = known.or_else(|| CATALOG.attribute(&symbol).map(|attribute| &attribute.result));
            match result.unwrap_or_else(|| panic!("{symbol} is unknown")).as_deref() {
                Some("self") => {}
                Some(result) => kind = result.into(),
                None => panic!("{symbol} has no type"),
            }
        }
        kind.to_string()
    };
    assert_eq!(last("fs.readFileSync", &["toString", "trim", "split"]), "Array");
    assert_eq!(last("child_process.execSync", &["trim"]), "String", "with an encoding it is a text");
    assert_eq!(last("child_process.spawn", &["stdout", "on"]), "stream.Readable");
    assert_eq!(last("child_process.spawn", &["stdin"]), "child_process.Stdin");
    assert_eq!(last("fs.createReadStream", &["on"]), "fs.ReadStream");
    assert_eq!(last("crypto.createHash", &["update", "digest"]), "Buffer");
    assert_eq!(last("fetch", &["text", "slice"]), "String");
    assert_eq!(last("net.connect", &["on", "on"]), "net.Socket");
    assert_eq!(last("document.createElement", &["appendChild"]), "Element");
    assert_eq!(last("adm-zip", &["getEntries"]), "adm-zip.Entries");
    assert_eq!(CATALOG.item("adm-zip.Entries", None).unwrap().result.as_deref(), Some("adm-zip.Entry"));
}
