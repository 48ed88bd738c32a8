use std::collections::BTreeSet;

use sluice_catalog::{Catalog, Classes, pages};
use sluice_flow::facts::{
    ArgFact, Event, Evidence, EvidenceId, Facts, FunctionFacts, FunctionId, Guard, Layer, ModuleFacts, ModuleId, Path,
    PathSink, PathSource, ValueFact,
};

use super::*;

mod places;

/// Facts built by hand: one module with a body and the functions asked for.
struct Built {
    facts: Facts,
}

impl Built {
    fn new() -> Self {
        let mut built = Self { facts: Facts::default() };
        built.module("a.py", 0);
        built
    }

    /// A further module; returns its body.
    fn module(&mut self, path: &str, depth: u32) -> FunctionId {
        let module = ModuleId(self.facts.modules.len() as u32);
        let body = FunctionId(self.facts.functions.len() as u32);
        self.facts.modules.push(ModuleFacts {
            path: path.to_owned(),
            name: None,
            depth,
            layer: None,
            language: "python".into(),
            doc: None,
            imports: Vec::new(),
            diagnostics: Vec::new(),
            lost: Vec::new(),
            lines: 100,
            bytes: 1000,
            text: "".into(),
            body,
            when: BTreeSet::new(),
            form: Default::default(),
        });
        self.function(module, "<module>");
        body
    }

    fn function(&mut self, module: ModuleId, name: &str) -> FunctionId {
        let evidence = self.place_in(module, 1);
        self.facts.functions.push(FunctionFacts {
            module,
            name: name.into(),
            qualified: name.to_owned(),
            kind: "function".into(),
            class: None,
            params: Vec::new(),
            evidence,
            doc: None,
            public: true,
            calls: Vec::new(),
            call_orders: Vec::new(),
            bases: Vec::new(),
            when: BTreeSet::new(),
            unused_params: Vec::new(),
            trivial: false,
            property: false,
        });
        FunctionId(self.facts.functions.len() as u32 - 1)
    }

    fn place_in(&mut self, module: ModuleId, line: u32) -> EvidenceId {
        self.facts.evidence.push(Evidence {
            module,
            start: line * 10,
            end: line * 10 + 5,
            line,
            column: 1,
            end_line: line,
            end_column: 6,
            symbol: None,
        });
        EvidenceId(self.facts.evidence.len() as u32 - 1)
    }

    fn place(&mut self, function: FunctionId, line: u32) -> EvidenceId {
        self.place_in(self.facts.functions[function.0 as usize].module, line)
    }

    fn event(&mut self, function: FunctionId, line: u32, symbol: &str, actions: &[&str]) -> EventId {
        let evidence = self.place(function, line);
        self.facts.events.push(Event {
            actions: actions.iter().map(|action| (*action).into()).collect(),
            source: None,
            symbol: symbol.into(),
            written: symbol.into(),
            evidence,
            function,
            args: Vec::new(),
            receiver: None,
            result: Vec::new(),
            guards: [].into(),
            silent: false,
            looped: false,
            dropped: false,
            order: line,
            when: BTreeSet::new(),
            presumed: None,
        });
        EventId(self.facts.events.len() as u32 - 1)
    }

    fn at(&mut self, event: EventId) -> &mut Event {
        &mut self.facts.events[event.0 as usize]
    }

    fn arg(&mut self, event: EventId, role: &str, value: ValueFact) {
        let evidence = self.at(event).evidence;
        let arg = ArgFact { name: role.into(), roles: vec![role.into()], value, evidence };
        self.at(event).args.push(arg);
    }

