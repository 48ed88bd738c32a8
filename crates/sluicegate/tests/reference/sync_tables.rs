//! `carto/sync_tables.py` of `carto` 1.11.3: jobs that keep a remote table in step, on a client that is inherited.
//!
//! Lines are those of the file; those of another file of the package have its name in front. The file is reviewed alone
//! and inside of its package: what is presumed alone is resolved, or named, inside.

use crate::Check;
use crate::subject::Subject;

/// The base class outside of the package, whose methods send.
const RESOURCE: &str = "pyrestcli.resources.Resource";

pub const ALONE: &[(&str, Check)] = &[
    ("c01_purpose_is_sync_jobs_of_the_import_api", purpose),
    ("c02_parameters_are_sources", parameters),
    ("c03_four_requests_are_presumed", presumed),
    ("c04_the_caught_exception_leaves", exception),
    ("c05_parameters_flow_to_save_in_run", connection),
    ("c05_parameters_flow_to_the_inherited_run", run_alone),
    ("c05_arguments_of_create_flow_to_save", create),
    ("c06_the_collection_path_is_constant", constant_path),
    ("c06_the_path_of_force_sync_is_inherited", inherited_path),
    ("c06_the_host_is_the_clients", host),
    ("c07_force_sync_catches_all_run_and_create_nothing", handlers),
    ("c08_the_helper_of_force_sync_is_never_called", helper),
    ("c09_nothing_hidden", Subject::nothing_is_hidden),
    ("c10_scores", Subject::has_the_scores_of_a_client),
    ("the_documented_interval_is_not_checked", interval),
    ("the_fall_back_import_is_told", fallback),
    ("paths_are_these_and_no_others", all_paths),
    ("every_claim_is_borne_out", Subject::is_borne_out),
    ("never_the_sync_now_path", never_sync_now),
    ("never_a_checked_interval", never_checked),
    ("never_that_all_methods_handle_exceptions", never_handles),
    ("never_credentials_or_user_input", never_credentials),
];

pub const IN_PACKAGE: &[(&str, Check)] = &[
    ("c01_purpose_is_sync_jobs_of_the_import_api", purpose),
    ("c02_parameters_are_sources", parameters),
    ("c03_send_and_save_are_named_as_methods_of_the_base_class", named),
    ("c03_the_inherited_run_is_a_post", resolved),
    ("c04_the_caught_exception_leaves", exception),
    ("c05_parameters_flow_to_save_in_run", connection),
    ("c05_parameters_flow_to_the_inherited_run", run_in_package),
    ("c05_arguments_of_create_flow_to_save", create),
    ("c06_the_collection_path_is_constant", constant_path),
    ("c06_the_path_of_force_sync_is_inherited", inherited_path),
    ("c06_the_host_is_the_clients", host),
    ("c07_force_sync_catches_all_run_and_create_nothing", handlers),
    ("c08_the_helper_of_force_sync_is_never_called", helper),
    ("c09_nothing_hidden", Subject::nothing_is_hidden),
    ("c10_scores", Subject::has_the_scores_of_a_client),
    ("the_documented_interval_is_not_checked", interval),
    ("the_fall_back_import_is_told", fallback),
    ("every_claim_is_borne_out", Subject::is_borne_out),
    ("never_the_sync_now_path", never_sync_now),
    ("never_a_checked_interval", never_checked),
    ("never_that_all_methods_handle_exceptions", never_handles),
    ("never_credentials_or_user_input", never_credentials),
];

fn purpose(subject: &Subject) {
    let defines = subject.claim("purpose.defines", &[32, 132], &["SyncTableJob", "SyncTableJobManager"]);
    subject.evidence_at(defines, 32, "SyncTableJob");
    subject.evidence_at(defines, 132, "SyncTableJobManager");
    subject.claim("purpose.said", &[1], &["IMPORT API"]);
    subject.says("purpose", &["sync table", "CARTO", "import API", "creat", "force"]);
}

