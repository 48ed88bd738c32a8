//! When does it run, and does it do what it says it does?

use super::Common;
use crate::claims::{Draft, Reviewer};
use crate::model::Field;
use crate::prose::behavior::{author, behaviors};
use crate::prose::{analysis, purpose};
use crate::scores::Found;
use crate::view::View;

pub(super) fn claims(view: &View<'_>, found: &[Found<'_>], common: &Common) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = purpose::said(view).into_iter().collect();
    // What it reads of the machine and where that goes decide whether it does more than it says.
    drafts.extend(common.reads.iter().cloned());
    let outward = ["sink.network", "sink.command", "sink.persistence", "sink.file", "sink.presumed"];
    drafts.extend(common.sinks.iter().filter(|draft| outward.contains(&draft.kind.as_str())).cloned());
    drafts.extend(common.flows.iter().filter(|draft| draft.importance > 3).cloned());
    let own: Vec<Found<'_>> = found.iter().filter(|found| author(found) == Reviewer::Context).cloned().collect();
    drafts.extend(behaviors(view, &own));
    drafts.extend(
        view.relations()
            .iter()
            .map(|relation| Draft::new(Field::Anomalies, &relation.kind(), 35, relation.text.clone()).important(2)),
    );
    drafts.extend(analysis::undocumented(view));
    drafts.extend(analysis::import_effects(view));
    if !view.is_file() || view.index.package.entry_points.iter().any(|point| point.file.as_deref() == view.file) {
        drafts.extend(analysis::entries(view));
    }
    drafts.extend(analysis::unchecked_limits(view));
    drafts
}
