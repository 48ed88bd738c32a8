//! Parts of a known address: `new URL("https://…").hostname`.

use std::rc::Rc;
use std::sync::Arc;

use sluice_syntax::ir::Module;
use smol_str::SmolStr;

use crate::engine::Engine;
use crate::engine::call::{Args, Site};
use crate::engine::value::{Ref, Term, Value};

/// Longest address that is taken apart.
const LONGEST: usize = 4096;

/// A part of an address by the name of the property. `None` for a name that is no part.
fn part(address: &str, name: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://")?;
    let (rest, hash) = rest.split_once('#').map_or((rest, None), |(rest, hash)| (rest, Some(hash)));
    let (rest, search) = rest.split_once('?').map_or((rest, None), |(rest, search)| (rest, Some(search)));
    let (authority, path) = rest.split_once('/').map_or((rest, None), |(authority, path)| (authority, Some(path)));
    let (account, host) = authority.rsplit_once('@').map_or(("", authority), |(account, host)| (account, host));
    let (hostname, port) = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (name, port),
        _ => (host, ""),
    };
    let (username, password) = account.split_once(':').unwrap_or((account, ""));
    let path = format!("/{}", path.unwrap_or_default());
    let marked =
        |mark: char, text: Option<&str>| text.filter(|text| !text.is_empty()).map(|text| format!("{mark}{text}"));
    let search = marked('?', search).unwrap_or_default();
    Some(match name {
        "href" => address.to_owned(),
        "protocol" => format!("{scheme}:"),
        "host" => host.to_owned(),
        "hostname" => hostname.to_owned(),
        "port" => port.to_owned(),
        "origin" => format!("{scheme}://{host}"),
        "pathname" => path,
        "path" => format!("{path}{search}"),
        "search" => search,
        "query" => search.trim_start_matches('?').to_owned(),
        "hash" => marked('#', hash).unwrap_or_default(),
        "username" => username.to_owned(),
        "password" => password.to_owned(),
        _ => return None,
    })
}

impl Engine<'_> {
    /// `new URL(address, base)` of texts that are known.
    pub(super) fn based_address(&mut self, module: &Rc<Module>, args: &Args, site: Site) -> Option<Value> {
        let (address, base) = (args.positional.first()?, args.positional.get(1)?);
        let (text, base) = (address.0.known_text()?.clone(), base.0.known_text()?.clone());
        if text.len() + base.len() > LONGEST {
            return None;
        }
        let whole = String::from(url::Url::parse(&base).ok()?.join(&text).ok()?);
        let model = self.catalog.model("URL")?;
        let mut value = self.apply_model(module, model, None, args, site, None);
        value.edit().term = Some(Rc::new(Term::Text(Arc::from(whole))));
        Some(value)
    }

    /// True if nothing was stored into an address that may change a part of it: what is put behind the question mark
    /// leaves everything before it as it is.
    fn keeps_part(&self, address: &Value, name: &str) -> bool {
        const BEFORE: [&str; 6] = ["protocol", "host", "hostname", "port", "origin", "pathname"];
        match address.object().and_then(|id| self.object(id)) {
            None => address.object().is_none(),
            Some(object) => {
                BEFORE.contains(&name)
                    && object
                        .fields
                        .iter()
                        .all(|(field, _)| matches!(field.as_str(), "search" | "searchParams" | "hash"))
            }
        }
    }

    /// A part of an address that is known.
    pub(super) fn address_part(&self, address: &Value, name: &SmolStr) -> Option<Value> {
        let is_address = address
            .refs()
            .iter()
            .any(|reference| matches!(reference, Ref::Instance(kind) if kind == "URL" || kind == "url.Parsed"));
        if !is_address || !self.keeps_part(address, name) {
            return None;
        }
        let term = address.term()?;
        let text = match &*term {
            Term::Through(by, inner) if matches!(by.as_str(), "URL()" | "parse()") => match &**inner {
                Term::Text(text) => text,
                _ => return None,
            },
            Term::Text(text) => text,
            _ => return None,
        };
        if text.len() > LONGEST {
            return None;
        }
        let mut value = Value::text(&part(text, name)?);
        // What was put behind the question mark is not in what stands before it.
        match address.object() {
            Some(_) => value.add_labels(address.labels()),
            None => self.inherit(&mut value, &[address], None),
        }
        Some(value)
    }
}
