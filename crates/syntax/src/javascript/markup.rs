//! The scripts of a page or component (`.html`, `.vue`, `.svelte`). Everything else of the file is left blank, so that
//! lines and columns stay those of the file.
//!
//! Where the scripts are is told by an HTML tokenizer, which takes no more than one pass and no stack. What a page loads from
//! elsewhere, and what a component's template does, is not read.

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{Token, Tokenizer};

use super::{bounds, parse_text, read_front, source_type};
use crate::ir::{Diagnostic, Language, Module, Span};

/// Most scripts of one page that are parsed by themselves where not all of them can be read together.
const MOST_ALONE: usize = 64;

/// Where a script stands, and whether it is TypeScript.
#[derive(Debug, PartialEq, Eq)]
struct Script {
    start: usize,
    end: usize,
    typed: bool,
}

/// Reads the scripts of a page as one module.
pub(super) fn parse(path: &str, text: &str) -> Module {
    let scripts = scripts(path, text);
    let language = language_of(&scripts);
    let mut module = read_front(path, text, &only(text, scripts.iter()), language);
    // A browser leaves out a script that is none, and runs the others.
    if scripts.len() > 1 && module.diagnostics.iter().any(|diagnostic| diagnostic.lost) {
        let (kept, left): (Vec<&Script>, Vec<&Script>) = scripts
            .iter()
            .enumerate()
            .map(|(number, script)| (number < MOST_ALONE && is_read(text, script, language), script))
            .fold((Vec::new(), Vec::new()), |(mut kept, mut left), (fits, script)| {
                if fits {
                    kept.push(script)
                } else {
                    left.push(script)
                }
                (kept, left)
            });
        module = read_front(path, text, &only(text, kept.into_iter()), language);
        for script in left {
            let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            let span = Span { start: offset(script.start), end: offset(script.end) };
            let message = "a script of the page cannot be read".to_owned();
            module.diagnostics.push(Diagnostic { span, message, lost: true });
        }
    }
    module.language = Language::Page;
    module
}

/// Parses the scripts and drops the trees.
pub(super) fn parse_only(text: &str) -> usize {
    let scripts = scripts("", text);
    super::parse_only(&only(text, scripts.iter()), language_of(&scripts))
}

fn language_of(scripts: &[Script]) -> Language {
    if scripts.iter().any(|script| script.typed) { Language::TypeScript } else { Language::JavaScript }
}

/// True if the parser takes a script by itself.
fn is_read(text: &str, script: &Script, language: Language) -> bool {
    let Some(code) = text.get(script.start..script.end) else { return false };
    if bounds::first_excess(code).is_some() {
        return false;
    }
    stacker::grow(super::STACK, || {
        let allocator = oxc_allocator::Allocator::default();
        let parsed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            !super::is_empty(&parse_text(&allocator, code, source_type("", language)).program)
        }));
        code.trim().is_empty() || parsed.unwrap_or(false)
    })
}

/// The text with everything blank but these scripts. Each of them begins a statement.
fn only<'s>(text: &str, scripts: impl Iterator<Item = &'s Script>) -> String {
    let mut code: Vec<u8> = text.bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { byte } else { b' ' }).collect();
    for script in scripts {
        let (Some(from), Some(to)) =
            (text.as_bytes().get(script.start..script.end), code.get_mut(script.start..script.end))
        else {
            continue;
        };
        to.copy_from_slice(from);
        // The quote or bracket in front of it.
        if let Some(before) = script.start.checked_sub(1).and_then(|at| code.get_mut(at)).filter(|byte| **byte == b' ')
        {
            *before = b';';
        }
    }
    String::from_utf8(code).unwrap_or_default()
}