fn parameters(subject: &Subject) {
    let init = subject.claim("source.parameter", &[67], &["`url`", "`interval`", "`auth_client`"]);
    subject.evidence_at(init, 67, "__init__");
    let run = subject.claim("source.parameter", &[84], &["import_params"]);
    subject.evidence_at(run, 84, "run");
    let create = subject.claim("source.parameter", &[140], &["`url`", "`interval`", "kwargs"]);
    subject.evidence_at(create, 140, "create");
    subject.says("sources", &["(67)", "(84)", "(140)", "auth_client", "import_params", "kwargs"]);
}

/// Line, method and what a sentence shows of it, of the four requests by an inherited client.
const REQUESTS: [(u32, &str, &str); 4] = [
    (127, "send", "self.send("),
    (104, "save", "self.save(force_create=True)"),
    (156, "save", "resource.save(force_create=True)"),
    (106, "run", ".run(params="),
];

fn presumed(subject: &Subject) {
    for (line, method, words) in REQUESTS {
        let event = subject.facts.events.iter().find(|event| subject.facts.line(event.evidence) == line);
        let event = event.unwrap_or_else(|| panic!("line {line} is no event"));
        assert!(event.presumed.is_some() && event.symbol.ends_with(method), "{event:?}");
        let claim = subject.claim("sink.presumed", &[line], &["Presumably", words]);
        subject.evidence_at(claim, line, method);
    }
    assert!(subject.claims_of("sink.network").next().is_none(), "no request is certain in the file alone");
    subject.says("sinks", &["presumably", "(127)", "104", "156", "106"]);
}

fn named(subject: &Subject) {
    for (line, method) in [(127, "send"), (104, "save"), (156, "save")] {
        let claim = subject.claim("sink.presumed", &[line], &[method, RESOURCE]);
        subject.evidence_at(claim, line, &format!("{RESOURCE}.{method}"));
    }
    subject.says("sinks", &[RESOURCE, "(127)", "104", "156"]);
}

fn resolved(subject: &Subject) {
    let run = subject.facts.functions.iter().position(|function| function.qualified == "SyncTableJob.run").unwrap();
    let base = subject.facts.functions.iter().position(|function| function.qualified == "AsyncResource.run").unwrap();
    let calls: Vec<_> = subject.facts.functions[run]
        .calls
        .iter()
        .map(|(callee, place)| (callee.0 as usize, subject.facts.line(*place)))
        .collect();
    assert!(calls.contains(&(base, 106)), "`super().run()` is not resolved: {calls:?}");
    let told = subject.claims().iter().find(|claim| {
        claim.kind.starts_with("sink.")
            && claim.text.contains("run(")
            && claim.text.contains("106")
            && claim.text.contains("resources.py:37")
            && claim.text.contains("POST")
    });
    let sinks = &subject.report().sinks;
    assert!(
        told.is_some(),
        "no sink says that `super().run()` (106) is a POST by `self.send` (resources.py:37): {sinks}"
    );
    subject.says("sinks", &["106", "resources.py:37", "POST"]);
}

fn exception(subject: &Subject) {
    let claim = subject.claim("sink.exception", &[129], &["CartoException", "caught"]);
    subject.evidence_at(claim, 129, "CartoException");
    let raises: Vec<_> = subject
        .facts
        .raises
        .iter()
        .filter(|raise| {
            let place = subject.facts.evidence(raise.evidence).unwrap();
            subject.facts.modules[place.module.0 as usize].path.ends_with("sync_tables.py")
        })
        .map(|raise| (raise.exception.as_str(), subject.facts.line(raise.evidence), raise.passes_caught))
        .collect();
    assert_eq!(raises, [("CartoException", 129, true)]);
    subject.says("sinks", &["exceptions", "CartoException", "(129)"]);
}

/// The branch of `run` that has a `connection`.
fn connection(subject: &Subject) {
    let own = subject.path(("parameter", "import_params", "84"), &["103", "104"], ("network.send", "104"));
    let url = subject.path(("parameter", "url", "67"), &["79", "104"], ("network.send", "104"));
    let interval = subject.path(("parameter", "interval", "67"), &["80", "104"], ("network.send", "104"));
    for path in [own, url, interval] {
        let guards: Vec<_> = path.guards.iter().map(|guard| (guard.text.as_str(), guard.holds)).collect();
        assert_eq!(guards, [("\"connection\" in import_params", true)], "{}", subject.shown(path));
        assert!(path.presumed.is_some());
    }
    let claim = subject.claim("flow", &[103, 104], &["import_params", "update_from_dict", "presumably", "self.save()"]);
    subject.evidence_at(claim, 103, "update_from_dict");
    assert!(
        subject.report().flows.contains("connection"),
        "the flows do not say that `connection` decides: {}",
        subject.report().flows
    );
}

