//! Prints the events and paths of the given files, analyzed together: a look at the engine without the review.
#![allow(clippy::print_stdout)]

use std::sync::Arc;

use sluice_flow::{Context, Source, analyze};
use sluice_syntax::ir::Language;

fn main() {
    let quiet = std::env::var_os("QUIET").is_some();
    let sources: Vec<Source> = std::env::args()
        .skip(1)
        .filter_map(|path| {
            let bytes = std::fs::read(&path).ok()?;
            let text = String::from_utf8_lossy(&bytes).into_owned();
            Some(Source { path, text: Arc::from(text), language: Language::Python, robust: false })
        })
        .collect();
    let worker = std::thread::Builder::new().stack_size(512 << 20).spawn(move || {
        let catalog =
            sluice_catalog::Catalog::embedded("python").map_err(|error| println!("{error}")).unwrap_or_default();
        let start = std::time::Instant::now();
        let facts = analyze(&sources, &Context::default(), &catalog);
        println!("{} events, {} paths, {:?} {:?}", facts.events.len(), facts.paths.len(), start.elapsed(), facts.work);
        if quiet {
            return;
        }
        for event in &facts.events {
            println!(
                "event {}:{} {} as {} {:?} source {:?} presumed {:?} silent {} looped {} guards {:?}",
                facts
                    .evidence(event.evidence)
                    .and_then(|e| facts.modules.get(e.module.0 as usize))
                    .map_or("", |m| &m.path),
                facts.line(event.evidence),
                event.symbol,
                event.written,
                event.actions,
                event.source,
                event.presumed.is_some(),
                event.silent,
                event.looped,
                event
                    .guards
                    .iter()
                    .map(|g| format!("{}{}:{}", if g.holds { "" } else { "not " }, g.kind, g.text))
                    .collect::<Vec<_>>(),
            );
            for arg in &event.args {
                println!(
                    "    {} {:?} = {} text {:?} patterns {:?} labels {:?} symbol {:?}",
                    arg.name,
                    arg.roles,
                    arg.value.shape,
                    arg.value.text,
                    arg.value.patterns,
                    arg.value.labels,
                    arg.value.symbol
                );
            }
        }
        for path in &facts.paths {
            println!(
                "path {} {} {:?} ({}) -> {} {} {} ({}) presumed {} proven {} when {:?}",
                path.source.kind,
                path.source.symbol,
                path.source.detail,
                facts.line(path.source.evidence),
                path.sink.kind,
                path.sink.symbol,
                path.sink.arg,
                facts.line(path.sink.evidence),
                path.presumed.is_some(),
                path.proven,
                path.when
            );
            for step in &path.steps {
                println!("    {:?} {} ({})", step.kind, step.text, facts.line(step.evidence));
            }
        }
        for store in &facts.dead_stores {
            println!("{store:?}");
        }
        for helper in &facts.unused_helpers {
            println!("{helper:?}");
        }
        for layer in &facts.layers {
            println!("{layer:?}");
        }
        for unopened in &facts.unopened {
            println!("{unopened:?}");
        }
        for constant in &facts.constants {
            println!("const {} = {:?}", constant.name, constant.value.text);
        }
        for limit in &facts.limits {
            println!("{limit:?}");
        }
    });
    if let Ok(worker) = worker {
        let _ = worker.join();
    }
}
