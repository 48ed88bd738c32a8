//! `analytics/request.py` of `analytics-python` 1.4.post1: a function that posts a batch of events.
//!
//! Lines are those of the file. Each check is one claim that a review must make, or one that it must not make.

use crate::Check;
use crate::subject::Subject;

pub const CHECKS: &[(&str, Check)] = &[
    ("s01_purpose_is_a_json_post_gzip_optional", purpose),
    ("s02_parameters_are_sources", parameters),
    ("s03_clock_and_answer_are_sources", clock_and_answer),
    ("s04_session_post_is_the_network_sink", network),
    ("s05_json_dumps_is_serialization", serialization),
    ("s06_log_gets_the_body_and_the_error_answer", log),
    ("s07_kwargs_flow_to_the_body", body),
    ("s08_write_key_flows_to_basic_auth", key),
    ("s09_host_or_constant_flows_to_the_url", url),
    ("s10_nothing_hidden_url_from_a_parameter", nothing_hidden),
    ("s11_proxies_and_the_fixed_timeout_go_nowhere", proxies),
    ("s12_any_status_but_200_raises", status),
    ("s13_scores", Subject::has_the_scores_of_a_client),
    ("paths_are_these_and_no_others", all_paths),
    ("every_claim_is_borne_out", Subject::is_borne_out),
    ("never_the_proxies_or_the_dictionary_reach_the_request", never_the_dictionary),
    ("never_that_nothing_happens_on_import", import),
    ("never_transport_security_or_a_validated_host", never_validated),
    ("never_the_key_stored_or_logged", never_the_key),
    ("never_user_input_as_the_endpoint", never_user_input),
];

fn purpose(subject: &Subject) {
    let claim = subject.claim("purpose.request", &[48], &["POST", "JSON"]);
    subject.evidence_at(claim, 48, "requests.Session.post");
    subject.says("purpose", &["post()", "JSON", "POST", "api.segment.io"]);
    let purpose = subject.report().purpose.to_lowercase();
    assert!(
        ["gzip", "compress"].iter().any(|word| purpose.contains(word)),
        "the purpose does not say that the body is compressed when asked: {purpose}"
    );
}

fn parameters(subject: &Subject) {
    let names = ["write_key", "host", "gzip", "timeout", "proxies", "**kwargs"];
    let claim = subject.claim("source.parameter", &[16], &names);
    subject.evidence_at(claim, 16, "post");
    assert_eq!(subject.claims_of("source.parameter").count(), 1, "only `post()` is called from outside");
    subject.says("sources", &["post()", "16"]);
    let function = subject.facts.functions.iter().find(|function| function.qualified == "post").unwrap();
    let given: Vec<_> = function.params.iter().map(|name| name.trim_start_matches('*')).collect();
    assert_eq!(given, ["write_key", "host", "gzip", "timeout", "proxies", "kwargs"]);
}

fn clock_and_answer(subject: &Subject) {
    let clock = subject.claim("source.time", &[20], &["sentAt"]);
    subject.evidence_at(clock, 20, "datetime.datetime.utcnow");
    let answer = subject.claim("source.network.response", &[48], &["res"]);
    subject.evidence_at(answer, 48, "requests.Session.post");
    let response = ("network.response", "requests.Session.post", "48");
    subject.path(response, &["56"], ("log", "57"));
    subject.path(response, &["56"], ("exception", "58"));
    subject.path(response, &[], ("exception", "60"));
    subject.says("sources", &["sentAt", "answer", "(20)", "(48)"]);
}

fn network(subject: &Subject) {
    let claim = subject.claim("sink.network", &[48], &["_session.post()", "(48)", "import", "(13)"]);
    subject.evidence_at(claim, 48, "requests.Session.post");
    let effect = subject.claim("import-effect", &[13], &["Session"]);
    subject.evidence_at(effect, 13, "requests.Session");
    assert_eq!(subject.claims_of("sink.network").count(), 1);
    subject.says("sinks", &["network", "_session.post()", "(48)", "(13)"]);
}

fn serialization(subject: &Subject) {
    let claim = subject.claim("sink.serialization", &[23], &["json.dumps()", "DatetimeSerializer"]);
    subject.evidence_at(claim, 23, "json.dumps");
    subject.path(("parameter", "kwargs", "16"), &[], ("serialize", "23"));
    subject.path(("time", "utcnow", "20"), &[], ("serialize", "23"));
    subject.says("sinks", &["serialization", "json.dumps()", "(23)"]);
}

