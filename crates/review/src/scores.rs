//! The four numbers of a report: an additive model over behaviors and features of form, with a reason for each change.
//!
//! The numbers are rounded to two decimals here, once, and the verdict follows from the rounded numbers, so that what a
//! reader sees never contradicts it.

use std::collections::{BTreeMap, BTreeSet};

use sluice_catalog::{Behavior, Stance};
use sluice_flow::facts::{EvidenceId, ModuleId};

use crate::features;
use crate::matcher::Match;
use crate::model::{Coverage, Verdict};
use crate::prose::family::{Family, arg, does};
use crate::prose::value::{destination, open_scheme};
use crate::view::View;
use crate::weights::{self, Features, Weights, logit, sigmoid};

/// From this probability on a target is malicious.
pub(crate) const MALICIOUS: f64 = 0.5;

/// A matched behavior with what the scores and the prose need to know of it.
#[derive(Clone, Debug)]
pub(crate) struct Found<'a> {
    pub item: &'a Match,
    pub behavior: &'a Behavior,
    /// True if the walk back confirmed every path of it. A match of calls alone rests on resolution only.
    pub proven: bool,
    /// True if all of its paths start at parameters: it takes a caller to bring it about.
    pub by_caller: bool,
    /// Entry points that reach it.
    pub entries: BTreeSet<&'a str>,
    /// True if some step of it stands in a decoded layer.
    pub in_layer: bool,
    /// The share of its weight that the critics left, 0–1.
    pub share: f64,
}

/// A reason for a number.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reason {
    /// Kind and symbol of the claim behind it, where there is one.
    pub claim: Option<(String, String)>,
    /// A clause, for a reason without a claim.
    pub text: String,
    pub change: f64,
}

impl Reason {
    fn because(text: impl Into<String>, change: f64) -> Self {
        Self { claim: None, text: text.into(), change }
    }

    fn of(kind: &str, symbol: &str, text: impl Into<String>, change: f64) -> Self {
        Self { claim: Some((kind.to_owned(), symbol.to_owned())), text: text.into(), change }
    }
}

/// The numbers with their reasons.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Numbers {
    pub confidence: f64,
    pub obfuscated: f64,
    pub malware: f64,
    pub security_risk: f64,
    pub confidence_reasons: Vec<Reason>,
    pub obfuscated_reasons: Vec<Reason>,
    pub malware_reasons: Vec<Reason>,
    pub risk_reasons: Vec<Reason>,
    pub verdict: Option<Verdict>,
    /// Why the review cannot decide, if it cannot: a clause.
    pub undecided: Option<String>,
    /// What `malware` was computed from.
    pub features: Features,
}

/// Which part of the evidence a reviewer weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everything: the final report.
    All,
    /// Behaviors as flows; not the form.
    Flow,
    /// The form, and what stands in layers.
    Form,
    /// Behaviors that an entry point reaches.
    Context,
}

fn round(value: f64) -> f64 {
    // Adding zero turns a negative zero into zero.
    (value * 100.0).round() / 100.0 + 0.0
}

