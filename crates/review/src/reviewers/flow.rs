//! What goes where?

use super::Common;
use crate::claims::{Draft, Reviewer};
use crate::prose::behavior::{author, behaviors};
use crate::prose::{analysis, anomalies, purpose, sources};
use crate::scores::Found;
use crate::view::View;

pub(super) fn claims(view: &View<'_>, found: &[Found<'_>], common: &Common) -> Vec<Draft> {
    let mut drafts = purpose::done(view);
    drafts.extend(sources::parameters(view));
    drafts.extend(common.reads.iter().chain(&common.sinks).chain(&common.flows).cloned());
    let own: Vec<Found<'_>> = found.iter().filter(|found| author(found) == Reviewer::Flow).cloned().collect();
    drafts.extend(behaviors(view, &own));
    drafts.extend(anomalies::dead_stores(view));
    drafts.extend(anomalies::logged(view));
    drafts.extend(analysis::destinations(view));
    drafts.extend(analysis::machine(view));
    drafts.extend(analysis::presumptions(view));
    drafts.extend(analysis::unknown_calls(view));
    drafts
}