    fn path(
        &mut self,
        kind: &str,
        symbol: &str,
        detail: Option<&str>,
        source_event: Option<EventId>,
        sink: &str,
        event: EventId,
    ) {
        let (evidence, function) = (self.at(event).evidence, self.at(event).function);
        let sink_symbol = self.at(event).symbol.clone();
        let from = self.place(function, 1);
        self.facts.paths.push(Path {
            source: PathSource {
                kind: kind.into(),
                symbol: symbol.into(),
                detail: detail.map(str::to_owned),
                evidence: from,
                function,
                event: source_event,
            },
            sink: PathSink {
                kind: sink.into(),
                symbol: sink_symbol,
                arg: sink.into(),
                evidence,
                function,
                event: Some(event),
            },
            steps: Vec::new(),
            presumed: None,
            proven: true,
            guards: [].into(),
            when: BTreeSet::new(),
        });
    }

    fn find(&self, rules: &str) -> Vec<Match> {
        find(&self.facts, &catalog(rules, "Found at {a.line}."))
    }

    fn finds(&self, rules: &str) -> bool {
        !self.find(rules).is_empty()
    }
}

const BODY: FunctionId = FunctionId(0);

fn text(text: &str) -> ValueFact {
    ValueFact { text: Some(text.into()), shape: format!("`{text}`"), ..ValueFact::default() }
}

fn token(token: u64) -> ValueFact {
    ValueFact { tokens: vec![token], shape: "`value`".to_owned(), ..ValueFact::default() }
}

fn catalog(rules: &str, sentence: &str) -> Catalog {
    let page = format!(
        "+++\ntitle = \"T\"\nstance = \"weakness\"\nspecificity = 0.5\nseverity = 0.5\nsentence = \"{sentence}\"\n\
         advice = \"A.\"\n{rules}\n+++\nText.\n\n## What honest code does\nX.\n\n## How to tell\nX.\n\n\
         ```python found: a\n```\n```python harmless: b\n```\n```python harmless: c\n```\n```python harmless: d\n```\n"
    );
    let classes = Classes::embedded().unwrap();
    let behavior = pages::parse("family/name", &page, &classes).unwrap_or_else(|error| panic!("{error}\n{page}"));
    Catalog::default().with_behaviors(vec![behavior], classes)
}

const SHELL: &str = r#"
[[rule]]
[[rule.step]]
name = "a"
event = "network.connect"
bind = { self = "socket" }
[[rule.step]]
name = "b"
event = "descriptor.duplicate"
bind = { descriptor = "socket" }
after = "a"
"#;

/// A connection at `line` and a duplicated descriptor on line 5; the same resource if `own` is the socket's identity.
fn shell(line: u32, own: u64) -> Built {
    let mut built = Built::new();
    let connect = built.event(BODY, line, "socket.socket.connect", &["network.connect"]);
    built.at(connect).receiver = Some(token(7));
    let duplicate = built.event(BODY, 5, "os.dup2", &["descriptor.duplicate"]);
    built.arg(duplicate, "descriptor", token(own));
    built
}

#[test]
fn steps_join_on_the_identity_of_a_resource() {
    let found = shell(3, 7).find(SHELL);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].behavior, "family/name");
    assert_eq!(found[0].sentence, "Found at 3.");
    assert_eq!(found[0].evidence.len(), 2);
    assert_eq!(found[0].steps[1].event, Some(EventId(1)));
    assert!(!shell(3, 8).finds(SHELL), "another resource");
}

#[test]
fn after_asks_for_the_order_of_execution() {
    assert!(!shell(9, 7).finds(SHELL), "the connection is made later");
    let mut looped = shell(9, 7);
    for event in &mut looped.facts.events {
        event.looped = true;
    }
    assert!(looped.finds(SHELL), "a loop comes round again");
}

#[test]
fn order_across_functions_is_that_of_the_calls() {
    for (first, second, expected) in [(20, 30, true), (30, 20, false)] {
        let mut built = Built::new();
        let (connecting, duplicating) = (built.function(ModuleId(0), "f"), built.function(ModuleId(0), "g"));
        let connect = built.event(connecting, 9, "socket.socket.connect", &["network.connect"]);
        built.at(connect).receiver = Some(token(7));
        let duplicate = built.event(duplicating, 2, "os.dup2", &["descriptor.duplicate"]);
        built.arg(duplicate, "descriptor", token(7));
        let (at_first, at_second) = (built.place(BODY, first), built.place(BODY, second));
        built.facts.functions[0].calls = vec![(connecting, at_first), (duplicating, at_second)];
        assert_eq!(built.finds(SHELL), expected);
    }
}

