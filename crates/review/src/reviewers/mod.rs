//! The embedded panel: three reviewers, each with its own question, each with claims for every field.

mod context;
mod flow;
mod form;

use crate::claims::{Draft, Reviewer};
use crate::model::{Field, Polarity};
use crate::prose::{flows, sinks, sources};
use crate::scores::Found;
use crate::view::View;

/// What every reviewer takes its own part of, made once: sources that are read, sinks, flows.
struct Common {
    reads: Vec<Draft>,
    sinks: Vec<Draft>,
    flows: Vec<Draft>,
}

/// The claims of all reviewers, those of the first reviewer first.
pub(crate) fn all(view: &View<'_>, found: &[Found<'_>]) -> Vec<(Reviewer, Vec<Draft>)> {
    let told = view.told();
    let common = Common { reads: sources::reads(&told), sinks: sinks::sinks(&told), flows: flows::flows(&told) };
    Reviewer::ALL
        .into_iter()
        .map(|reviewer| {
            let mut drafts = match reviewer {
                Reviewer::Flow => flow::claims(&told, found, &common),
                Reviewer::Form => form::claims(view, &told, found, &common),
                Reviewer::Context => context::claims(&told, found, &common),
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
