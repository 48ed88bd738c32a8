//! The page of a run, which needs nothing beside itself.

use std::fmt::Write as _;

use sluice_evaluation as evaluation;

use super::{Run, percent, rows, worst};

/// Text for a page.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A curve in a square of 300 units, with points of `(x, y)` from 0 to 1.
fn plot(title: &str, x: &str, y: &str, points: &[(f64, f64)], dots: bool) -> String {
    let place = |(a, b): &(f64, f64)| format!("{:.1},{:.1}", 40.0 + a * 250.0, 270.0 - b * 250.0);
    let mut svg = format!(
        "<figure><svg viewBox=\"0 0 310 310\" role=\"img\" aria-label=\"{0}\"><rect x=\"40\" y=\"20\" width=\"250\" height=\"250\" class=\"frame\"/>",
        escaped(title)
    );
    if dots {
        let _ = write!(svg, "<line x1=\"40\" y1=\"270\" x2=\"290\" y2=\"20\" class=\"frame\"/>");
        for point in points {
            let at = place(point);
            let (cx, cy) = at.split_once(',').unwrap_or(("0", "0"));
            let _ = write!(svg, "<circle cx=\"{cx}\" cy=\"{cy}\" r=\"4\" class=\"dot\"/>");
        }
    } else {
        let line: Vec<String> = points.iter().map(place).collect();
        let _ = write!(svg, "<polyline points=\"{}\" class=\"line\"/>", line.join(" "));
    }
    let _ = write!(
        svg,
        "<text x=\"165\" y=\"295\" text-anchor=\"middle\">{}</text><text x=\"16\" y=\"145\" text-anchor=\"middle\" transform=\"rotate(-90 16 145)\">{}</text></svg><figcaption>{}</figcaption></figure>",
        escaped(x),
        escaped(y),
        escaped(title)
    );
    svg
}

/// One page that needs nothing beside itself.
pub(super) fn page(run: &Run) -> String {
    const STYLE: &str = ":root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;margin:1rem 0}td,th{border-bottom:1px solid #8886;padding:.25rem .75rem;text-align:left;vertical-align:top}svg{width:20rem;max-width:100%}figure{display:inline-block;margin:0 1rem 1rem 0}.frame{fill:none;stroke:#8888}.line{fill:none;stroke:#27c;stroke-width:2}.dot{fill:#27c}text{fill:currentColor;font-size:12px}code{overflow-wrap:anywhere}";
    /// Longest list of worst targets.
    const MOST: usize = 100;
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>sluice eval</title><style>{STYLE}</style><h1>How good the verdicts are</h1><p>{}, {:.1} s.</p><table>",
        escaped(&run.engine),
        run.seconds
    );
    for (name, value) in rows(run) {
        let _ = write!(html, "<tr><th>{}</th><td>{}</td></tr>", escaped(&name), escaped(&value));
    }
    html.push_str("</table>");
    let precision: Vec<(f64, f64)> = run.curve.iter().map(|point| (point.recall, point.precision)).collect();
    let reliability: Vec<(f64, f64)> = run.reliability.iter().map(|bin| (bin.score, bin.share)).collect();
    html.push_str(&plot("Precision over recall", "recall", "precision", &precision, false));
    html.push_str(&plot("Reliability", "score", "share of malicious", &reliability, true));
    for (title, groups) in [("Strata", &run.strata), ("Ecosystems", &run.ecosystems), ("Years", &run.years)] {
        if groups.is_empty() {
            continue;
        }
        let _ = write!(html, "<h2>{title}</h2><table><tr><th>name<th>recall<th>accused<th>targets</tr>");
        for (name, measures) in groups {
            let counts = measures.counts;
            let _ = write!(
                html,
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                escaped(name),
                percent(measures.recall),
                percent(measures.false_positive_rate),
                counts.found + counts.missed + counts.accused + counts.cleared
            );
        }
        html.push_str("</table>");
    }
    let (alarms, misses) = worst(run);
    for (title, entries) in [("False alarms", alarms), ("Misses", misses)] {
        let _ = write!(
            html,
            "<h2>{title}: {}</h2><table><tr><th>target<th>score<th>behaviors<th>evidence</tr>",
            entries.len()
        );
        for entry in entries.iter().take(MOST) {
            let behaviors: Vec<&str> = entry.record.behaviors.iter().map(String::as_str).collect();
            let evidence = entry.error.clone().unwrap_or_else(|| entry.evidence.join(". "));
            let _ = write!(
                html,
                "<tr><td><code>{}</code></td><td>{:.2}</td><td>{}</td><td>{}</td></tr>",
                escaped(&entry.record.target),
                entry.record.score,
                escaped(&behaviors.join(", ")),
                escaped(&evidence)
            );
        }
        html.push_str("</table>");
    }
    html.push_str(
        "<h2>Behaviors</h2><table><tr><th>behavior<th>malicious<th>of the malicious<th>benign<th>of the benign</tr>",
    );
    let counts = run.all.counts;
    for (name, fired) in &run.behaviors {
        let _ = write!(
            html,
            "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(name),
            fired.malicious,
            percent(evaluation::share(fired.malicious, counts.found + counts.missed)),
            fired.benign,
            percent(evaluation::share(fired.benign, counts.accused + counts.cleared))
        );
    }
    html.push_str("</table><h2>Thresholds</h2><table><tr><th>from<th>precision<th>recall<th>accused</tr>");
    for point in &run.curve {
        let _ = write!(
            html,
            "<tr><td>{:.2}</td><td>{:.3}</td><td>{:.3}</td><td>{:.3}</td></tr>",
            point.from, point.precision, point.recall, point.false_positive_rate
        );
    }
    html.push_str("</table>");
    if !run.changes.is_empty() {
        html.push_str("<h2>Decided differently</h2><table><tr><th>target<th>label<th>now<th>appeared<th>vanished</tr>");
        for change in &run.changes {
            let _ = write!(
                html,
                "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                escaped(&change.target),
                if change.malicious { "malicious" } else { "benign" },
                if change.called { "called malicious" } else { "not called so" },
                escaped(&change.appeared.join(", ")),
                escaped(&change.vanished.join(", "))
            );
        }
        html.push_str("</table>");
    }
    html.push_str("</html>\n");
    html
}
