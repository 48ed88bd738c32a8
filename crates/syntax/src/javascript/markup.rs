//! The scripts of a page, drawing or component (`.html`, `.svg`, `.vue`). Everything else of the file is left blank, so that
//! lines and columns stay those of the file.
//!
//! Where the scripts are is told by an HTML tokenizer in one pass; [`Namespaces`] says which of its states a tag asks for.
//! What a page loads from elsewhere, and what a component's template does, is not read.

use std::borrow::Cow;

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{StartTag, State, Token, Tokenizer};

use super::namespaces::{self, Namespaces, Reading};
use super::{bounds, parse_text, read_front, source_type};
use crate::ir::{Diagnostic, Language, Module, Span};

/// Attributes whose value a browser runs when something happens: the event handlers of elements and of windows (HTML
/// Living Standard, 8.1.8.2), and of animations in drawings.
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
    "onbegin",
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
    "onend",
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
    "onrepeat",
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
const ADDRESSES: &[&str] = &["href", "xlink:href", "src", "action", "formaction", "data", "from", "to", "values"];

/// Where a script stands.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Script {
    start: usize,
    end: usize,
    /// It is TypeScript.
    typed: bool,
    /// It is the body of a function, which may return.
    body: bool,
    /// What is run, if the text has marks of XML in it: as long as the text.
    code: Option<String>,
}

impl Script {
    fn new(start: usize, end: usize, typed: bool) -> Self {
        Self { start, end, typed, body: false, code: None }
    }

    /// True for the code in front of a component.
    fn is_front_matter(&self) -> bool {
        self.body && self.typed
    }

    /// What is run, as long as the text.
    fn code<'a>(&'a self, text: &'a str) -> Option<Cow<'a, str>> {
        if let Some(code) = &self.code {
            return Some(Cow::Borrowed(code));
        }
        let code = text.get(self.start..self.end)?;
        Some(if self.body { Cow::Owned(without_returns(code)) } else { Cow::Borrowed(code) })
    }
}

/// The code of a page.
#[derive(Debug, Default)]
struct Found {
    /// In the order of the text.
    scripts: Vec<Script>,
    /// What is run, or may be, and is not read, with why.
    unread: Vec<(Span, &'static str)>,
}

const NO_SCRIPT: &str = "a script of the page cannot be read";
const IN_DOUBT: &str = "the page is not well formed, and where its scripts begin and end is not known";
const ENTITIES: &str = "the page defines entities, and what they stand for is not read";
const TOO_MANY: &str = "the page has more beginnings of scripts than are tried, the rest is not read";

/// Reads the scripts of a page as one module.
pub(super) fn parse(path: &str, text: &str) -> Module {
    let Found { scripts, unread } = found(path, text);
    let language = language_of(&scripts);
    // A browser reads each script by itself: one that is none is left out, and hides no other.
    let (kept, left) = readable(text, scripts, language);
    let mut module = read_front(path, text, &only(text, &kept), language);
    let left = left.into_iter().map(|script| (place(script.start, script.end), NO_SCRIPT));
    for (span, message) in left.chain(unread) {
        module.diagnostics.push(Diagnostic { span, message: message.to_owned(), lost: true });
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

fn place(start: usize, end: usize) -> Span {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span { start: offset(start), end: offset(end) }
}

fn language_of(scripts: &[Script]) -> Language {
    if scripts.iter().any(|script| script.typed) { Language::TypeScript } else { Language::JavaScript }
}

/// The scripts that the parser takes, each by itself, and those that it does not. The text of a page is parsed once for it.
fn readable(text: &str, scripts: Vec<Script>, language: Language) -> (Vec<Script>, Vec<Script>) {
    if scripts.len() < 2 && scripts.iter().all(|script| !script.is_front_matter()) {
        return (scripts, Vec::new());
    }
    stacker::grow(super::STACK, || scripts.into_iter().partition(|script| is_read(text, script, language)))
}

/// True if the parser takes a script by itself, as a module or as a sloppy script.
fn is_read(text: &str, script: &Script, language: Language) -> bool {
    let Some(code) = script.code(text) else { return false };
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
            // Text of comments alone is a script that does nothing. A comment that is open at a line of dashes says that
            // they do not end the code.
            parsed.diagnostics.is_empty() || !super::is_empty(&parsed.program) && !script.is_front_matter()
        }));
        parsed.unwrap_or(false)
    })
}

