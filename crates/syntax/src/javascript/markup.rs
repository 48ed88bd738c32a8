//! The scripts of a page or component (`.html`, `.vue`, `.svelte`). Everything else of the file is left blank, so that
//! lines and columns stay those of the file.
//!
//! Where the scripts are is told by an HTML tokenizer, which takes no more than one pass and no stack. What a page loads from
//! elsewhere, and what a component's template does, is not read.

use std::borrow::Cow;

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{Token, Tokenizer};

use super::{bounds, parse_text, read_front, source_type};
use crate::ir::{Diagnostic, Language, Module, Span};

/// Attributes whose value a browser runs when something happens: the event handlers of elements and of windows (HTML
/// Living Standard, 8.1.8.2).
const HANDLERS: &[&str] = &[
    "onabort",
    "onafterprint",
    "onanimationend",
    "onanimationiteration",
    "onanimationstart",
    "onauxclick",
    "onbeforeinput",
    "onbeforematch",
    "onbeforeprint",
    "onbeforetoggle",
    "onbeforeunload",
    "onblur",
    "oncancel",
    "oncanplay",
    "oncanplaythrough",
    "onchange",
    "onclick",
    "onclose",
    "oncontextlost",
    "oncontextmenu",
    "oncontextrestored",
    "oncopy",
    "oncuechange",
    "oncut",
    "ondblclick",
    "ondrag",
    "ondragend",
    "ondragenter",
    "ondragleave",
    "ondragover",
    "ondragstart",
    "ondrop",
    "ondurationchange",
    "onemptied",
    "onended",
    "onerror",
    "onfocus",
    "onfocusin",
    "onfocusout",
    "onformdata",
    "ongotpointercapture",
    "onhashchange",
    "oninput",
    "oninvalid",
    "onkeydown",
    "onkeypress",
    "onkeyup",
    "onlanguagechange",
    "onload",
    "onloadeddata",
    "onloadedmetadata",
    "onloadstart",
    "onlostpointercapture",
    "onmessage",
    "onmessageerror",
    "onmousedown",
    "onmouseenter",
    "onmouseleave",
    "onmousemove",
    "onmouseout",
    "onmouseover",
    "onmouseup",
    "onmousewheel",
    "onoffline",
    "ononline",
    "onpagehide",
    "onpagereveal",
    "onpageshow",
    "onpageswap",
    "onpaste",
    "onpause",
    "onplay",
    "onplaying",
    "onpointercancel",
    "onpointerdown",
    "onpointerenter",
    "onpointerleave",
    "onpointermove",
    "onpointerout",
    "onpointerover",
    "onpointerup",
    "onpopstate",
    "onprogress",
    "onratechange",
    "onrejectionhandled",
    "onreset",
    "onresize",
    "onscroll",
    "onscrollend",
    "onsecuritypolicyviolation",
    "onseeked",
    "onseeking",
    "onselect",
    "onselectionchange",
    "onselectstart",
    "onslotchange",
    "onstalled",
    "onstorage",
    "onsubmit",
    "onsuspend",
    "ontimeupdate",
    "ontoggle",
    "ontouchcancel",
    "ontouchend",
    "ontouchmove",
    "ontouchstart",
    "ontransitioncancel",
    "ontransitionend",
    "ontransitionrun",
    "ontransitionstart",
    "onunhandledrejection",
    "onunload",
    "onvolumechange",
    "onwaiting",
    "onwebkitanimationend",
    "onwebkittransitionend",
    "onwheel",
];

/// Attributes that may hold an address, and so a program (`javascript:…`).
const ADDRESSES: &[&str] = &["href", "src", "action", "formaction", "data"];

/// Where a script stands.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Script {
    start: usize,
    end: usize,
    /// It is TypeScript.
    typed: bool,
    /// It is the body of a function that handles an event.
    handler: bool,
}

impl Script {
    fn new(start: usize, end: usize, typed: bool) -> Self {
        Self { start, end, typed, handler: false }
    }
}

