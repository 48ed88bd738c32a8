//! Facts in the words of a reader: what a source gives, how a call is called, where a place stands.
//!
//! The engine names what it resolves by symbols of its own, and an obfuscator invents names; a sentence names what a
//! thing is.

use std::collections::BTreeSet;

use sluice_catalog::kinds;
use sluice_flow::facts::{Event, EvidenceId, Facts, ModuleFacts, Path};

/// The folder `name-version/` that holds everything.
pub(crate) fn root_of(facts: &Facts) -> &str {
    let mut roots = facts.modules.iter().map(|module| module.path.split_once('/').map(|(root, _)| root));
    let Some(Some(first)) = roots.next() else { return "" };
    let versioned =
        first.rsplit_once('-').is_some_and(|(_, version)| version.starts_with(|c: char| c.is_ascii_digit()));
    let path = facts.modules.first().map_or("", |module| module.path.as_str());
    if versioned && roots.all(|root| root == Some(first)) { path.get(..=first.len()).unwrap_or("") } else { "" }
}

/// The name of a call without what only the engine calls so: marks, and classes that nobody imports.
pub(crate) fn callable(symbol: &str) -> &str {
    let symbol = symbol.rsplit(|c: char| c.is_control()).next().unwrap_or(symbol);
    let symbol = symbol.strip_prefix("builtins.").unwrap_or(symbol);
    let hidden = symbol.split('.').rev().skip(1).any(|part| part.starts_with('_') && !part.starts_with("__"));
    let inner = symbol.starts_with("file.") || hidden;
    if inner { symbol.rsplit('.').next().unwrap_or(symbol) } else { symbol }
}

/// What stands at the end of a source's symbol, in words, for what tells who and where the user is.
fn identity(symbol: &str) -> Option<&'static str> {
    let name = symbol.trim_end_matches("()").rsplit('.').next().unwrap_or(symbol).to_ascii_lowercase();
    Some(match name.as_str() {
        "gethostname" | "getfqdn" | "hostname" | "node" | "nodename" | "computername" => "the host name",
        "getuser" | "getlogin" | "pw_name" | "userinfo" | "username" | "getpwuid" => "the user name",
        "getnode" => "the hardware address",
        "getcwd" | "cwd" => "the current folder",
        "homedir" | "home" | "expanduser" => "the home folder",
        "uname" => "the names of host and system",
        "gethostbyname" | "networkinterfaces" | "getaddrinfo" | "getsockname" => "the network address",
        _ => return None,
    })
}

/// What a source gives: "the host name", "the output of the command `id`", "the answer of `https://…`". The parts of it
/// that come from the code go through `clean`.
pub(crate) fn source(facts: &Facts, path: &Path, clean: &dyn Fn(&str) -> String) -> String {
    let event = path.source.event.and_then(|event| facts.event(event));
    let is_file = path.source.kind.starts_with("file");
    let named = event.filter(|_| is_file).and_then(|event| text_of(event, "file.path"));
    let detail = path.source.detail.as_deref().or(named).map(clean).filter(|detail| is_telling(detail));
    match (path.source.kind.as_str(), detail) {
        ("parameter", _) => format!("the parameter `{}`", clean(&path.source.symbol)),
        ("environment", Some(name)) => format!("the environment variable `{name}`"),
        ("environment", None) if is_whole_environment(&path.source.symbol) => "all environment variables".to_owned(),
        ("process.output" | "host.identity", detail)
            if path.source.kind == "process.output"
                || event.is_some_and(|event| text_of(event, "process.command").is_some()) =>
        {
            let command = detail.or_else(|| event.and_then(|event| text_of(event, "process.command")).map(clean));
            command.map_or_else(
                || "the output of a command".to_owned(),
                |command| format!("the output of the command `{command}`"),
            )
        }
        ("network.response", detail) => {
            let address = detail.or_else(|| event.and_then(|event| text_of(event, "network.destination")).map(clean));
            address.map_or_else(|| "a server's answer".to_owned(), |address| format!("the answer of `{address}`"))
        }
        ("host.identity", None) => {
            identity(&path.source.symbol).unwrap_or_else(|| kinds::noun("host.identity")).to_owned()
        }
        ("package.data", Some(name)) => format!("the package's file `{name}`"),
        (kind, Some(detail)) if kind.starts_with("file") || matches!(kind, "browser.profile" | "wallet") => {
            format!("`{detail}`")
        }
        (kind, _) => kinds::noun(kind).to_owned(),
    }
}

/// True for a text with something known in it.
fn is_telling(text: &str) -> bool {
    text.replace("{}", "").chars().any(char::is_alphanumeric)
}

