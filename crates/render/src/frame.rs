//! Code frames: the places of a path or a behavior, with the lines they stand on.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use sluice_review::Review;
use sluice_review::model::{Evidence, escape};

use crate::Look;

/// A frame cannot show more places than this; the caller says how many there are.
pub(crate) const MAX_PLACES: usize = 12;

/// Lines that may lie between two places of one snippet. They are folded, so only their number counts.
const MAX_GAP: u32 = 500;

/// One place of a frame, with what is said about it.
pub(crate) struct Place<'a> {
    pub(crate) evidence: &'a Evidence,
    pub(crate) label: String,
}

/// How a frame is headed.
#[derive(Clone, Copy)]
pub(crate) enum Tone {
    Bad,
    Warn,
}

/// The places of a path, its steps numbered in their order; one line of code is shown once.
pub(crate) fn path_places<'a>(review: &'a Review, id: &str) -> Vec<Place<'a>> {
    let Some(path) = review.path(id) else { return Vec::new() };
    let several = path.steps.len() > 1;
    path.steps
        .iter()
        .enumerate()
        .filter_map(|(index, step)| {
            let evidence = review.evidence(step)?;
            let words = path.words.get(index).map_or("", String::as_str);
            let number = if several { format!("{}. ", index + 1) } else { String::new() };
            Some(Place { evidence, label: format!("{number}{words}").trim().to_owned() })
        })
        .collect()
}

/// Renders one titled frame. The first [`MAX_PLACES`] places are shown.
pub(crate) fn frame(look: Look, tone: Tone, name: &str, title: &str, places: &[Place<'_>]) -> String {
    let name = escape(name);
    let title = escape(title);
    let level = match tone {
        Tone::Bad => Level::ERROR,
        Tone::Warn => Level::WARNING,
    };
    let renderer = if look.color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Unicode).term_width(look.width);
    let mut group = level
        .with_name(name.as_str())
        .primary_title(title.as_str())
        .elements(Vec::<Snippet<'_, Annotation<'_>>>::new());
    for excerpt in excerpts(places) {
        group = excerpt.add_to(group);
    }
    renderer.render(&[group])
}

/// Neighboring places of one text, as one stretch of lines.
struct Excerpt {
    path: String,
    first_line: u32,
    last_line: u32,
    source: String,
    spans: Vec<(Range<usize>, String)>,
}

impl Excerpt {
    fn add_to(self, group: Group<'_>) -> Group<'_> {
        if self.source.trim().is_empty() {
            return group.element(Origin::path(self.path).line(self.first_line as usize));
        }
        let annotations = self.spans.into_iter().map(|(span, label)| AnnotationKind::Primary.span(span).label(label));
        group.element(
            Snippet::source(self.source)
                .path(self.path)
                .line_start(self.first_line as usize)
                .annotations(annotations.collect::<Vec<_>>()),
        )
    }
}

fn excerpts(places: &[Place<'_>]) -> Vec<Excerpt> {
    let mut sorted: Vec<&Place<'_>> = places.iter().take(MAX_PLACES).collect();
    // By text, then by place in it: a frame reads downwards, and the labels' numbers tell the order of a path.
    sorted.sort_by_key(|place| (text_name(place.evidence), place.evidence.start));
    let mut excerpts: Vec<Excerpt> = Vec::new();
    for place in sorted {
        let path = escape(&text_name(place.evidence));
        let line = place.evidence.start.line;
        let (code, span) = code_line(place.evidence);
        let label = escape(&place.label);
        match excerpts.last_mut() {
            Some(last) if last.path == path && last.last_line == line => {
                // The same line again: its text stands there already, if it is the same text.
                let start = last.source.rfind('\n').map_or(0, |at| at + 1);
                if last.source.get(start..) == Some(code.as_str()) {
                    let span = start + span.start..start + span.end;
                    match last.spans.iter_mut().find(|(known, _)| *known == span) {
                        Some((_, labels)) if !label.is_empty() && !labels.is_empty() => {
                            labels.push_str("; ");
                            labels.push_str(&label);
                        }
                        Some((_, labels)) => labels.push_str(&label),
                        None => last.spans.push((span, label)),
                    }
                    continue;
                }
            }
            // A gap of a single line would be shown by the renderer, and its text is not known here.
            Some(last) if last.path == path && joins(last.last_line, line) => {
                let start = last.source.len() + (line - last.last_line) as usize;
                last.source.push_str(&"\n".repeat((line - last.last_line) as usize));
                last.source.push_str(&code);
                last.spans.push((start + span.start..start + span.end, label));
                last.last_line = line;
                continue;
            }
            _ => {}
        }
        excerpts.push(Excerpt { path, first_line: line, last_line: line, source: code, spans: vec![(span, label)] });
    }
    excerpts
}

const fn joins(last: u32, next: u32) -> bool {
    let gap = next.saturating_sub(last);
    gap == 1 || (gap > 2 && gap <= MAX_GAP)
}

/// The text that a place stands in: the file, and the layer where there is one.
fn text_name(evidence: &Evidence) -> String {
    match &evidence.layer {
        Some(layer) => format!("{} (layer {layer})", evidence.file),
        None => evidence.file.clone(),
    }
}

/// The line to show for a place, and where in it the place stands.
fn code_line(evidence: &Evidence) -> (String, Range<usize>) {
    // Once escaped, a line break in the text is written out, and ends what stands on the first line.
    let text = escape(&evidence.text);
    let head = text.split("\\n").next().unwrap_or_default();
    let line = if evidence.source_line.is_empty() { head.to_owned() } else { escape(&evidence.source_line) };
    let column = evidence.start.column.saturating_sub(1) as usize;
    let expected = line.char_indices().nth(column).map(|(at, _)| at);
    let start = expected
        .filter(|at| line.get(*at..).is_some_and(|rest| rest.starts_with(head)))
        .or_else(|| line.find(head))
        .unwrap_or(0);
    let end =
        if line.get(start..).is_some_and(|rest| rest.starts_with(head)) { start + head.len() } else { line.len() };
    (line, start..end.max(start))
}
