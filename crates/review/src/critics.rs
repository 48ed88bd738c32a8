//! Critics look for what can really be wrong with a claim; what they find is kept beside the report.
//!
//! A critic never adds a fact. It withdraws a claim, weakens its words or its weight, or says why it stands.

use std::collections::BTreeSet;

use sluice_catalog::Stance;
use sluice_flow::facts::PathId;

use crate::claims::Draft;
use crate::model::{Coverage, Effect, Polarity};
use crate::prose::words::code;
use crate::scores::Found;
use crate::view::View;

/// A critique of the claim at an index, or of the whole.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Remark {
    pub by: &'static str,
    pub claim: Option<usize>,
    pub text: String,
    pub effect: Effect,
}

/// Claims whose words were changed, claims to leave out, and why.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdicts {
    pub remarks: Vec<Remark>,
    pub withdrawn: BTreeSet<usize>,
}

/// All critics, one after the other.
pub(crate) fn criticize(view: &View<'_>, drafts: &mut [Draft], coverage: &Coverage) -> Verdicts {
    let mut verdicts = Verdicts::default();
    contradiction(drafts, &mut verdicts);
    beyond_coverage(view, drafts, coverage, &mut verdicts);
    confirmation(view, drafts, &mut verdicts);
    verdicts
}

/// A claim that something is absent cannot stand beside a claim that shows it.
fn contradiction(drafts: &[Draft], verdicts: &mut Verdicts) {
    for (at, draft) in drafts.iter().enumerate().filter(|(_, draft)| draft.polarity == Polarity::Negative) {
        let against = drafts
            .iter()
            .find(|other| other.polarity == Polarity::Positive && draft.excludes.contains(&other.kind.as_str()));
        if let Some(other) = against {
            verdicts.withdrawn.insert(at);
            verdicts.remarks.push(Remark {
                by: "contradiction",
                claim: Some(at),
                text: format!("The reviewer {} shows what is denied here: {}", other.by.name(), other.text),
                effect: Effect::Withdrawn,
            });
        }
    }
}

/// A negative claim holds as far as the text was read.
fn beyond_coverage(view: &View<'_>, drafts: &mut [Draft], coverage: &Coverage, verdicts: &mut Verdicts) {
    let unread = coverage
        .unread
        .iter()
        .find(|unread| unread.matters && view.file.is_none_or(|file| unread.file == file))
        .map(|unread| format!("{} was not read", code(&unread.file)));
    let gap = unread
        .or_else(|| view.limits().next().map(|limit| format!("the budget of {} ended", limit.budget)))
        .or_else(|| view.unopened().next().map(|_| "some executed code could not be opened".to_owned()))
        .or_else(|| {
            view.modules()
                .any(|module| !module.diagnostics.is_empty())
                .then(|| "some text is not well-formed".to_owned())
        });
    let Some(gap) = gap else { return };
    for (at, draft) in drafts.iter_mut().enumerate().filter(|(_, draft)| draft.polarity == Polarity::Negative) {
        if verdicts.withdrawn.contains(&at) {
            continue;
        }
        draft.text = format!("In what was read: {}", crate::prose::words::lower_first(&draft.text));
        verdicts.remarks.push(Remark {
            by: "coverage",
            claim: Some(at),
            text: format!("This reaches only as far as the reading: {gap}."),
            effect: Effect::Weakened,
        });
    }
}

/// A path that an independent walk back does not confirm carries less.
fn confirmation(view: &View<'_>, drafts: &[Draft], verdicts: &mut Verdicts) {
    for (at, draft) in drafts.iter().enumerate().filter(|(_, draft)| draft.importance > 3) {
        let Some(path) = draft.path.and_then(|id| view.facts().paths.get(id.0 as usize)) else { continue };
        let (text, effect) = if path.presumed.is_some() {
            ("A link of this flow is presumed; no conviction rests on it.", Effect::Weakened)
        } else if path.proven {
            ("An independent walk back from the sink found the source as well.", Effect::Kept)
        } else {
            ("An independent walk back from the sink did not find the source.", Effect::Weakened)
        };
        verdicts.remarks.push(Remark { by: "confirmation", claim: Some(at), text: text.to_owned(), effect });
    }
}

/// What a critique does to the weight of a match.
pub(crate) fn innocence(found: &mut [Found<'_>]) -> Vec<(String, String)> {
    let paths =
        |found: &Found<'_>| -> BTreeSet<PathId> { found.item.steps.iter().filter_map(|step| step.path).collect() };
    let harmless: Vec<(BTreeSet<PathId>, f64, String)> = found
        .iter()
        .filter(|found| found.behavior.stance == Stance::Harmless && !found.item.presumed)
        .map(|found| (paths(found), found.behavior.specificity, found.behavior.title.clone()))
        .filter(|(paths, ..)| !paths.is_empty())
        .collect();
    let mut remarks = Vec::new();
    for guilty in found.iter_mut().filter(|found| found.behavior.stance == Stance::Malicious) {
        let used = paths(guilty);
        // An innocent explanation has to fit every path of the match, and be as particular as the charge.
        let fits = harmless.iter().find(|(explained, specificity, _)| {
            !used.is_empty() && used.is_subset(explained) && *specificity >= guilty.behavior.specificity
        });
        if let Some((_, _, title)) = fits {
            guilty.share *= 0.5;
            remarks.push((
                guilty.behavior.id.to_string(),
                format!("The same flows are those of: {}.", crate::model::escape(title)),
            ));
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::Reviewer;
    use crate::model::Field;

    #[test]
    fn what_is_shown_is_not_denied() {
        let mut shown = Draft::new(Field::Sinks, "sink.code", 0, "Code: `exec()` (3).".to_owned());
        shown.by = Reviewer::Flow;
        let denied =
            Draft::new(Field::Anomalies, "absence", 0, "no dynamic execution".to_owned()).negative(&["sink.code"]);
        let other = Draft::new(Field::Anomalies, "absence", 0, "no command".to_owned()).negative(&["sink.command"]);
        let mut verdicts = Verdicts::default();
        contradiction(&[shown, denied, other], &mut verdicts);
        assert_eq!(verdicts.withdrawn, BTreeSet::from([1]));
        assert_eq!(verdicts.remarks.len(), 1);
        assert!(verdicts.remarks[0].text.contains("`exec()` (3)"), "{:?}", verdicts.remarks);
    }
}
