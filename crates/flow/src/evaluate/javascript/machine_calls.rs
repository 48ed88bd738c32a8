//! Calls of a [`Machine`]: functions of the code, of the language, and methods of values.

use std::rc::Rc;
use std::sync::Arc;

use indexmap::IndexMap;
use sluice_syntax::ir::{ArgKind, ExprId, ExprKind, FuncId, Module, ParamKind};
use smol_str::SmolStr;

use super::machine::{End, Got, Machine, Run, Stop};
use super::machine_values::{Object, Thing, Value, property_name};
use crate::evaluate::Concrete;

/// Deepest chain of calls.
const MOST_CALLS: u32 = 120;

impl Machine {
    pub(super) fn eval_call(
        &mut self,
        module: &Rc<Module>,
        callee: ExprId,
        args: &[sluice_syntax::ir::Arg],
        new: bool,
    ) -> Run<Got> {
        let (function, this) = match &self.expr(module, callee)?.kind {
            ExprKind::Attr { base, name } => {
                let base = value!(self.eval(module, *base));
                (value!(self.property(&base, name)), base)
            }
            ExprKind::Index { base, index } => {
                let base = value!(self.eval(module, *base));
                let index = value!(self.eval(module, *index));
                let name = property_name(&index).ok_or(Stop)?;
                (value!(self.property(&base, &name)), base)
            }
            _ => (value!(self.eval(module, callee)), Value::UNDEFINED),
        };
        let mut values = Vec::with_capacity(args.len());
        for arg in args {
            let value = value!(self.eval(module, arg.value));
            match arg.kind {
                ArgKind::Star => values.extend(self.store.items(&value).ok_or(Stop)?),
                _ => values.push(value),
            }
        }
        if new {
            return self.construct(&function, values);
        }
        self.call(&function, this, values)
    }

    fn construct(&mut self, function: &Value, args: Vec<Value>) -> Run<Got> {
        match function {
            Value::Host(name) if name == "Array" => {
                let sized = match args.as_slice() {
                    [Value::Plain(Concrete::Int(count))] => {
                        usize::try_from(*count).ok().filter(|count| *count < 65_536)
                    }
                    _ => None,
                };
                let items = sized.map_or(args, |count| vec![Value::UNDEFINED; count]);
                self.budget.step(items.len()).ok_or(Stop)?;
                Ok(Got::Value(self.store.array(items)))
            }
            Value::Host(name) if name == "Object" => {
                Ok(Got::Value(self.store.object(Object { thing: Thing::Plain, properties: IndexMap::default() })))
            }
            Value::Host(name) if name == "Error" || name.ends_with("Error") => {
                let Got::Throw(error) = self.thrown("") else { return Err(Stop) };
                Ok(Got::Value(error))
            }
            Value::Host(_) => self.call(function, Value::UNDEFINED, args),
            Value::Function(..) => {
                let instance = self.store.object(Object { thing: Thing::Plain, properties: IndexMap::default() });
                self.store.inherit(&instance, function);
                match self.call(function, instance.clone(), args)? {
                    Got::Value(object @ Value::Object(_)) => Ok(Got::Value(object)),
                    Got::Value(_) => Ok(Got::Value(instance)),
                    thrown @ Got::Throw(_) => Ok(thrown),
                }
            }
            _ => Err(Stop),
        }
    }

    /// Calls a value.
    pub(super) fn call(&mut self, function: &Value, this: Value, args: Vec<Value>) -> Run<Got> {
        match function {
            Value::Function(func, env, own) => {
                self.call_function(*func, *env, own.as_deref().cloned().unwrap_or(this), args)
            }
            Value::Method(receiver, name) => {
                let receiver = receiver.as_ref().clone();
                self.method(&receiver, &name.clone(), args)
            }
            Value::Host(name) => {
                if name == "Function" {
                    let text = args.last().and_then(|value| self.store.to_concrete(value, 1));
                    let text = text.as_ref().and_then(|value| value.as_str().map(str::to_owned)).ok_or(Stop)?;
                    // The usual ways to ask for the global object.
                    return if text.contains("return this") {
                        Ok(Got::Value(Value::Host(SmolStr::new_static("\u{1}global"))))
                    } else {
                        Err(Stop)
                    };
                }
                if name == "\u{1}global" {
                    return Ok(Got::Value(Value::Host(SmolStr::new_static("globalThis"))));
                }
                let known: Option<Vec<Concrete>> = args.iter().map(|arg| self.store.to_concrete(arg, 8)).collect();
                let outcome = super::function(name, &known.ok_or(Stop)?, &mut self.budget).ok_or(Stop)?;
                Ok(Got::Value(self.store.adopt(&outcome.value)))
            }
            Value::Plain(_) | Value::Object(_) => Ok(self.thrown("not a function")),
            Value::Unknown => Err(Stop),
        }
    }

    fn call_function(&mut self, func: FuncId, env: usize, this: Value, args: Vec<Value>) -> Run<Got> {
        self.calls += 1;
        if self.calls > MOST_CALLS {
            return Err(Stop);
        }
        let module = Rc::clone(&self.module);
        let function = module.function(func).ok_or(Stop)?;
        if function.is_async || function.is_generator {
            return Err(Stop);
        }
        if self.store.is_full() {
            return Err(Stop);
        }
        let own = self.store.environment(func, Some(env), function.slots.len());
        self.frames.push((own, this, args.clone()));
        let mut ended = None;
        for (position, param) in function.params.iter().enumerate() {
            let mut value = match param.kind {
                ParamKind::Star => {
                    let rest = args.get(position..).unwrap_or_default().to_vec();
                    self.store.array(rest)
                }
                _ => args.get(position).cloned().unwrap_or(Value::UNDEFINED),
            };
            if let (Value::Plain(Concrete::Undefined), Some(default)) = (&value, param.default) {
                match self.eval(&module, default)? {
                    Got::Value(default) => value = default,
                    Got::Throw(thrown) => {
                        ended = Some(End::Throw(thrown));
                        break;
                    }
                }
            }
            self.store.set_slot(own, param.slot as usize, value.clone());
            if let Some(pattern) = &param.pattern
                && let Got::Throw(thrown) = self.assign(&module, pattern, value)?
            {
                ended = Some(End::Throw(thrown));
                break;
            }
        }
        let end = match ended {
            Some(end) => end,
            None => self.block(&module, &function.body)?,
        };
        self.frames.pop();
        self.calls -= 1;
        Ok(match end {
            End::Return(value) => Got::Value(value),
            End::Throw(value) => Got::Throw(value),
            _ => Got::Value(Value::UNDEFINED),
        })
    }