/// The code of a page.
#[derive(Debug, Default)]
struct Found {
    /// In the order of the text.
    scripts: Vec<Script>,
    /// Attributes that are run and written in a way that is not read.
    unread: Vec<Span>,
}

/// Reads the scripts of a page as one module.
pub(super) fn parse(path: &str, text: &str) -> Module {
    let Found { scripts, unread } = found(path, text);
    let language = language_of(&scripts);
    // A browser reads each script by itself: one that is none is left out, and hides no other.
    let (kept, left) = readable(text, scripts, language);
    let mut module = read_front(path, text, &only(text, &kept), language);
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let left = left.into_iter().map(|script| Span { start: offset(script.start), end: offset(script.end) });
    for span in left.chain(unread) {
        let message = "a script of the page cannot be read".to_owned();
        module.diagnostics.push(Diagnostic { span, message, lost: true });
    }
    module.diagnostics.sort_by_key(|diagnostic| diagnostic.span);
    module.language = Language::Page;
    module
}

/// Parses the scripts and drops the trees.
pub(super) fn parse_only(text: &str) -> usize {
    let scripts = found("", text).scripts;
    super::parse_only(&only(text, &scripts), language_of(&scripts))
}

fn language_of(scripts: &[Script]) -> Language {
    if scripts.iter().any(|script| script.typed) { Language::TypeScript } else { Language::JavaScript }
}

/// The scripts that the parser takes, each by itself, and those that it does not. The text of a page is parsed once for it.
fn readable(text: &str, scripts: Vec<Script>, language: Language) -> (Vec<Script>, Vec<Script>) {
    if scripts.len() < 2 {
        return (scripts, Vec::new());
    }
    stacker::grow(super::STACK, || scripts.into_iter().partition(|script| is_read(text, script, language)))
}

/// True if the parser takes a script by itself, as a module or as a sloppy script.
fn is_read(text: &str, script: &Script, language: Language) -> bool {
    let Some(code) = text.get(script.start..script.end) else { return false };
    let code = if script.handler { Cow::Owned(without_returns(code)) } else { Cow::Borrowed(code) };
    let code = &*code;
    if code.trim().is_empty() {
        return true;
    }
    if bounds::first_excess(code).is_some() {
        return false;
    }
    let kind = source_type("", language);
    [kind.with_module(true), kind.with_script(true)].into_iter().any(|kind| {
        let parsed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let allocator = oxc_allocator::Allocator::default();
            let parsed = parse_text(&allocator, code, kind);
            // Text of comments alone is a script that does nothing.
            !super::is_empty(&parsed.program) || parsed.diagnostics.is_empty()
        }));
        parsed.unwrap_or(false)
    })
}

/// The text with everything blank but these scripts. Each of them begins a statement, and ends what it leaves open on its
/// last line.
fn only(text: &str, scripts: &[Script]) -> String {
    let mut code: Vec<u8> = text.bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { byte } else { b' ' }).collect();
    for script in scripts {
        let (Some(from), Some(to)) = (text.get(script.start..script.end), code.get_mut(script.start..script.end))
        else {
            continue;
        };
        if script.handler {
            to.copy_from_slice(without_returns(from).as_bytes());
        } else {
            to.copy_from_slice(from.as_bytes());
        }
        // The quote or bracket in front of it.
        if let Some(before) = script.start.checked_sub(1).and_then(|at| code.get_mut(at)).filter(|byte| **byte == b' ')
        {
            *before = b';';
        }
        // The quote or bracket behind it. Places are those of the text, whose lines this does not change.
        if let Some(after) = code.get_mut(script.end).filter(|byte| **byte == b' ') {
            *after = b'\n';
        }
    }
    String::from_utf8(code).unwrap_or_default()
}