fn log(subject: &Subject) {
    let claim = subject.claim("sink.log", &[24, 57], &["log.debug()", "data", "payload"]);
    subject.evidence_at(claim, 24, "logging.Logger.debug");
    subject.evidence_at(claim, 57, "logging.Logger.debug");
    assert!(!claim.lines.contains(&52), "line 52 logs a constant: {}", claim.text);
    subject.path(("parameter", "kwargs", "16"), &["23"], ("log", "24"));
    subject.path(("time", "utcnow", "20"), &["23"], ("log", "24"));
    subject.path(("network.response", "requests.Session.post", "48"), &["56"], ("log", "57"));
    subject.claim("log.exposure", &[24], &["kwargs"]);
    subject.says("sinks", &["log.debug()", "(24)", "(57)"]);
    subject.says("anomalies", &["log", "(24)"]);
}

fn body(subject: &Subject) {
    let path = subject.path(("parameter", "kwargs", "16"), &["23", "35", "48"], ("network.send", "48"));
    assert_eq!(path.sink.detail.as_deref(), Some("data"));
    assert!(path.guards.is_empty(), "the body is sent with and without gzip: {:?}", path.guards);
    subject.claim("flow", &[23, 48], &["kwargs", "json.dumps()", "gzip", "body"]);
    subject.says("flows", &["kwargs", "json.dumps()", "gzip", "request body"]);
}

fn key(subject: &Subject) {
    let path = subject.path(("parameter", "write_key", "16"), &["22", "48"], ("network.send", "48"));
    assert_eq!(path.sink.detail.as_deref(), Some("auth"));
    subject.claim("flow", &[22, 48], &["write_key", "HTTPBasicAuth"]);
    subject.claim("credential.sent", &[22, 48], &["write_key"]);
    subject.says("flows", &["write_key", "HTTPBasicAuth", "(22, 48)"]);
}

fn url(subject: &Subject) {
    let path = subject.path(("parameter", "host", "16"), &["21", "48"], ("network.destination", "48"));
    assert_eq!(path.sink.detail.as_deref(), Some("url"));
    let words = ["host", "https://api.segment.io", "slash", "/v1/batch", "URL"];
    subject.claim("flow.url", &[21, 48], &words);
    subject.says("flows", &words);
    let literals = subject
        .facts
        .events
        .iter()
        .filter(|event| event.symbol == "requests.Session.post")
        .flat_map(|event| &event.args)
        .filter(|arg| arg.roles.iter().any(|role| role == "network.destination"))
        .flat_map(|arg| &arg.value.literals);
    let literals: Vec<&str> = literals.map(AsRef::as_ref).collect();
    assert_eq!(literals, ["https://api.segment.io", "/v1/batch"]);
}

fn nothing_hidden(subject: &Subject) {
    subject.nothing_is_hidden();
    subject.claim("destination", &[48], &["api.segment.io", "host"]);
}

fn proxies(subject: &Subject) {
    let claim = subject.claim("dead-store", &[38, 46], &["proxies", "kwargs", "timeout", "15"]);
    assert_eq!(claim.symbol.as_deref(), Some("proxies"));
    assert!(claim.lines.iter().all(|line| (38..=46).contains(line)), "{:?}", claim.lines);
    let stores = &subject.facts.dead_stores;
    assert!(stores.iter().all(|store| store.variable == "kwargs"), "{stores:?}");
    let lost: Vec<_> = stores.iter().filter(|store| !store.lost.is_empty()).collect();
    let [store] = lost.as_slice() else { panic!("{stores:?}") };
    assert_eq!((store.key.as_deref(), store.lost.as_slice()), (Some("proxies"), ["proxies".into()].as_slice()));
    assert_eq!(subject.facts.line(store.evidence), 46);
    assert_eq!(store.container.map(|place| subject.facts.line(place)), Some(38));
    let shadowed: Vec<_> = stores.iter().flat_map(|store| &store.shadowed).collect();
    assert_eq!(shadowed, [&("timeout".into(), "15".to_owned())]);
    subject.says("anomalies", &["proxies", "timeout", "15"]);
}

fn status(subject: &Subject) {
    let claim = subject.claim("raise.status", &[58, 60], &["200", "APIError", "payload", "res.text"]);
    assert_eq!(claim.symbol.as_deref(), Some("APIError"));
    let raises: Vec<_> = subject
        .facts
        .raises
        .iter()
        .map(|raise| (raise.exception.as_str(), subject.facts.line(raise.evidence), raise.guards.len()))
        .collect();
    assert_eq!(raises, [("APIError", 58, 1), ("APIError", 60, 1)]);
    let guards = subject.facts.raises.iter().flat_map(|raise| &raise.guards);
    assert!(guards.clone().all(|guard| guard.text == "res.status_code == 200" && !guard.holds));
    subject.says("analysis", &["200", "APIError", "(58)", "(60)"]);
}

