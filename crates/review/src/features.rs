//! What `malware` is computed from: behaviors, form, and what the package is in relation to others.
//!
//! A feature is a key and a number from 0 to 1; only [`FLOOR`] is in log-odds. Harmless behaviors are none, since whoever
//! writes malware could add them; a large version, an installation with nothing beside it and dense literals ask how much
//! else there is. Names, authors, versions and sizes are no features; how a name relates to other names is.

use std::collections::BTreeMap;

use sluice_catalog::Stance;

use crate::scores::{Found, Scope};
use crate::view::View;
use crate::weights::{BEHAVIOR, FLOOR, FORM, Features, Malware, NOTHING, RELATION, logit};

/// Kind and symbol of the claim behind a feature, and a clause for one without.
pub(crate) type Claims = BTreeMap<String, (String, String, String)>;

/// The features of a view as one of the reviewers sees it.
pub(crate) fn features(
    view: &View<'_>,
    found: &[&Found<'_>],
    scope: Scope,
    complete: bool,
    model: &Malware,
) -> (Features, Claims) {
    let mut features = Features::new();
    let mut claims = Claims::new();
    let mut floor: Option<f64> = None;
    let malicious = found.iter().filter(|found| found.behavior.stance == Stance::Malicious && !found.item.presumed);
    for found in malicious {
        let id = found.behavior.id.as_str();
        let key = format!("{BEHAVIOR}{id}");
        let value = if found.proven { 1.0 } else { model.unproven } * found.share;
        // A behavior is there or not: finding it at more places makes it no more particular.
        let known = features.entry(key.clone()).or_insert(0.0);
        *known = known.max(value);
        claims.insert(key, ("behavior.malicious".to_owned(), id.to_owned(), id.to_owned()));
        if found.proven && found.share >= 1.0 && found.behavior.specificity >= model.floor_specificity {
            let specificity = found.behavior.specificity.min(0.999);
            floor = Some(floor.map_or(specificity, |known| known.max(specificity)));
        }
    }
    let nothing = features.is_empty() && complete && view.disguised().next().is_none();
    if let Some(specificity) = floor {
        features.insert(FLOOR.to_owned(), logit(specificity));
    }
    if matches!(scope, Scope::All | Scope::Form) {
        for (name, kind, text) in form(view) {
            features.insert(format!("{FORM}{name}"), 1.0);
            claims.insert(format!("{FORM}{name}"), (kind.to_owned(), String::new(), text.to_owned()));
        }
    }
    if matches!(scope, Scope::All | Scope::Context) {
        for relation in view.relations() {
            features.insert(format!("{RELATION}{}", relation.name), 1.0);
            claims.insert(
                format!("{RELATION}{}", relation.name),
                (relation.kind(), String::new(), relation.name.to_owned()),
            );
        }
    }
    if nothing {
        features.insert(NOTHING.to_owned(), 1.0);
        let text = "no malicious behavior found".to_owned();
        claims.insert(NOTHING.to_owned(), ("none.behavior".to_owned(), "none".to_owned(), text));
    }
    (features, claims)
}

/// Features of form: name, kind of the claim, a clause.
fn form(view: &View<'_>) -> Vec<(&'static str, &'static str, &'static str)> {
    let mut found = Vec::new();
    if view.layers().any(|layer| !layer.codings.is_empty()) {
        found.push(("coded-layer", "layer", "code that is decoded and executed"));
    }
    let unopened = view.unopened().any(|fact| fact.labels.contains("literal"));
    if unopened {
        found.push(("unopened-literal", "unopened", "an embedded blob is executed and could not be opened"));
    }
    let hides = unopened || view.layers().next().is_some();
    let dense = view.modules().any(|module| module.bytes > 0 && module.form.dense_literal_bytes * 2 > module.bytes);
    if dense && hides {
        found.push(("dense-literals", "form.dense-literals", "most of a file is dense literals"));
    }
    if view.modules().any(|module| module.form.strange_characters > 3) && hides {
        found.push(("strange-characters", "form.characters", "invisible characters"));
    }
    if view.disguised().next().is_some() {
        found.push(("disguised-program", "form.disguised", "a program behind the name of source code"));
    }
    if !crate::prose::anomalies::computed(view).is_empty() {
        found.push(("computed-names", "form.computed-names", "computed names"));
    }
    found
}