/// The text with everything blank but these scripts. Each of them begins a statement, and ends what it leaves open on its
/// last line.
fn only(text: &str, scripts: &[Script]) -> String {
    let mut code: Vec<u8> = text.bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { byte } else { b' ' }).collect();
    for script in scripts {
        let (Some(from), Some(to)) = (script.code(text), code.get_mut(script.start..script.end)) else { continue };
        if from.len() != to.len() {
            continue;
        }
        to.copy_from_slice(from.as_bytes());
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

/// What reads the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A browser, as HTML.
    Page,
    /// A browser, as XML: no tag has a content that is text only.
    Xml,
    /// A compiler. Tags may close themselves, and what is in a template is no script.
    Component,
}

/// The code of a page.
fn found(path: &str, text: &str) -> Found {
    let suffix = std::path::Path::new(path).extension().and_then(|suffix| suffix.to_str()).unwrap_or_default();
    let kind = match suffix.to_ascii_lowercase().as_str() {
        "xhtml" | "svg" => Kind::Xml,
        "vue" | "svelte" | "astro" => Kind::Component,
        _ => Kind::Page,
    };
    // The tokenizer makes one line feed of a carriage return with one: its places would no longer be those of the text.
    let plain: Vec<u8> = text.bytes().map(|byte| if byte == b'\r' { b' ' } else { byte }).collect();
    let typed = suffix == "astro";
    let spaces = Namespaces::default();
    let mut reader = Reader { text, plain: &plain, kind, typed, spaces, open: None, found: Found::default() };
    let head = if typed { front_matter(text) } else { None };
    reader.read(head.as_ref().map_or(0, |script| script.end));
    let mut found = reader.found;
    found.scripts.extend(head);
    found.scripts.sort_by_key(|script| script.start);
    if matches!(suffix, "svelte" | "astro") {
        at_line_starts(text, &mut found);
    }
    found.scripts.retain(|script| text.get(script.start..script.end).is_some());
    found
}

/// The code between two lines of dashes in front of a component: the body of the function that makes the page.
fn front_matter(text: &str) -> Option<Script> {
    const FENCE: &str = "---";
    let start = text.len() - text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).len() + FENCE.len();
    let code = text.get(start - FENCE.len()..)?.strip_prefix(FENCE)?;
    let mut lines = code.split_inclusive('\n').scan(start, |at, line| {
        *at += line.len();
        Some((*at - line.len(), line))
    });
    let end =
        lines.find(|(_, line)| line.trim() == FENCE).map(|(at, _)| at).or_else(|| Some(start + code.find(FENCE)?))?;
    Some(Script { body: true, ..Script::new(start, end, true) })
}

/// A script whose end tag was not met so far.
struct Open {
    start: usize,
    typed: bool,
    /// A browser runs it.
    runs: bool,
    /// What it says, where it is markup; `None` where it is not what stands there.
    said: Option<Option<Vec<u8>>>,
}

struct Reader<'a> {
    text: &'a str,
    /// The text with places that the tokenizer keeps.
    plain: &'a [u8],
    kind: Kind,
    /// All scripts are TypeScript.
    typed: bool,
    spaces: Namespaces,
    open: Option<Open>,
    found: Found,
}

