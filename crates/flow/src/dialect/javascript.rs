//! JavaScript and TypeScript.

use std::rc::Rc;

use sluice_syntax::ir::{BinOp, CmpOp, Const, Module, UnaryOp};
use smol_str::SmolStr;

use super::{ContainerNames, Dialect, Receiver};
use crate::engine::Engine;
use crate::engine::call::{Args, Site};
use crate::engine::value::Value;
use crate::evaluate::javascript as evaluate;
use crate::evaluate::{Budget, Concrete, Outcome};

/// The dialect of JavaScript as Node and browsers run it.
pub(crate) struct JavaScript;

/// Names that the language and its hosts bring.
const GLOBALS: &[&str] = &[
    "Array",
    "ArrayBuffer",
    "BigInt",
    "Boolean",
    "Buffer",
    "Bun",
    "Date",
    "Deno",
    "Error",
    "Function",
    "Infinity",
    "Intl",
    "JSON",
    "Map",
    "Math",
    "NaN",
    "Number",
    "Object",
    "Promise",
    "Proxy",
    "Reflect",
    "RegExp",
    "Set",
    "String",
    "Symbol",
    "TextDecoder",
    "TextEncoder",
    "URL",
    "URLSearchParams",
    "Uint8Array",
    "WeakMap",
    "WeakSet",
    "WebAssembly",
    "WebSocket",
    "XMLHttpRequest",
    "atob",
    "browser",
    "btoa",
    "chrome",
    "clearInterval",
    "clearTimeout",
    "console",
    "crypto",
    "decodeURI",
    "decodeURIComponent",
    "document",
    "encodeURI",
    "encodeURIComponent",
    "escape",
    "eval",
    "fetch",
    "frames",
    "global",
    "globalThis",
    "isFinite",
    "isNaN",
    "localStorage",
    "location",
    "module",
    "navigator",
    "parent",
    "parseFloat",
    "parseInt",
    "process",
    "queueMicrotask",
    "require",
    "self",
    "sessionStorage",
    "setImmediate",
    "setInterval",
    "setTimeout",
    "super",
    "top",
    "unescape",
    "window",
];

impl Dialect for JavaScript {
    fn name(&self) -> &'static str {
        "javascript"
    }

    fn receiver(&self) -> Receiver {
        Receiver::This
    }

    fn containers(&self) -> ContainerNames {
        ContainerNames {
            list: "Array",
            tuple: "Array",
            set: "Set",
            dict: "Object",
            text: "String",
            bytes: "Buffer",
            number: "Number",
        }
    }

    fn constructor(&self) -> &'static str {
        "constructor"
    }

    fn nothing(&self) -> Const {
        Const::Undefined
    }

    fn code_flags(&self) -> &'static [&'static str] {
        &["-e", "--eval", "-p", "-pe"]
    }

    fn own_program(&self) -> &'static [&'static str] {
        &["process.execPath", "process.argv0", "process.title", "process.argv[0]", "Deno.execPath()"]
    }

    fn own_words(&self) -> Option<&'static str> {
        Some("process.argv")
    }

    fn is_builtin(&self, name: &str) -> bool {
        GLOBALS.binary_search(&name).is_ok() || name.ends_with("Error") || name.ends_with("Array")
    }

    fn text_method(&self, name: &str) -> Option<&'static str> {
        match name {
            "charAt" | "charCodeAt" | "codePointAt" | "endsWith" | "localeCompare" | "match" | "matchAll"
            | "normalize" | "padEnd" | "padStart" | "replace" | "replaceAll" | "split" | "startsWith" | "substr"
            | "substring" | "toLowerCase" | "toUpperCase" | "trim" | "trimEnd" | "trimStart" => Some("String"),
            _ => None,
        }
    }

    fn truthy(&self, value: &Concrete) -> bool {
        evaluate::truthy(value)
    }

    fn empty_is_false(&self) -> bool {
        false
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
        evaluate::property(base, index)
    }

    fn iterate(&self, value: &Concrete) -> Option<Vec<Concrete>> {
        evaluate::iterate(value)
    }

    fn format(&self, value: &Concrete, _conversion: Option<char>, _spec: &str) -> Option<String> {
        evaluate::to_text(value).map(|text| text.to_string())
    }

    fn method(
        &self,
        receiver: &Concrete,
        name: &str,
        args: &[Concrete],
        _named: &[(SmolStr, Concrete)],
        budget: &mut Budget,
    ) -> Option<Outcome> {
        evaluate::method(receiver, name, args, budget)
    }

    fn is_pure(&self, symbol: &str) -> bool {
        evaluate::is_pure(symbol)
    }

    fn function(
        &self,
        symbol: &str,
        args: &[Concrete],
        _named: &[(SmolStr, Concrete)],
        budget: &mut Budget,
    ) -> Option<Outcome> {
        evaluate::function(symbol, args, budget)
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
        engine.javascript_special(module, symbol, receiver, args, site)
    }
}

#[cfg(test)]
mod tests {
    use super::GLOBALS;

    #[test]
    fn the_globals_are_sorted() {
        let mut sorted = GLOBALS.to_vec();
        sorted.sort_unstable();
        assert_eq!(GLOBALS, sorted.as_slice());
    }
}