const DROPPER: &str = r#"
[[rule]]
[[rule.step]]
name = "a"
event = "file.write"
bind = { "file.path" = "path" }
[[rule.step]]
name = "b"
event = "process.spawn"
bind = { "process.command" = "path" }
other_file = "a"
"#;

#[test]
fn a_known_path_joins_the_command_that_contains_it() {
    for (path, command, expected) in [
        ("/tmp/agent.bin", "/tmp/agent.bin --quiet", true),
        ("/tmp/agent.bin", "sh -c '/tmp/agent.bin'", true),
        ("C:\\Temp\\agent.exe", "c:/temp/agent.exe", true),
        ("/tmp/agent.bin", "/tmp/agent.bin2", false),
        ("/tmp/agent.bin", "/usr/bin/sort", false),
        (".bin", "x.bin", false),
        ("w", "sh w", false),
    ] {
        let mut built = Built::new();
        let other = built.module("b.py", 0);
        let write = built.event(BODY, 3, "urllib.request.urlretrieve", &["file.write"]);
        built.arg(write, "file.path", text(path));
        let run = built.event(other, 2, "os.system", &["process.spawn"]);
        built.arg(run, "process.command", text(command));
        assert_eq!(built.finds(DROPPER), expected, "{path} {command}");
    }
}

#[test]
fn other_file_asks_for_another_file() {
    let mut built = Built::new();
    let write = built.event(BODY, 3, "urllib.request.urlretrieve", &["file.write"]);
    built.arg(write, "file.path", text("/tmp/agent.bin"));
    let run = built.event(BODY, 4, "os.system", &["process.spawn"]);
    built.arg(run, "process.command", text("/tmp/agent.bin"));
    assert!(!built.finds(DROPPER));
}

fn sending(kind: &str, detail: Option<&str>, destination: &str) -> Built {
    let mut built = Built::new();
    let send = built.event(BODY, 4, "requests.post", &["network.request"]);
    built.arg(send, "network.destination", text(destination));
    built.path(kind, "os.environ", detail, None, "network.send", send);
    built
}

fn path_rule(more: &str) -> String {
    format!("[[rule]]\n[[rule.step]]\nname = \"a\"\nsource = \"environment\"\nsink = \"network.send\"\n{more}\n")
}

#[test]
fn predicates_ask_for_classes_of_values() {
    let rule = path_rule("with.destination = { is = 'destination/messenger', is_not = 'destination/local' }");
    assert!(sending("environment", None, "https://hooks.slack.com/x").finds(&rule));
    assert!(!sending("environment", None, "https://api.example.invalid/x").finds(&rule));
    assert!(!sending("parameter", None, "https://hooks.slack.com/x").finds(&rule));
}

#[test]
fn the_destination_of_a_call_is_that_of_its_connection() {
    let rule = path_rule("with.destination = { is = 'destination/raw-address' }");
    for (address, expected) in [("192.0.2.1", true), ("10.0.0.1", false)] {
        let mut built = Built::new();
        let connect = built.event(BODY, 2, "http.client.HTTPConnection", &["network.connect"]);
        built.arg(connect, "network.destination", text(address));
        built.at(connect).result = vec![5];
        let send = built.event(BODY, 4, "http.client.HTTPConnection.request", &["network.request"]);
        built.at(send).receiver = Some(token(5));
        built.path("environment", "os.environ", None, None, "network.send", send);
        assert_eq!(built.finds(&rule), expected, "{address}");
    }
}