/// Every path of the file. One more would be untrue, or a fact that these tests do not know.
fn all_paths(subject: &Subject) {
    let mut paths: Vec<_> = subject.paths().iter().map(|path| subject.shown(path)).collect();
    paths.sort();
    let post = "requests.Session.post";
    let mut expected = vec![
        format!("network.response {post} (48) → exception APIError args (58)"),
        format!("network.response {post} (48) → exception APIError args (60)"),
        format!("network.response {post} (48) → log logging.Logger.debug args (57)"),
        format!("network.response {post} (48) → return post result (16)"),
        format!("parameter host (16) → network.destination {post} url (48)"),
        "parameter kwargs (16) → log logging.Logger.debug args (24)".to_owned(),
        format!("parameter kwargs (16) → network.send {post} data (48)"),
        "parameter kwargs (16) → serialize json.dumps obj (23)".to_owned(),
        format!("parameter write_key (16) → network.send {post} auth (48)"),
        "time datetime.datetime.utcnow (20) → log logging.Logger.debug args (24)".to_owned(),
        format!("time datetime.datetime.utcnow (20) → network.send {post} data (48)"),
        "time datetime.datetime.utcnow (20) → serialize json.dumps obj (23)".to_owned(),
    ];
    expected.sort();
    assert_eq!(paths, expected);
}

fn never_the_dictionary(subject: &Subject) {
    for path in subject.paths() {
        assert!(!["proxies", "timeout"].contains(&path.source.symbol.as_str()), "{}", subject.shown(path));
        let steps = subject.steps(path);
        assert!(
            steps.iter().all(|step| !(38..=46).contains(&step.parse::<u32>().unwrap())),
            "passes the dictionary: {} {steps:?}",
            subject.shown(path)
        );
    }
    for claim in subject.claims().iter().filter(|claim| claim.text.contains("proxies")) {
        assert!(
            ["source.parameter", "dead-store", "conclusion.advice"].contains(&claim.kind.as_str()),
            "{}",
            claim.text
        );
        assert!(!claim.text.contains('→'), "{}", claim.text);
    }
    subject.never_says(
        &[&["proxies", "request url"], &["proxies", "sent"], &["through", "proxies"], &["uses", "proxies"]],
        &[],
    );
}

fn import(subject: &Subject) {
    let effects: Vec<_> = subject.claims_of("import-effect").collect();
    assert_eq!(effects.len(), 1);
    assert!(!effects[0].evidence.is_empty());
    subject.never_says(
        &[
            &["nothing happens", "import"],
            &["nothing runs", "import"],
            &["does nothing", "import"],
            &["no side effect"],
            &["no effect", "import"],
        ],
        &[],
    );
}

fn never_validated(subject: &Subject) {
    subject.never_says(
        &[
            &["tls"],
            &["ssl"],
            &["certificate"],
            &["encrypted"],
            &["https", "enforced"],
            &["https", "only"],
            &["host", "validat"],
            &["host", "checked"],
            &["host", "sanitiz"],
            &["securely"],
        ],
        &["not checked", "not validated"],
    );
    subject.claim("scheme.unchecked", &[48], &["host", "not checked"]);
}

fn never_the_key(subject: &Subject) {
    for path in subject.paths().iter().filter(|path| path.source.symbol == "write_key") {
        assert_eq!((path.sink.kind.as_str(), path.sink.detail.as_deref()), ("network.send", Some("auth")));
    }
    for kind in ["sink.log", "log.exposure", "sink.exception", "sink.file"] {
        assert!(subject.claims_of(kind).all(|claim| !claim.text.contains("write_key") && !claim.text.contains("auth")));
    }
    subject.never_says(
        &[
            &["write_key", " log"],
            &["write_key", "stored"],
            &["write_key", "written"],
            &["credential", " log"],
            &["credential", "stored"],
            &["credential", "written"],
            &["credentials", "managed"],
        ],
        &[],
    );
}

fn never_user_input(subject: &Subject) {
    subject.never_says(
        &[&["user input"], &["user-supplied"], &["user supplied"], &["user-controlled"], &["attacker"]],
        &[],
    );
}
