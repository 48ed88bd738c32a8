//! The shipped models hang together, and say of well-known calls what their documentation says.

// Helpers of tests fail like tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::sync::LazyLock;

use sluice_catalog::{Attribute, Catalog, Model, kinds};

/// Every language that has models.
const LANGUAGES: &[&str] = &["javascript", "python"];

fn folder(language: &str) -> String {
    format!("{}/catalog/{language}", env!("CARGO_MANIFEST_DIR"))
}

/// The themes as they stand in the folder of the language.
fn read(language: &str) -> Catalog {
    let mut catalog = Catalog::default();
    let mut paths: Vec<_> = std::fs::read_dir(folder(language)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        catalog.load_theme(path.to_str().unwrap(), &std::fs::read_to_string(&path).unwrap()).unwrap();
    }
    catalog
}

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| read("python"));

fn model<'a>(catalog: &'a Catalog, symbol: &str) -> &'a Model {
    let canonical = catalog.canonical(symbol);
    catalog.model(&canonical).unwrap_or_else(|| panic!("{symbol} ({canonical}) has no model"))
}

fn attribute<'a>(catalog: &'a Catalog, symbol: &str) -> &'a Attribute {
    catalog.attribute(&catalog.canonical(symbol)).unwrap_or_else(|| panic!("{symbol} has no attribute"))
}

#[test]
fn the_binary_ships_what_the_folders_hold() {
    for language in LANGUAGES {
        let (folder, shipped) = (read(language), Catalog::embedded(language).unwrap());
        assert_eq!(folder.symbols(), shipped.symbols());
        assert_eq!(folder.aliases(), shipped.aliases());
        for symbol in folder.symbols() {
            assert_eq!(folder.model(symbol), shipped.model(symbol));
            assert_eq!(folder.attribute(symbol), shipped.attribute(symbol));
            assert_eq!(folder.bases(symbol), shipped.bases(symbol));
        }
    }
    assert_eq!(Catalog::languages().collect::<Vec<_>>(), LANGUAGES);
}

#[test]
fn no_alias_hides_a_symbol() {
    for language in LANGUAGES {
        let catalog = read(language);
        let hidden: Vec<&str> =
            catalog.symbols().into_iter().filter(|symbol| catalog.canonical(symbol) != *symbol).collect();
        assert!(hidden.is_empty(), "{language}: {hidden:?}");
    }
}

#[test]
fn every_type_that_is_named_is_known() {
    for language in LANGUAGES {
        let catalog = read(language);
        let unknown = |name: &str| {
            !matches!(name, "self" | "None")
                && !name.starts_with('$')
                && (!catalog.knows_type(name) || catalog.canonical(name) != name)
        };
        let mut wrong = BTreeSet::new();
        for symbol in catalog.symbols() {
            let model = catalog.model(symbol);
            let result = match model {
                Some(model) => model.result.clone(),
                None => catalog.attribute(symbol).and_then(|attribute| attribute.result.clone()),
            };
            wrong.extend(result.filter(|name| unknown(name)).map(|name| format!("{symbol} yields {name}")));
            let handed = model.iter().flat_map(|model| model.calls.values().flatten());
            let kinds = handed.filter_map(|value| value.split_once(':')).map(|(_, kind)| kind);
            wrong.extend(kinds.filter(|kind| unknown(kind)).map(|kind| format!("{symbol} calls with {kind}")));
            if let Some((owner, _)) = symbol.rsplit_once('.') {
                let bases = catalog.bases(owner).iter();
                wrong.extend(bases.filter(|base| unknown(base)).map(|base| format!("{owner} from {base}")));
            }
        }
        assert!(wrong.is_empty(), "{language}: {wrong:#?}");
    }
}

#[test]
fn every_alias_leads_to_something() {
    for language in LANGUAGES {
        let catalog = read(language);
        let symbols = catalog.symbols();
        let leads = |target: &str| {
            let inside = format!("{target}.");
            catalog.knows_type(target)
                || catalog.attribute(target).is_some()
                || symbols.iter().any(|symbol| symbol.starts_with(&inside))
        };
        let lost: Vec<_> = catalog
            .aliases()
            .into_iter()
            .filter(|(alias, _)| {
                let target = catalog.canonical(alias);
                !leads(&target) && catalog.model(&target).is_none()
            })
            .collect();
        assert!(lost.is_empty(), "{language}: {lost:?}");
    }
}

