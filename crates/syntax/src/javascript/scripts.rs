//! `package.json` as code: each script that a package manager runs is a function that runs a command.

use std::fmt;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_bytes::ByteBuf;
use serde_json::value::RawValue;
use smol_str::SmolStr;

use crate::ir::{
    Arg, ArgKind, Const, Diagnostic, Expr, ExprId, ExprKind, FuncId, Function, FunctionKind, Module, Slot, SlotRef,
    Span, Stmt, StmtKind,
};

/// The name under which the catalog knows the runner of scripts.
const RUNNER: &str = "npm";
const RUN: &str = "run_script";
const FETCH: &str = "fetch_dependency";

/// Why a text is not the manifest of a package.
pub(super) struct NoManifest {
    pub(super) at: Span,
    pub(super) why: String,
}

/// Reads a manifest. One without scripts gives a module without statements.
///
/// It is read as Node's own reader does: of a key that is there twice the last is taken, and no value is nested too
/// deeply.
///
/// # Errors
/// If the text is no JSON, or no object, so that no package manager reads it either.
pub(super) fn read(text: &str, mut module: Module) -> Result<Module, NoManifest> {
    let manifest = match serde_json::from_str::<Object<'_>>(text) {
        Ok(Object(fields)) => fields,
        Err(error) => {
            let line = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
            // The place may lie within a character.
            let at = offset(text.floor_char_boundary(line.saturating_add(error.column().saturating_sub(1))));
            return Err(NoManifest { at: Span { start: at, end: at }, why: format!("is not a manifest: {error}") });
        }
    };
    dependencies(text, &manifest, &mut module);
    let Some((_, scripts)) = manifest.iter().rfind(|(key, _)| key == "scripts") else { return Ok(module) };
    let scripts = strings(text, scripts);
    let commands: FxHashMap<&str, &str> =
        scripts.iter().map(|(name, _, (command, _))| (name.as_str(), command.as_str())).collect();
    // What is run, and whatever a command that is run names.
    let mut pending: Vec<&str> = commands.keys().copied().filter(|name| is_run(name)).collect();
    let mut run: FxHashSet<&str> = FxHashSet::default();
    while let Some(name) = pending.pop() {
        if run.insert(name)
            && let Some(command) = commands.get(name)
        {
            let words = command.split([' ', '&', ';', '|', '(', ')']);
            pending.extend(words.filter(|word| !run.contains(word) && commands.contains_key(word)));
        }
    }
    for (name, place, command) in &scripts {
        if run.contains(name.as_str()) {
            add(&mut module, name, *place, command);
        }
    }
    Ok(module)
}

/// True for a dependency that is fetched from an address of the web.
fn is_web_address(version: &str) -> bool {
    ["http://", "https://"]
        .iter()
        .any(|scheme| version.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme)))
}

/// Most dependencies from addresses that are read.
pub const MOST_ADDRESSES: usize = 256;

/// Says of the rest of a manifest or build file that it is not read.
fn rest_is_unread(module: &mut Module, from: Span, message: String) {
    let end = offset(module.text.len());
    module.diagnostics.push(Diagnostic { span: Span { start: from.start, end }, message, lost: true });
}

/// What is installed along from an address, and not from a registry, is fetched when the package is installed, and its
/// scripts run then.
fn dependencies(text: &str, manifest: &[(SmolStr, &RawValue)], module: &mut Module) {
    let mut calls = Vec::new();
    for key in ["dependencies", "optionalDependencies"] {
        let Some((_, value)) = manifest.iter().rfind(|(name, _)| name == key) else { continue };
        for (name, place, (address, at)) in strings(text, value) {
            if !is_web_address(&address) {
                continue;
            }
            if calls.len() < MOST_ADDRESSES {
                let arguments = [(name.as_str(), place), (address.as_str(), at)];
                calls.push((call(module, FETCH, place, &arguments), place.to(at)));
            } else if module.diagnostics.is_empty() {
                let message = format!("more than {MOST_ADDRESSES} dependencies from addresses, the rest is not read");
                rest_is_unread(module, place, message);
            }
        }
    }
    if let (Some((_, first)), Some((_, last))) = (calls.first(), calls.last()) {
        let whole = first.to(*last);
        let body = calls.iter().map(|(call, at)| Stmt { kind: StmtKind::Expr(*call), span: *at }).collect();
        define(module, &SmolStr::new_static("dependencies"), whole, whole, body);
    }
}

