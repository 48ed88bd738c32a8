//! The embedded panel: three reviewers, each with its own question, each with claims for every field.

mod context;
mod flow;
mod form;

use crate::claims::{Draft, Reviewer};
use crate::model::{Field, Polarity};
use crate::scores::Found;
use crate::view::View;

/// The claims of all reviewers, those of the first reviewer first.
pub(crate) fn all(view: &View<'_>, found: &[Found<'_>]) -> Vec<(Reviewer, Vec<Draft>)> {
    Reviewer::ALL
        .into_iter()
        .map(|reviewer| {
            let mut drafts = match reviewer {
                Reviewer::Flow => flow::claims(&view.told(), found),
                Reviewer::Form => form::claims(view, found),
                Reviewer::Context => context::claims(&view.told(), found),
            };
            for draft in &mut drafts {
                draft.by = reviewer;
            }
            drafts.sort_by_key(|draft| (draft.field, draft.rank));
            (reviewer, drafts)
        })
        .collect()
}

/// What a field says when there is nothing to say: that nothing was found, which is a claim as well.
pub(crate) fn nothing(field: Field) -> Option<Draft> {
    let text = match field {
        Field::Purpose => "The code does not say what it is for.",
        Field::Sources => "No source found.",
        Field::Sinks => "No sink found.",
        Field::Flows => "No flow from a source to a sink found.",
        Field::Anomalies => "Nothing odd found.",
        Field::Analysis => "Nothing of what it does reaches outside of it, as far as its calls are known.",
        Field::Conclusion => return None,
    };
    let mut draft = Draft::new(field, &format!("none.{}", field.name()), 999, text.to_owned());
    draft.polarity = Polarity::Negative;
    draft.importance = 0;
    Some(draft)
}