/// The code of a handler without the word `return`, which would end the module: what is returned is a statement. It is as
/// long as before.
fn without_returns(code: &str) -> String {
    const WORD: &str = "return";
    let goes_on = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '$'));
    let mut blank = String::with_capacity(code.len());
    let mut rest = code;
    while let Some((before, after)) = rest.split_once(WORD) {
        let alone = !goes_on(before.chars().next_back().or_else(|| blank.chars().next_back()))
            && !goes_on(after.chars().next());
        blank.push_str(before);
        blank.push_str(if alone { "      " } else { WORD });
        rest = after;
    }
    blank.push_str(rest);
    blank
}

/// The code of a page.
fn found(path: &str, text: &str) -> Found {
    let mut found = Found::default();
    // The tokenizer makes one line feed of a carriage return with one: its places would no longer be those of the text.
    let plain: Vec<u8> = text.bytes().map(|byte| if byte == b'\r' { b' ' } else { byte }).collect();
    let mut emitter = DefaultEmitter::<usize>::new_with_span();
    emitter.naively_switch_states(true);
    let mut open: Option<Option<(usize, bool)>> = None;
    for Ok(token) in Tokenizer::new_with_emitter(plain.as_slice(), emitter) {
        match token {
            Token::StartTag(tag) => {
                let attribute = |name: &str| {
                    let value = tag.attributes.get(name.as_bytes())?;
                    Some(String::from_utf8_lossy(value).to_ascii_lowercase())
                };
                if open.is_none() && tag.name.as_slice() == b"script" {
                    let kind = attribute("type").unwrap_or_default();
                    let dialect = attribute("lang").unwrap_or_default();
                    let typed = matches!(dialect.as_str(), "ts" | "tsx" | "typescript") || kind.ends_with("typescript");
                    // A browser reads the body of a script that comes from elsewhere as a comment.
                    let runs = is_code(&kind) && attribute("src").is_none();
                    open = Some(runs.then_some((tag.span.end, typed)));
                    continue;
                }
                for (name, value) in &tag.attributes {
                    let Ok(name) = std::str::from_utf8(name) else { continue };
                    let raw = raw_value(text, value.span.start, value.span.end);
                    if HANDLERS.contains(&name) {
                        found.take(raw, value, true);
                    } else if ADDRESSES.contains(&name) {
                        let raw = raw.and_then(|(start, raw)| Some((start, raw, program_at(raw)?)));
                        found.take(raw.and_then(|(start, raw, at)| Some((start + at, raw.get(at..)?))), value, false);
                    }
                }
            }
            Token::EndTag(tag) if tag.name.as_slice() == b"script" => {
                if let Some((start, typed)) = open.take().flatten()
                    && start < tag.span.start
                {
                    found.scripts.push(Script::new(start, tag.span.start, typed));
                }
            }
            _ => {}
        }
    }
    if let Some((start, typed)) = open.flatten() {
        found.scripts.push(Script::new(start, text.len(), typed));
    }
    found.scripts.sort_by_key(|script| script.start);
    if std::path::Path::new(path).extension().is_some_and(|suffix| suffix == "svelte") {
        let more = at_line_starts(text, &found.scripts);
        found.scripts.extend(more);
        found.scripts.sort_by_key(|script| script.start);
    }
    found.scripts.retain(|script| text.get(script.start..script.end).is_some());
    found
}

impl Found {
    /// Takes the code of an attribute. Where it is written with references to characters, it stands in the text in another
    /// way than it is run.
    fn take(&mut self, raw: Option<(usize, &str)>, value: &[u8], handler: bool) {
        let Some((start, code)) = raw.filter(|(_, code)| !code.trim().is_empty()) else { return };
        let end = start + code.len();
        // An expression of a component (`on…={handler}`) is told by the script that has the handler.
        if code.trim_start().starts_with('{') {
            return;
        }
        // The value may be the whole address of which the code is the end.
        if value.ends_with(code.replace('\r', " ").as_bytes()) {
            self.scripts.push(Script { handler, ..Script::new(start, end, false) });
        } else {
            let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            self.unread.push(Span { start: offset(start), end: offset(end) });
        }
    }
}

