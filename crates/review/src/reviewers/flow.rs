//! What goes where?

use crate::claims::{Draft, Reviewer};
use crate::prose::behavior::{author, behaviors};
use crate::prose::{analysis, anomalies, flows, purpose, sinks, sources};
use crate::scores::Found;
use crate::view::View;

pub(super) fn claims(view: &View<'_>, found: &[Found<'_>]) -> Vec<Draft> {
    let mut drafts = purpose::done(view);
    drafts.extend(sources::parameters(view));
    drafts.extend(sources::reads(view));
    drafts.extend(sinks::sinks(view));
    drafts.extend(flows::flows(view));
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
