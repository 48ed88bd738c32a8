//! Claims on matched behaviors, in the words of the catalog's pages.

use std::collections::BTreeMap;

use sluice_catalog::Stance;

use crate::claims::{Draft, Reviewer};
use crate::model::{Field, escape};
use crate::prose::words::{capital, cut};
use crate::scores::Found;
use crate::view::View;

/// Most matches of one behavior that are told one by one.
const MOST_OF_ONE: usize = 3;

/// One claim for each match.
pub(crate) fn behaviors(view: &View<'_>, found: &[Found<'_>]) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let mut told: BTreeMap<&str, usize> = BTreeMap::new();
    for found in found {
        let number = told.entry(found.behavior.id.as_str()).or_default();
        *number += 1;
        let most = if found.behavior.stance == Stance::Weakness { 1 } else { MOST_OF_ONE };
        if *number > most {
            continue;
        }
        let (kind, field, rank) = match found.behavior.stance {
            Stance::Malicious => ("behavior.malicious", Field::Anomalies, 0),
            Stance::Weakness => ("behavior.weakness", Field::Anomalies, 30),
            // What honest code does needs no words; it stands with the behaviors.
            Stance::Harmless => continue,
        };
        let mut text = sentence(&found.item.sentence, &found.behavior.title);
        let lines = !text.chars().any(|character| character.is_ascii_digit());
        if lines {
            let places: Vec<_> = found.item.evidence.iter().copied().take(6).collect();
            text = format!("{}{}.", text.trim_end_matches('.'), view.places(&places));
        }
        let presumed = found.item.presumed;
        if presumed {
            text = format!("Presumably: {text}");
        }
        // A number between 0 and 1 becomes a whole one between 0 and 10.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let importance = match found.behavior.stance {
            Stance::Malicious => (found.behavior.specificity.clamp(0.0, 1.0) * 10.0).round() as u32,
            Stance::Weakness => (found.behavior.severity.clamp(0.0, 1.0) * 6.0).round() as u32,
            Stance::Harmless => 0,
        };
        let rank = rank + 10 - i32::try_from(importance.min(10)).unwrap_or(0);
        let mut draft = Draft::new(field, kind, rank, text)
            .at(found.item.evidence.iter().copied())
            .symbol(found.behavior.id.as_str())
            .important(importance)
            .presumed(presumed);
        if let Some(path) = found.item.steps.iter().find_map(|step| step.path) {
            draft = draft.path(path);
        }
        draft.by = author(found);
        drafts.push(draft);
    }
    drafts
}

/// The reviewer whose question the behavior answers.
pub(crate) fn author(found: &Found<'_>) -> Reviewer {
    if found.in_layer {
        Reviewer::Form
    } else if found.entries.iter().any(|entry| matches!(*entry, "install" | "startup" | "build")) {
        Reviewer::Context
    } else {
        Reviewer::Flow
    }
}

fn sentence(text: &str, title: &str) -> String {
    let text = text.trim();
    let text = if text.is_empty() { title } else { text };
    let mut text = capital(&cut(&escape(text), 400));
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}