/// Where a `javascript:` address has its program.
fn program_at(address: &str) -> Option<usize> {
    const SCHEME: &str = "javascript:";
    let begin = address.len() - address.trim_start().len();
    let scheme = address.get(begin..begin + SCHEME.len())?;
    scheme.eq_ignore_ascii_case(SCHEME).then_some(begin + SCHEME.len())
}

/// The value of an attribute (`name="value"`) as it is written, without its quotes, and where it begins.
fn raw_value(text: &str, start: usize, end: usize) -> Option<(usize, &str)> {
    let whole = text.get(start..end)?;
    let value = whole.split_once('=')?.1.trim_ascii_start();
    let at = start + whole.len() - value.len();
    match value.chars().next().filter(|first| matches!(first, '"' | '\'')) {
        Some(quote) => {
            let inside = value.get(1..)?;
            Some((at + 1, inside.split(quote).next().unwrap_or(inside)))
        }
        // What ends a value without quotes may be a part of the span.
        None => Some((at, value.split([' ', '\t', '\n', '\r', '>']).next().unwrap_or(value))),
    }
}

/// True for the types of scripts that are run.
fn is_code(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.is_empty()
        || kind == "module"
        || kind.contains("javascript")
        || kind.contains("ecmascript")
        || kind.ends_with("/jscript")
        || kind.ends_with("/livescript")
        || kind.ends_with("typescript")
        || matches!(kind, "text/babel" | "text/jsx")
}