#[test]
fn details_of_a_source_are_values_too() {
    let rule = path_rule("with.\"source:detail\" = { is = 'environment/secret-name' }");
    assert!(sending("environment", Some("DB_PASSWORD"), "x.invalid").finds(&rule));
    assert!(!sending("environment", Some("EDITOR"), "x.invalid").finds(&rule));
    assert!(!sending("environment", None, "x.invalid").finds(&rule));
    let whole = path_rule("with.\"source:detail\" = { given = false }");
    assert!(sending("environment", None, "x.invalid").finds(&whole));
    assert!(!sending("environment", Some("EDITOR"), "x.invalid").finds(&whole));
}

#[test]
fn distinct_counts_the_sources_at_one_sink() {
    let rule = path_rule("distinct = 2");
    let mut built = sending("environment", Some("A"), "x.invalid");
    assert!(!built.finds(&rule));
    built.path("environment", "os.environ", Some("A"), None, "network.send", EventId(0));
    assert!(!built.finds(&rule), "the same one twice");
    built.path("environment", "os.environ", Some("B"), None, "network.send", EventId(0));
    let found = built.find(&rule);
    assert_eq!(found.len(), 1, "collapsed by the sink");
    assert_eq!(found[0].count, 3);
}

#[test]
fn what_two_commands_print_is_two_sources() {
    let rule =
        "[[rule]]\n[[rule.step]]\nname = \"a\"\nsource = \"process.output\"\nsink = \"network.send\"\ndistinct = 2\n";
    for (commands, expected) in [(["id", "uname -a"], true), (["id", "id"], false)] {
        let mut built = Built::new();
        let runs = commands.map(|command| {
            let run = built.event(BODY, 3, "os.popen", &["process.spawn"]);
            built.arg(run, "process.command", text(command));
            run
        });
        let send = built.event(BODY, 4, "requests.post", &["network.request"]);
        for run in runs {
            built.path("process.output", "os.popen", None, Some(run), "network.send", send);
        }
        assert_eq!(built.finds(rule), expected, "{commands:?}");
    }
}

#[test]
fn a_file_whose_path_is_a_credential_counts_as_one() {
    let rule = "[[rule]]\n[[rule.step]]\nname = \"a\"\nsource = \"file.credential\"\nsink = \"network.send\"\n";
    assert!(sending("file", Some("/home/{}/.aws/credentials"), "x.invalid").finds(rule));
    assert!(!sending("file", Some("notes.txt"), "x.invalid").finds(rule));
    assert!(!sending("environment", Some("/home/{}/.aws/credentials"), "x.invalid").finds(rule));
}

#[test]
fn context_is_entry_guard_silence_loop_and_layer() {
    let asks = [
        "entry = 'install'",
        "guard = 'platform'",
        "guard_matches = 'linux'",
        "silent = true",
        "looped = true",
        "layer = true",
        "codings = 2",
    ];
    let rule = |ask: &str| format!("[[rule]]\n[[rule.step]]\nname = 'a'\nevent = 'process.spawn'\n{ask}\n");
    let mut plain = Built::new();
    plain.event(BODY, 3, "os.system", &["process.spawn"]);
    let mut full = Built::new();
    let layer_body = full.module("a.py", 1);
    let execute = full.event(BODY, 2, "exec", &["code.execute"]);
    let run = full.event(layer_body, 3, "os.system", &["process.spawn"]);
    let evidence = full.at(execute).evidence;
    full.facts.modules[1].layer = Some(0);
    full.facts.layers.push(Layer {
        parent: ModuleId(0),
        module: Some(ModuleId(1)),
        language: "python".into(),
        evidence,
        event: execute,
        codings: vec!["base64".into(), "zlib".into()],
        text: "".into(),
        visible: false,
    });
    let event = full.at(run);
    event.when.insert("install".into());
    event.guards =
        [Guard { kind: "platform".into(), text: "sys.platform == 'linux'".into(), holds: true, evidence }].into();
    event.silent = true;
    event.looped = true;
    for ask in asks {
        assert!(full.finds(&rule(ask)), "{ask}");
        assert!(!plain.finds(&rule(ask)), "{ask}");
    }
    assert!(!full.finds(&rule("codings = 3")));
    assert!(!full.finds(&rule("guard_not = 'platform'")));
    assert!(!full.finds(&rule("silent = false")));
    assert!(plain.finds(&rule("guard_not = 'platform'\nsilent = false\nlayer = false\nlooped = false")));
    let executing = "[[rule]]\n[[rule.step]]\nname = 'a'\nevent = 'code.execute'\ncodings = 2\n";
    assert!(full.finds(executing), "the event that executes the layer");
}

