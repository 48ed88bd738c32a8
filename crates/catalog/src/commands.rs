//! Command lines, taken apart into the simple commands that a shell makes of them: the program that runs, its options
//! with their values, its operands, and what it reads and writes.
//!
//! The lines are those that `sluice_syntax::shell` tells, or a program and its arguments with blanks between. Nothing is
//! looked up on the machine: how the words behind a program are read says `programs.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// Deepest nesting of substitutions, launchers and lines inside lines.
const DEEPEST: u32 = 8;

/// Only so many bytes of a line are looked at.
const LONGEST: usize = 4096;

/// Most simple commands of one line, those inside of words included.
const MOST: usize = 256;

static PROGRAMS: LazyLock<BTreeMap<String, Reading>> =
    LazyLock::new(|| toml::from_str(include_str!("../programs.toml")).unwrap_or_default());

/// How the words behind a program are read; the file explains each field.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Reading {
    short: String,
    long: Vec<String>,
    whole: bool,
    switches: bool,
    starts: Option<usize>,
    line: Vec<String>,
    rest: bool,
    code: Vec<String>,
    module: Option<String>,
    pub(crate) reads: bool,
    writes: Option<String>,
    to: Vec<String>,
    only: Vec<String>,
    pub(crate) fetches: bool,
    remote: Vec<String>,
    abbreviates: bool,
    exec: Vec<String>,
    orders: Vec<String>,
    scripted: bool,
}

/// Where in the words of a command that what runs is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Started {
    /// A command begins at this word.
    At(usize),
    /// This word is code, or a line of commands.
    Word(usize),
}

/// A word, without quotes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word {
    /// Its text; what is substituted stays as it is written.
    pub text: String,
    /// The commands whose output it holds.
    pub inside: Vec<Command>,
    quoted: bool,
}

/// One simple command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// The program that runs: lower case, without folder and suffix, behind `sudo`, `env` and their like, and the module
    /// of `python -m`.
    pub program: String,
    /// The word that names the program, as it is written.
    pub path: Word,
    /// Options with their values: `-d`, `--data`.
    pub options: Vec<(String, Option<Word>)>,
    /// The other words.
    pub operands: Vec<Word>,
    /// Files to which its output is redirected, and those from which its input comes.
    pub outputs: Vec<Word>,
    /// What it reads: files, and texts that it is given.
    pub inputs: Vec<Word>,
    /// True if it reads what the command before it prints.
    pub piped: bool,
    /// True if its output goes on to the next command.
    pub pipes: bool,
    /// Code that an interpreter is given as an option.
    pub code: Vec<Word>,
}

/// The simple commands of a line in their order; what stands inside of a word is told with the word.
#[must_use]
pub fn commands(line: &str) -> Vec<Command> {
    let mut left = MOST;
    let mut end = line.len().min(LONGEST);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    read(line.get(..end).unwrap_or_default(), 0, false, &mut left)
}

/// All commands of a line, those inside of words included.
pub(crate) fn each<'c>(commands: &'c [Command], visit: &mut dyn FnMut(&'c Command)) {
    for command in commands {
        visit(command);
        let options = command.options.iter().filter_map(|(_, value)| value.as_ref());
        let words =
            options.chain(&command.operands).chain(&command.outputs).chain(&command.inputs).chain(&command.code);
        for word in words.chain([&command.path]) {
            each(&word.inside, visit);
        }
    }
}