/// The scripts of a component whose template has text that reads as an open tag (`{#if a <b}`): they begin a line. The
/// known ones are in the order of the text.
fn at_line_starts(text: &str, known: &[Script]) -> Vec<Script> {
    /// Most such lines that are tried: each try looks through what is left of the text.
    const MOST_TRIED: usize = 64;
    let mut found: Vec<Script> = Vec::new();
    let mut from = 0;
    let mut tried = 0;
    for line in text.split_inclusive('\n') {
        let at = from;
        from += line.len();
        if !line.starts_with("<script") {
            continue;
        }
        let inside = |place: usize| {
            let before = known.partition_point(|script| script.start <= place);
            let around = before.checked_sub(1).and_then(|index| known.get(index));
            around.into_iter().chain(found.last()).any(|script| script.start <= place && place < script.end)
        };
        if inside(at) {
            continue;
        }
        tried += 1;
        if tried > MOST_TRIED {
            break;
        }
        let Some(rest) = text.get(at..) else { continue };
        let (Some(open), Some(close)) = (rest.find('>'), rest.find("</script")) else { continue };
        let start = at + open + 1;
        if open < close && !inside(start) {
            let typed = rest.get(..open).is_some_and(|tag| tag.contains("ts\"") || tag.contains("ts'"));
            found.push(Script::new(start, at + close, typed));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Statements that are not only the sign in front of a script.
    fn statements(module: &Module) -> usize {
        let body = module.functions.first().map(|body| body.body.as_slice()).unwrap_or_default();
        body.iter().filter(|stmt| !matches!(stmt.kind, crate::ir::StmtKind::Pass)).count()
    }

    fn code(path: &str, text: &str) -> String {
        only(text, &found(path, text).scripts)
    }

    /// The text of the statements that a page comes to.
    fn code_read(path: &str, text: &str) -> String {
        let module = crate::parse(path, text, Language::Page);
        let body = module.functions.first().map(|body| body.body.as_slice()).unwrap_or_default();
        body.iter().map(|stmt| module.slice(stmt.span)).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_scripts_of_a_page_stand_where_they_stood() {
        let text = "<!doctype html>\r\n<body onload=\"go(1)\">é<!-- <script>no()</script> -->\n<script>\r\n  a(\"</p>\")\n</script><script type=\"application/json\">{}</script>\n<script src=\"x.js\">no()</script><script type=module>b()</script>";
        let page = code("a.html", text);
        assert_eq!(page.len(), text.len());
        let module = crate::parse("a.html", text, Language::Page);
        assert_eq!(module.line_starts, Module::find_line_starts(text));
        let words: Vec<&str> = page.split_whitespace().collect();
        assert_eq!(words, [";go(1)", ";", "a(\"</p>\")", ";b()"]);
        for word in ["go(1)", "a(\"</p>\")", "b()"] {
            assert_eq!(page.find(word), text.find(word), "{word}");
        }
    }

    #[test]
    fn the_script_of_a_component_is_typed() {
        let text = "<template><p v-if=\"a < b\">x</p></template>\n<script setup lang=\"ts\">\nconst a: string = 'x';\n</script>";
        let module = crate::parse("a.vue", text, Language::Page);
        assert!(module.diagnostics.is_empty(), "{:?}", module.diagnostics);
        assert_eq!(module.language, Language::Page);
        assert_eq!(statements(&module), 1);
        let odd = "{#if a <b}\n{/if}\n<script>\nsend();\n</script>";
        assert!(code("a.svelte", odd).contains("send();"));
    }

    #[test]
    fn a_script_that_is_none_does_not_hide_the_others() {
        let text = "<script>}{</script><script>send();</script>";
        let module = crate::parse("a.html", text, Language::Page);
        assert_eq!(statements(&module), 1);
        let lost: Vec<u32> =
            module.diagnostics.iter().filter(|found| found.lost).map(|found| found.span.start).collect();
        assert_eq!(lost, [8]);
    }

    /// What one script leaves open is not closed by the next: a browser drops it.
    #[test]
    fn a_script_is_read_by_itself() {
        for text in [
            "<script>/*</script><script>send();</script><script>*/</script>",
            "<script>a=`</script><script>send();</script><script>`</script>",
            "<script>if(0){</script><script>send();</script><script>}</script>",
            "<script>a() // x</script><script>send();</script>",
            "<script>}</script>\n<script>let a = 0;</script><script>send();</script>",
        ] {
            assert!(code_read("a.html", text).contains("send()"), "{text}");
        }
    }

    #[test]
    fn what_happens_runs_the_code_of_attributes() {
        for text in [
            "<body onload=\"if(1){send()}\">",
            "<body onload=\"send();return\">",
            "<a onclick='return send()'>x</a>",
            "<body onload=\"1&&send();\">",
            "<body onload=send(atob('eA=='))>",
            "<iframe src=\"javascript:send()\"></iframe>",
        ] {
            assert!(code_read("a.html", text).contains("send("), "{text}");
        }
        let module = crate::parse("a.html", "<body onload=\"send&#40;1)\">", Language::Page);
        assert!(module.diagnostics.iter().any(|found| found.lost), "{:?}", module.diagnostics);
        for text in
            ["<my-el only=\"some thing else\" one='1 2 3'>", "<a href=\"https://x.example.invalid/\">", "<p on>"]
        {
            let module = crate::parse("a.html", text, Language::Page);
            assert!(module.diagnostics.is_empty() && statements(&module) == 0, "{text}: {:?}", module.diagnostics);
        }
    }

    #[test]
    fn hostile_pages_are_bounded() {
        let nested = format!("<script>{}</script><script>send();</script>", "[".repeat(200_000));
        let module = crate::parse("a.html", &nested, Language::Page);
        assert_eq!(statements(&module), 1);
        let many = "<script>}</script>".repeat(50_000);
        assert!(crate::parse("a.html", &many, Language::Page).diagnostics.iter().any(|found| found.lost));
        let open = "<script>".repeat(50_000) + &"<p a=".repeat(50_000);
        assert_eq!(statements(&crate::parse("a.svelte", &open, Language::Page)), 0);
        assert!(crate::parse("a.html", "", Language::Page).diagnostics.is_empty());
        let lines = format!("{}<script>\n{}", "<script>a()</script>".repeat(20_000), "<script\n".repeat(20_000));
        assert_eq!(crate::parse("a.svelte", &lines, Language::Page).line_starts.len(), 20_002);
    }
}