/// True if a package manager runs the script of a package that is installed, or of sources that it builds. What only a
/// developer runs is no part of the package's behavior.
fn is_run(name: &str) -> bool {
    const RUN: [&str; 9] = [
        "preinstall",
        "install",
        "postinstall",
        "preprepare",
        "prepare",
        "postprepare",
        "prepublish",
        "preuninstall",
        "postuninstall",
    ];
    RUN.contains(&name)
}

/// A text that may hold half of a surrogate pair, which becomes U+FFFD.
struct Text(SmolStr);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let bytes = ByteBuf::deserialize(from)?;
        Ok(Self(String::from_utf8_lossy(&bytes).into()))
    }
}

/// An object's keys and values in the order in which they stand. The values stay text, so that their depth costs nothing.
struct Object<'a>(Vec<(SmolStr, &'a RawValue)>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Object<'de>;

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some((Text(key), value)) = map.next_entry()? {
                    fields.push((key, value));
                }
                Ok(Object(fields))
            }
        }
        from.deserialize_map(Fields)
    }
}

/// Most commands of one build file that are read.
pub const MOST_COMMANDS: usize = 256;

/// Reads a build file of `node-gyp`: what it expands by running a command (`<!(…)`, `<!@(…)`), and its actions, are run
/// when the package is installed.
pub(super) fn build_file(text: &str, mut module: Module) -> Module {
    let mut commands: Vec<(String, Span)> = Vec::new();
    let mut cut: Option<Span> = None;
    let mut rest = 0;
    while let Some(at) = text.get(rest..).and_then(|tail| tail.find("<!")).map(|at| rest + at) {
        rest = at + 2;
        let Some(tail) = text.get(rest..) else { break };
        let tail = tail.strip_prefix('@').unwrap_or(tail);
        let Some(inner) = tail.strip_prefix('(') else { continue };
        let Some(length) = closing(inner) else { continue };
        let command = inner.get(..length).unwrap_or_default();
        if commands.len() >= MOST_COMMANDS {
            cut.get_or_insert(place(text, command));
            break;
        }
        commands.push((plain(command), place(text, command)));
        rest = (place(text, command).end as usize).max(rest);
    }
    for quote in ["\"action\"", "'action'"] {
        for (at, _) in text.match_indices(quote) {
            if commands.len() >= MOST_COMMANDS {
                cut.get_or_insert(Span { start: offset(at), end: offset(at) });
                break;
            }
            let tail = text.get(at + quote.len()..).unwrap_or_default().trim_start();
            let Some(tail) = tail.strip_prefix(':') else { continue };
            let Some(list) = tail.trim_start().strip_prefix('[') else { continue };
            let Some(list) = list.get(..list.find(']').unwrap_or(0)) else { continue };
            let words = quoted(list);
            if !words.is_empty() {
                let words: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
                commands.push((words.join(" "), place(text, list)));
            }
        }
    }
    if let Some(from) = cut {
        rest_is_unread(&mut module, from, format!("more than {MOST_COMMANDS} commands, the rest is not read"));
    }
    for (command, at) in &commands {
        let call = run(&mut module, *at, command, *at);
        if let Some(body) = module.functions.first_mut() {
            body.body.push(Stmt { kind: StmtKind::Expr(call), span: *at });
        }
    }
    module
}

/// Where the bracket closes that was opened before the text. Brackets in quotes count too, as they do for `gyp`.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' if depth == 0 => return Some(at),
            b')' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// A text without the backslashes by which it stands between quotes.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some('\'' | '"' | '\\')) => out.extend(chars.next()),
            _ => out.push(c),
        }
    }
    out
}

/// The quoted texts of a list.
fn quoted(list: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut chars = list.chars();
    while let Some(open) = chars.next() {
        if open != '"' && open != '\'' {
            continue;
        }
        let mut word = String::new();
        while let Some(c) = chars.next() {
            match c {
                '\\' => word.extend(chars.next()),
                c if c == open => break,
                c => word.push(c),
            }
        }
        found.push(word);
    }
    found
}