/// True for the environment as a whole, and not one variable of it.
fn is_whole_environment(symbol: &str) -> bool {
    matches!(symbol.rsplit('.').next(), Some("environ" | "environb" | "env" | "copy" | "items"))
}

/// What several paths bring, each thing once: at most `most` of them.
pub(crate) fn sources<'p>(
    facts: &Facts,
    paths: impl IntoIterator<Item = &'p Path>,
    most: usize,
    clean: &dyn Fn(&str) -> String,
) -> String {
    let names: BTreeSet<String> = paths.into_iter().map(|path| source(facts, path, clean)).collect();
    together(&names.into_iter().collect::<Vec<_>>(), most)
}

/// The phrases as one; what is the same in general is left out beside what says more, and variables stand together.
pub(crate) fn together(names: &[String], most: usize) -> String {
    const VARIABLE: &str = "the environment variable ";
    let more = |general: &str, start: &str| {
        names.iter().any(|name| name == general) && names.iter().any(|name| name.starts_with(start))
    };
    let output = more("the output of a command", "the output of the command ");
    let answer = more("a server's answer", "the answer of ");
    let who = ["the host name", "the user name"].iter().any(|name| names.iter().any(|known| known == name));
    let all = names.iter().any(|name| name == "all environment variables");
    let variables: Vec<&str> = names.iter().filter_map(|name| name.strip_prefix(VARIABLE)).collect();
    let mut shown: Vec<String> = Vec::new();
    for name in names {
        let general = output && name == "the output of a command"
            || answer && name == "a server's answer"
            || who && name == kinds::noun("host.identity");
        if general || name.starts_with(VARIABLE) && (all || variables.len() > 1) {
            continue;
        }
        if !shown.contains(name) {
            shown.push(name.clone());
        }
    }
    if variables.len() > 1 && !all {
        let listed: Vec<String> = variables.iter().map(|name| (*name).to_owned()).collect();
        shown.push(format!("the environment variables {}", crate::prose::words::list(&listed, most)));
    }
    crate::prose::words::list(&shown, most)
}

fn text_of<'e>(event: &'e Event, role: &str) -> Option<&'e str> {
    crate::prose::family::arg(event, role).and_then(|arg| arg.value.text.as_deref())
}

/// The place in a file at which a layer, and all around it, is executed; the place itself outside of layers.
pub(crate) fn outermost(facts: &Facts, id: EvidenceId) -> EvidenceId {
    let mut id = id;
    for _ in 0..256 {
        let layer = module_of(facts, id).filter(|module| module.depth > 0).and_then(|module| module.layer);
        match layer.and_then(|layer| facts.layers.get(layer as usize)) {
            Some(layer) => id = layer.evidence,
            None => break,
        }
    }
    id
}

pub(crate) fn module_of(facts: &Facts, id: EvidenceId) -> Option<&ModuleFacts> {
    facts.evidence(id).and_then(|place| facts.modules.get(place.module.0 as usize))
}

/// "line 7, two layers deep": how deep a text lies that is executed, and where in it; empty for a file as it is.
pub(crate) fn depth(module: &ModuleFacts, lines: &str) -> String {
    let deep = match module.depth {
        0 => return String::new(),
        1 => "one layer deep".to_owned(),
        2 => "two layers deep".to_owned(),
        3 => "three layers deep".to_owned(),
        number => format!("{number} layers deep"),
    };
    // A text of one line needs no number.
    let single = !module.text.trim_end().contains('\n');
    if single || lines.is_empty() { deep } else { format!("{deep} in line {lines}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_have_names_that_stand_in_code() {
        for (symbol, name) in [
            ("os._wrap_close.read", "read"),
            ("builtins.file.write", "write"),
            ("builtins.exec", "exec"),
            ("operator.\u{1}itemgetter", "itemgetter"),
            ("socket.socket.sendall", "socket.socket.sendall"),
            ("os.__dict__.get", "os.__dict__.get"),
        ] {
            assert_eq!(callable(symbol), name);
        }
    }

    #[test]
    fn what_is_the_same_is_told_once() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            together(&names(&["the output of a command", "the output of the command `id`"]), 4),
            "the output of the command `id`"
        );
        assert_eq!(
            together(&names(&["the environment variable `A`", "the environment variable `B`", "the host name"]), 4),
            "the host name and the environment variables `A` and `B`"
        );
        assert_eq!(
            together(&names(&["all environment variables", "the environment variable `B`"]), 4),
            "all environment variables"
        );
    }
}