#[test]
fn a_theme_names_its_documentation() {
    for entry in LANGUAGES.iter().flat_map(|language| std::fs::read_dir(folder(language)).unwrap()) {
        let path = entry.unwrap().path();
        let theme =
            sluice_catalog::load::Theme::parse(path.to_str().unwrap(), &std::fs::read_to_string(&path).unwrap())
                .unwrap();
        assert!(theme.origin.starts_with("https://"), "{}", theme.name);
        assert!(theme.presumptions.iter().all(|presumption| !presumption.reason.ends_with('.')), "{}", theme.name);
        assert!(!theme.models.is_empty() || !theme.presumptions.is_empty(), "{}", theme.name);
    }
}

#[test]
fn payload_and_destination_of_a_request_are_told_apart() {
    let catalog = &*CATALOG;
    for symbol in ["requests.post", "requests.sessions.Session.post", "requests.Session.request", "httpx.Client.post"] {
        let model = model(catalog, symbol);
        assert!(model.roles("url").iter().any(|role| role == "network.destination"), "{symbol}");
        for payload in ["data", "json", "params", "headers", "cookies", "files", "auth"] {
            assert!(model.roles(payload).iter().any(|role| role == "network.send"), "{symbol} {payload}");
        }
        for other in ["timeout", "proxies", "verify"] {
            assert!(!model.roles(other).iter().any(|role| kinds::is_sink(role)), "{symbol} {other}");
        }
        assert_eq!(model.source.as_deref(), Some("network.response"));
        let result = model.result.as_deref().unwrap();
        let text = attribute(catalog, &format!("{result}.text"));
        assert_eq!(
            (text.source.as_deref(), text.result.as_deref()),
            (None, Some("str")),
            "labels come from the receiver"
        );
    }
    assert_eq!(model(catalog, "requests.auth.HTTPBasicAuth").from, None, "both arguments reach the object");
}

#[test]
fn python_2_is_the_same_library_under_other_names() {
    let catalog = &*CATALOG;
    for (old, new) in [
        ("urllib2.urlopen", "urllib.request.urlopen"),
        ("urllib.urlopen", "urllib.request.urlopen"),
        ("urllib.urlencode", "urllib.parse.urlencode"),
        ("urlparse.urlparse", "urllib.parse.urlparse"),
        ("httplib.HTTPConnection", "http.client.HTTPConnection"),
        ("commands.getoutput", "subprocess.getoutput"),
        ("cPickle.loads", "pickle.loads"),
        ("__builtin__.eval", "eval"),
        ("raw_input", "input"),
        ("_winreg.SetValueEx", "winreg.SetValueEx"),
        ("os.getcwdu", "os.getcwd"),
        ("ConfigParser.ConfigParser", "configparser.ConfigParser"),
    ] {
        assert_eq!(catalog.canonical(old), new);
        model(catalog, old);
    }
}

#[test]
fn objects_lead_from_call_to_call() {
    let catalog = &*CATALOG;
    let chain = |start: &str, methods: &[&str]| {
        let mut current = model(catalog, start);
        for method in methods {
            let owner = current.result.as_deref().unwrap_or_else(|| panic!("{} has no type", current.symbol));
            current = model(catalog, &format!("{owner}.{method}"));
        }
        current.source.clone().unwrap_or_default()
    };
    assert_eq!(chain("open", &["read"]), "file");
    assert_eq!(chain("pathlib.PosixPath", &["expanduser", "read_text"]), "file");
    assert_eq!(chain("urllib2.urlopen", &[]), "network.response");
    assert_eq!(chain("urllib2.urlopen", &["read"]), "", "the bytes have the labels of the answer");
    assert_eq!(chain("socket.socket", &["makefile", "readline"]), "network.response");
    assert_eq!(chain("ssl.create_default_context", &["wrap_socket", "recv"]), "network.response");
    assert_eq!(chain("http.client.HTTPSConnection", &["getresponse"]), "network.response");
    assert_eq!(chain("sqlite3.connect", &["cursor", "execute", "fetchall"]), "file");
    assert_eq!(chain("os.popen", &["read"]), "process.output");
    assert_eq!(chain("subprocess.Popen", &["communicate"]), "process.output");
    assert_eq!(chain("argparse.ArgumentParser", &["parse_args"]), "argument");
    assert_eq!(chain("aiohttp.ClientSession", &["get", "text"]), "", "the answer's labels come from its receiver");
}

