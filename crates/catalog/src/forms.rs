//! What classes of commands ask of a simple command, and of what the commands of one line do together.

use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};
use serde::Deserialize;
use smol_str::SmolStr;

use crate::classes::Classes;
use crate::commands::{Command, Word, each};

/// The largest automaton of one pattern, in bytes.
const SIZE_LIMIT: usize = 1 << 20;

/// What one simple command of a class looks like: all that is given holds.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Form {
    /// The program has one of these names.
    program: Vec<SmolStr>,
    /// Its first operands are one of these subcommands.
    verb: Vec<SmolStr>,
    /// One of these options is given.
    options: Vec<String>,
    /// All of these are given.
    all: Vec<String>,
    /// None of these is given.
    without: Vec<String>,
    /// A value of one of `options` fits.
    value: Option<Pattern>,
    /// The first operand behind the subcommand fits.
    first: Option<Pattern>,
    /// For each of these some operand behind the subcommand fits.
    operands: Vec<Pattern>,
    /// The last operand fits.
    last: Option<Pattern>,
    /// Some operand but the last has one of these classes.
    of: Vec<SmolStr>,
    /// Some operand has one of these classes.
    operand: Vec<SmolStr>,
    /// It writes a file or folder of one of these classes.
    writes: Vec<SmolStr>,
    /// It sends or installs from addresses, all of which have one of these classes.
    addresses: Vec<SmolStr>,
    /// It reads a file, or what the command before it prints.
    reads: bool,
    /// Its words with blanks between fit.
    text: Option<Pattern>,
}

/// A regular expression over one word, without regard to case.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "String")]
pub(crate) struct Pattern {
    text: String,
    compiled: OnceLock<Option<Regex>>,
}

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        Self { text, compiled: OnceLock::new() }
    }
}

impl Pattern {
    fn compile(&self) -> Result<Regex, regex::Error> {
        RegexBuilder::new(&self.text).case_insensitive(true).size_limit(SIZE_LIMIT).build()
    }

    fn fits(&self, text: &str) -> bool {
        self.compiled.get_or_init(|| self.compile().ok()).as_ref().is_some_and(|regex| regex.is_match(text))
    }
}

impl Form {
    /// Compiles every pattern.
    pub(crate) fn check(&self) -> Result<(), regex::Error> {
        let single = [&self.value, &self.first, &self.last, &self.text];
        single.into_iter().flatten().chain(&self.operands).try_for_each(|pattern| pattern.compile().map(|_| ()))
    }

    /// The classes of other families that it asks for.
    pub(crate) fn classes(&self) -> impl Iterator<Item = &SmolStr> {
        [&self.of, &self.operand, &self.writes, &self.addresses].into_iter().flatten()
    }

    pub(crate) fn fits_any(&self, commands: &[Command], classes: &Classes) -> bool {
        let mut found = false;
        each(commands, &mut |command| found = found || self.fits(command, classes));
        found
    }

    fn fits(&self, command: &Command, classes: &Classes) -> bool {
        if !self.program.is_empty() && !self.program.iter().any(|name| command.is(name)) {
            return false;
        }
        let behind = match self.verb.is_empty() {
            true => Some(command.operands.as_slice()),
            false => self.verb.iter().find_map(|verb| command.behind(verb)),
        };
        let Some(operands) = behind else { return false };
        let fits = |pattern: &Option<Pattern>, word: Option<&Word>| {
            pattern.as_ref().is_none_or(|pattern| word.is_some_and(|word| pattern.fits(&word.text)))
        };
        let has = |wanted: &[SmolStr], text: &str| wanted.iter().any(|class| classes.has(class, [text]));
        let among = |wanted: &[SmolStr], words: &[Word]| words.iter().any(|word| has(wanted, &word.text));
        let but_last = operands.split_last().map_or(&[][..], |(_, before)| before);
        (self.options.is_empty() || self.options.iter().any(|option| command.has(option)))
            && self.all.iter().all(|option| command.has(option))
            && !self.without.iter().any(|option| command.has(option))
            && self
                .value
                .as_ref()
                .is_none_or(|pattern| command.values(&self.options).any(|value| pattern.fits(&value.text)))
            && fits(&self.first, operands.first())
            && fits(&self.last, operands.last())
            && self.operands.iter().all(|pattern| operands.iter().any(|word| pattern.fits(&word.text)))
            && (self.of.is_empty() || among(&self.of, but_last))
            && (self.operand.is_empty() || among(&self.operand, operands))
            && (self.writes.is_empty() || {
                command.written().iter().any(|word| has(&self.writes, &word.text))
                    || command.written_as_pair().is_some_and(|path| has(&self.writes, path))
            })
            && (!self.reads || command.piped || command.inputs.iter().any(|input| input.text != "/dev/null"))
            && (self.addresses.is_empty() || {
                let values = command.options.iter().filter_map(|(_, value)| value.as_ref());
                let addresses: Vec<&str> = operands.iter().chain(values).filter_map(address).collect();
                !addresses.is_empty() && addresses.iter().all(|address| has(&self.addresses, address))
            })
            && self.text.as_ref().is_none_or(|pattern| pattern.fits(&told(command)))
    }
}

