//! One review, written by hand so that every field is used, through every renderer.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a failure here is a failed test")]

use sluice_render::{Look, SCHEMA, json, json_array, jsonl, markdown, report, text};
use sluice_review::model::{
    BehaviorMatch, Change, Claim, Coverage, Critique, Effect, Endpoint, Evidence, Field, FileReview, FlowPath,
    GuardInfo, LayerInfo, Panel, PanelReport, Polarity, Position, Report, Review, SCHEMA as SCHEMA_NAME, Scores,
    Unread, Verdict,
};

fn place(id: &str, line: u32, column: u32, text: &str, source_line: &str) -> Evidence {
    let width = u32::try_from(text.chars().count()).unwrap();
    Evidence {
        id: id.into(),
        file: "app/sync.py".into(),
        layer: None,
        start: Position { line, column },
        end: Position { line, column: column + width },
        symbol: Some("os.environ".into()),
        text: text.into(),
        source_line: source_line.into(),
    }
}

fn prose(number: u32) -> Report {
    Report {
        purpose: "Sends the key `STORE_KEY` to `https://store.example.invalid/put` on import.".into(),
        sources: "Environment: `STORE_KEY` (line 4).".into(),
        sinks: "Network: `requests.post()` (9).".into(),
        flows: "`STORE_KEY` → `key` → request body (9).".into(),
        anomalies: "A secret leaves on import.".into(),
        analysis: "The only destination is fixed.".into(),
        conclusion: "Do not install it.".into(),
        confidence: 0.97,
        obfuscated: 0.0,
        malware: 0.93,
        security_risk: 0.8,
        report_number: number,
    }
}

fn claim(id: &str) -> Claim {
    Claim {
        id: id.into(),
        field: Field::Anomalies,
        text: "A secret leaves on import.".into(),
        evidence: vec!["e1".into(), "e2".into()],
        by: "flow".into(),
        polarity: Polarity::Positive,
        kind: "flow".into(),
        symbol: Some("requests.post".into()),
        lines: vec![4, 9],
    }
}

fn scores() -> Scores {
    Scores {
        malware: vec![Change { claim: "prior 0.01".into(), change: -4.6 }, Change { claim: "c1".into(), change: 7.0 }],
        ..Scores::default()
    }
}

fn file(name: &str, verdict: Verdict, claims: Vec<Claim>) -> FileReview {
    FileReview {
        file: name.into(),
        language: "python".into(),
        lines: 12,
        bytes: 340,
        entry: vec!["import".into()],
        verdict,
        report: prose(1),
        scores: scores(),
        claims,
        paths: vec!["p1".into()],
    }
}

