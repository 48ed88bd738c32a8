//! `sluice train`: weights of the score `malware` from labelled targets.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use sluice_training::{HeldOut, Sample, Settings, Trained, train};
use sluicegate::weights::Weights;
use sluicegate::{Engine, Options};

use crate::cli::TrainArgs;
use crate::eval::{self, percent};
use crate::exit::{Code, Failure};
use crate::review;

/// Reviews labelled targets, learns weights from them, and writes these with what they were learned from.
pub fn run(args: &TrainArgs) -> Result<Code, Failure> {
    let weights = review::weights(args.labelled.weights.as_deref())?;
    let defaults = match &weights {
        Some(file) => file.weights().clone(),
        None => Weights::embedded().map_err(sluice_training::TrainError::Weights)?,
    };
    let (entries, engine) = eval::decided(&args.labelled, &Options { weights, ..Options::default() })?;
    let samples: Vec<Sample> = entries
        .iter()
        .filter(|entry| entry.error.is_none())
        .map(|entry| Sample {
            target: entry.record.target.clone(),
            features: entry.features.clone(),
            malicious: entry.record.malicious,
            family: entry.record.family.clone(),
            stratum: entry.record.stratum.clone(),
        })
        .collect();
    let catalog = Engine::new()?;
    let specificity: BTreeMap<&str, f64> =
        catalog.catalog().behaviors().iter().map(|behavior| (behavior.id.as_str(), behavior.specificity)).collect();
    let settings = Settings { prior: args.prior.get(), ridge: args.ridge, folds: usize::from(args.folds) };
    let mut trained = train(&samples, &defaults, &|id| specificity.get(id).copied(), settings)?;
    record(args, &mut trained, &samples, &engine, settings)?;
    let text = trained.weights.to_toml().map_err(|error| Failure::Evaluation { what: error.to_string() })?;
    eval::write(&args.labelled.out.join("weights.toml"), &format!("{HEAD}{text}"))?;
    let details = serde_json::json!({
        "engine": engine,
        "settings": settings,
        "held_out": trained.held_out,
        "without": trained.without,
        "records": trained.records,
    });
    eval::write(&args.labelled.out.join("training.json"), &serde_json::to_string_pretty(&details)?)?;
    let mut output = crate::output::Output::open(None)?;
    output.write(&summary(&trained, entries.len() - samples.len()))?;
    output.finish()?;
    Ok(Code::Clean)
}

const HEAD: &str = "# Weights of the scores, written by `sluice train`. docs/training.md explains them.\n";

/// Writes into the weights what they were learned from.
fn record(
    args: &TrainArgs,
    trained: &mut Trained,
    samples: &[Sample],
    engine: &str,
    settings: Settings,
) -> Result<(), Failure> {
    let training = &mut trained.weights.training;
    training.record =
        "Learned from labelled targets by `sluice train`; judged on families that were held out.".to_owned();
    training.samples = samples.len() as u64;
    training.more.clear();
    let mut more = |key: &str, value: toml::Value| training.more.insert(key.to_owned(), value);
    let count = |malicious: bool| samples.iter().filter(|sample| sample.malicious == malicious).count();
    let whole = |number: usize| toml::Value::Integer(i64::try_from(number).unwrap_or(i64::MAX));
    more("malicious", whole(count(true)));
    more("benign", whole(count(false)));
    more("families", whole(trained.held_out.families.all));
    more("engine", toml::Value::String(engine.split(" (").next().unwrap_or(engine).to_owned()));
    more("ridge", toml::Value::Float(settings.ridge));
    more("folds", whole(settings.folds));
    let mut digests = toml::Table::new();
    for list in &args.labelled.list {
        let bytes = fs::read(list).map_err(|source| Failure::File { path: list.clone(), source })?;
        let name = list.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        digests.insert(name, toml::Value::String(format!("sha256:{}", eval::digest(&bytes))));
    }
    more("lists", toml::Value::Table(digests));
    let mut figures = toml::Table::new();
    figures.insert("all".to_owned(), figures_of(&trained.held_out));
    for (group, held_out) in &trained.without {
        figures.insert(format!("without-{group}"), figures_of(held_out));
    }
    more("held_out", toml::Value::Table(figures));
    Ok(())
}

fn figures_of(held_out: &HeldOut) -> toml::Value {
    let mut table = toml::Table::new();
    for (name, text) in figures(held_out) {
        table.insert(name.to_owned(), toml::Value::String(text));
    }
    toml::Value::Table(table)
}

fn figures(held_out: &HeldOut) -> Vec<(&'static str, String)> {
    vec![
        ("recall", percent(held_out.all.recall)),
        ("families with one found", percent(held_out.families.any)),
        ("families with all found", percent(held_out.families.every)),
        ("precision", percent(held_out.all.precision)),
        ("accused", percent(held_out.all.false_positive_rate)),
        ("calibration error", format!("{:.3}", held_out.calibration_error)),
        ("between 0.2 and 0.8", percent(held_out.between)),
    ]
}

fn summary(trained: &Trained, unreviewed: usize) -> String {
    let mut text = String::from("On families that the weights had not seen:\n");
    for (name, value) in figures(&trained.held_out) {
        let _ = writeln!(text, "  {name:<25} {value}");
    }
    for (name, measures) in &trained.held_out.strata {
        let counts = measures.counts;
        let _ = writeln!(
            text,
            "  {:<25} recall {}, accused {}",
            sluicegate::escape(name),
            percent(measures.recall),
            if counts.accused + counts.cleared == 0 { "—".to_owned() } else { percent(measures.false_positive_rate) }
        );
    }
    for (group, held_out) in &trained.without {
        let _ = writeln!(text, "Without {group}:");
        for (name, value) in figures(held_out).into_iter().filter(|(name, _)| ["recall", "accused"].contains(name)) {
            let _ = writeln!(text, "  {name:<25} {value}");
        }
    }
    if unreviewed > 0 {
        let _ = writeln!(text, "{unreviewed} targets could not be reviewed and were left out.");
    }
    text
}