/// All numbers of one report.
pub(crate) fn numbers(
    view: &View<'_>,
    found: &[Found<'_>],
    coverage: &Coverage,
    weights: &Weights,
    scope: Scope,
) -> Numbers {
    let mut numbers = Numbers::default();
    let found: Vec<&Found<'_>> = found
        .iter()
        .filter(|found| match scope {
            Scope::All | Scope::Flow => true,
            Scope::Form => found.in_layer,
            Scope::Context => !found.entries.is_empty(),
        })
        .collect();
    let (obfuscated, obfuscated_reasons) = obfuscated(view, weights);
    numbers.obfuscated = round(obfuscated);
    numbers.obfuscated_reasons = obfuscated_reasons;
    let undecided = undecided(view, coverage);
    let (log_odds, reasons, features) = malware(view, &found, scope, undecided.is_none(), weights);
    numbers.features = features;
    // 1 would say that nothing in the world could change the verdict.
    numbers.malware = round(sigmoid(log_odds).min(0.99));
    numbers.malware_reasons = reasons;
    let (risk, reasons) = risk(view, &found, numbers.malware, weights);
    numbers.security_risk = round(risk);
    numbers.risk_reasons = reasons;
    let verdict = if numbers.malware >= MALICIOUS {
        Verdict::Malicious
    } else if undecided.is_some() {
        Verdict::Inconclusive
    } else {
        Verdict::Benign
    };
    numbers.undecided = undecided.filter(|_| verdict == Verdict::Inconclusive);
    numbers.verdict = Some(verdict);
    let (confidence, reasons) = confidence(view, verdict, numbers.malware, coverage, weights);
    numbers.confidence = round(confidence);
    numbers.confidence_reasons = reasons;
    numbers
}

/// Raises `malware` to that of the worst file of a package.
pub(crate) fn at_least(numbers: &mut Numbers, worst: f64, file: &str, weights: &Weights) {
    if numbers.malware >= worst {
        return;
    }
    let change = logit(worst.clamp(0.01, 0.99)) - logit(numbers.malware.clamp(0.01, 0.99));
    numbers.malware_reasons.push(Reason::because(format!("never below its worst file: {file}"), change));
    numbers.malware = worst;
    if worst >= MALICIOUS && numbers.verdict != Some(Verdict::Malicious) {
        numbers.verdict = Some(Verdict::Malicious);
        numbers.undecided = None;
        numbers.confidence = round(worst.min(weights.confidence.most));
    }
}

fn malware(
    view: &View<'_>,
    found: &[&Found<'_>],
    scope: Scope,
    complete: bool,
    weights: &Weights,
) -> (f64, Vec<Reason>, Features) {
    let model = &weights.malware;
    let (features, claims) = features::features(view, found, scope, complete, model);
    let specificity: BTreeMap<&str, f64> =
        found.iter().map(|found| (found.behavior.id.as_str(), found.behavior.specificity)).collect();
    let terms = model.terms(&features, &|id| specificity.get(id).copied());
    let mut reasons = vec![Reason::because(format!("prior {}", weights.prior), logit(weights.prior))];
    reasons.extend(terms.iter().filter(|term| term.change() != 0.0).map(|term| Reason {
        claim: claims.get(term.key).map(|(kind, symbol, _)| (kind.clone(), symbol.clone())),
        text: claims.get(term.key).map_or_else(|| term.key.to_owned(), |(.., text)| text.clone()),
        change: term.change(),
    }));
    let sum: f64 = terms.iter().map(weights::Term::change).sum();
    let raised = weights.raised(sum, &features);
    if raised > sum {
        reasons.push(Reason::because("floor of a proven chain", raised - sum));
    }
    let calibrated = model.calibrated(raised);
    if (calibrated - raised).abs() > 1e-9 {
        reasons.push(Reason::because("calibration", calibrated - raised));
    }
    let shift = logit(weights.effective_prior()) - logit(weights.prior);
    if shift.abs() > 1e-9 {
        reasons.push(Reason::because(format!("asked prior {}", weights.effective_prior()), shift));
    }
    for reason in &mut reasons {
        reason.change = (reason.change * 1000.0).round() / 1000.0;
    }
    (calibrated + logit(weights.effective_prior()), reasons, features)
}

/// The weight of what a reader of the plain file cannot see over the weight of everything.
fn obfuscated(view: &View<'_>, weights: &Weights) -> (f64, Vec<Reason>) {
    let model = &weights.obfuscated;
    let facts = view.facts();
    // A layer whose text stands in its file as it is executed hides nothing.
    let visible: BTreeSet<ModuleId> =
        facts.layers.iter().filter(|layer| layer.visible).filter_map(|layer| layer.module).collect();
    let hidden = |place: EvidenceId| {
        view.place(place).is_some_and(|evidence| {
            !visible.contains(&evidence.module)
                && facts.modules.get(evidence.module.0 as usize).is_some_and(|module| module.depth > 0)
        })
    };
    let (mut in_layers, mut all) = (0.0, 0.0);
    let mut add = |weight: f64, place: EvidenceId| {
        all += weight;
        if hidden(place) {
            in_layers += weight;
        }
    };
    for event in view.events() {
        add(if Family::of_event(event).is_some() { model.sink } else { model.call }, event.evidence);
    }
    for path in view.paths().filter(|path| path.source.kind != "parameter") {
        add(model.path, path.sink.evidence);
    }
    for raise in view.raises() {
        add(model.raise, raise.evidence);
    }
    for call in view.unmodelled() {
        add(model.call, call.evidence);
    }
    let computed = crate::prose::anomalies::computed(view).len() as f64 * model.computed_name * 2.0;
    // The computed name's own call is among the facts already.
    let computed = computed.min(all);
    let closed: f64 =
        view.unopened().filter(|fact| fact.labels.contains("literal") || fact.labels.contains("package.data")).count()
            as f64
            * model.unopened;
    let total = all + closed;
    if total <= 0.0 {
        return (0.0, Vec::new());
    }
    let mut reasons = Vec::new();
    let mut reason = |claim: &str, text: &str, weight: f64| {
        if weight > 0.0 {
            reasons.push(Reason::of(claim, "", text, round(weight / total)));
        }
    };
    reason("layer", "facts that are found in decoded layers only", in_layers);
    reason("form.computed-names", "calls behind computed names", computed);
    reason("unopened", "executed text that could not be opened", closed);
    (((in_layers + computed).min(all) + closed) / total, reasons)
}

fn risk(view: &View<'_>, found: &[&Found<'_>], malware: f64, weights: &Weights) -> (f64, Vec<Reason>) {
    let model = &weights.risk;
    let mut reasons = Vec::new();
    let mut worst: Option<(f64, Reason)> = None;
    for found in found {
        let by_caller = found.behavior.stance == Stance::Weakness && found.by_caller;
        let likelihood = if found.item.presumed {
            model.presumed
        } else if by_caller {
            model.caller
        } else if found.proven {
            model.proven
        } else {
            model.unproven
        };
        let (kind, value) = match found.behavior.stance {
            Stance::Malicious => ("behavior.malicious", found.behavior.severity * likelihood * malware),
            Stance::Weakness => ("behavior.weakness", found.behavior.severity * likelihood),
            Stance::Harmless => continue,
        };
        let value = value * found.share;
        if worst.as_ref().is_none_or(|(known, _)| value > *known) {
            worst = Some((value, Reason::of(kind, &found.behavior.id, found.behavior.id.as_str(), value)));
        }
    }
    // What tests and examples do is no risk of those who use the code.
    let surfaces = surfaces(&view.told(), weights);
    let sum: f64 = surfaces.iter().map(|reason| reason.change).sum();
    let ordinary = sum.min(model.ordinary);
    let (worst_value, worst_reason) = worst.map_or((0.0, None), |(value, reason)| (value, Some(reason)));
    let mut risk = ordinary;
    reasons.extend(surfaces);
    if sum > ordinary {
        reasons.push(Reason::because("most that surfaces come to", ordinary - sum));
    }
    if let Some(mut reason) = worst_reason
        && worst_value > ordinary
    {
        reason.change = worst_value - ordinary;
        reasons.push(reason);
        risk = worst_value;
    }
    if malware >= MALICIOUS && risk < malware {
        reasons.push(Reason::because("malicious code harms whoever uses it", malware - risk));
        risk = malware;
    }
    for reason in &mut reasons {
        reason.change = (reason.change * 1000.0).round() / 1000.0;
    }
    (risk.clamp(0.0, 1.0), reasons)
}

/// What honest code lays open.
fn surfaces(view: &View<'_>, weights: &Weights) -> Vec<Reason> {
    let surface = &weights.risk.surface;
    let mut reasons = Vec::new();
    let mut add = |holds: bool, kind: &str, text: &str, change: f64| {
        if holds {
            reasons.push(Reason::of(kind, "", text, change));
        }
    };
    let (mut sends, mut presumed, mut scheme, mut swallowed) = (false, false, false, false);
    let (mut reads, mut writes, mut deletes) = (false, false, false);
    for event in view.events() {
        let network = Family::of_event(event) == Some(Family::Network);
        sends |= network && event.presumed.is_none();
        presumed |= network && event.presumed.is_some();
        scheme |= network && destination(event).is_some_and(|arg| open_scheme(&arg.value));
        swallowed |= event.silent && Family::of_event(event).is_some();
        reads |= does(event, "deserialize") && arg(event, "deserialize").is_some();
        writes |= arg(event, "file.write").is_some() || does(event, "file.write");
        deletes |= arg(event, "file.delete").is_some() || does(event, "file.delete-tree");
    }
    let from_outside = |sink: &str| view.paths().any(|path| path.sink.kind == sink && path.presumed.is_none());
    add(sends, "sink.network", "sends over the network", surface.network_send);
    add(presumed && !sends, "sink.presumed", "presumably sends over the network", surface.network_presumed);
    add(scheme, "scheme.unchecked", "the scheme of an address is open", surface.open_scheme);
    add(from_outside("log"), "sink.log", "data reaches the log", surface.logged_data);
    add(
        from_outside("process.command"),
        "sink.command",
        "a command takes values from outside",
        surface.command_from_outside,
    );
    add(
        from_outside("code.execute"),
        "sink.code",
        "executed code takes values from outside",
        surface.code_from_outside,
    );
    add(reads, "sink.serialization", "data is deserialized", surface.deserialize);
    add(deletes, "sink.file", "files are deleted", surface.file_delete);
    add(writes, "sink.file", "files are written", surface.file_write);
    add(from_outside("database.query"), "sink.database", "queries take values from outside", surface.database);
    add(swallowed, "handler.swallows", "errors are swallowed", surface.swallowed_errors);
    reasons
}

/// Why nothing can be decided: what could matter and was not read.
fn undecided(view: &View<'_>, coverage: &Coverage) -> Option<String> {
    let unread: Vec<_> = coverage
        .unread
        .iter()
        .filter(|unread| unread.matters && view.file.is_none_or(|file| unread.file == file))
        .collect();
    if let Some(first) = unread.first() {
        let more = if unread.len() > 1 { format!(" and {} more", unread.len() - 1) } else { String::new() };
        return Some(format!(
            "{}{more} was not read ({})",
            crate::prose::words::code(&first.file),
            crate::model::escape(first.why.trim_end_matches('.'))
        ));
    }
    let reachable = |module: ModuleId| {
        view.facts().modules.get(module.0 as usize).is_some_and(|module| !module.when.is_empty() || module.depth > 0)
            || view.index.package.kind == crate::package::PackageKind::File
    };
    // Values that were not evaluated matter where one of them is executed. A file alone has no entry points: whatever it
    // executes counts.
    let alone = view.index.package.kind != crate::package::PackageKind::Package;
    let executes = view.unopened().any(|fact| {
        view.facts().event(fact.event).is_some_and(|event| {
            (alone || !event.when.is_empty()) && (does(event, "code.execute") || arg(event, "code.execute").is_some())
        })
    });
    let counts = |limit: &sluice_flow::facts::LimitHit| {
        if limit.budget == "evaluation steps" {
            executes && (alone || reachable(limit.module))
        } else {
            reachable(limit.module)
        }
    };
    if let Some(limit) = view.limits().find(|limit| counts(limit)) {
        return Some(format!("the budget of {} ended: {}", limit.budget, limit.what.trim_end_matches('.')));
    }
    // Text from the package itself or from the network that is executed and not known. What a caller passes is the
    // caller's business, a computed import of the caller's choice is a plug-in, and a source file of the target that is
    // read and executed was reviewed as a file.
    let source_file = |place: EvidenceId| {
        view.index.paths_to(place).any(|path| {
            path.source.detail.as_deref().is_some_and(|detail| {
                let name = detail.rsplit(['/', '\\']).next().unwrap_or(detail);
                !name.is_empty()
                    && view.facts().modules.iter().any(|module| module.depth == 0 && module.path.ends_with(name))
            })
        })
    };
    let closed = view.unopened().find(|fact| {
        fact.labels.iter().any(|label| match label.as_str() {
            "literal" | "network.response" | "process.output" => true,
            "package.data" => !source_file(fact.evidence),
            _ => false,
        }) && view
            .facts()
            .event(fact.event)
            .is_some_and(|event| does(event, "code.execute") || arg(event, "code.execute").is_some())
    })?;
    Some(format!("executed code could not be opened{}", view.places(&[closed.evidence])))
}

fn confidence(
    view: &View<'_>,
    verdict: Verdict,
    malware: f64,
    coverage: &Coverage,
    weights: &Weights,
) -> (f64, Vec<Reason>) {
    let model = &weights.confidence;
    let right = if verdict == Verdict::Malicious { malware } else { 1.0 - malware };
    let base = right.min(model.most);
    let mut reasons = vec![Reason::because("probability of the verdict", base)];
    if verdict != Verdict::Malicious {
        let mut less = |holds: bool, text: &str, change: f64| {
            if holds && change > 0.0 {
                reasons.push(Reason::because(text, -change));
            }
        };
        less(view.events().any(|event| event.presumed.is_some()), "presumed calls", model.presumed);
        let unknown: BTreeSet<&str> = view.unmodelled().map(|call| call.symbol.as_str()).collect();
        let unknown = (unknown.len() as f64 * model.unmodelled).min(model.unmodelled_most);
        less(unknown > 0.0, "calls that are not modelled", unknown);
        less(view.limits().next().is_some(), "a budget ended", model.limit);
        less(
            coverage.unread.iter().any(|unread| unread.matters && view.file.is_none_or(|file| unread.file == file)),
            "something was not read",
            model.unread,
        );
        less(view.unopened().next().is_some(), "executed code that is not known", model.unopened);
        less(
            view.modules().any(|module| !module.diagnostics.is_empty()),
            "text that is not well-formed",
            model.diagnostic,
        );
    }
    let mut sum: f64 = reasons.iter().map(|reason| reason.change).sum();
    if verdict == Verdict::Inconclusive && sum > model.inconclusive {
        reasons.push(Reason::because("inconclusive", model.inconclusive - sum));
        sum = model.inconclusive;
    }
    for reason in &mut reasons {
        reason.change = (reason.change * 1000.0).round() / 1000.0;
    }
    (sum.clamp(0.05, 1.0), reasons)
}
