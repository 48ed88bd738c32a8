//! What each stage sees, for developers: one line a fact, in the order of the facts.
//!
//! The output is for eyes and snapshots. It promises nothing to programs and may change with any version.

use std::fmt::Write as _;
use std::fs;

use sluice_flow::facts::{EvidenceId, Facts, FunctionId, Path, StepKind, ValueFact};
use sluice_syntax::ir::Language;
use sluicegate::intake::{Input, Limits, Package, Part, Shape, unpack};
use sluicegate::{Engine, escape};

use crate::cli::{DevArgs, Stage};
use crate::exit::{Code, Failure};
use crate::floor;
use crate::output::write_stdout;

/// Shows one stage for some files that are read together.
pub fn run(args: &DevArgs) -> Result<Code, Failure> {
    let text = match args.stage {
        Stage::Floor => floor::measure(&args.files)?,
        Stage::Ir => ir(&read(args)?),
        stage => facts(&read(args)?, stage)?,
    };
    write_stdout(&text)?;
    Ok(Code::Clean)
}

fn read(args: &DevArgs) -> Result<Package, Failure> {
    let mut parts = Vec::new();
    for path in &args.files {
        let bytes = fs::read(path).map_err(|source| Failure::File { path: path.clone(), source })?;
        parts.push(Part { path: path.to_string_lossy().into_owned(), bytes });
    }
    parts.sort_by(|a, b| a.path.cmp(&b.path));
    let shape = if parts.len() == 1 { Shape::File } else { Shape::FileSet };
    let input = Input { name: "dev".to_owned(), shape, parts, coverage: sluicegate::intake::Coverage::default() };
    Ok(unpack(input, &Limits::default()))
}

fn ir(package: &Package) -> String {
    let mut out = String::new();
    for file in &package.files {
        let Some(text) = &file.text else { continue };
        let module = sluice_syntax::parse(&file.path, text, language_of(&file.path));
        let _ = writeln!(out, "# {}", escape(&file.path));
        out.push_str(&sluicegate::escape_block(&sluice_syntax::print::print(&module)));
    }
    out
}

/// The language of a file by the end of its name; Python where it tells nothing.
fn language_of(path: &str) -> Language {
    match path.rsplit('.').next() {
        Some("js" | "mjs" | "cjs" | "jsx") => Language::JavaScript,
        Some("ts" | "mts" | "cts" | "tsx") => Language::TypeScript,
        Some("html" | "htm" | "xhtml" | "svg" | "vue" | "svelte" | "astro") => Language::Page,
        Some("gyp" | "gypi") => Language::PackageJson,
        _ if path.ends_with("package.json") => Language::PackageJson,
        _ => Language::Python,
    }
}

fn facts(package: &Package, stage: Stage) -> Result<String, Failure> {
    let facts = Engine::new()?.facts(package)?;
    let show = Show { facts: &facts };
    let lines = match stage {
        Stage::Ir | Stage::Floor => Vec::new(),
        Stage::Symbols => show.symbols(),
        Stage::Values => show.values(),
        Stage::Paths => show.paths(),
        Stage::Layers => show.layers(),
        Stage::Unmodelled => show.unmodelled(),
    };
    Ok(lines.iter().map(|line| format!("{}\n", escape(line).trim_end())).collect())
}

struct Show<'a> {
    facts: &'a Facts,
}