    /// Calls a method of a value that is no object of the code's own.
    fn method(&mut self, receiver: &Value, name: &SmolStr, args: Vec<Value>) -> Run<Got> {
        let first = args.first().cloned().unwrap_or(Value::UNDEFINED);
        match (receiver, name.as_str()) {
            (Value::Function(..) | Value::Method(..) | Value::Host(_), "call") => {
                let rest = args.get(1..).unwrap_or_default().to_vec();
                return self.call(receiver, first, rest);
            }
            (Value::Function(..) | Value::Method(..) | Value::Host(_), "apply") => {
                let rest = match args.get(1) {
                    None | Some(Value::Plain(Concrete::Undefined | Concrete::None)) => Vec::new(),
                    Some(list) => self.store.items(list).ok_or(Stop)?,
                };
                return self.call(receiver, first, rest);
            }
            (Value::Function(func, env, own), "bind") if args.len() <= 1 => {
                let this = own.clone().or_else(|| Some(Rc::new(first)));
                return Ok(Got::Value(Value::Function(*func, *env, this)));
            }
            (Value::Object(id), _) if self.store.is_array(*id) => {
                if let Some(got) = self.array_method(receiver, name, &args)? {
                    return Ok(got);
                }
            }
            (Value::Plain(Concrete::Str(text)), "replace") if matches!(args.get(1), Some(Value::Function(..))) => {
                return self.replace(&text.clone(), &first, args.get(1).ok_or(Stop)?);
            }
            _ => {}
        }
        let known = self.store.to_concrete(receiver, 4).ok_or(Stop)?;
        let args: Option<Vec<Concrete>> = args.iter().map(|arg| self.store.to_concrete(arg, 4)).collect();
        let outcome = super::method(&known, name, &args.ok_or(Stop)?, &mut self.budget).ok_or(Stop)?;
        Ok(Got::Value(self.store.adopt(&outcome.value)))
    }

    fn replace(&mut self, text: &str, pattern: &Value, function: &Value) -> Run<Got> {
        let Value::Plain(Concrete::Regex(pattern, flags)) = pattern else { return Err(Stop) };
        let found = super::matches(pattern, flags, text, &mut self.budget).ok_or(Stop)?;
        let mut result = String::new();
        let mut last = 0;
        for one in found {
            let (start, end) = one.span();
            let values = one.texts(text).into_iter().map(Value::Plain).collect();
            let made = value!(self.call(function, Value::UNDEFINED, values));
            let made = self.store.to_primitive(&made).and_then(|made| super::to_text(&made)).ok_or(Stop)?;
            result.push_str(text.get(last..start).ok_or(Stop)?);
            result.push_str(&made);
            last = end;
        }
        result.push_str(text.get(last..).ok_or(Stop)?);
        self.budget.produce(result.len()).ok_or(Stop)?;
        Ok(Got::Value(Value::Plain(Concrete::Str(Arc::from(result)))))
    }

    /// A method of an array that changes it or calls something back.
    fn array_method(&mut self, receiver: &Value, name: &str, args: &[Value]) -> Run<Option<Got>> {
        if let Some(value) = self.store.change_array(receiver, name, args, &mut self.budget) {
            return Ok(Some(Got::Value(value)));
        }
        let Some(function @ (Value::Function(..) | Value::Host(_))) = args.first() else { return Ok(None) };
        let items = self.store.items(receiver).ok_or(Stop)?;
        let mut kept = Vec::new();
        let mut total = args.get(1).cloned();
        for (position, item) in items.into_iter().enumerate() {
            self.step()?;
            let at = Value::Plain(Concrete::Int(i64::try_from(position).unwrap_or(0)));
            let values = match (name, &total) {
                ("reduce", None) => {
                    total = Some(item);
                    continue;
                }
                ("reduce", Some(total)) => vec![total.clone(), item.clone(), at],
                _ => vec![item.clone(), at, receiver.clone()],
            };
            let result = match self.call(function, Value::UNDEFINED, values)? {
                Got::Value(value) => value,
                thrown @ Got::Throw(_) => return Ok(Some(thrown)),
            };
            match name {
                "map" => kept.push(result),
                "filter" if self.truth(&result)? => kept.push(item),
                "filter" | "forEach" => {}
                "reduce" => total = Some(result),
                "find" if self.truth(&result)? => return Ok(Some(Got::Value(item))),
                "some" if self.truth(&result)? => return Ok(Some(Got::Value(Value::Plain(Concrete::Bool(true))))),
                "find" | "some" => {}
                _ => return Ok(None),
            }
        }
        Ok(Some(Got::Value(match name {
            "map" | "filter" => self.store.array(kept),
            "reduce" => total.ok_or(Stop)?,
            "some" => Value::Plain(Concrete::Bool(false)),
            "find" | "forEach" => Value::UNDEFINED,
            _ => return Ok(None),
        })))
    }
}
