//! Values in words: addresses, commands and paths as far as they are known.

use std::collections::BTreeSet;

use sluice_flow::facts::{ArgFact, Event, ValueFact};

use crate::model::escape;
use crate::prose::family::arg;
use crate::prose::words::{code_up_to, cut};
use crate::view::View;

/// The one text that the value is.
pub(crate) fn known_text(value: &ValueFact) -> Option<String> {
    value.text.as_deref().filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

/// The value for a reader: its text, else the shape that the evaluation gives it, else the code as written.
pub(crate) fn told(view: &View<'_>, arg: &ArgFact) -> String {
    if let Some(text) = known_text(&arg.value) {
        return code_up_to(&text, 160);
    }
    // A host and its port are a pair, which is no text.
    let written = view.facts().text(arg.evidence);
    if written.starts_with('(') && written.contains(',') {
        return code_up_to(&pair(written).unwrap_or_else(|| written.to_owned()), 80);
    }
    // Without a constant in it, the shape of a call's result tells less than the name it has in the code.
    let opaque = arg.value.literals.is_empty() && arg.value.shape.contains("()");
    if !arg.value.shape.is_empty() && !opaque {
        let shape = arg.value.shape.replace("`` + ", "").replace(" + ``", "");
        return cut(&escape(&readable(&shape)), 240);
    }
    code_up_to(view.facts().text(arg.evidence), 80)
}

/// The host and the port of a pair that stands in the code, as an address: "192.0.2.7:4444".
fn pair(written: &str) -> Option<String> {
    let (host, port) = written.strip_prefix('(')?.strip_suffix(')')?.split_once(',')?;
    let (host, port) = (host.trim(), port.trim());
    let host = host.trim_start_matches(['b', 'u']).trim_matches(['"', '\'']);
    let plain = !host.is_empty() && host.chars().all(|c| c.is_alphanumeric() || ".-:_".contains(c));
    (plain && port.parse::<u16>().is_ok()).then(|| format!("{host}:{port}"))
}

/// The hosts of a destination: those that its value names, and that of a pair whose host stands in the code.
pub(crate) fn hosts_of(view: &View<'_>, arg: &ArgFact) -> BTreeSet<String> {
    let written = view.facts().text(arg.evidence);
    let quoted = written.starts_with("('") || written.starts_with("(\"");
    let mut found = hosts(&arg.value);
    found.extend(pair(written).filter(|_| quoted).map(|host| escape(&host)));
    found
}

/// The address of a request for a reader, by what gives it where it stands nowhere in the code.
pub(crate) fn told_address(view: &View<'_>, event: &Event, arg: &ArgFact) -> String {
    // A value without a constant, and with a name that stands nowhere in the text.
    let name = arg.value.shape.trim_matches('`');
    let unknown = known_text(&arg.value).is_none()
        && arg.value.literals.is_empty()
        && name.contains('.')
        && !view.facts().text(arg.evidence).contains(name)
        && !is_built(view, arg);
    let answer = view.index.paths_to(event.evidence).find(|path| {
        path.sink.kind == "network.destination" && path.source.kind == "network.response" && path.presumed.is_none()
    });
    match answer.filter(|_| unknown) {
        Some(path) => {
            let shown = |text: &str| cut(&escape(text), 120).replace('`', "'");
            format!("an address that is {}", crate::prose::phrases::source(view.facts(), path, &shown))
        }
        None => told(view, arg),
    }
}

/// True for an argument that is an address of the network; a channel, a bucket or a recipient is a name inside a service.
pub(crate) fn is_address(arg: &ArgFact) -> bool {
    const WORDS: [&str; 11] =
        ["url", "uri", "host", "addr", "server", "endpoint", "sock", "dsn", "target", "request", "netloc"];
    let name = arg.name.to_lowercase();
    let numbered = name.chars().all(|character| character.is_ascii_digit());
    numbered
        || !hosts(&arg.value).is_empty()
        || !name.starts_with("to_") && WORDS.iter().any(|word| name.contains(word))
}

/// True for an argument that is a request built before, and no address: by its name, where no host is known.
pub(crate) fn is_built(view: &View<'_>, arg: &ArgFact) -> bool {
    let written = view.facts().text(arg.evidence).to_lowercase();
    let named = arg.name == "request"
        || ["request", "req"].iter().any(|word| written.rsplit(['.', '_']).next() == Some(*word) || written == *word);
    named && known_text(&arg.value).is_none() && hosts(&arg.value).is_empty()
}

/// The shape of a value in words: "(`a` through `[:-1]` or `a`) + `/v1`" is "(`a`, as it is or less its last character)
/// + `/v1`".
fn readable(shape: &str) -> String {
    const THROUGH: &str = " through `";
    let mut out = String::new();
    let mut rest = shape;
    while let Some((before, after)) = rest.split_once(THROUGH) {
        let Some((by, behind)) = after.split_once('`') else { break };
        out.push_str(before);
        let changed = match by {
            "[:-1]" => "less its last character".to_owned(),
            "[1:]" => "less its first character".to_owned(),
            _ if by.starts_with('[') => format!("cut to `{by}`"),
            _ => format!("through `{by}`"),
        };
        // The value as it is may be the other alternative.
        let (outer, inner) = operand(&out);
        match behind.strip_prefix(" or ").and_then(|behind| behind.strip_prefix(inner.as_str())) {
            Some(behind) if !behind.starts_with([' ', '.']) || behind.starts_with(" + ") => {
                out.truncate(outer);
                out.push_str(&format!("{inner}, as it is or {changed}"));
                rest = behind;
            }
            _ => {
                out.push_str(&format!(" {changed}"));
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    out
}

/// Where the last operand of a shape starts, and the operand without brackets around it.
fn operand(shape: &str) -> (usize, String) {
    let mut depth = 0_u32;
    let mut quoted = false;
    for (at, character) in shape.char_indices().rev() {
        match character {
            '`' if depth == 0 && quoted => return (at, shape.get(at..).unwrap_or("").to_owned()),
            '`' => quoted = !quoted,
            ')' if !quoted => depth += 1,
            '(' if !quoted => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    let inner = shape.get(at + 1..shape.len().saturating_sub(1)).unwrap_or("");
                    return (at, inner.to_owned());
                }
            }
            _ => {}
        }
    }
    (0, shape.to_owned())
}

/// The address argument of a request.
pub(crate) fn destination(event: &Event) -> Option<&ArgFact> {
    arg(event, "network.destination").or_else(|| arg(event, "destination")).or_else(|| arg(event, "address"))
}

/// True if the text is the name or the number of a host, perhaps with a port.
fn is_host(text: &str) -> bool {
    let (name, port) = text.split_once(':').unwrap_or((text, "0"));
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() < 64
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    name.contains('.') && name.split('.').all(is_label) && port.parse::<u16>().is_ok()
}

/// The hosts that a value names as constants, with their scheme and path as written.
pub(crate) fn hosts(value: &ValueFact) -> BTreeSet<String> {
    let mut hosts = BTreeSet::new();
    // A host by itself, as those who connect without an address name it.
    if let Some(text) = value.text.as_deref().filter(|text| is_host(text)) {
        hosts.insert(escape(text));
    }
    let texts = value.text.iter().chain(&value.literals).chain(&value.patterns);
    for text in texts {
        if let Some((_, rest)) = text.split_once("://") {
            let host: String = rest
                .chars()
                .take_while(|character| character.is_alphanumeric() || "-._:[]@".contains(*character))
                .collect();
            let host = host.rsplit('@').next().unwrap_or("").trim_end_matches(['.', ':']).to_owned();
            // Brackets around what is not known are no host.
            if host.chars().any(char::is_alphanumeric) {
                hosts.insert(escape(&host));
            }
        }
    }
    hosts
}

/// True if some part of the value that decides about the host is not known.
pub(crate) fn open_host(value: &ValueFact) -> bool {
    if value.text.is_some() {
        return false;
    }
    if value.patterns.is_empty() {
        return true;
    }
    value.patterns.iter().any(|pattern| match pattern.split_once("://") {
        Some((scheme, rest)) => scheme.contains("{}") || rest.split(['/', '?']).next().unwrap_or("").contains("{}"),
        None => true,
    })
}

/// True if the value can start with something that is not known: then its scheme is not fixed.
pub(crate) fn open_scheme(value: &ValueFact) -> bool {
    value.text.is_none() && value.patterns.iter().any(|pattern| pattern.starts_with("{}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_an_address() {
        assert_eq!(pair("('192.0.2.7',4444)").as_deref(), Some("192.0.2.7:4444"));
        assert_eq!(pair("(host, 4444)").as_deref(), Some("host:4444"));
        assert_eq!(pair("('a', name)"), None);
    }

    #[test]
    fn brackets_are_no_host() {
        let value = ValueFact {
            literals: vec!["https://[".into(), "https://a.example.invalid/x".into()],
            ..ValueFact::default()
        };
        assert_eq!(hosts(&value).into_iter().collect::<Vec<_>>(), ["a.example.invalid"]);
    }

    #[test]
    fn shapes_read_as_prose() {
        assert_eq!(
            readable("((`host` or `https://a.example`) through `[:-1]` or `host` or `https://a.example`) + `/v1`"),
            "(`host` or `https://a.example`, as it is or less its last character) + `/v1`"
        );
        assert_eq!(readable("`name` through `[:-1]`"), "`name` less its last character");
        assert_eq!(readable("(`a` or `b`) through `strip()` + `/c`"), "(`a` or `b`) through `strip()` + `/c`");
        assert_eq!(readable("`a` through `f()` or `ab`"), "`a` through `f()` or `ab`");
        assert_eq!(readable("`a` + `b`"), "`a` + `b`");
    }
}