#[test]
fn nothing_of_absent_may_fit() {
    let rule = "[[rule]]\n[[rule.step]]\nname = 'a'\nevent = 'process.spawn'\nbind = { 'process.command' = 'f' }\n\
                [[rule.absent]]\nevent = 'digest'\nbind = { data = 'f' }\nnear = 'a'\n";
    let mut built = Built::new();
    let run = built.event(BODY, 3, "os.system", &["process.spawn"]);
    built.arg(run, "process.command", token(4));
    assert!(built.finds(rule));
    let digest = built.event(BODY, 2, "hashlib.sha256", &["digest"]);
    built.arg(digest, "data", token(9));
    assert!(built.finds(rule), "the digest of something else");
    built.at(digest).args[0].value = token(4);
    assert!(!built.finds(rule));
    let far = built.function(ModuleId(0), "never_called");
    built.at(digest).function = far;
    assert!(built.finds(rule), "a digest in a function that has nothing to do with it");
}

#[test]
fn near_is_within_a_few_calls() {
    let rule = "[[rule]]\n[[rule.step]]\nname = 'a'\nevent = 'file.walk'\n[[rule.step]]\nname = 'b'\nevent = 'encrypt'\nnear = 'a'\n";
    let mut built = Built::new();
    built.event(BODY, 3, "os.walk", &["file.walk"]);
    let helper = built.function(ModuleId(0), "helper");
    built.event(helper, 3, "cipher.encrypt", &["encrypt"]);
    assert!(!built.finds(rule));
    let at = built.place(BODY, 4);
    built.facts.functions[0].calls.push((helper, at));
    assert!(built.finds(rule));
}

#[test]
fn presumed_links_are_left_out_unless_asked_for() {
    let mut built = sending("environment", None, "x.invalid");
    built.facts.paths[0].presumed = Some("the method is named so".to_owned());
    assert!(!built.finds(&path_rule("")));
    let found = built.find(&path_rule("presumed = true"));
    assert!(found[0].presumed);
}

#[test]
fn labels_and_shapes_are_asked_for() {
    let rule =
        |with: &str| format!("[[rule]]\n[[rule.step]]\nname = 'a'\nevent = 'process.spawn'\nwith.command = {with}\n");
    let mut built = Built::new();
    let run = built.event(BODY, 3, "os.system", &["process.spawn"]);
    let mut value = ValueFact { shape: "`sys.executable` + `-c`".to_owned(), ..ValueFact::default() };
    value.labels.insert("parameter".into());
    value.patterns.push("{} -c".into());
    built.arg(run, "command", value);
    assert!(built.finds(&rule("{ matches = 'sys\\.executable' }")));
    assert!(!built.finds(&rule("{ matches_not = 'sys\\.executable' }")));
    assert!(built.finds(&rule("{ labels = 'parameter' }")));
    assert!(!built.finds(&rule("{ labels_not = 'parameter' }")));
    assert!(built.finds(&rule("{ known = true, literal = false }")));
    assert!(!built.finds(&rule("{ known = false }")));
    assert!(!built.finds(&rule("{ given = false }")));
}