fn review() -> Review {
    Review {
        schema: SCHEMA_NAME.into(),
        engine: "sluice 0.1.0".into(),
        target: "store-0.1.tar.gz".into(),
        digest: format!("sha256:{}", "0".repeat(64)),
        verdict: Verdict::Malicious,
        report: prose(1),
        scores: scores(),
        features: std::collections::BTreeMap::new(),
        claims: vec![claim("c1")],
        evidence: vec![
            place("e1", 4, 7, "os.environ[\"STORE_KEY\"]", "key = os.environ[\"STORE_KEY\"]"),
            place("e2", 9, 5, "requests.post(URL, data=key)", "    requests.post(URL, data=key)"),
        ],
        paths: vec![FlowPath {
            id: "p1".into(),
            source: Endpoint {
                kind: "environment".into(),
                symbol: "os.environ".into(),
                detail: Some("STORE_KEY".into()),
                function: "app/sync.py".into(),
                evidence: "e1".into(),
            },
            sink: Endpoint {
                kind: "network.send".into(),
                symbol: "requests.post".into(),
                detail: Some("data".into()),
                function: "app/sync.py".into(),
                evidence: "e2".into(),
            },
            steps: vec!["e1".into(), "e2".into()],
            words: vec!["`STORE_KEY`".into(), "request body".into()],
            presumed: None,
            proven: true,
            guards: vec![GuardInfo {
                kind: "platform".into(),
                text: "sys.platform == \"linux\"".into(),
                holds: true,
                evidence: "e1".into(),
            }],
            entry: vec!["import".into()],
        }],
        behaviors: vec![BehaviorMatch {
            id: "exfiltration/environment".into(),
            title: "Environment variables are sent over the network".into(),
            stance: "malicious".into(),
            sentence: "The variable `STORE_KEY` is sent to a fixed address.".into(),
            advice: "Do not install it.".into(),
            paths: vec!["p1".into()],
            evidence: vec!["e1".into(), "e2".into()],
            specificity: 0.8,
            severity: 0.9,
            presumed: false,
            cwe: vec![506],
            attack: vec!["T1082".into(), "T1048.003".into()],
        }],
        layers: vec![LayerInfo {
            id: "l1".into(),
            file: "app/sync.py".into(),
            depth: 1,
            parent: None,
            language: "python".into(),
            codings: vec!["base64".into(), "zlib".into()],
            evidence: "e1".into(),
            text: "import os\nprint(os.name)\n".into(),
            cut: false,
        }],
        files: vec![
            file("app/plain.py", Verdict::Benign, Vec::new()),
            file("app/sync.py", Verdict::Malicious, vec![claim("f2.c1")]),
        ],
        panel: Panel {
            reports: vec![PanelReport {
                reviewer: "flow".into(),
                question: "What goes where?".into(),
                report: prose(1),
            }],
            critiques: vec![Critique {
                by: "innocence".into(),
                claim: Some("c1".into()),
                text: "No honest reason fits.".into(),
                effect: Effect::Kept,
            }],
        },
        coverage: Coverage {
            files: 2,
            bytes: 680,
            seen: 5,
            data: 2,
            folders: 1,
            links: 0,
            unread: vec![Unread { file: "app/big.bin".into(), why: "it is larger than 50 MB".into(), matters: true }],
            notes: vec!["the archive has trailing bytes".into()],
        },
    }
}

fn hostile() -> Review {
    let evil = "x\u{1b}[2J\u{9b}31m\u{202e}\r\n\u{7}`<script>|";
    let mut review = review();
    review.target = evil.into();
    review.report.purpose = evil.into();
    review.behaviors[0].title = evil.into();
    review.behaviors[0].sentence = evil.into();
    review.coverage.unread[0].file = evil.into();
    review.coverage.notes[0] = evil.into();
    review.layers[0].text = evil.into();
    review.paths[0].words[0] = evil.into();
    review.files[1].file = evil.into();
    for place in &mut review.evidence {
        place.file = evil.into();
        place.text = evil.into();
        place.source_line = evil.into();
    }
    review
}

#[test]
fn json_follows_the_schema() {
    let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for review in [review(), hostile()] {
        let value: serde_json::Value = serde_json::from_str(&json(&review).unwrap()).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
}

#[test]
fn the_schema_refuses_what_it_does_not_know() {
    let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let good: serde_json::Value = serde_json::to_value(review()).unwrap();
    assert!(validator.is_valid(&good));
    for (pointer, wrong) in [
        ("/report/malware", serde_json::json!(1.5)),
        ("/verdict", serde_json::json!("clean")),
        ("/report/report_number", serde_json::json!(0)),
        ("/behaviors/0/attack/0", serde_json::json!("1082")),
        ("/digest", serde_json::json!("md5:0")),
    ] {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = wrong;
        assert!(!validator.is_valid(&bad), "{pointer}");
    }
    let mut more = good;
    more["report"]["extra"] = serde_json::json!(1);
    assert!(!validator.is_valid(&more));
}

#[test]
fn every_json_form_reads_back_as_the_review() {
    let review = hostile();
    assert_eq!(serde_json::from_str::<Review>(&json(&review).unwrap()).unwrap(), review);
    let line = jsonl(&review).unwrap();
    assert_eq!(line.matches('\n').count(), 1);
    assert_eq!(serde_json::from_str::<Review>(&line).unwrap(), review);
    let both = json_array(&[review.clone(), review.clone()]).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Review>>(&both).unwrap(), vec![review.clone(), review.clone()]);
    assert_eq!(serde_json::from_str::<Report>(&report(&review).unwrap()).unwrap(), review.report);
}

