//! Paths of files that are joined from pieces of which some are not known.

use std::rc::Rc;
use std::sync::Arc;

use sluice_syntax::ir::{Const, ExprId, ExprKind, Module};
use smol_str::SmolStr;

use super::Engine;
use super::call::Args;
use super::model::Bound;
use super::value::{Term, Value};

/// What a piece that starts with a slash does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Restart {
    /// It starts the path anew: `os.path.join("a", "/b")` and `path.resolve("a", "/b")` are `/b`.
    AtSlash,
    /// It is a piece like the others: `path.join("a", "/b")` is `a/b`.
    Never,
}

/// What a variable of the environment stands for that names a folder of the user: the same wherever it is asked for.
fn folder(variable: &str) -> Option<Rc<Term>> {
    const FOLDERS: &[(&str, &str)] = &[
        ("HOME", "~"),
        ("USERPROFILE", "~"),
        ("APPDATA", "%APPDATA%"),
        ("LOCALAPPDATA", "%LOCALAPPDATA%"),
        ("PROGRAMDATA", "%PROGRAMDATA%"),
        ("TEMP", "%TEMP%"),
        ("TMP", "%TEMP%"),
        ("PUBLIC", "%PUBLIC%"),
    ];
    let (_, folder) = FOLDERS.iter().find(|(name, _)| name.eq_ignore_ascii_case(variable))?;
    Some(Rc::new(Term::Text(Arc::from(*folder))))
}

/// The same for a call that asks for the variable.
pub(crate) fn folder_term(symbol: &str, bound: &[Bound]) -> Option<Rc<Term>> {
    if !matches!(symbol, "os.getenv" | "os._Environ.get" | "os._Environ.__getitem__") {
        return None;
    }
    folder(bound.iter().find(|arg| arg.name == "key")?.value.known_text()?)
}

impl Engine<'_> {
    /// The same for an index of `os.environ`.
    pub(crate) fn folder_variable(&self, module: &Module, index: ExprId, value: &Value) -> Option<Rc<Term>> {
        let Some(ExprKind::Const(Const::Str(name))) = module.expr(index).map(|expr| &expr.kind) else { return None };
        let folder = folder(name)?;
        let symbol =
            |label: &super::value::Label| self.origins.get(label.origin as usize).map(|one| one.symbol.as_str());
        value.labels().iter().any(|label| symbol(label) == Some("os.environ")).then_some(folder)
    }

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