impl Reader<'_> {
    fn read(&mut self, from: usize) {
        let mut next = Some(from);
        while let Some(base) = next {
            next = self.read_part(base);
        }
        if let Some(open) = self.open.take() {
            self.close(open, self.text.len());
        }
    }

    /// Reads from a place on. Gives where to go on behind what is no HTML.
    fn read_part(&mut self, base: usize) -> Option<usize> {
        let rest = self.plain.get(base..)?;
        let mut tokens = Tokenizer::new_with_emitter(rest, DefaultEmitter::<usize>::new_with_span());
        let mut behind = None;
        while let Some(Ok(token)) = tokens.next() {
            match token {
                Token::StartTag(tag) => {
                    if let Some(state) = self.start(&tag, base) {
                        tokens.set_state(state);
                    }
                }
                Token::EndTag(tag) => {
                    self.spaces.end(&tag.name);
                    if is_script(&tag.name, self.kind)
                        && let Some(open) = self.open.take()
                    {
                        self.close(open, base + tag.span.start);
                    }
                }
                Token::String(words) => self.say(&words),
                Token::Comment(note) => behind = self.comment(base + note.span.start, base + note.span.end),
                Token::Doctype(kind) => behind = self.doctype(base + kind.span.start, base + kind.span.end),
                Token::Error(_) => {}
            }
            if behind.is_some() {
                break;
            }
        }
        behind
    }

    fn start(&mut self, tag: &StartTag<usize>, base: usize) -> Option<State> {
        let name = tag.name.as_slice();
        let reading = match self.kind {
            Kind::Page => self.spaces.start(name, tag.self_closing),
            Kind::Xml => Reading::Foreign,
            Kind::Component => Reading::Html,
        };
        let closed = tag.self_closing && (self.kind == Kind::Component || reading == Reading::Foreign);
        let end = base + tag.span.end;
        let is_text = reading != Reading::Foreign && !closed && namespaces::is_text(name);
        if reading == Reading::Doubt && is_text && (tag.self_closing || has_markup(self.text, end, name)) {
            self.found.doubt(base + tag.span.start, end);
        }
        self.attributes(tag, base);
        if self.open.is_none() && !closed && is_script(name, self.kind) {
            let attribute = |name: &str| {
                let value = tag.attributes.get(name.as_bytes())?;
                Some(String::from_utf8_lossy(value).to_ascii_lowercase())
            };
            let kind = attribute("type").unwrap_or_default();
            let dialect = attribute("lang").unwrap_or_default();
            let typed =
                self.typed || matches!(dialect.as_str(), "ts" | "tsx" | "typescript") || kind.ends_with("typescript");
            // A browser reads the body of a script that comes from elsewhere as a comment.
            let elsewhere = reading == Reading::Html && attribute("src").is_some();
            let said = (reading == Reading::Foreign).then(|| Some(Vec::new()));
            self.open = Some(Open { start: end, typed, runs: is_code(&kind) && !elsewhere, said });
        }
        is_text.then(|| state_in(name))
    }

    /// Takes the code of attributes.
    fn attributes(&mut self, tag: &StartTag<usize>, base: usize) {
        for (name, value) in &tag.attributes {
            let Ok(name) = std::str::from_utf8(name) else { continue };
            let raw = raw_value(self.text, base + value.span.start, base + value.span.end);
            if HANDLERS.contains(&name) {
                self.found.take(raw, value, true);
            } else if ADDRESSES.contains(&name) {
                let raw = raw.and_then(|(start, raw)| Some((start, raw, program_at(raw)?)));
                self.found.take(raw.and_then(|(start, raw, at)| Some((start + at, raw.get(at..)?))), value, false);
            }
        }
    }

    /// Takes a comment, or what HTML takes as one. Gives where XML goes on.
    fn comment(&mut self, start: usize, end: usize) -> Option<usize> {
        const DATA: &str = "<![CDATA[";
        let raw = self.text.get(start..)?;
        let reading = match self.kind {
            Kind::Page => self.spaces.reading(),
            Kind::Xml => Reading::Foreign,
            Kind::Component => Reading::Html,
        };
        let close = |inside: &str, end: &str| inside.find(end).map_or((inside.len(), 0), |at| (at, end.len()));
        match (raw.strip_prefix(DATA), reading) {
            (Some(inside), Reading::Foreign) => {
                let (length, mark) = close(inside, "]]>");
                let from = start + DATA.len();
                self.skip(start, from);
                self.say(self.plain.get(from..from + length)?);
                self.skip(from + length, from + length + mark);
                return Some(from + length + mark);
            }
            (Some(_), Reading::Doubt) => self.found.doubt(start, end),
            _ => {}
        }
        let end = match raw.strip_prefix("<?").filter(|_| self.kind == Kind::Xml) {
            Some(inside) => {
                let (length, mark) = close(inside, "?>");
                start + 2 + length + mark
            }
            None => end,
        };
        self.skip(start, end);
        raw.starts_with("<?").then_some(end).filter(|_| self.kind == Kind::Xml)
    }

    /// Takes the kind of the page. Gives where XML goes on behind the definitions in it.
    fn doctype(&mut self, start: usize, end: usize) -> Option<usize> {
        if self.kind != Kind::Xml {
            return None;
        }
        let begin = start + self.text.get(start..end)?.find('[')?;
        let subset = self.text.get(begin..)?;
        let closes =
            |(at, _): &(usize, &str)| subset.get(at + 1..).is_some_and(|rest| rest.trim_start().starts_with('>'));
        let length = subset.match_indices(']').find(closes).map_or(subset.len(), |(at, _)| at + 1);
        let subset = subset.get(..length)?;
        // What an entity stands for may be a tag; a quote that is open says that the end is none.
        let count = |what: &str| subset.matches(what).count();
        if count("<") != count("<!")
            || count("&#") > 0
            || !count("\"").is_multiple_of(2)
            || !count("'").is_multiple_of(2)
        {
            self.found.unread.push((place(begin, begin + length), ENTITIES));
        }
        Some(begin + length)
    }

    /// Takes what an open script says, if it is what stands there: the text of markup may be written in other ways.
    fn say(&mut self, words: &[u8]) {
        let Some(Open { start, said: Some(said), .. }) = &mut self.open else { return };
        let rest = said.as_ref().and_then(|so_far| self.plain.get(*start + so_far.len()..));
        match said.as_mut().filter(|_| rest.is_some_and(|rest| rest.starts_with(words))) {
            Some(so_far) => so_far.extend(words),
            None => *said = None,
        }
    }

    /// Leaves a part of an open script blank, which is a mark or comment of XML.
    fn skip(&mut self, from: usize, to: usize) {
        let Some(Open { start, said: Some(said), .. }) = &mut self.open else { return };
        match (said.as_mut(), self.plain.get(from..to)) {
            (Some(so_far), Some(part)) if *start + so_far.len() == from => {
                so_far.extend(part.iter().map(|byte| if *byte == b'\n' { b'\n' } else { b' ' }));
            }
            _ => *said = None,
        }
    }

    /// Takes the tag of a script's end, or the end of the text.
    fn close(&mut self, open: Open, end: usize) {
        if !open.runs || open.start >= end {
            return;
        }
        let mut script = Script::new(open.start, end, open.typed);
        if let Some(said) = open.said {
            let code = said.and_then(|said| String::from_utf8(said).ok()).filter(|code| code.len() == end - open.start);
            if code.is_none() {
                self.found.unread.push((place(open.start, end), NO_SCRIPT));
                return;
            }
            script.code = code;
        }
        self.found.scripts.push(script);
    }
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
            self.scripts.push(Script { body: handler, ..Script::new(start, end, false) });
        } else {
            self.unread.push((place(start, end), NO_SCRIPT));
        }
    }

    /// Notes where the page may be read in two ways, the first time.
    fn doubt(&mut self, start: usize, end: usize) {
        if !self.unread.iter().any(|(_, why)| *why == IN_DOUBT) {
            self.unread.push((place(start, end), IN_DOUBT));
        }
    }
}