/// The other branch, to `super().run()`; `sink` is the line where the request is made.
fn run(subject: &Subject, sink: &str) {
    for (name, from, through) in [("url", "67", ["79", "97", "106"]), ("interval", "67", ["80", "98", "106"])] {
        subject.path(("parameter", name, from), &through, ("network.send", sink));
    }
    subject.path(("parameter", "import_params", "84"), &["106"], ("network.send", sink));
    for name in ["url", "interval", "import_params"] {
        let told = subject.claims_of("flow").any(|claim| claim.lines.contains(&106) && claim.text.contains(name));
        assert!(told, "no flow tells that `{name}` reaches `super().run()` (106): {}", subject.report().flows);
    }
    subject.says("flows", &["106", "import_params"]);
}

fn run_alone(subject: &Subject) {
    run(subject, "106");
    for path in subject.joined(("parameter", "url", "67"), ("network.send", "106")) {
        let guards: Vec<_> = path.guards.iter().map(|guard| (guard.text.as_str(), guard.holds)).collect();
        assert_eq!(guards, [("\"connection\" in import_params", false)]);
        assert!(path.presumed.is_some());
    }
}

fn run_in_package(subject: &Subject) {
    run(subject, "resources.py:37");
}

fn create(subject: &Subject) {
    subject.path(("parameter", "kwargs", "140"), &["155", "156"], ("network.send", "156"));
    for name in ["url", "interval"] {
        subject.path(("parameter", name, "140"), &["154", "156"], ("network.send", "156"));
    }
    let claim = subject.claim("flow", &[156], &["kwargs", "presumably", "resource.save()"]);
    assert!(claim.lines.contains(&155), "`update_from_dict` (155) is not on the way: {}", claim.text);
    subject.claim("flow", &[155, 156], &["kwargs", "update_from_dict"]);
}

fn constant_path(subject: &Subject) {
    let claim = subject.claim("flow.constant", &[65], &["collection_endpoint", "api/v1/synchronizations/"]);
    assert_eq!(claim.symbol.as_deref(), Some("SyncTableJob.Meta.collection_endpoint"));
    let constant =
        subject.facts.constants.iter().find(|constant| constant.name == "SyncTableJob.Meta.collection_endpoint");
    assert_eq!(constant.and_then(|constant| constant.value.text.as_deref()), Some("api/v1/synchronizations/"));
    subject.says("flows", &["api/v1/synchronizations/", "(65)"]);
}

fn inherited_path(subject: &Subject) {
    let claim = subject.claim("flow.inherited-path", &[127], &["get_resource_endpoint()", "not defined"]);
    subject.evidence_at(claim, 127, "send");
    for path in subject.paths() {
        let place = subject.place(&path.sink.evidence);
        assert!(
            !(subject.here(place) && place.start.line == 127),
            "no parameter is known to reach the path of `force_sync`: {}",
            subject.shown(path)
        );
    }
}

fn host(subject: &Subject) {
    let told = subject.claims().iter().find(|claim| {
        let lower = claim.text.to_lowercase();
        lower.contains("host") && lower.contains("client")
    });
    let told =
        told.unwrap_or_else(|| panic!("no claim says that the host is the client's: {}", subject.report().flows));
    assert!(!told.evidence.is_empty());
}

fn handlers(subject: &Subject) {
    let wraps = subject.claim("handler.wraps", &[128, 129], &["force_sync()", "every exception", "CartoException"]);
    subject.evidence_at(wraps, 129, "CartoException");
    let none = subject.claim("handler.none", &[84, 140], &["run()", "create()", "nothing"]);
    assert!(!none.text.contains("force_sync"));
    subject.says("anomalies", &["force_sync()", "every exception", "run()", "create()", "catch nothing"]);
}

