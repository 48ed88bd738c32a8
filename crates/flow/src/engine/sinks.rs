//! Where labels arrive that is no argument of a call: exceptions, and results of public functions.

use std::rc::Rc;

use sluice_syntax::ir::{ExprId, ExprKind, FuncId, Module, Span};
use smol_str::SmolStr;

use super::value::Value;
use super::{Engine, OriginKey, SinkData, SinkKey};
use crate::facts::StepKind;

impl Engine<'_> {
    pub(crate) fn raise(&mut self, module: &Rc<Module>, exception: Option<ExprId>, cause: Option<ExprId>, span: Span) {
        let Some(exception) = exception else { return };
        let value = self.eval(module, exception);
        if let Some(cause) = cause {
            self.eval(module, cause);
        }
        self.thrown(&value);
        let (labels, _) = self.deep(&value);
        if labels.is_empty() {
            return;
        }
        let callee = match module.expr(exception).map(|expr| &expr.kind) {
            Some(ExprKind::Call { callee, .. }) => *callee,
            _ => exception,
        };
        let symbol = module.expr(callee).map_or(SmolStr::default(), |expr| SmolStr::new(module.slice(expr.span)));
        let place = self.place(span, Some(&symbol));
        let key = SinkKey {
            module: self.here().module,
            place,
            kind: SmolStr::new_static("exception"),
            arg: SmolStr::new_static("args"),
        };
        self.reach(key, symbol, None, None, &labels);
    }

    /// What is thrown is what the handler around it catches, in this function or in one that is followed from it.
    pub(crate) fn thrown(&mut self, value: &Value) {
        for frame in self.frames.iter_mut().rev() {
            if frame.tries > 0 {
                frame.thrown = Some(match frame.thrown.take() {
                    Some(before) => before.join(value),
                    None => value.clone(),
                });
                return;
            }
            if frame.generic {
                return;
            }
        }
    }

    /// An answer that a library hands over in the exception that it throws for it (`error.response.data`).
    pub(crate) fn failed_answer(&mut self, value: &Value, symbol: &str) -> Value {
        const LIBRARIES: &[&str] = &["axios", "got", "superagent", "ky", "request-promise", "request-promise-native"];
        let mut answer = Value::UNKNOWN;
        if LIBRARIES.contains(&symbol.split('.').next().unwrap_or(symbol)) {
            answer.add_labels(value.labels());
            answer.add_tokens(value.tokens());
        }
        answer
    }

    /// Labels arrive at a sink.
    pub(crate) fn reach(
        &mut self,
        key: SinkKey,
        symbol: SmolStr,
        event: Option<usize>,
        presumed: Option<std::sync::Arc<str>>,
        labels: &[super::value::Label],
    ) {
        if labels.is_empty() {
            return;
        }
        let guards = self.guards_here();
        let place = key.place;
        let sink = Rc::new(SinkData { key, symbol: symbol.clone(), function: self.here(), event, presumed, guards });
        let entered = if self.inlined > 0 { self.labels_entered(labels) } else { labels.to_vec() };
        let Some(trace) = self.ways.step_all(&entered, StepKind::Sink, place, &symbol) else { return };
        for label in labels {
            self.record_flow(super::value::Label { origin: label.origin, trace }, &sink);
        }
    }

    pub(crate) fn stepped_return(&mut self, value: Value) -> Value {
        let here = self.here();
        let module = self.module(here.module);
        let Some(function) = module.function(FuncId(here.func)) else { return value };
        let public = !function.name.starts_with('_');
        if public && !value.is_unknown() {
            // Results of public functions are sinks for what entered by a source; parameters that come back are no news.
            let (labels, _) = self.deep(&value);
            let real: Vec<_> = labels
                .into_iter()
                .filter(|label| {
                    self.origins
                        .get(label.origin as usize)
                        .is_some_and(|origin| !matches!(origin.key, OriginKey::Param(..)))
                })
                .collect();
            if !real.is_empty() {
                let place = self.place_in(here.module, function.name_span, Some(&function.name));
                let key = SinkKey {
                    module: here.module,
                    place,
                    kind: SmolStr::new_static("return"),
                    arg: SmolStr::new_static("result"),
                };
                self.reach(key, function.name.clone(), None, None, &real);
            }
        }
        value
    }
}
