//! Reads a signature as theme files write it: `requests.post(url, data=None, *, headers=None, **kwargs)`.
//!
//! Defaults are only noted, never evaluated. Annotations are not part of the form.

use smol_str::SmolStr;

use crate::model::ModelParam;

/// The symbol and parameters of a signature.
///
/// # Errors
/// A clause that says what is wrong.
pub fn parse(text: &str) -> Result<(SmolStr, Vec<ModelParam>), &'static str> {
    let (symbol, rest) = text.split_once('(').ok_or("it has no opening parenthesis")?;
    let inner = rest.strip_suffix(')').ok_or("it does not end with a closing parenthesis")?;
    if symbol.is_empty() || !symbol.split('.').all(is_segment) {
        return Err("its symbol is not a dotted name");
    }
    let mut params: Vec<ModelParam> = Vec::new();
    let mut named_only = false;
    for item in split(inner)? {
        let item = item.trim();
        match item {
            "" => return Err("a parameter is empty"),
            "/" => continue,
            "*" => {
                named_only = true;
                continue;
            }
            _ => {}
        }
        let (name, optional) = match item.split_once('=') {
            Some((name, _)) => (name.trim(), true),
            None => (item, false),
        };
        let bare = name.trim_start_matches('*');
        let stars = u8::try_from(name.len() - bare.len()).unwrap_or(u8::MAX);
        if stars > 2 || !is_identifier(bare) {
            return Err("a parameter is not a name");
        }
        if params.iter().any(|param| param.name == bare) {
            return Err("a parameter is given twice");
        }
        params.push(ModelParam { name: SmolStr::new(bare), stars, optional, named_only: named_only && stars == 0 });
        named_only |= stars == 1;
    }
    Ok((SmolStr::new(symbol), params))
}

/// One segment of a symbol: an identifier, or the name of a package as its registry spells it (`@scope/name-x`).
fn is_segment(name: &str) -> bool {
    let inner = |c: char| c == '_' || c == '$' || c == '-' || c == '/' || c == '@' || c.is_alphanumeric();
    name.chars().next().is_some_and(|first| matches!(first, '_' | '$' | '@') || first.is_alphabetic())
        && name.chars().all(inner)
}

fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|first| first == '_' || first.is_alphabetic())
        && chars.all(|c| c == '_' || c.is_alphanumeric())
}

/// The parts between commas that stand in no bracket and no quotes. Nothing between the parentheses is no part.
fn split(text: &str) -> Result<Vec<&str>, &'static str> {
    let (mut parts, mut start, mut depth, mut quote) = (Vec::new(), 0, 0_u32, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.checked_sub(1).ok_or("its brackets do not match")?,
            (None, ',') if depth == 0 => {
                parts.push(text.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    if depth != 0 || quote.is_some() {
        return Err("its brackets or quotes do not match");
    }
    let last = text.get(start..).unwrap_or_default();
    if !(parts.is_empty() && last.trim().is_empty()) {
        parts.push(last);
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Vec<(String, u8, bool, bool)> {
        let (_, params) = parse(text).unwrap();
        params.into_iter().map(|p| (p.name.to_string(), p.stars, p.optional, p.named_only)).collect()
    }

    #[test]
    fn every_kind_of_parameter_is_read() {
        assert_eq!(
            shape("a.b.f(self, x, /, y=(1, 2), z=',)', *args, key, other={'a': 1}, **kwargs)"),
            [
                ("self".to_owned(), 0, false, false),
                ("x".to_owned(), 0, false, false),
                ("y".to_owned(), 0, true, false),
                ("z".to_owned(), 0, true, false),
                ("args".to_owned(), 1, false, false),
                ("key".to_owned(), 0, false, true),
                ("other".to_owned(), 0, true, true),
                ("kwargs".to_owned(), 2, false, false),
            ]
        );
        assert_eq!(shape("f()"), []);
        assert_eq!(shape("f(*, key=None)"), [("key".to_owned(), 0, true, true)]);
    }

    #[test]
    fn a_wrong_signature_is_refused() {
        assert!(parse("@scope/some-name.Client.send(self, body)").is_ok());
        for wrong in [
            "f", "a b.f()", "-a.f()", "f(a-b)", "f(x", "(x)", "f(x,)", "f(x, x)", "f(1)", "a..f()", "f(x=[)",
            "f(***x)", "f(x='a)", "f g()",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
