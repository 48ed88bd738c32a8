//! Python.

use std::rc::Rc;

use sluice_syntax::ir::{BinOp, CmpOp, Const, Module, UnaryOp};
use smol_str::SmolStr;

use super::{ContainerNames, Dialect, Receiver};
use crate::engine::Engine;
use crate::engine::call::{Args, Site};
use crate::engine::native;
use crate::engine::value::Value;
use crate::evaluate::{self, Budget, Concrete, Outcome};

/// The dialect of Python 3, with what is left of Python 2.
pub(super) struct Python;

impl Dialect for Python {
    fn name(&self) -> &'static str {
        "python"
    }

    fn receiver(&self) -> Receiver {
        Receiver::Parameter
    }

    fn containers(&self) -> ContainerNames {
        ContainerNames {
            list: "list",
            tuple: "tuple",
            set: "set",
            dict: "dict",
            text: "str",
            bytes: "bytes",
            number: "int",
        }
    }

    fn constructor(&self) -> &'static str {
        "__init__"
    }

    fn nothing(&self) -> Const {
        Const::None
    }

    fn code_flags(&self) -> &'static [&'static str] {
        &["-c"]
    }

    fn own_program(&self) -> &'static [&'static str] {
        &["sys.executable"]
    }

    fn own_words(&self) -> Option<&'static str> {
        // The first of `sys.argv` is the script.
        None
    }

    fn is_builtin(&self, name: &str) -> bool {
        native::is_builtin(name)
    }

    fn text_method(&self, name: &str) -> Option<&'static str> {
        match name {
            "encode" | "splitlines" | "rstrip" | "lstrip" | "strip" | "zfill" | "rjust" | "ljust" | "swapcase"
            | "casefold" | "partition" | "rpartition" | "startswith" | "endswith" | "lower" | "upper" | "title"
            | "isdigit" | "rsplit" | "format" => Some("str"),
            "decode" | "hex" => Some("bytes"),
            _ => None,
        }
    }

    fn truthy(&self, value: &Concrete) -> bool {
        evaluate::truthy(value)
    }

    fn empty_is_false(&self) -> bool {
        true
    }

    fn binary(&self, op: BinOp, left: &Concrete, right: &Concrete, budget: &mut Budget) -> Option<Concrete> {
        evaluate::binary(op, left, right, budget)
    }

    fn unary(&self, op: UnaryOp, value: &Concrete) -> Option<Concrete> {
        evaluate::unary(op, value)
    }

    fn compare(&self, op: CmpOp, left: &Concrete, right: &Concrete) -> Option<bool> {
        evaluate::compare(op, left, right)
    }

    fn index(&self, base: &Concrete, index: &Concrete) -> Option<Concrete> {
        evaluate::index(base, index)
    }

    fn iterate(&self, value: &Concrete) -> Option<Vec<Concrete>> {
        evaluate::iterate(value)
    }

    fn format(&self, value: &Concrete, conversion: Option<char>, spec: &str) -> Option<String> {
        evaluate::format_value(value, conversion, spec)
    }

    fn method(
        &self,
        receiver: &Concrete,
        name: &str,
        args: &[Concrete],
        named: &[(SmolStr, Concrete)],
        budget: &mut Budget,
    ) -> Option<Outcome> {
        evaluate::method(receiver, name, args, named, budget)
    }

    fn is_pure(&self, symbol: &str) -> bool {
        evaluate::is_pure(symbol)
    }

    fn function(
        &self,
        symbol: &str,
        args: &[Concrete],
        named: &[(SmolStr, Concrete)],
        budget: &mut Budget,
    ) -> Option<Outcome> {
        evaluate::function(symbol, args, named, budget)
    }

    fn special(
        &self,
        engine: &mut Engine<'_>,
        module: &Rc<Module>,
        symbol: &SmolStr,
        receiver: Option<&Value>,
        args: &Args,
        site: Site,
    ) -> Option<Value> {
        engine.special(module, symbol, receiver, args, site)
    }
}
