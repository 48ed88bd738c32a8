//! The behaviors as pages and as a list.

use serde::Serialize;
use sluicegate::{Behavior, Engine, Expectation, Stance, escape};

use crate::cli::{BehaviorsArgs, ExplainArgs, ListFormat};
use crate::exit::{Code, Failure};
use crate::output::{stdout_width, write_stdout};

/// Ids offered for one that does not exist.
const MAX_NEAREST: usize = 3;
/// Similarity, 0 to 1, from which an id is offered: about two slips in an id of twenty letters.
const NEAR: f64 = 0.75;

/// Prints the page of one behavior.
pub fn explain(args: &ExplainArgs) -> Result<Code, Failure> {
    let engine = Engine::new()?;
    let behaviors = engine.catalog().behaviors();
    let Some(behavior) = behaviors.iter().find(|behavior| behavior.id == args.id) else {
        let nearest = nearest(&args.id, behaviors.iter().map(|behavior| behavior.id.as_str()));
        return Err(Failure::Behavior { id: args.id.clone(), nearest });
    };
    write_stdout(&page(behavior))?;
    Ok(Code::Clean)
}

/// Lists all behaviors.
pub fn behaviors(args: &BehaviorsArgs) -> Result<Code, Failure> {
    let engine = Engine::new()?;
    let behaviors = engine.catalog().behaviors();
    let text = match args.format {
        ListFormat::Text => table(behaviors),
        ListFormat::Json => {
            let mut text = serde_json::to_string_pretty(&behaviors.iter().map(Row::of).collect::<Vec<_>>())?;
            text.push('\n');
            text
        }
    };
    write_stdout(&text)?;
    Ok(Code::Clean)
}

/// One behavior of the list, in the order of the JSON.
#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    title: &'a str,
    stance: &'static str,
    specificity: f64,
    severity: f64,
    attack: Vec<&'a str>,
    cwe: &'a [u32],
    advice: &'a str,
}

impl<'a> Row<'a> {
    fn of(behavior: &'a Behavior) -> Self {
        Self {
            id: &behavior.id,
            title: &behavior.title,
            stance: stance(behavior.stance),
            specificity: behavior.specificity,
            severity: behavior.severity,
            attack: behavior.attack.iter().map(AsRef::as_ref).collect(),
            cwe: &behavior.cwe,
            advice: &behavior.advice,
        }
    }
}

const fn stance(stance: Stance) -> &'static str {
    match stance {
        Stance::Malicious => "malicious",
        Stance::Weakness => "weakness",
        Stance::Harmless => "harmless",
    }
}

/// ATT&CK ids and CWE numbers as one text; empty if there are none.
fn references(behavior: &Behavior) -> String {
    let attack = behavior.attack.iter().map(ToString::to_string);
    let cwe = behavior.cwe.iter().map(|number| format!("CWE-{number}"));
    attack.chain(cwe).collect::<Vec<_>>().join(", ")
}

fn table(behaviors: &[Behavior]) -> String {
    let id_width = behaviors.iter().map(|behavior| behavior.id.len()).max().unwrap_or(0);
    let title_width = behaviors.iter().map(|behavior| behavior.title.chars().count()).max().unwrap_or(0);
    behaviors
        .iter()
        .map(|behavior| {
            let line = format!(
                "{:<id_width$}  {:<9}  {:<title_width$}  {}",
                behavior.id.as_str(),
                stance(behavior.stance),
                behavior.title,
                references(behavior)
            );
            format!("{}\n", line.trim_end())
        })
        .collect()
}

/// The page: what it is, what it means, what to do, and examples of what is found and what is not.
fn page(behavior: &Behavior) -> String {
    let width = stdout_width();
    let mut out = format!("{}\n{}\n\n", behavior.title, behavior.id);
    out.push_str(&format!(
        "{}, specificity {}, severity {}",
        stance(behavior.stance),
        behavior.specificity,
        behavior.severity
    ));
    let references = references(behavior);
    if !references.is_empty() {
        out.push_str(&format!(", {references}"));
    }
    out.push_str("\n\n");
    for paragraph in behavior.explanation().trim().split("\n\n") {
        out.push_str(&paragraph_text(paragraph, width));
        out.push('\n');
    }
    out.push_str(&textwrap::fill(&format!("What to do: {}", behavior.advice), width));
    out.push('\n');
    for example in behavior.examples() {
        let word = match example.expectation {
            Expectation::Found => "Found",
            Expectation::Harmless => "Not found",
            Expectation::Missed => "Not found, although it should be",
            Expectation::FalseAlarm => "Found, although it should not be",
        };
        out.push('\n');
        out.push_str(&textwrap::fill(&format!("{word}: {}", example.why.trim()), width));
        out.push('\n');
        let several = example.files.len() > 1;
        for file in &example.files {
            if several {
                out.push_str(&format!("  {}\n", file.path));
            }
            for (index, line) in file.code.lines().enumerate() {
                out.push_str(format!("  {:>3} │ {}", index + 1, escape(line)).trim_end());
                out.push('\n');
            }
        }
    }
    out
}

/// A paragraph wrapped; one that is laid out (a heading, a list, an indented block) as it stands.
fn paragraph_text(paragraph: &str, width: usize) -> String {
    let laid_out = paragraph.lines().any(|line| line.starts_with(['#', '-', '*', '|', ' ', '\t']));
    let text = if laid_out {
        paragraph.to_owned()
    } else {
        textwrap::fill(&paragraph.lines().collect::<Vec<_>>().join(" "), width)
    };
    format!("{text}\n")
}

/// The names most like `wanted`, the likest first. A name's part behind the slash counts on its own as well.
fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let likeness = |name: &str| {
        let tail = name.rsplit('/').next().unwrap_or(name);
        strsim::normalized_damerau_levenshtein(wanted, name).max(strsim::normalized_damerau_levenshtein(wanted, tail))
    };
    let mut scored: Vec<(f64, &str)> =
        names.map(|name| (likeness(name), name)).filter(|(likeness, _)| *likeness >= NEAR).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    scored.into_iter().take(MAX_NEAREST).map(|(_, name)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_and_a_strange_one_gets_none() {
        let names = ["exfiltration/environment", "execution/reverse-shell", "destruction/wiper"];
        assert_eq!(nearest("exfiltration/enviroment", names.into_iter()), ["exfiltration/environment"]);
        assert_eq!(nearest("reverse-shel", names.into_iter()), ["execution/reverse-shell"]);
        assert!(nearest("zzz", names.into_iter()).is_empty());
    }
}