/// A word of a list of arguments as a shell takes it for one.
fn shell_word(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,<>$".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Where `part`, a slice of `whole`, lies in it.
fn place(whole: &str, part: &str) -> Span {
    let start = (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize);
    Span { start: offset(start), end: offset(start.saturating_add(part.len())) }
}

/// The properties whose values are texts, of equal names the last: name, place of the name, text and its place.
fn strings(text: &str, scripts: &RawValue) -> Vec<(SmolStr, Span, (SmolStr, Span))> {
    let Ok(Object(fields)) = serde_json::from_str(scripts.get()) else { return Vec::new() };
    let last: FxHashMap<SmolStr, usize> = fields.iter().enumerate().map(|(at, (name, _))| (name.clone(), at)).collect();
    let mut found = Vec::new();
    // Between two values stand a comma, a key and a colon: the key is what lies between the outermost quotes.
    let mut from = place(text, scripts.get()).start;
    for (number, (name, value)) in fields.into_iter().enumerate() {
        let at = place(text, value.get());
        let between = text.get(from as usize..at.start as usize).unwrap_or_default();
        let key = match (between.find('"'), between.rfind('"')) {
            (Some(open), Some(close)) => place(text, between.get(open + 1..close).unwrap_or_default()),
            _ => at,
        };
        from = at.end;
        if last.get(&name) == Some(&number)
            && value.get().starts_with('"')
            && let Ok(Text(command)) = serde_json::from_str(value.get())
        {
            found.push((name, key, (command, at)));
        }
    }
    found
}

fn push(module: &mut Module, kind: ExprKind, span: Span) -> ExprId {
    let id = ExprId(u32::try_from(module.exprs.len()).unwrap_or(u32::MAX));
    module.exprs.push(Expr { kind, span });
    id
}

/// A call that runs a command.
fn run(module: &mut Module, place: Span, command: &str, at: Span) -> ExprId {
    call(module, RUN, place, &[(command, at)])
}

/// A call of one of the runner's functions with known texts.
fn call(module: &mut Module, name: &'static str, place: Span, texts: &[(&str, Span)]) -> ExprId {
    let runner = push(module, ExprKind::Free(SmolStr::new_static(RUNNER)), place);
    let callee = push(module, ExprKind::Attr { base: runner, name: SmolStr::new_static(name) }, place);
    let mut args = Vec::with_capacity(texts.len());
    let mut whole = place;
    for (text, at) in texts {
        let value = push(module, ExprKind::Const(Const::Str((*text).into())), *at);
        args.push(Arg { kind: ArgKind::Positional, value });
        whole = whole.to(*at);
    }
    push(module, ExprKind::Call { callee, args, new: false }, whole)
}

fn add(module: &mut Module, name: &SmolStr, place: Span, (command, at): &(SmolStr, Span)) {
    let at = *at;
    let whole = place.to(at);
    let call = run(module, place, command, at);
    define(module, name, place, whole, vec![Stmt { kind: StmtKind::Expr(call), span: whole }]);
}

/// A function of the module.
fn define(module: &mut Module, name: &SmolStr, place: Span, whole: Span, body: Vec<Stmt>) {
    let func = FuncId(u32::try_from(module.functions.len()).unwrap_or(u32::MAX));
    let mut function = Function::empty(FunctionKind::Function, name.clone(), whole, place, Some(FuncId::MODULE));
    function.body = body;
    module.functions.push(function);
    if let Some(body) = module.functions.first_mut() {
        let slot = SlotRef { func: FuncId::MODULE, slot: u32::try_from(body.slots.len()).unwrap_or(u32::MAX) };
        body.slots.push(Slot { name: name.clone(), captured: true });
        body.body.push(Stmt { kind: StmtKind::Function(func, slot), span: whole });
    }
}

#[cfg(test)]
mod tests {
    use crate::ir::Language;

    #[test]
    fn each_script_that_is_run_is_a_function() {
        let text = "{\n  \"name\": \"x\",\n  \"scripts\": {\"install\": \"npm run fetch && node a.js\", \"fetch\": \"sh f.sh\", \"test\": \"tap\", \"odd\": 1}\n}";
        let module = crate::parse("package.json", text, Language::PackageJson);
        let names: Vec<&str> = module.functions.iter().map(|function| function.name.as_str()).collect();
        assert_eq!(names, ["<module>", "install", "fetch"]);
        let printed = crate::print::print(&module);
        assert!(printed.contains("npm.run_script(\"npm run fetch && node a.js\")"), "{printed}");
        assert_eq!(module.functions.get(1).map(|function| module.slice(function.name_span)), Some("install"));
    }

    #[test]
    fn the_place_of_an_error_is_one_of_the_text() {
        let whole = "{\"scripts\": {\"p\u{fffd}\u{1}\u{fffd}reinstall\": \"\u{0}\", \u{fffd}\"b\u{fffd}\": [\u{fffd}, tr\u{fffd}], \"\\u{fffd}\"";
        let mut lost = 0;
        for (from, _) in whole.char_indices() {
            for (to, _) in whole.char_indices().filter(|(to, _)| *to > from) {
                let text = whole.get(from..to).unwrap();
                let module = crate::parse("package.json", text, Language::PackageJson);
                for found in &module.diagnostics {
                    let place = found.span.start as usize..found.span.end as usize;
                    assert!(text.get(place).is_some(), "{text:?}: {found:?}");
                    lost += 1;
                }
            }
        }
        assert!(lost > 1000, "{lost}");
    }

    #[test]
    fn a_build_file_runs_what_it_expands() {
        let text = "{'targets': [{'sources': ['<!(ls src)'], 'include_dirs': ['<!@(node -p \"require(\\'a\\').include\")'],\n 'actions': [{'action': ['sh', '-c', 'make it']}]}]} <!( <!x";
        let module = crate::parse("binding.gyp", text, Language::PackageJson);
        let printed = crate::print::print(&module);
        assert_eq!(printed.matches("run_script").count(), 3, "{printed}");
        assert_eq!(module.diagnostics.len(), 0);
    }

    #[test]
    fn what_is_cut_is_told() {
        let lost = |name: &str, text: &str| {
            let module = crate::parse(name, text, Language::PackageJson);
            module.diagnostics.iter().filter(|found| found.lost).map(|found| found.message.clone()).collect::<Vec<_>>()
        };
        let many = |number: usize| {
            let all: Vec<String> =
                (0..number).map(|at| format!("\"a{at}\": \"http://a{at}.example.invalid/\"")).collect();
            format!("{{\"dependencies\": {{{}}}}}", all.join(", "))
        };
        assert!(lost("package.json", &many(256)).is_empty());
        assert_eq!(lost("package.json", &many(257)).len(), 1);
        let builds = |number: usize| format!("{{'targets': [{}]}}", "'<!(ls)', ".repeat(number));
        assert!(lost("binding.gyp", &builds(256)).is_empty());
        assert_eq!(lost("binding.gyp", &builds(257)).len(), 1);
        let actions = |number: usize| format!("[{}]", "{'action': ['ls']}, ".repeat(number));
        assert!(lost("binding.gyp", &actions(256)).is_empty());
        assert_eq!(lost("binding.gyp", &actions(257)).len(), 1);
    }

    #[test]
    fn anything_else_is_no_code() {
        for text in ["{}", "{\"scripts\": []}", "{\"scripts\": {\"install\": 1, \"postinstall\": [\"b\"]}}"] {
            let module = crate::parse("package.json", text, Language::PackageJson);
            assert_eq!((module.functions.len(), module.diagnostics.len()), (1, 0), "{text}");
        }
    }

    #[test]
    fn what_is_no_manifest_is_said_to_be_none() {
        for text in ["", "[]", "{", "null", "{\"scripts\": {\"install\": \"b\"}} x"] {
            let module = crate::parse("package.json", text, Language::PackageJson);
            assert_eq!(module.functions.len(), 1, "{text}");
            assert!(module.diagnostics.iter().any(|diagnostic| diagnostic.lost), "{text}");
        }
    }

    #[test]
    fn what_node_reads_is_read() {
        let deep = format!("{}1{}", "[".repeat(3000), "]".repeat(3000));
        let texts = [
            format!("{{\"x\": {deep}, \"scripts\": {{\"install\": \"a\"}}}}"),
            format!("{{\"scripts\": {{\"x\": {deep}, \"install\": \"a\"}}}}"),
            "{\"scripts\": {\"install\": \"b\"}, \"scripts\": {\"install\": \"c\", \"install\": \"a\"}}".to_owned(),
            "{\"\\ud800\": 1e999, \"scripts\": {\"\\u0069nstall\": \"a\"}}".to_owned(),
        ];
        for text in texts {
            let module = crate::parse("package.json", &text, Language::PackageJson);
            let printed = crate::print::print(&module);
            assert_eq!(module.functions.len(), 2, "{text:.100}");
            assert!(printed.contains("npm.run_script(\"a\")"), "{printed}");
            let name = module.functions.get(1).map(|function| module.slice(function.name_span));
            assert!(name.is_some_and(|name| name.ends_with("nstall")), "{name:?}");
        }
    }
}
