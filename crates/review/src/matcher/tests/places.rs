//! Where a step stands: what runs it, where its source is read, and which kind of socket it came from.

use super::*;

const RUNS: &str = "[[rule]]\n[[rule.step]]\nname = \"a\"\nevent = \"process.spawn\"\nreached = true\n";

/// A package in the folder `kit-1.0` with a module that is imported and one more file; gives the body of the latter.
fn package(path: &str) -> (Built, FunctionId) {
    let mut built = Built::new();
    built.facts.modules[0].path = "kit-1.0/kit/__init__.py".to_owned();
    let module = built.module(path, 0);
    (built, module)
}

fn runs_at_import(built: &mut Built, function: FunctionId) {
    built.facts.functions[function.0 as usize].when.insert("import".into());
}

#[test]
fn a_script_beside_the_packages_runs_if_something_starts_it() {
    for (path, expected) in [
        ("kit-1.0/release.py", false),
        ("kit-1.0/docs/conf.py", false),
        ("kit-1.0/kit/release.py", true),
        ("kit-1.0/release.js", true),
    ] {
        let (mut built, script) = package(path);
        built.event(script, 3, "os.system", &["process.spawn"]);
        assert!(built.finds(RUNS), "{path}: nothing is declared, and nobody knows what runs");
        runs_at_import(&mut built, BODY);
        assert_eq!(built.finds(RUNS), expected, "{path}");
        runs_at_import(&mut built, script);
        assert!(built.finds(RUNS), "{path}: it is started");
    }
}

#[test]
fn a_function_of_a_script_may_be_called_by_whoever_imports_it() {
    let (mut built, _) = package("kit-1.0/release.py");
    runs_at_import(&mut built, BODY);
    let function = built.function(ModuleId(1), "upload");
    built.event(function, 3, "os.system", &["process.spawn"]);
    assert!(built.finds(RUNS));
}

#[test]
fn a_script_that_is_imported_runs_unless_a_test_imports_a_test() {
    for (path, importer, expected) in [
        ("kit-1.0/release.py", "kit-1.0/setup.py", true),
        ("kit-1.0/kit/test_words.py", "kit-1.0/kit/words.py", true),
        ("kit-1.0/kit/test_words.py", "kit-1.0/kit/test_all.py", false),
    ] {
        let (mut built, script) = package(path);
        runs_at_import(&mut built, BODY);
        built.event(script, 3, "os.system", &["process.spawn"]);
        assert!(!built.finds(RUNS), "{path}: nothing imports it");
        let body = built.module(importer, 0);
        let place = built.place(body, 2);
        built.facts.functions[body.0 as usize].calls.push((script, place));
        built.facts.functions[body.0 as usize].call_orders.push(2);
        assert_eq!(built.finds(RUNS), expected, "{path} by {importer}");
    }
}

#[test]
fn the_source_of_a_path_is_reached_too() {
    let rule = path_rule("reached = true");
    let (mut built, script) = package("kit-1.0/kit/test_words.py");
    runs_at_import(&mut built, BODY);
    let send = built.event(BODY, 4, "requests.post", &["network.request"]);
    built.path("environment", "os.environ", None, None, "network.send", send);
    assert!(built.finds(&rule));
    built.facts.paths[0].source.function = script;
    assert!(!built.finds(&rule));
}

/// A path from one function to another, which calls of `main` join: so many on the way to each of them.
fn far(up: usize, down: usize) -> Built {
    let mut built = Built::new();
    let mut chain = |calls: usize, name: &str| {
        let mut caller = BODY;
        for depth in 0..calls {
            let callee = built.function(ModuleId(0), &format!("{name}{depth}"));
            let place = built.place(caller, 2);
            built.facts.functions[caller.0 as usize].calls.push((callee, place));
            built.facts.functions[caller.0 as usize].call_orders.push(2);
            caller = callee;
        }
        caller
    };
    let (read, sent) = (chain(up, "read"), chain(down, "send"));
    let send = built.event(sent, 4, "requests.post", &["network.request"]);
    built.path("environment", "os.environ", None, None, "network.send", send);
    built.facts.paths[0].source.function = read;
    // In another file: a short way inside of one is near.
    if down > 0 {
        built.module("b.py", 0);
        built.facts.functions[sent.0 as usize].module = ModuleId(1);
    }
    built
}

#[test]
fn a_source_is_near_by_three_calls_in_all() {
    let rule = path_rule("source_near = true");
    for (up, down, expected) in
        [(0, 0, true), (0, 3, true), (1, 2, true), (2, 1, true), (0, 4, false), (2, 2, false), (3, 1, false)]
    {
        assert_eq!(far(up, down).finds(&rule), expected, "{up} and {down} calls");
        assert!(far(up, down).finds(&path_rule("")), "without the word it is found");
    }
    let mut short = far(3, 3);
    let sent = short.facts.paths[0].sink.function;
    short.facts.functions[sent.0 as usize].module = ModuleId(0);
    assert!(short.finds(&rule), "a short way inside of one file");
    let mut methods = far(3, 3);
    let class = Some(BODY);
    let (read, sent) = (methods.facts.paths[0].source.function, methods.facts.paths[0].sink.function);
    methods.facts.functions[read.0 as usize].class = class;
    assert!(!methods.finds(&rule), "only one of them is a method");
    methods.facts.functions[sent.0 as usize].class = class;
    assert!(methods.finds(&rule), "methods of one class");
}

/// What is received from a socket of these families goes out.
fn received(families: &[&str]) -> Built {
    let mut built = Built::new();
    for (line, family) in (2..).zip(families) {
        let made = built.event(BODY, line, "socket.socket", &[]);
        built.at(made).result = vec![9];
        let value = ValueFact { shape: format!("`{family}`"), ..ValueFact::default() };
        built.arg(made, "family", value);
    }
    let receive = built.event(BODY, 8, "socket.socket.recv", &["network.receive"]);
    built.at(receive).receiver = Some(token(9));
    let send = built.event(BODY, 9, "requests.post", &["network.request"]);
    built.path("environment", "socket.socket.recv", None, Some(receive), "network.send", send);
    built
}

#[test]
fn a_socket_of_this_machine_alone_is_local() {
    let network = path_rule("with.\"source:family\" = { matches = '^network$' }");
    let local = path_rule("with.\"source:family\" = { matches = '^local$' }");
    for (families, is_local) in [
        (&["socket.AF_UNIX"][..], true),
        (&["socket.AF_UNIX", "AF_UNIX"], true),
        (&["socket.AF_INET"], false),
        (&["socket.AF_UNIX", "socket.AF_INET"], false),
        (&["family"], false),
        (&[], false),
    ] {
        assert_eq!(received(families).finds(&local), is_local, "{families:?}");
        assert_eq!(received(families).finds(&network), !is_local, "{families:?}");
    }
    let mut unknown = received(&["socket.AF_UNIX"]);
    unknown.facts.paths[0].source.event = None;
    assert!(unknown.finds(&network), "what is not known to be local is not");
}
