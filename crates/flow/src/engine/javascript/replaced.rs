//! Functions of the host, or of a library, that code replaces by its own.

use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashSet;
use sluice_syntax::ir::{Const, ExprId, FuncId, Module, SlotRef};
use smol_str::SmolStr;

use crate::engine::call::Site;
use crate::engine::callbacks::Given;
use crate::engine::events::MOST_CONTEXT_VALUES;
use crate::engine::value::{Key, Label, Ref, Value};
use crate::engine::{Engine, Origin, OriginKey};
use crate::facts::EvidenceId;

/// Longest source of a replacement, and of what it uses, that is kept for rules.
const LONGEST: usize = 4096;

/// The names in a source.
fn names(source: &str) -> FxHashSet<&str> {
    source.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).filter(|name| !name.is_empty()).collect()
}

impl Engine<'_> {
    /// The known texts of variables around a function that its source names.
    fn texts_named_in(&self, function: &Value, source: &str) -> Vec<(Arc<str>, bool)> {
        /// Most variables that are looked for.
        const MOST: usize = 256;
        let mut texts: Vec<(Arc<str>, bool)> = Vec::new();
        let key = function.refs().iter().find_map(|reference| match reference {
            Ref::Function(key, _) => Some(*key),
            _ => None,
        });
        let Some((key, owner)) = key.and_then(|key| Some((key, self.modules.get(key.module as usize)?))) else {
            return texts;
        };
        let names = names(source);
        let mut scope = owner.function(FuncId(key.func)).and_then(|function| function.parent);
        while let Some(func) = scope {
            let Some(around) = owner.function(func) else { break };
            let named = (0..).zip(around.slots.iter()).filter(|(_, held)| names.contains(held.name.as_str()));
            for (slot, _) in named.take(MOST) {
                let place = (key.module, SlotRef { func, slot });
                if let Some(text) = self.shared.get(&place).and_then(Value::known_text)
                    && texts.len() < MOST_CONTEXT_VALUES
                {
                    texts.push((Arc::clone(text), false));
                }
            }
            scope = around.parent;
        }
        texts
    }

    /// A replacement together with the functions and constants of the package that it uses, and those that they use.
    fn text_around(&self, function: &Value) -> Arc<str> {
        /// Most functions that are gone through, and most variables of one scope.
        const MOST: usize = 24;
        const WIDEST: usize = 256;
        let mut text = String::new();
        let mut left: Vec<Key> = self.functions_of(function);
        let mut at = 0;
        while let Some(key) = left.get(at).copied() {
            at += 1;
            let Some(owner) = self.modules.get(key.module as usize) else { continue };
            let Some(body) = owner.function(FuncId(key.func)) else { continue };
            let source = crate::facts::clip(owner.slice(body.span), LONGEST);
            let names = names(&source);
            let mut scope = body.parent;
            while let Some(func) = scope {
                let Some(around) = owner.function(func) else { break };
                for (slot, _) in
                    (0..).zip(&around.slots).filter(|(_, held)| names.contains(held.name.as_str())).take(WIDEST)
                {
                    let Some(value) = self.shared.get(&(key.module, SlotRef { func, slot })) else { continue };
                    self.held_text(value, 2, &mut text, &mut left);
                }
                scope = around.parent;
            }
            let mut once: FxHashSet<Key> = FxHashSet::default();
            left.retain(|key| once.insert(*key));
            left.truncate(MOST);
            text.push_str(&source);
            text.push('\n');
            if text.len() >= LONGEST {
                break;
            }
        }
        crate::facts::clip(&text, LONGEST)
    }

    /// Adds the texts and patterns that a value holds, and the functions.
    fn held_text(&self, value: &Value, depth: u32, text: &mut String, functions: &mut Vec<Key>) {
        /// Most values of one object.
        const WIDE: usize = 32;
        functions.extend(self.functions_of(value));
        match value.known() {
            Some(Const::Str(known)) => text.push_str(&crate::facts::clip(known, 256)),
            Some(Const::Regex { pattern, .. }) => text.push_str(&crate::facts::clip(pattern, 256)),
            _ => {}
        }
        text.push('\n');
        let Some(object) = value.object().and_then(|id| self.object(id)).filter(|_| depth > 0 && text.len() < LONGEST)
        else {
            return;
        };
        for (name, field) in object.fields.iter().take(WIDE) {
            text.push_str(name.trim_start_matches('\u{1}'));
            text.push('\n');
            self.held_text(field, depth - 1, text, functions);
        }
        for item in object.items.iter().take(WIDE) {
            self.held_text(item, depth - 1, text, functions);
        }
    }

    /// A function is put in the place of what something of the host or of a library has under a name.
    pub(crate) fn replaces_member(
        &mut self,
        module: &Rc<Module>,
        object: &Value,
        name: &SmolStr,
        value: &Value,
        site: Site,
    ) {
        if value.refs().iter().any(|reference| matches!(reference, Ref::Function(..) | Ref::Class(_))) {
            self.hooked(module, object, name, value, site);
            for reference in object.refs().to_vec() {
                self.store_property(&reference, name, value);
            }
        }
    }

    /// A function of a library or of the host that is replaced: everybody who calls it calls the code that is put there.
    pub(crate) fn hooked(&mut self, module: &Rc<Module>, object: &Value, name: &SmolStr, value: &Value, site: Site) {
        let owner = object.refs().iter().find_map(|reference| match reference {
            Ref::Symbol(symbol) => Some(symbol.clone()),
            _ => None,
        });
        let Some(owner) = owner else { return self.takes_whole(object) };
        let full = if owner == "globalThis" { name.to_string() } else { format!("{owner}.{name}") };
        let symbol = self.canonical(&full);
        if self.catalog.model(&symbol).is_none() {
            return;
        }
        let source = value.refs().iter().find_map(|reference| match reference {
            Ref::Function(key, _) => {
                let owner = self.modules.get(key.module as usize)?;
                Some(crate::facts::clip(owner.slice(owner.function(FuncId(key.func))?.span), LONGEST))
            }
            _ => None,
        });
        let Some(source) = source else { return };
        let place = self.place(site.span, Some(&symbol));
        let written = SmolStr::new(crate::facts::clip(module.slice(site.span), 80));
        let index = self.event(site.id, place, &symbol, &written, None);
        let model = sluice_catalog::Model { symbol, actions: vec![SmolStr::new_static("hook")], ..Default::default() };
        let known_as = self.texts_named_in(value, &source);
        let around = crate::facts::ValueFact { text: Some(self.text_around(value)), ..Default::default() };
        let fact = crate::facts::ValueFact { text: Some(source), known_as, ..Default::default() };
        let code = vec![
            (SmolStr::new_static("function"), vec![SmolStr::new_static("code")], fact, place),
            (SmolStr::new_static("around"), Vec::new(), around, place),
        ];
        let symbol = model.symbol.clone();
        self.fill_event(index, &model, code, site.id);
        // Whoever calls it from now on calls the replacement: its parameters are what they pass.
        let label = self.intercepted(symbol, site.id, index, place);
        let mut passed = Value::UNKNOWN;
        passed.add_labels(&[label]);
        let token = self.site_token(site.id);
        passed.add_tokens(&[token]);
        let given =
            Given { values: vec![passed.clone(), passed.clone(), passed.clone()], rest: passed, ..Given::default() };
        self.call_back(module, value, &given, site);
    }

    /// The label of what others pass to a function of a library, at the code that stands in its place.
    fn intercepted(&mut self, symbol: SmolStr, id: ExprId, event: usize, place: EvidenceId) -> Label {
        let kind = SmolStr::new_static("intercepted");
        self.origin(Origin {
            key: OriginKey::Source(self.here().module, id, kind.clone()),
            kind,
            symbol,
            detail: None,
            place,
            function: self.here(),
            event: Some(event),
            start: 0,
        })
    }

    /// Interprets a method that stands in the place of that of a library's class: whoever uses its class as that one
    /// passes to it what is meant for the other.
    pub(crate) fn with_overridden(&mut self, module: &Rc<Module>, key: Key) {
        /// Roles of what is worth intercepting.
        const TAKEN: [&str; 4] = ["credential", "key", "network.destination", "network.send"];
        let Some(function) = module.function(FuncId(key.func)) else { return };
        let Some(class) = function.parent.map(|parent| Key { module: key.module, func: parent.0 }) else { return };
        let bases: Vec<SmolStr> = self
            .classes
            .get(&class)
            .into_iter()
            .flatten()
            .flat_map(Value::refs)
            .filter_map(|base| match base {
                Ref::Symbol(symbol) => Some(symbol.clone()),
                _ => None,
            })
            .collect();
        let constructor = self.dialect_of(key.module).constructor();
        for base in bases {
            let full =
                if function.name == constructor { base } else { SmolStr::new(format!("{base}.{}", function.name)) };
            let symbol = self.canonical(&full);
            let takes =
                |model: &sluice_catalog::Model| model.args.values().flatten().any(|role| TAKEN.contains(&&**role));
            if !self.catalog.model(&symbol).is_some_and(takes) {
                continue;
            }
            // No expression makes the event: the place of the name stands for one.
            let id = ExprId(1 << 31 | function.name_span.start);
            let place = self.place_in(key.module, function.name_span, Some(&symbol));
            let mut frame = self.new_frame(key, true);
            frame.unsure = 0;
            self.enter(frame);
            let index = self.event(id, place, &symbol, &function.name, None);
            let model = sluice_catalog::Model {
                symbol: symbol.clone(),
                actions: vec![SmolStr::new_static("hook")],
                ..Default::default()
            };
            self.fill_event(index, &model, Vec::new(), id);
            let label = self.intercepted(symbol, id, index, place);
            self.exit();
            let (mut values, this) = self.unknown_arguments(module, key);
            for value in values.iter_mut().filter(|value| value.refs().is_empty() || !value.labels().is_empty()) {
                value.add_labels(&[label]);
            }
            self.interpret(module, key, values, Some((place, function.name.clone())), this);
        }
    }
}