impl Show<'_> {
    /// `file:line`, with the layer behind the file where there is one.
    fn place(&self, id: EvidenceId) -> String {
        let Some(evidence) = self.facts.evidence(id) else { return "?".to_owned() };
        let module = self.facts.modules.get(evidence.module.0 as usize);
        let path = module.map_or("?", |module| module.path.as_str());
        let layer = module.and_then(|module| module.layer).map_or_else(String::new, |layer| format!("@{layer}"));
        format!("{path}{layer}:{}", evidence.line)
    }

    fn function(&self, id: FunctionId) -> &str {
        self.facts.function(id).map_or("?", |function| function.qualified.as_str())
    }

    fn symbols(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for module in &self.facts.modules {
            lines.push(format!("module {} ({})", module.path, module.name.as_deref().unwrap_or("no name")));
            for import in &module.imports {
                let kind = if import.internal.is_some() { "internal" } else { "external" };
                let fallback = if import.fallback { ", fall-back" } else { "" };
                lines.push(format!("  import {} ({kind}{fallback}) {}", import.name, self.place(import.evidence)));
            }
        }
        for function in &self.facts.functions {
            let public = if function.public { "public " } else { "" };
            let when: Vec<&str> = function.when.iter().map(AsRef::as_ref).collect();
            let when = if when.is_empty() { String::new() } else { format!(" at {}", when.join(", ")) };
            let params: Vec<&str> = function.params.iter().map(AsRef::as_ref).collect();
            lines.push(format!(
                "{public}{} {}({}){when} {}",
                function.kind,
                function.qualified,
                params.join(", "),
                self.place(function.evidence)
            ));
            for base in &function.bases {
                lines.push(format!("  base {base}"));
            }
            for (callee, at) in &function.calls {
                lines.push(format!("  calls {} {}", self.function(*callee), self.place(*at)));
            }
        }
        for event in &self.facts.events {
            let actions: Vec<&str> = event.actions.iter().map(AsRef::as_ref).collect();
            let presumed = event.presumed.as_ref().map_or_else(String::new, |why| format!(" presumed: {why}"));
            lines.push(format!(
                "event {} as {} [{}] {}{presumed}",
                event.symbol,
                event.written,
                actions.join(", "),
                self.place(event.evidence)
            ));
        }
        lines
    }

    fn values(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for event in &self.facts.events {
            lines.push(format!("{} {}", event.symbol, self.place(event.evidence)));
            for arg in &event.args {
                let roles: Vec<&str> = arg.roles.iter().map(AsRef::as_ref).collect();
                let roles = if roles.is_empty() { String::new() } else { format!(" [{}]", roles.join(", ")) };
                lines.push(format!("  {}{roles} = {}", arg.name, value(&arg.value)));
            }
        }
        lines
    }

    fn paths(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for path in &self.facts.paths {
            lines.push(self.path_title(path));
            for step in &path.steps {
                lines.push(format!("  {} {} {}", word(step.kind), step.text, self.place(step.evidence)));
            }
        }
        lines
    }

    fn path_title(&self, path: &Path) -> String {
        let detail = path.source.detail.as_ref().map_or_else(String::new, |detail| format!("({detail})"));
        let mut title = format!(
            "{} {}{detail} -> {} {}({})",
            path.source.kind, path.source.symbol, path.sink.kind, path.sink.symbol, path.sink.arg
        );
        if path.proven {
            title.push_str(" proven");
        }
        if let Some(why) = &path.presumed {
            let _ = write!(title, " presumed: {why}");
        }
        for guard in path.guards.iter() {
            let negated = if guard.holds { "" } else { "not " };
            let _ = write!(title, " if {negated}{}", guard.text);
        }
        title
    }

    fn layers(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (index, layer) in self.facts.layers.iter().enumerate() {
            let codings: Vec<&str> = layer.codings.iter().map(AsRef::as_ref).collect();
            lines.push(format!("{index} {} [{}] {}", layer.language, codings.join(", "), self.place(layer.evidence)));
            lines.extend(layer.text.lines().map(|line| format!("  | {line}")));
        }
        for unopened in &self.facts.unopened {
            lines.push(format!("unopened {}: {}", self.place(unopened.evidence), unopened.why));
        }
        lines
    }

    fn unmodelled(&self) -> Vec<String> {
        let work = &self.facts.work;
        let unknown = self.facts.unmodelled.len();
        let calls =
            self.facts.unmodelled.iter().map(|call| {
                format!("{} {} in {}", call.symbol, self.place(call.evidence), self.function(call.function))
            });
        let sum = format!(
            "# {unknown} of {} call sites that leave the package, {} of them for what the language brings",
            work.leaving, work.own
        );
        calls.chain([sum]).collect()
    }
}

fn value(value: &ValueFact) -> String {
    let mut out = match &value.text {
        Some(text) => format!("{text:?}"),
        None if value.shape.is_empty() => "?".to_owned(),
        None => value.shape.clone(),
    };
    if !value.labels.is_empty() {
        let labels: Vec<&str> = value.labels.iter().map(AsRef::as_ref).collect();
        let _ = write!(out, " from {}", labels.join(", "));
    }
    let known: Vec<String> = value
        .known_as
        .iter()
        .map(|(text, decoded)| format!("{text:?}{}", if *decoded { " (decoded)" } else { "" }))
        .collect();
    if value.text.is_none() && !known.is_empty() {
        let _ = write!(out, ", known as {}", known.join(", "));
    }
    out
}

const fn word(kind: StepKind) -> &'static str {
    match kind {
        StepKind::Source => "source",
        StepKind::Assign => "assign",
        StepKind::Store => "store",
        StepKind::Through => "through",
        StepKind::Pass => "pass",
        StepKind::Return => "return",
        StepKind::Load => "load",
        StepKind::Sink => "sink",
    }
}