#[test]
fn the_report_is_exactly_twelve_fields_in_order() {
    let text = report(&review()).unwrap();
    let names: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("  \"")).map(|rest| rest.split('"').next().unwrap()).collect();
    let wanted = [
        "purpose",
        "sources",
        "sinks",
        "flows",
        "anomalies",
        "analysis",
        "conclusion",
        "confidence",
        "obfuscated",
        "malware",
        "securityRisk",
        "report_number",
    ];
    assert_eq!(names, wanted);
}

#[test]
fn no_renderer_lets_a_control_character_through() {
    let review = hostile();
    let outputs = [
        text(&review, Look::default()),
        markdown(&review),
        json(&review).unwrap(),
        jsonl(&review).unwrap(),
        report(&review).unwrap(),
    ];
    for output in outputs {
        let hidden: Vec<char> = output
            .chars()
            .filter(|c| (c.is_control() && *c != '\n') || ('\u{202a}'..='\u{202e}').contains(c))
            .collect();
        assert!(hidden.is_empty(), "{hidden:?} in {output}");
    }
    // In color, every escape character starts a sequence of the renderer: a style, or a link's end.
    let colored = text(&review, Look { width: 100, color: true });
    assert!(!colored.contains("\u{1b}[2J") && !colored.contains('\u{9b}') && !colored.contains('\u{202e}'));
    // What is left of Markdown without its code spans holds no tag.
    let markdown = markdown(&review).replace("\\`", "");
    assert!(markdown.split('`').step_by(2).all(|outside| !outside.contains('<')), "{markdown}");
}

#[test]
fn text_leads_with_the_verdict_and_shows_the_code() {
    let text = text(&review(), Look { width: 100, color: false });
    assert!(text.starts_with("store-0.1.tar.gz: malicious (malware 0.93, "), "{text}");
    for wanted in [
        "Purpose\n  Sends the key `STORE_KEY`",
        "key = os.environ[\"STORE_KEY\"]",
        "1. `STORE_KEY`",
        "2. request body",
        "app/sync.py:4:7",
        "sluice explain exfiltration/environment",
        "-4.60  prior 0.01",
        "+7.00  A secret leaves on import. [c1]",
        "environment: `STORE_KEY` → request body (network.send), app/sync.py:4–9, at import",
        "1 other file without findings.",
        "app/big.bin: not read, and it could matter: it is larger than 50 MB",
    ] {
        assert!(text.contains(wanted), "{wanted:?} is not in\n{text}");
    }
    assert!(!text.contains("app/plain.py"), "{text}");
}

#[test]
fn a_place_on_several_lines_or_far_away_has_its_own_line_number() {
    let mut review = review();
    let mut far = place("e3", 400_000, 1, "a(\\n  b)", "");
    far.layer = Some("l1".into());
    review.evidence.push(far);
    review.evidence.push(place("e4", 11, 1, "done()", "done()"));
    review.behaviors[0].paths.clear();
    review.behaviors[0].evidence = vec!["e3".into(), "e2".into(), "e1".into(), "e4".into(), "e2".into()];
    let text = text(&review, Look::default());
    for wanted in ["400000 │", "app/sync.py (layer l1):400000:1", "  9 │", "  4 │", " 11 │", "done()"] {
        assert!(text.contains(wanted), "{wanted:?} is not in\n{text}");
    }
    assert!(!text.contains(" 10 │"), "line 10 is not known and not shown:\n{text}");
}

#[test]
fn many_matches_of_one_behavior_are_counted() {
    let mut review = review();
    review.behaviors = vec![review.behaviors[0].clone(); 7];
    let text = text(&review, Look::default());
    assert_eq!(text.matches("behavior exfiltration/environment: ").count(), 3, "{text}");
    assert!(text.contains("… and 4 further matches of exfiltration/environment"), "{text}");
}