#[test]
fn matches_of_one_place_are_collapsed_and_counted() {
    let mut built = shell(3, 7);
    for line in [6, 7] {
        let duplicate = built.event(BODY, line, "os.dup2", &["descriptor.duplicate"]);
        built.arg(duplicate, "descriptor", token(7));
    }
    let found = built.find(SHELL);
    assert_eq!(found.len(), 3, "three places");
    let one_step = format!("{SHELL}\n[[rule]]\nname = 'alone'\n[[rule.step]]\nname = 'a'\nevent = 'network.connect'\n");
    let found = built.find(&one_step);
    assert_eq!(found.len(), 3, "a match inside another adds nothing");
    assert_eq!(found.iter().map(|found| found.count).sum::<u32>(), 4);
}

#[test]
fn unrelated_facts_change_nothing() {
    let mut built = Built::new();
    for line in 20..60 {
        let other = built.event(BODY, line, "os.dup2", &["descriptor.duplicate"]);
        built.arg(other, "descriptor", token(1000 + u64::from(line)));
    }
    let connect = built.event(BODY, 3, "socket.socket.connect", &["network.connect"]);
    built.at(connect).receiver = Some(token(7));
    let duplicate = built.event(BODY, 5, "os.dup2", &["descriptor.duplicate"]);
    built.arg(duplicate, "descriptor", token(7));
    let found = built.find(SHELL);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].sentence, "Found at 3.");
    assert!(find(&Facts::default(), &catalog(SHELL, "Found at {a.line}.")).is_empty());
}

#[test]
fn a_constant_piece_is_no_value_of_its_own() {
    let rule =
        "[[rule]]\n[[rule.step]]\nname = 'a'\nevent = 'file.delete-tree'\nwith.file = { is = 'file/home-or-root' }\n";
    for (pattern, expected) in [("{}/{}", false), ("/", true)] {
        let mut built = Built::new();
        let delete = built.event(BODY, 3, "shutil.rmtree", &["file.delete-tree"]);
        let value = ValueFact { patterns: vec![pattern.into()], literals: vec!["/".into()], ..ValueFact::default() };
        built.arg(delete, "file", value);
        assert_eq!(built.finds(rule), expected, "{pattern}");
    }
}

#[test]
fn joins_are_bounded_and_say_so() {
    let mut built = Built::new();
    for line in 0..400 {
        let connect = built.event(BODY, line, "socket.socket.connect", &["network.connect"]);
        built.at(connect).receiver = Some(token(7));
        let duplicate = built.event(BODY, 500 + line, "os.dup2", &["descriptor.duplicate"]);
        built.arg(duplicate, "descriptor", token(7));
    }
    let findings = find_all(&built.facts, &catalog(SHELL, "Found at {a.line}."));
    assert_eq!(findings.exhausted, ["family/name"]);
    assert_eq!(findings.matches.len(), MAX_MATCHES);
}

#[test]
fn sentences_are_filled_and_cannot_be_broken_out_of() {
    let sentence = "`{a.symbol}()` ({a.line}) in {a.file}, {a.function}: `{a.destination}`, {a.sources}, {a.source.noun}, `{a.arg.mode}`.";
    let built =
        sending("environment", Some("A`\u{1b}[31m\u{202e}B"), &format!("https://x.invalid/{}", "y".repeat(200)));
    let found = find(&built.facts, &catalog(&path_rule(""), sentence));
    let expected = format!(
        "`requests.post()` (4) in a.py, <module>: `https://x.invalid/{}`, the environment variable `A[31mB`, environment variables, a value that is not known.",
        "y".repeat(200)
    );
    assert_eq!(found[0].sentence, expected);
}

#[test]
fn lines_name_their_file_where_a_match_spans_several() {
    let mut built = Built::new();
    let other = built.module("b.py", 0);
    let write = built.event(BODY, 3, "urllib.request.urlretrieve", &["file.write"]);
    built.arg(write, "file.path", text("/tmp/agent.bin"));
    let run = built.event(other, 2, "os.system", &["process.spawn"]);
    built.arg(run, "process.command", text("/tmp/agent.bin"));
    let found = find(&built.facts, &catalog(DROPPER, "Written at {a.line}, run at {b.line}."));
    assert_eq!(found[0].sentence, "Written at a.py:3, run at b.py:2.");
}