/// True for the name of a script's tag. In XML it may have a prefix.
fn is_script(name: &[u8], kind: Kind) -> bool {
    name == b"script" || kind == Kind::Xml && name.ends_with(b":script")
}

/// The state in which HTML reads what stands in a tag whose content is text.
fn state_in(name: &[u8]) -> State {
    match name {
        b"script" => State::ScriptData,
        b"title" | b"textarea" => State::RcData,
        b"plaintext" => State::PlainText,
        _ => State::RawText,
    }
}

/// True if there is a tag or comment in what stands before the end tag with this name.
fn has_markup(text: &str, from: usize, name: &[u8]) -> bool {
    let Some(rest) = text.as_bytes().get(from..) else { return false };
    let mut at = 0;
    while let Some(tail) = rest.get(at..)
        && let Some(next) = tail.iter().position(|byte| *byte == b'<')
    {
        at += next + 1;
        let ends = rest.get(at..).and_then(|tail| tail.strip_prefix(b"/"));
        if ends.and_then(|tail| tail.get(..name.len())).is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            return false;
        }
        if rest.get(at).is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'/' | b'!' | b'?')) {
            return true;
        }
    }
    false
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

/// Most lines that are tried as the beginning of a script: each try looks through what is left of the text.
pub const MOST_TRIED: usize = 64;

/// Adds the scripts of a component whose template has text that reads as an open tag (`{#if a <b}`): they begin a line.
fn at_line_starts(text: &str, all: &mut Found) {
    let known = &all.scripts;
    let mut found: Vec<Script> = Vec::new();
    let mut from = 0;
    let mut tried = 0;
    // The next end of a tag. It is looked for once.
    let mut close_tag = Some(0);
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
        let Some(rest) = text.get(at..) else { continue };
        if close_tag.is_some_and(|known| known < at) {
            close_tag = rest.find('>').map(|open| at + open);
        }
        let Some(open) = close_tag else { break };
        // The tag of a script that is known stands in front of it.
        if inside(at) || inside(open + 1) {
            continue;
        }
        tried += 1;
        if tried > MOST_TRIED {
            all.unread.push((place(at, text.len()), TOO_MANY));
            break;
        }
        let Some(close) = rest.find("</script").map(|close| at + close) else { break };
        if open < close {
            let typed = text.get(at..open).is_some_and(|tag| tag.contains("ts\"") || tag.contains("ts'"));
            found.push(Script::new(open + 1, close, typed));
        }
    }
    all.scripts.extend(found);
    all.scripts.sort_by_key(|script| script.start);
}

#[cfg(test)]
mod tests;