impl Command {
    pub(crate) fn reading(&self) -> Option<&'static Reading> {
        reading(&self.program)
    }

    /// The value of the first of these options that is given with one.
    pub(crate) fn values<'c>(&'c self, names: &'c [String]) -> impl Iterator<Item = &'c Word> {
        let given = self.options.iter().filter(|(name, _)| names.contains(name));
        given.filter_map(|(_, value)| value.as_ref())
    }

    pub(crate) fn has(&self, option: &str) -> bool {
        self.options.iter().any(|(name, _)| name == option)
    }

    /// True if the program has this name; a star at the end stands for any rest.
    pub(crate) fn is(&self, name: &str) -> bool {
        match name.strip_suffix('*') {
            Some(start) => self.program.starts_with(start),
            None => self.program == name,
        }
    }

    /// The operands behind a subcommand (`publish`, `s3 cp`), if they begin with it.
    #[must_use]
    pub fn behind(&self, verb: &str) -> Option<&[Word]> {
        let abbreviates = self.reading().is_some_and(|reading| reading.abbreviates);
        let mut rest = self.operands.as_slice();
        for part in verb.split(' ') {
            let (first, others) = rest.split_first()?;
            let given = first.text.to_ascii_lowercase();
            let fits = given == part || (abbreviates && given.len() >= 3 && part.starts_with(&given));
            if !fits {
                return None;
            }
            rest = others;
        }
        Some(rest)
    }

    /// Files and folders that it writes, as far as its words say.
    pub(crate) fn written(&self) -> Vec<&Word> {
        let mut written: Vec<&Word> = self.outputs.iter().collect();
        let Some(reading) = self.reading() else { return written };
        let given = |options: &[String]| options.iter().any(|option| self.has(option));
        written.extend(self.values(&reading.to));
        let named = given(&reading.to) || (!reading.only.is_empty() && !given(&reading.only));
        match reading.writes.as_deref().filter(|_| !named) {
            Some("last") if self.operands.len() > 1 => written.extend(self.operands.last()),
            Some("all") => written.extend(&self.operands),
            _ => {}
        }
        written
    }

    /// The part of `of=PATH` of a program that is told so where to write.
    pub(crate) fn written_as_pair(&self) -> Option<&str> {
        let pairs = self.reading()?.writes.as_deref().filter(|how| how.ends_with('='))?;
        self.operands.iter().find_map(|word| word.text.strip_prefix(pairs))
    }

    /// The names under which a program that fetches keeps what it gets. Empty if it prints it.
    pub(crate) fn kept(&self) -> Vec<String> {
        let Some(reading) = self.reading().filter(|reading| reading.fetches) else { return Vec::new() };
        let mut kept: Vec<String> = self.written().iter().map(|word| word.text.clone()).collect();
        if kept.iter().any(|name| name == "-" || name == "/dev/stdout") {
            return Vec::new();
        }
        let by_name = reading.remote.iter().any(|option| option == "*" || self.has(option));
        if kept.is_empty() && by_name {
            let addresses = self.operands.iter().filter(|word| word.text.contains(['/', '.']));
            kept.extend(addresses.filter_map(|word| {
                let path = word.text.split(['?', '#']).next().unwrap_or_default();
                path.rsplit('/').next().filter(|name| !name.is_empty()).map(str::to_owned)
            }));
        }
        kept
    }

    /// True for a program that runs what it reads, and is given neither a script nor code that does not.
    pub(crate) fn runs_input(&self) -> bool {
        let reads = self.reading().is_some_and(|reading| reading.reads);
        let names_input = |word: &Word| matches!(word.text.as_str(), "-" | "/dev/stdin");
        let runs =
            |code: &Word| code.text.contains("exec(") || code.text.contains("eval(") || code.text.contains("eval ");
        reads
            && (self.operands.first().is_none_or(names_input) || self.has("-s"))
            && (self.code.is_empty() || self.code.iter().any(runs))
    }
}