#[test]
fn items_of_tuples_and_lists_have_types() {
    let catalog = &*CATALOG;
    let item = |symbol: &str, position| {
        let owner = model(catalog, symbol).result.clone().unwrap();
        catalog.item(&owner, position).and_then(|item| item.result.clone()).unwrap_or_default()
    };
    assert_eq!(item("socket.socket.accept", Some(0)), "socket.socket");
    assert_eq!(item("asyncio.open_connection", Some(1)), "asyncio.StreamWriter");
    assert_eq!(item("pathlib.Path.rglob", None), "pathlib.Path");
    assert_eq!(item("pathlib.Path.rglob", Some(3)), "pathlib.Path");
    assert_eq!(item("os.listdir", None), "");
}

#[test]
fn what_is_read_and_who_is_asked() {
    let catalog = &*CATALOG;
    for (symbol, kind) in [
        ("os.getenv", "environment"),
        ("os._Environ.get", "environment"),
        ("socket.gethostname", "host.identity"),
        ("getpass.getuser", "host.identity"),
        ("uuid.getnode", "host.identity"),
        ("platform.system", "platform"),
        ("datetime.datetime.now", "time"),
        ("os.urandom", "random"),
        ("pyperclip.paste", "clipboard"),
        ("PIL.ImageGrab.grab", "screen"),
        ("browser_cookie3.chrome", "browser.profile"),
        ("input", "argument"),
    ] {
        assert_eq!(model(catalog, symbol).source.as_deref(), Some(kind), "{symbol}");
    }
    assert_eq!(attribute(catalog, "os.environ").source.as_deref(), Some("environment"));
    assert_eq!(attribute(catalog, "sys.argv").source.as_deref(), Some("argument"));
    assert_eq!(attribute(catalog, "sys.platform").guard.as_deref(), Some("platform"));
}

#[test]
fn sinks_that_matter_most_have_their_roles() {
    let catalog = &*CATALOG;
    for (symbol, parameter, role) in [
        ("os.system", "command", "process.command"),
        ("subprocess.Popen", "args", "process.command"),
        ("subprocess.run", "shell", "shell"),
        ("exec", "source", "code.execute"),
        ("__import__", "name", "code.load"),
        ("importlib.import_module", "name", "code.load"),
        ("open", "file", "file.path"),
        ("open", "mode", "mode"),
        ("builtins.file.write", "data", "file.write"),
        ("tempfile._TemporaryFileWrapper.write", "data", "file.write"),
        ("pathlib.Path.write_text", "data", "file.write"),
        ("shutil.rmtree", "path", "file.delete"),
        ("socket.socket.connect", "address", "network.destination"),
        ("ssl.SSLSocket.sendall", "data", "network.send"),
        ("logging.Logger.info", "args", "log"),
        ("print", "args", "log"),
        ("pickle.loads", "data", "deserialize"),
        ("json.dumps", "obj", "serialize"),
        ("winreg.SetValueEx", "value", "persistence"),
        ("ctypes.windll.kernel32.CreateThread", "lpStartAddress", "memory.execute"),
        ("sqlite3.Cursor.execute", "sql", "database.query"),
        ("jinja2.Template", "source", "template"),
    ] {
        let roles = model(catalog, symbol).roles(parameter);
        assert!(roles.iter().any(|found| found == role), "{symbol}({parameter}) has {roles:?}");
    }
    assert!(model(catalog, "os.dup2").actions.iter().any(|action| action == "descriptor.duplicate"));
    assert_eq!(model(catalog, "threading.Thread").calls["target"], ["args", "kwargs"]);
    assert_eq!(model(catalog, "list.append").into["self"], ["object"]);
    assert_eq!(model(catalog, "socket.socket.recv_into").into["buffer"], ["result"]);
}

#[test]
fn a_presumption_needs_more_than_a_name() {
    let catalog = &*CATALOG;
    let plain: Vec<&str> = ["send", "request", "get", "post", "put", "delete", "save", "execute", "open", "connect"]
        .into_iter()
        .filter(|method| {
            let all = catalog.presumptions(method);
            assert!(!all.is_empty(), "{method}");
            all.iter().any(|presumption| presumption.when.is_empty() && !presumption.external_base)
        })
        .collect();
    assert!(plain.is_empty(), "{plain:?} are presumed from the name alone");
    let save = catalog.presumptions("save");
    assert!(save.iter().any(|presumption| presumption.when.contains_key("force_create")));
}
