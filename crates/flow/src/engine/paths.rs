//! Paths of files that are joined from pieces of which some are not known.

use std::rc::Rc;
use std::sync::Arc;

use sluice_syntax::ir::Module;
use smol_str::SmolStr;

use super::Engine;
use super::call::Args;
use super::value::{Term, Value};

/// What a piece that starts with a slash does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Restart {
    /// It starts the path anew: `os.path.join("a", "/b")` and `path.resolve("a", "/b")` are `/b`.
    AtSlash,
    /// It is a piece like the others: `path.join("a", "/b")` is `a/b`.
    Never,
}

impl Engine<'_> {
    /// The path that the arguments are joined to, as far as it is known: it has their labels, and a term of their terms.
    pub(crate) fn joined_path(&mut self, module: &Rc<Module>, args: &Args, restart: Restart) -> Value {
        let slash = Rc::new(Term::Text(Arc::from("/")));
        let mut term: Option<Rc<Term>> = None;
        for (value, expr) in &args.positional {
            let piece = value.term().unwrap_or_else(|| {
                let text = expr.and_then(|id| module.expr(id)).map_or("…", |expr| module.slice(expr.span));
                Rc::new(Term::Name(SmolStr::new(if text.len() < 60 { text } else { "…" })))
            });
            let piece = match (&*piece, &term) {
                (Term::Text(text), Some(_)) if text.starts_with('/') && restart == Restart::AtSlash => {
                    term = None;
                    piece
                }
                (Term::Text(text), Some(_)) if restart == Restart::Never => {
                    let text = text.trim_start_matches("./").trim_start_matches('/');
                    Rc::new(Term::Text(Arc::from(text)))
                }
                _ => piece,
            };
            term = Some(match term {
                Some(before) => Term::join(&Term::join(&before, &slash), &piece),
                None => piece,
            });
        }
        let mut value = Value::UNKNOWN;
        let all: Vec<&Value> = args.all().collect();
        self.inherit(&mut value, &all, None);
        value.edit().term = term;
        value
    }
}
