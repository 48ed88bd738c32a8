//! Presumptions: what a method presumably is of whose receiver nothing is known.

use std::rc::Rc;
use std::sync::Arc;

use sluice_catalog::{Model, Presumption};
use sluice_syntax::ir::{Const, Module};
use smol_str::SmolStr;

use super::Engine;
use super::call::{Args, Site};
use super::value::Value;

impl Engine<'_> {
    /// Applies a presumption of the catalog to a method of which only the name and arguments are known.
    pub(crate) fn presume(
        &mut self,
        module: &Rc<Module>,
        name: &SmolStr,
        receiver: &Value,
        args: &Args,
        site: Site,
    ) -> bool {
        let catalog = self.catalog;
        let Some(presumption) =
            catalog.presumptions(name).iter().find(|presumption| self.presumption_holds(presumption, receiver, args))
        else {
            return false;
        };
        let mut model = Model {
            symbol: SmolStr::new(
                self.owner_symbol(receiver)
                    .map_or_else(|| self.written(module, site.callee).to_string(), |owner| format!("{owner}.{name}")),
            ),
            actions: presumption.actions.clone(),
            ..Model::default()
        };
        let star = presumption.args.get("*").cloned().unwrap_or_default();
        for position in 0..args.positional.len() {
            let roles = presumption.args.get(position.to_string().as_str()).cloned().unwrap_or_else(|| star.clone());
            let param = SmolStr::new(format!("{position}"));
            model.params.push(sluice_catalog::ModelParam {
                name: param.clone(),
                stars: 0,
                optional: true,
                named_only: false,
            });
            model.args.insert(param, roles);
        }
        for (name, _, _) in &args.named {
            let roles = presumption.args.get(name.as_str()).cloned().unwrap_or_else(|| star.clone());
            model.args.insert(name.clone(), roles);
        }
        if args.star_star.is_some() || args.star.is_some() {
            model.params.push(sluice_catalog::ModelParam {
                name: SmolStr::new_static("rest"),
                stars: 2,
                optional: true,
                named_only: false,
            });
            model.args.insert(SmolStr::new_static("**rest"), star);
        }
        let mut own = None;
        if let Some(roles) = presumption.args.get("self") {
            // The object itself is what is sent: all that it holds.
            model.params.insert(
                0,
                sluice_catalog::ModelParam {
                    name: SmolStr::new_static("self"),
                    stars: 0,
                    optional: false,
                    named_only: false,
                },
            );
            model.args.insert(SmolStr::new_static("self"), roles.clone());
            let mut value = Value::UNKNOWN;
            value.add_labels(&self.whole(receiver));
            value.add_tokens(receiver.tokens());
            own = Some(value);
        }
        let reason: Arc<str> = Arc::from(presumption.reason.as_str());
        self.apply_model(module, &model, own.as_ref(), args, site, Some(reason));
        true
    }

    fn presumption_holds(&self, presumption: &Presumption, receiver: &Value, args: &Args) -> bool {
        if presumption.external_base && !self.has_external_base(receiver) {
            return false;
        }
        presumption.when.iter().all(|(key, allowed)| {
            let value = match key.parse::<usize>() {
                Ok(position) => args.positional.get(position).map(|(value, _)| value),
                Err(_) => args.named.iter().find(|(name, _, _)| name == key).map(|(_, value, _)| value),
            };
            let Some(value) = value else { return false };
            if allowed.is_empty() {
                return true;
            }
            let texts: Vec<String> = match value.known() {
                Some(Const::Str(text)) => vec![text.to_lowercase()],
                Some(Const::Bool(value)) => vec![value.to_string()],
                _ => value.term().map(|term| term.patterns()).unwrap_or_default(),
            };
            texts.iter().any(|text| {
                allowed.iter().any(|known| match known.strip_suffix('*') {
                    Some(prefix) => text.to_lowercase().starts_with(prefix),
                    None => known.as_str() == text,
                })
            })
        })
    }
}