/// The scripts of a page, in their order.
fn scripts(path: &str, text: &str) -> Vec<Script> {
    let mut found: Vec<Script> = Vec::new();
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
                let handlers = tag.attributes.iter().filter(|(name, _)| name.starts_with(b"on"));
                found.extend(handlers.filter_map(|(_, value)| handler(text, value.span.start, value.span.end)));
            }
            Token::EndTag(tag) if tag.name.as_slice() == b"script" => {
                if let Some((start, typed)) = open.take().flatten()
                    && start < tag.span.start
                {
                    found.push(Script { start, end: tag.span.start, typed });
                }
            }
            _ => {}
        }
    }
    if let Some((start, typed)) = open.flatten() {
        found.push(Script { start, end: text.len(), typed });
    }
    if std::path::Path::new(path).extension().is_some_and(|suffix| suffix == "svelte") {
        found.extend(at_line_starts(text, &found));
    }
    found.sort_by_key(|script| script.start);
    found.retain(|script| text.get(script.start..script.end).is_some());
    found
}

/// True for the types of scripts that are run.
fn is_code(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.is_empty()
        || kind == "module"
        || kind.contains("javascript")
        || kind.contains("ecmascript")
        || kind.ends_with("typescript")
        || matches!(kind, "text/babel" | "text/jsx")
}

/// The code of an attribute that is run when something happens (`onload="…"`). What returns something, or is written with
/// references to characters, is left out: it is no statement of a module.
fn handler(text: &str, start: usize, end: usize) -> Option<Script> {
    let whole = text.get(start..end)?;
    let open = whole.find(['"', '\''])?;
    let quote = whole.get(open..=open)?;
    let value = whole.get(open + 1..)?;
    let length = value.find(quote).unwrap_or(value.len());
    let code = value.get(..length)?;
    let fits = !code.trim().is_empty() && !code.contains("return") && !code.contains(['&', '{']);
    fits.then_some(Script { start: start + open + 1, end: start + open + 1 + length, typed: false })
}

/// The scripts of a component whose template has text that reads as an open tag (`{#if a <b}`): they begin a line.
fn at_line_starts(text: &str, known: &[Script]) -> Vec<Script> {
    let mut found = Vec::new();
    let mut from = 0;
    let mut tried = 0;
    for line in text.split_inclusive('\n') {
        let at = from;
        from += line.len();
        let inside = |place: usize| {
            known.iter().chain(&found).any(|script: &Script| script.start <= place && place < script.end)
        };
        if !line.starts_with("<script") || inside(at) {
            continue;
        }
        // Each try looks through what is left of the text.
        tried += 1;
        if known.len() + tried > MOST_ALONE {
            break;
        }
        let Some(rest) = text.get(at..) else { continue };
        let (Some(open), Some(close)) = (rest.find('>'), rest.find("</script")) else { continue };
        let start = at + open + 1;
        if open < close && !inside(start) {
            let typed = rest.get(..open).is_some_and(|tag| tag.contains("ts\"") || tag.contains("ts'"));
            found.push(Script { start, end: at + close, typed });
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
        only(text, scripts(path, text).iter())
    }

    #[test]
    fn the_scripts_of_a_page_stand_where_they_stood() {
        let text = "<!doctype html>\r\n<body onload=\"go(1)\">é<!-- <script>no()</script> -->\n<script>\r\n  a(\"</p>\")\n</script><script type=\"application/json\">{}</script>\n<script src=\"x.js\">no()</script><script type=module>b()</script>";
        let page = code("a.html", text);
        assert_eq!(page.len(), text.len());
        assert_eq!(page.lines().count(), text.lines().count());
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

    #[test]
    fn hostile_pages_are_bounded() {
        let nested = format!("<script>{}</script><script>send();</script>", "[".repeat(200_000));
        let module = crate::parse("a.html", &nested, Language::Page);
        assert_eq!(statements(&module), 1);
        let many = "<script>}</script>".repeat(50_000);
        assert!(crate::parse("a.html", &many, Language::Page).diagnostics.iter().any(|found| found.lost));
        let open = "<script>".repeat(50_000) + &"<p a=".repeat(50_000);
        let _ = crate::parse("a.svelte", &open, Language::Page);
        let _ = crate::parse("a.html", "", Language::Page);
    }
}