fn helper(subject: &Subject) {
    let words = ["get_force_sync_endpoint()", "force_sync()", "get_resource_endpoint()", "sync_now", "never used"];
    let claim = subject.claim("unused-helper", &[108, 118, 127], &words);
    assert_eq!(claim.symbol.as_deref(), Some("get_force_sync_endpoint"));
    let [unused] = subject.facts.unused_helpers.as_slice() else { panic!("{:?}", subject.facts.unused_helpers) };
    assert_eq!(subject.facts.function(unused.helper).unwrap().name, "get_force_sync_endpoint");
    assert_eq!(subject.facts.function(unused.user).unwrap().name, "force_sync");
    assert_eq!(subject.facts.line(unused.sibling_call), 127);
    assert!(unused.unused.iter().any(|text| text.contains("sync_now")), "{:?}", unused.unused);
    subject.says("anomalies", &words);
}

fn interval(subject: &Subject) {
    let claim = subject.claim("limit.unchecked", &[67], &["interval", "900", "not checked"]);
    assert_eq!(claim.symbol.as_deref(), Some("interval"));
}

fn fallback(subject: &Subject) {
    subject.claim("import.fallback", &[17], &["urlparse"]);
    assert!(subject.facts.modules.iter().any(|module| {
        module.path.ends_with("sync_tables.py")
            && module.imports.iter().any(|import| import.fallback && subject.facts.line(import.evidence) == 17)
    }));
}

/// Every path of the file alone. One more would be untrue, or a fact that these tests do not know.
fn all_paths(subject: &Subject) {
    let mut paths: Vec<_> = subject
        .paths()
        .iter()
        .map(|path| {
            let line = |id: &str| subject.place(id).start.line;
            format!(
                "{} {} ({}) → {} ({})",
                path.source.kind,
                path.source.symbol,
                line(&path.source.evidence),
                path.sink.kind,
                line(&path.sink.evidence)
            )
        })
        .collect();
    paths.sort();
    let expected = [
        "parameter import_params (84) → network.send (104)",
        "parameter import_params (84) → network.send (106)",
        "parameter interval (140) → network.send (156)",
        "parameter interval (67) → network.send (104)",
        "parameter interval (67) → network.send (106)",
        "parameter kwargs (140) → network.send (156)",
        "parameter url (140) → network.send (156)",
        "parameter url (67) → network.send (104)",
        "parameter url (67) → network.send (106)",
    ];
    assert_eq!(paths, expected);
}

fn never_sync_now(subject: &Subject) {
    for claim in subject.claims().iter().filter(|claim| claim.text.contains("sync_now")) {
        assert_eq!(claim.kind, "unused-helper", "{}", claim.text);
    }
    subject.never_says(&[&["sync_now"]], &["never used"]);
}

fn never_checked(subject: &Subject) {
    subject.never_says(
        &[&["interval", "checked"], &["interval", "validat"], &["interval", "enforced"], &["interval", "at least"]],
        &["not checked"],
    );
}

fn never_handles(subject: &Subject) {
    for claim in subject.claims().iter().filter(|claim| claim.kind.starts_with("handler.")) {
        let catches = claim.kind != "handler.none";
        for method in ["run()", "create()", "__init__()"] {
            assert!(!(catches && claim.text.contains(method)), "`{method}` catches nothing: {}", claim.text);
        }
    }
    subject.never_says(&[&["all methods", "exception"], &["exceptions", "are handled"], &["handles exceptions"]], &[]);
}

fn never_credentials(subject: &Subject) {
    subject.never_says(
        &[
            &["credential", " log"],
            &["credential", "stored"],
            &["user input"],
            &["user-supplied"],
            &["user supplied"],
            &["tls"],
            &["ssl"],
            &["certificate"],
            &["encrypted"],
            &["host", "validat"],
        ],
        &[],
    );
    for path in subject.paths() {
        assert!(path.sink.kind != "network.destination", "the endpoint is no parameter's: {}", subject.shown(path));
        assert!(!["log", "file.write"].contains(&path.sink.kind.as_str()), "{}", subject.shown(path));
    }
}