/// The address in a word: `https://…` of `git+https://…` and of `name @ https://…`.
fn address(word: &Word) -> Option<&str> {
    let (before, _) = word.text.split_once("//")?;
    let begins = before.rfind([' ', '@', '+', '=']).map_or(0, |at| at + 1);
    word.text.get(begins..)
}

/// A command in one text.
fn told(command: &Command) -> String {
    let mut text = command.program.clone();
    let mut add = |word: &str| {
        text.push(' ');
        text.push_str(word);
    };
    for (name, value) in &command.options {
        add(name);
        if let Some(value) = value {
            add(&value.text);
        }
    }
    command.operands.iter().for_each(|word| add(&word.text));
    text
}

/// True if one command of the line runs what another fetches.
pub(crate) fn runs_what_it_fetches(commands: &[Command]) -> bool {
    let mut fetched: Vec<String> = Vec::new();
    // True while what goes through the pipe came from an address.
    let mut flows = false;
    for command in commands {
        flows &= command.piped;
        if runs_what_is_inside(command) || (flows && command.runs_input()) || names_one_of(command, &fetched) {
            return true;
        }
        let kept = command.kept();
        let fetches = command.reading().is_some_and(|reading| reading.fetches);
        flows |= fetches && kept.is_empty();
        fetched.extend(kept);
        if flows {
            fetched.extend(command.written().iter().map(|word| word.text.clone()));
        }
    }
    // What stands inside of a word is a line of its own.
    let mut found = false;
    each(commands, &mut |command| {
        let words = command.operands.iter().chain(&command.code).chain([&command.path]);
        found = found || words.filter(|word| word.inside.len() > 1).any(|word| runs_what_it_fetches(&word.inside));
    });
    found
}

/// True if a command runs the output of a command that fetches: `eval "$(…)"`, `source <(…)`, `python -c "$(…)"`.
fn runs_what_is_inside(command: &Command) -> bool {
    let prints = |word: &Word| {
        word.inside
            .iter()
            .any(|inner| inner.reading().is_some_and(|reading| reading.fetches) && inner.kept().is_empty())
    };
    let is_script = matches!(command.program.as_str(), "eval" | "source" | ".")
        || command.reading().is_some_and(|reading| reading.reads);
    // Between backquotes stands code as well, where a value is shown to a reader.
    (command.path.text.starts_with("$(") && prints(&command.path))
        || command.code.iter().any(prints)
        || (is_script && command.operands.iter().take(1).chain(&command.inputs).any(prints))
}

/// True if a command runs a file that was fetched: by its name, or as the script of an interpreter.
fn names_one_of(command: &Command, fetched: &[String]) -> bool {
    if fetched.is_empty() {
        return false;
    }
    let plain = |text: &str| text.trim_start_matches("./").trim_matches(['"', '\'']).to_owned();
    let is_one = |word: &Word| fetched.iter().any(|path| !path.is_empty() && plain(path) == plain(&word.text));
    let is_script =
        matches!(command.program.as_str(), "source" | ".") || command.reading().is_some_and(|reading| reading.reads);
    // A name without a folder is looked for elsewhere.
    (command.path.text.contains(['/', '\\', '.']) && is_one(&command.path))
        || (is_script && (command.operands.iter().take(1).any(is_one) || command.inputs.iter().any(is_one)))
}
