//! What differs between languages at analysis time, behind one trait.
//!
//! The engine asks the dialect of the module that it interprets: what a name that nothing binds is, how operations of
//! known values come out, how arguments meet parameters, which file an import means. Beside it only
//! [`crate::engine`] names languages: that of a text which it opens as a layer.

pub(crate) mod javascript;
mod python;

use std::rc::Rc;

use sluice_syntax::ir::{BinOp, CmpOp, Const, Language, Module, UnaryOp};
use smol_str::SmolStr;

use crate::engine::Engine;
use crate::engine::call::{Args, Site};
use crate::engine::value::Value;
use crate::evaluate::{Budget, Concrete, Outcome};

/// How objects of the language keep what they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Receiver {
    /// The receiver of a method is its first parameter.
    Parameter,
    /// The receiver of a method is `this`.
    This,
}

/// The type names of the containers that the language's displays make.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ContainerNames {
    pub list: &'static str,
    pub tuple: &'static str,
    pub set: &'static str,
    pub dict: &'static str,
    pub text: &'static str,
    pub bytes: &'static str,
    pub number: &'static str,
}

/// A language as the engine needs to know it.
pub(crate) trait Dialect: Sync {
    /// Its name in the catalog, and that of its layers.
    fn name(&self) -> &'static str;
    /// Where the receiver of a method stands.
    fn receiver(&self) -> Receiver;
    /// What its containers and constants are called.
    fn containers(&self) -> ContainerNames;
    /// The method that makes an instance.
    fn constructor(&self) -> &'static str;
    /// What a function without `return` gives.
    fn nothing(&self) -> Const;
    /// The flags behind which the language's interpreter takes code.
    fn code_flags(&self) -> &'static [&'static str];
    /// What code calls the program that runs it.
    fn own_program(&self) -> &'static [&'static str];
    /// The list of words by which that program was started, if it is the first of them.
    fn own_words(&self) -> Option<&'static str>;
    /// True if a name that nothing binds is the language's own.
    fn is_builtin(&self, name: &str) -> bool;
    /// Methods that only texts or bytes have, with the type.
    fn text_method(&self, name: &str) -> Option<&'static str>;
    /// The truth of a known value.
    fn truthy(&self, value: &Concrete) -> bool;
    /// True if an empty container counts as false.
    fn empty_is_false(&self) -> bool;
    /// `left op right`
    fn binary(&self, op: BinOp, left: &Concrete, right: &Concrete, budget: &mut Budget) -> Option<Concrete>;
    /// `op value`
    fn unary(&self, op: UnaryOp, value: &Concrete) -> Option<Concrete>;
    /// `left op right` of a comparison.
    fn compare(&self, op: CmpOp, left: &Concrete, right: &Concrete) -> Option<bool>;
    /// `base[index]`
    fn index(&self, base: &Concrete, index: &Concrete) -> Option<Concrete>;
    /// What an iteration over the value gives.
    fn iterate(&self, value: &Concrete) -> Option<Vec<Concrete>>;
    /// A value inside of a template.
    fn format(&self, value: &Concrete, conversion: Option<char>, spec: &str) -> Option<String>;
    /// A method that does not change its receiver.
    fn method(
        &self,
        receiver: &Concrete,
        name: &str,
        args: &[Concrete],
        named: &[(SmolStr, Concrete)],
        budget: &mut Budget,
    ) -> Option<Outcome>;
    /// True if the function is known to have no effect and may be evaluated.
    fn is_pure(&self, symbol: &str) -> bool;
    /// A pure function of a library.
    fn function(
        &self,
        symbol: &str,
        args: &[Concrete],
        named: &[(SmolStr, Concrete)],
        budget: &mut Budget,
    ) -> Option<Outcome>;
    /// What the language's own functions mean for names, containers and code; `None` leaves it to the catalog.
    fn special(
        &self,
        engine: &mut Engine<'_>,
        module: &Rc<Module>,
        symbol: &SmolStr,
        receiver: Option<&Value>,
        args: &Args,
        site: Site,
    ) -> Option<Value>;
}

static PYTHON: python::Python = python::Python;
static JAVASCRIPT: javascript::JavaScript = javascript::JavaScript;

/// The dialect of a language. This is the only place that chooses a dialect by a module's language.
pub(crate) fn of(language: Language) -> &'static dyn Dialect {
    match language {
        Language::Python => &PYTHON,
        Language::JavaScript | Language::TypeScript | Language::PackageJson | Language::Page => &JAVASCRIPT,
    }
}

/// All dialects, by which the catalogs of a package are chosen.
pub(crate) fn all() -> [&'static dyn Dialect; 2] {
    [&PYTHON, &JAVASCRIPT]
}