/// Where the command begins that launchers among the words start (`sudo -u root`, `busybox`, `find … -exec`), or the word
/// that is code for a program (`script -c`, `awk`, an alias of `git -c`). What is not known in a word is `{}`.
#[must_use]
pub fn started(words: &[&str]) -> Started {
    let mut at = 0;
    for _ in 0..DEEPEST {
        let Some(reading) = words.get(at).and_then(|word| reading(&name_of(word))) else { break };
        let rest = words.get(at + 1..).unwrap_or_default();
        if let Some(found) = rest.iter().position(|word| reading.exec.iter().any(|option| option == word)) {
            at += found + 2;
            continue;
        }
        // A shell is an interpreter like others: its script is looked for as theirs are.
        let is_line = |word: &&str| {
            let letter = |option: &String| option.strip_prefix('-').is_some_and(|letter| word.contains(letter));
            word.starts_with('-') && !word.starts_with("--") && reading.line.iter().any(letter)
        };
        if !reading.reads
            && !reading.whole
            && let Some(found) = rest.iter().position(is_line)
        {
            return Started::Word(at + found + 2);
        }
        let ordered = |word: &&str| {
            let word = word.to_ascii_lowercase();
            reading.orders.iter().any(|order| word.starts_with(order.as_str()))
        };
        if let Some(found) = rest.iter().position(ordered) {
            return Started::Word(at + found + 1);
        }
        if reading.starts.is_none() && !reading.scripted {
            break;
        }
        let (mut index, mut operands) = (at + 1, 0);
        while let Some(word) = words.get(index) {
            let is_option = word.len() > 1 && word.starts_with('-');
            let sets = word.split_once('=').is_some_and(|(name, _)| !name.is_empty() && !name.contains(['/', '{']));
            if is_option && reading.takes_next(word) {
                index += 1;
            } else if !is_option && !sets && operands >= reading.starts.unwrap_or(0) {
                break;
            } else if !is_option && !sets {
                operands += 1;
            }
            index += 1;
        }
        if reading.scripted {
            return Started::Word(index);
        }
        if index >= words.len() {
            break;
        }
        at = index;
    }
    Started::At(at)
}

/// True if a line begins with a program that starts what stands behind it.
#[must_use]
pub fn starts_others(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().take(64).collect();
    !matches!(started(&words), Started::At(0))
}

impl Reading {
    /// True if the value of this option is the next word.
    fn takes_next(&self, option: &str) -> bool {
        if option.starts_with("--") || self.whole {
            return self.long.iter().any(|long| long == option);
        }
        let letters = option.trim_start_matches('-');
        letters.find(|c: char| self.short.contains(c)).is_some_and(|at| letters.len() == at + 1)
    }
}

fn reading(program: &str) -> Option<&'static Reading> {
    PROGRAMS.get(program)
}

/// A program's name without folder, suffix and version: `pip` of `/usr/bin/pip3.11`.
fn name_of(word: &str) -> String {
    let word = word.trim_matches(['"', '\'']);
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word).to_ascii_lowercase();
    let name = [".exe", ".cmd", ".com"].iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(&name);
    let plain = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let plain = plain.strip_suffix('-').unwrap_or(plain);
    if reading(name).is_none() && reading(plain).is_some() { plain.to_owned() } else { name.to_owned() }
}

/// Words of the shell's own that stand in front of a command.
fn is_keyword(word: &str) -> bool {
    matches!(
        word,
        "if" | "then" | "else" | "elif" | "do" | "while" | "until" | "!" | "{" | "}" | "fi" | "done" | "esac"
    )
}

#[derive(Debug)]
enum Token {
    Word(Word),
    /// A redirection; the next word is its other end.
    To,
    From,
    Given,
    Pipe,
    Opens,
    Closes,
    Ends,
}

fn read(line: &str, depth: u32, piped: bool, left: &mut usize) -> Vec<Command> {
    let tokens = tokens(line, depth, left);
    let mut out: Vec<Command> = Vec::new();
    let mut words: Vec<Word> = Vec::new();
    let mut ends: (Vec<Word>, Vec<Word>) = Default::default();
    // Whether what stands here reads from a pipe, for each parenthesis that is open.
    let mut outer = vec![piped];
    let mut reads = piped;
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            Token::Word(word) => words.push(word),
            Token::To | Token::From | Token::Given => {
                if let Some(Token::Word(word)) = tokens.next_if(|next| matches!(next, Token::Word(_))) {
                    if matches!(token, Token::To) { ends.0.push(word) } else { ends.1.push(word) }
                }
            }
            Token::Pipe | Token::Opens | Token::Closes | Token::Ends => {
                let pipes = matches!(token, Token::Pipe);
                close(&mut words, &mut ends, (reads, pipes), depth, left, &mut out);
                reads = match token {
                    Token::Pipe => true,
                    Token::Opens => {
                        outer.push(reads);
                        reads
                    }
                    Token::Closes => {
                        if outer.len() > 1 {
                            outer.pop();
                        }
                        false
                    }
                    _ => outer.last().copied().unwrap_or(false),
                };
            }
        }
    }
    close(&mut words, &mut ends, (reads, false), depth, left, &mut out);
    out
}

