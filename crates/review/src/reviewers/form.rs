//! How is it written, and what is hidden?

use std::collections::BTreeSet;

use sluice_catalog::Stance;

use super::Common;
use crate::claims::{Draft, Reviewer};
use crate::model::Field;
use crate::prose::behavior::{author, behaviors};
use crate::prose::{analysis, anomalies};
use crate::scores::Found;
use crate::view::View;

pub(super) fn claims(view: &View<'_>, told: &View<'_>, found: &[Found<'_>], common: &Common) -> Vec<Draft> {
    let mut drafts = Vec::new();
    // Only what hides or carries hidden text is this reviewer's among sources, sinks and flows.
    let blobs = ["source.literal", "source.package.data", "source.file.source-code"];
    drafts.extend(common.reads.iter().filter(|draft| blobs.contains(&draft.kind.as_str())).cloned());
    let carriers = ["sink.code", "sink.memory", "sink.exception", "sink.serialization"];
    drafts.extend(common.sinks.iter().filter(|draft| carriers.contains(&draft.kind.as_str())).cloned());
    let own: Vec<Found<'_>> = found.iter().filter(|found| author(found) == Reviewer::Form).cloned().collect();
    drafts.extend(behaviors(view, &own));
    drafts.extend(anomalies::hidden(told));
    drafts.extend(anomalies::unused_helpers(told));
    drafts.extend(anomalies::handlers(told));
    drafts.extend(anomalies::diagnostics(told));
    // What is denied is denied of all files, tests included.
    let credential = anomalies::credentials(view).is_some();
    let malicious = found.iter().any(|found| found.behavior.stance == Stance::Malicious);
    drafts.extend(anomalies::absence(view, credential, malicious));
    drafts.extend(anomalies::credentials(told));
    drafts.extend(analysis::raises(told));
    drafts.extend(analysis::fallbacks(told));
    // The same fact in two fields would be told twice.
    let mut seen = BTreeSet::new();
    drafts.retain(|draft| draft.field == Field::Analysis || seen.insert((draft.kind.clone(), draft.text.clone())));
    drafts
}