/// Makes a command of the words that were read so far.
fn close(
    words: &mut Vec<Word>,
    ends: &mut (Vec<Word>, Vec<Word>),
    (piped, pipes): (bool, bool),
    depth: u32,
    left: &mut usize,
    out: &mut Vec<Command>,
) {
    let (outputs, inputs) = std::mem::take(ends);
    let words = std::mem::take(words);
    if (words.is_empty() && outputs.is_empty() && inputs.is_empty()) || *left == 0 {
        return;
    }
    *left -= 1;
    let mut command = Command { outputs, inputs, piped, pipes, ..Command::default() };
    let mut inner = Vec::new();
    resolve(words, &mut command, &mut inner, depth, left);
    if !command.program.is_empty() || !command.outputs.is_empty() || !command.inputs.is_empty() {
        out.push(command);
    }
    out.append(&mut inner);
}

/// Says what a command's words are.
fn resolve(words: Vec<Word>, command: &mut Command, inner: &mut Vec<Command>, depth: u32, left: &mut usize) {
    let sets = |word: &Word| {
        word.text
            .split_once('=')
            .is_some_and(|(name, _)| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
    };
    let mut words: Vec<Word> =
        words.into_iter().skip_while(|word| (!word.quoted && is_keyword(&word.text)) || sets(word)).collect();
    for _ in 0..DEEPEST {
        if words.is_empty() {
            return;
        }
        command.path = words.remove(0);
        command.program = name_of(&command.path.text);
        command.options.clear();
        command.operands.clear();
        let unknown = command.path.text.contains(['{', '`']) || command.path.text == "sys.executable";
        // The interpreter that runs already is the one that is not known.
        let mut flags = words.iter().take_while(|word| word.text.starts_with('-'));
        if unknown
            && (flags.any(|word| word.text == "-m") || words.first().is_some_and(|word| word.text.ends_with(".py")))
        {
            "python".clone_into(&mut command.program);
        }
        let Some(behind) = arguments(std::mem::take(&mut words), command, inner, depth, left) else { return };
        // A launcher that starts nothing is the program itself.
        if behind.is_empty() {
            return;
        }
        words = behind.into_iter().skip_while(|word| sets(word) || (word.quoted && word.text.is_empty())).collect();
    }
}

/// Reads the words behind a program. What is left is the command that it starts; `None` if it starts none.
fn arguments(
    words: Vec<Word>,
    command: &mut Command,
    inner: &mut Vec<Command>,
    depth: u32,
    left: &mut usize,
) -> Option<Vec<Word>> {
    static NONE: LazyLock<Reading> = LazyLock::new(Reading::default);
    let reading = reading(&command.program).unwrap_or(&NONE);
    let mut words = words.into_iter().peekable();
    let mut only_operands = false;
    let piped = command.piped;
    while let Some(word) = words.next() {
        let is_option = !only_operands && word.text.len() > 1 && word.text.starts_with('-');
        let is_switch = !only_operands && reading.switches && word.text.starts_with('/');
        if !is_option && !is_switch {
            if reading.starts.is_some_and(|own| command.operands.len() >= own) {
                return Some(std::iter::once(word).chain(words).collect());
            }
            if reading.code.contains(&word.text) {
                command.code.extend(words.next());
                continue;
            }
            command.operands.push(word);
            continue;
        }
        if word.text == "--" {
            only_operands = true;
            continue;
        }
        let lower = word.text.to_ascii_lowercase();
        let name = if reading.whole || is_switch { lower.clone() } else { word.text.clone() };
        let letters = word.text.trim_start_matches('-');
        let cluster = !reading.whole && !is_switch && !word.text.starts_with("--");
        // A line of commands, or code, is the next word, whatever other letters stand with the option.
        let among = |names: &[String]| {
            names.iter().any(|known| {
                match known.strip_prefix('-').filter(|rest| cluster && rest.chars().count() == 1) {
                    Some(letter) => {
                        let before = letters.split_once(letter).map(|(before, _)| before);
                        before.is_some_and(|before| !before.contains(|c: char| reading.short.contains(c)))
                    }
                    None => *known == name,
                }
            })
        };
        if among(&reading.line) {
            let next = words.next();
            let mut line = next.as_ref().map(|word| word.text.clone()).unwrap_or_default();
            // Of words that were joined nobody knows any more which were one.
            if reading.rest || next.as_ref().is_some_and(|word| !word.quoted) {
                for word in words.by_ref() {
                    line.push(' ');
                    line.push_str(&word.text);
                }
            }
            command.options.push((name, None));
            if let Some(word) = next {
                command.code.push(word);
            }
            if depth < DEEPEST {
                inner.extend(read(&line, depth + 1, piped, left));
            }
            continue;
        }
        if among(&reading.code) {
            command.code.extend(words.next());
            continue;
        }
        if reading.module.as_deref() == Some(name.as_str()) {
            let module = words.next()?;
            command.program = name_of(module.text.trim_end_matches(".__main__"));
            command.path = module;
            command.options.clear();
            command.operands.clear();
            return arguments(words.collect(), command, inner, depth, left);
        }
        if reading.exec.contains(&name) {
            let started: Vec<Word> =
                words.by_ref().take_while(|word| !matches!(word.text.as_str(), ";" | "+" | "\\;")).collect();
            command.options.push((name, started.first().cloned()));
            if *left > 0 && depth < DEEPEST {
                *left -= 1;
                let mut nested = Command::default();
                let mut further = Vec::new();
                resolve(started, &mut nested, &mut further, depth + 1, left);
                inner.push(nested);
                inner.append(&mut further);
            }
            continue;
        }
        if let Some((name, value)) = word.text.split_once('=').filter(|_| !cluster) {
            let value = Word { text: value.to_owned(), inside: word.inside.clone(), quoted: word.quoted };
            command.options.push((name.to_owned(), Some(value)));
            continue;
        }
        if !cluster {
            let value = if reading.long.contains(&name) { words.next() } else { None };
            command.options.push((name, value));
            continue;
        }
        let mut rest = letters.chars();
        while let Some(letter) = rest.next() {
            let takes = reading.short.contains(letter);
            let attached = rest.as_str();
            let value = match takes {
                false => None,
                true if attached.is_empty() => words.next(),
                true => Some(Word { text: attached.to_owned(), inside: word.inside.clone(), quoted: word.quoted }),
            };
            command.options.push((format!("-{letter}"), value));
            if takes {
                break;
            }
        }
    }
    // Without a command behind it, it is what runs.
    None
}

/// Splits a line into words and what stands between them.
fn tokens(line: &str, depth: u32, left: &mut usize) -> Vec<Token> {
    let mut out = Vec::new();
    let mut word: Option<Word> = None;
    let mut chars = line.char_indices().peekable();
    let mut quote: Option<char> = None;
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let behind = |from: usize| line.get(from..).unwrap_or_default();
        if quote == Some('\'') {
            if c == '\'' {
                quote = None
            } else {
                word.get_or_insert_default().text.push(c)
            }
            continue;
        }
        // `$(…)`, `<(…)` and backquotes hold commands, inside of double quotes as well.
        let substituted = match c {
            '$' if next == Some('(') => inside(behind(at + 2)).map(|text| (2, text)),
            '<' | '>' if next == Some('(') && quote.is_none() => inside(behind(at + 2)).map(|text| (2, text)),
            '`' => behind(at + 1).split_once('`').map(|(text, _)| (1, text)),
            _ => None,
        };
        if let Some((opens, text)) = substituted.filter(|_| depth < DEEPEST) {
            let end = (at + opens + text.len() + 1).min(line.len());
            let held = word.get_or_insert_default();
            held.text.push_str(line.get(at..end).unwrap_or_default());
            held.inside.extend(read(text, depth + 1, false, left));
            while chars.next_if(|(at, _)| *at < end).is_some() {}
            continue;
        }
        match c {
            '"' if quote == Some('"') => quote = None,
            // A quote that nothing closes is a letter of a word that was told without quotes.
            '"' | '\'' if quote.is_none() && behind(at + 1).contains(c) => {
                quote = Some(c);
                word.get_or_insert_default().quoted = true;
            }
            '\\' if next.is_some_and(|next| matches!(next, '"' | '\'' | '$' | '`' | '\\' | ';' | '&' | '|')) => {
                if let Some((_, next)) = chars.next() {
                    word.get_or_insert_default().text.push(next);
                }
            }
            // `${HOME}` is `$HOME`.
            '$' if next == Some('{') => {
                let name = behind(at + 2).split_once('}').map(|(name, _)| name);
                let plain = name.filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
                let held = word.get_or_insert_default();
                held.text.push('$');
                if let Some(name) = plain {
                    held.text.push_str(name);
                    let end = at + name.len() + 3;
                    while chars.next_if(|(at, _)| *at < end).is_some() {}
                }
            }
            _ if quote.is_some() => word.get_or_insert_default().text.push(c),
            ' ' | '\t' | '\r' => out.extend(word.take().map(Token::Word)),
            '#' if word.is_none() => while chars.next_if(|(_, c)| *c != '\n').is_some() {},
            '\n' | ';' | '|' | '&' | '(' | ')' | '<' | '>' => {
                // `2>` names a descriptor, and no word.
                let held = word.take();
                let descriptor = matches!(c, '<' | '>')
                    && held.as_ref().is_some_and(|word| !word.quoted && word.text.chars().all(|c| c.is_ascii_digit()));
                out.extend(held.filter(|_| !descriptor).map(Token::Word));
                let doubled = chars.next_if(|(_, next)| *next == c && c != '(' && c != ')').is_some();
                out.push(match c {
                    '|' if !doubled => {
                        chars.next_if(|(_, next)| *next == '&');
                        Token::Pipe
                    }
                    // `&>` and `&>>` redirect both outputs.
                    '&' if !doubled && chars.next_if(|(_, next)| *next == '>').is_some() => {
                        chars.next_if(|(_, next)| *next == '>');
                        Token::To
                    }
                    '(' => Token::Opens,
                    ')' => Token::Closes,
                    '>' => {
                        chars.next_if(|(_, next)| matches!(next, '&' | '|'));
                        Token::To
                    }
                    '<' if doubled => {
                        chars.next_if(|(_, next)| *next == '<');
                        Token::Given
                    }
                    '<' => {
                        chars.next_if(|(_, next)| matches!(next, '&' | '>'));
                        Token::From
                    }
                    _ => Token::Ends,
                });
            }
            _ => word.get_or_insert_default().text.push(c),
        }
    }
    out.extend(word.take().map(Token::Word));
    out
}

/// The text to the parenthesis that closes; all of it if none does.
fn inside(text: &str) -> Option<&str> {
    let mut open = 1usize;
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(held), _) if held == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(') => open += 1,
            (None, ')') => open -= 1,
            _ => {}
        }
        if open == 0 {
            return text.get(..at);
        }
    }
    Some(text)
}

#[cfg(test)]
#[path = "commands_tests.rs"]
mod tests;
