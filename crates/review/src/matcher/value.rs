//! What a step asks of: candidates, the values behind roles, and whether two of them concern the same resource.

use sluice_catalog::{ArgPredicate, Classes};
use sluice_flow::facts::{EventId, PathId, ValueFact};

/// A path or an event that may be a step of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Candidate {
    Path(PathId),
    Event(EventId),
}

impl Candidate {
    pub(super) const fn path_id(self) -> Option<PathId> {
        match self {
            Self::Path(id) => Some(id),
            Self::Event(_) => None,
        }
    }
}

/// What stands behind a role.
#[derive(Clone, Copy, Debug)]
pub(super) enum View<'a> {
    /// An argument, a receiver or a destination.
    Value(&'a ValueFact),
    /// A result, of which only identities are kept.
    Tokens(&'a [u64]),
    /// The event itself.
    Event(EventId),
    /// A key, path or name that is told as text.
    Text(&'a str),
}

/// The shortest text that joins two steps. Shorter ones (`.py`, `a`) are in too many others.
const MIN_TEXT: usize = 4;

/// A value made from more resources than this stands for none of them: it went through a container or a parameter that
/// everything goes through.
const MAX_IDENTITIES: usize = 8;

/// How many texts of one value are compared.
const MAX_TEXTS: usize = 16;

/// How many words of commands are compared.
const MAX_WORDS: usize = 64;

impl<'a> View<'a> {
    /// The known texts, most telling first; the shape last, for patterns about code such as `Path.home()`.
    pub(super) fn texts(self) -> Vec<&'a str> {
        let mut texts = self.known_texts();
        if let Self::Value(value) = self {
            let shape = value.shape.trim_matches('`');
            if !shape.is_empty() {
                texts.push(shape);
            }
        }
        texts
    }

    /// The known texts alone. A host is one of them: `self.host` in the code names none.
    fn known_texts(self) -> Vec<&'a str> {
        match self {
            Self::Value(value) => {
                let mut texts: Vec<&str> = Vec::new();
                texts.extend(value.text.as_deref());
                texts.extend(value.patterns.iter().map(AsRef::as_ref));
                // A constant piece is no value of its own where it is known what stands around it.
                if texts.is_empty() {
                    texts.extend(value.literals.iter().map(AsRef::as_ref));
                }
                texts
            }
            Self::Text(text) => vec![text],
            Self::Tokens(_) | Self::Event(_) => Vec::new(),
        }
    }

    /// The texts of which the value is one, each in full.
    fn alternatives(self) -> Vec<&'a str> {
        match self {
            // What begins with something unknown may be anything.
            Self::Value(value) => {
                value.patterns.iter().map(AsRef::as_ref).filter(|text: &&str| !text.starts_with("{}")).collect()
            }
            Self::Text(_) | Self::Tokens(_) | Self::Event(_) => Vec::new(),
        }
    }

    /// True for addresses of which host and path are known: what comes from elsewhere is asked there, and decides not
    /// who is asked.
    fn is_fixed_but_for_its_query(self) -> bool {
        let fixed = |text: &str| {
            text.split_once("://")
                .and_then(|(_, rest)| rest.split_once(['?', '#']))
                .is_some_and(|(place, asked)| !place.is_empty() && !place.contains(['{', '}']) && asked.contains("{}"))
        };
        let texts = self.alternatives();
        !texts.is_empty() && texts.into_iter().all(fixed)
    }

    fn tokens(self) -> &'a [u64] {
        match self {
            Self::Value(value) => &value.tokens,
            Self::Tokens(tokens) => tokens,
            Self::Event(_) | Self::Text(_) => &[],
        }
    }

    fn known(self) -> bool {
        match self {
            Self::Value(value) => {
                let constant = |text: &str| !text.replace("{}", "").trim().is_empty();
                value.text.is_some()
                    || value.patterns.iter().any(|text| constant(text))
                    || value.literals.iter().any(|text| constant(text))
            }
            Self::Text(_) => true,
            Self::Tokens(_) | Self::Event(_) => false,
        }
    }

    fn has_label(self, kinds: &[smol_str::SmolStr]) -> bool {
        match self {
            Self::Value(value) => kinds.iter().any(|kind| value.labels.contains(kind)),
            Self::Tokens(_) | Self::Event(_) | Self::Text(_) => false,
        }
    }
}

/// Whether the predicate holds of the values behind its role.
pub(super) fn holds(predicate: &ArgPredicate, views: &[View<'_>], classes: &Classes, unasked: bool) -> bool {
    if predicate.given.is_some_and(|given| given == views.is_empty()) {
        return false;
    }
    let has = |view: &View<'_>, class: &str| {
        let texts = if class.starts_with("destination/") { view.known_texts() } else { view.texts() };
        classes.has(class, texts)
    };
    let known_as = views.iter().flat_map(|view| match view {
        View::Value(value) => value.known_as.as_slice(),
        _ => &[],
    });
    let known_as: Vec<_> = known_as.collect();
    let refused = |text: &str| {
        predicate.is_not.iter().any(|class| classes.has(class, [text]))
            || predicate.matches_not.as_ref().is_some_and(|pattern| pattern.is_match(text))
    };
    let fits = |(text, decoded): &(std::sync::Arc<str>, bool)| holds_of(predicate, text, *decoded, classes);
    let refusing = !unasked && known_as.iter().any(|(text, _)| refused(text));
    if !refusing && known_as.iter().any(|known| fits(known) && !refused(&known.0)) {
        return true;
    }
    let of_text = |text: &str| {
        (predicate.is.is_empty() || predicate.is.iter().any(|class| classes.has(class, [text])))
            && predicate.matches.as_ref().is_none_or(|pattern| pattern.is_match(text))
            && !refused(text)
    };
    let positive = |view: &View<'_>| {
        (predicate.is.is_empty() || predicate.is.iter().any(|class| has(view, class)))
            && predicate.matches.as_ref().is_none_or(|pattern| view.texts().iter().any(|text| pattern.is_match(text)))
            && predicate.known.is_none_or(|known| known == view.known())
            && predicate.literal.is_none_or(|wanted| matches!(view, View::Value(value) if value.literal == wanted))
            && predicate
                .decoded
                .is_none_or(|wanted| matches!(view, View::Value(value) if value.codings.is_empty() != wanted))
            && (predicate.labels.is_empty() || view.has_label(&predicate.labels))
    };
    let of_address = predicate.is.iter().any(|class| class.starts_with("destination/"));
    let negative = |view: &View<'_>| {
        // Where the value is one of several texts and nobody is asked, it is enough that one of them is what is looked
        // for: another one beside it excuses nothing. Of what a caller starts, the texts may belong to different calls,
        // and only this machine (`http://127.0.0.1/` for tests) is no excuse.
        let several = view.alternatives();
        let here = |text: &&str| classes.has("destination/local", [*text]);
        let others: Vec<&str> = several.iter().copied().filter(|text| !here(text)).collect();
        let found = if unasked {
            several.len() > 1 && several.iter().any(|text| of_text(text))
        } else {
            others.len() < several.len() && !others.is_empty() && others.into_iter().all(of_text)
        };
        let excused = !found;
        (excused
            && (predicate.is_not.iter().any(|class| has(view, class))
                || predicate
                    .matches_not
                    .as_ref()
                    .is_some_and(|pattern| view.texts().iter().any(|text| pattern.is_match(text)))))
            || (view.has_label(&predicate.labels_not) && !(of_address && view.is_fixed_but_for_its_query()))
    };
    let asks = !predicate.is.is_empty()
        || predicate.matches.is_some()
        || predicate.known.is_some()
        || predicate.literal.is_some()
        || predicate.decoded.is_some()
        || !predicate.labels.is_empty();
    // An argument that is not given has no known value.
    let missing = views.is_empty() && predicate.known == Some(false);
    (!asks || missing || views.iter().any(positive)) && !views.iter().any(negative)
}

/// Whether the predicate holds of a text that the value is in one of its contexts. What other contexts bring in, such as
/// the labels of parameters, does not belong to it.
fn holds_of(predicate: &ArgPredicate, text: &str, decoded: bool, classes: &Classes) -> bool {
    let has = |class: &smol_str::SmolStr| classes.has(class, [text]);
    // Of a literal, and of where a value comes from, the joined value tells.
    predicate.literal.is_none()
        && predicate.labels.is_empty()
        && predicate.known != Some(false)
        && predicate.decoded.is_none_or(|wanted| wanted == decoded)
        && (predicate.is.is_empty() || predicate.is.iter().any(has))
        && predicate.matches.as_ref().is_none_or(|pattern| pattern.is_match(text))
        && (!predicate.is.is_empty() || predicate.matches.is_some() || predicate.decoded.is_some())
}

/// What identifies the resource behind a role: identities, events, and texts that name it.
#[derive(Clone, Debug, Default)]
pub(super) struct Identity {
    pub(super) tokens: Vec<u64>,
    pub(super) events: Vec<EventId>,
    texts: Vec<String>,
}

impl Identity {
    /// `commands` says that the values are commands: their words are texts of their own.
    pub(super) fn of(views: &[View<'_>], commands: bool) -> Self {
        let mut identity = Self::default();
        for view in views {
            if let View::Value(value) = view
                && commands
            {
                let known_as = value.known_as.iter().map(|(text, _)| text);
                let lines = value.text.iter().chain(&value.patterns).chain(known_as);
                identity.texts.extend(lines.take(MAX_TEXTS).flat_map(|line| words_of(line)).take(MAX_WORDS));
            }
            let tokens = view.tokens();
            if tokens.len() <= MAX_IDENTITIES {
                identity.tokens.extend_from_slice(tokens);
            }
            match view {
                View::Event(event) => identity.events.push(*event),
                View::Value(value) => {
                    let texts = value.text.iter().chain(&value.literals);
                    identity.texts.extend(texts.take(MAX_TEXTS).filter_map(|text| name_of(text)));
                }
                View::Text(text) => identity.texts.extend(name_of(text)),
                View::Tokens(_) => {}
            }
        }
        identity.tokens.sort_unstable();
        identity.tokens.dedup();
        identity.texts.sort_unstable();
        identity.texts.dedup();
        identity
    }

    pub(super) fn has_texts(&self) -> bool {
        !self.texts.is_empty()
    }

    /// True if both concern the same resource: they share an identity or an event, or a text of one that names a
    /// resource stands whole in a text of the other.
    pub(super) fn shares(&self, other: &Self) -> bool {
        self.events.iter().any(|event| other.events.contains(event))
            || self.tokens.iter().any(|token| other.tokens.binary_search(token).is_ok())
            || self
                .texts
                .iter()
                .any(|left| other.texts.iter().any(|right| contains_whole(left, right) || contains_whole(right, left)))
    }
}

/// The words of a command that name a file or a folder: all but the program, and where none stands behind the address of a
/// repository, the folder that bears its name.
fn words_of(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for command in sluice_catalog::commands::commands(line) {
        let values = command.options.iter().filter_map(|(_, value)| value.as_ref());
        for word in command.operands.iter().chain(values).chain(&command.outputs) {
            words.extend(name_of(&word.text).filter(|_| !word.text.contains("://")));
        }
        if let Some(last) =
            command.operands.last().filter(|last| command.behind("clone").is_some() && last.text.contains("://"))
        {
            let name = last.text.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
            let name = name.strip_suffix(".git").unwrap_or(name).to_ascii_lowercase();
            words.extend(Some(name).filter(|name| name.len() >= MIN_TEXT));
        }
    }
    words
}

/// The text as the name of a resource: long enough, and shaped like a path, a file or an address. Words of prose,
/// modes and extensions name nothing.
fn name_of(text: &str) -> Option<String> {
    let mut text = text.trim().trim_matches(['"', '\'', '/', '\\']);
    // A path from the working directory is the same with and without saying so.
    while let Some(rest) = text.strip_prefix("./").or_else(|| text.strip_prefix(".\\")) {
        text = rest;
    }
    let text = text.to_ascii_lowercase();
    // A pattern names many.
    let shaped = text.bytes().any(|byte| b"./\\:_-%".contains(&byte)) && !text.starts_with('.') && !text.contains('*');
    (text.len() >= MIN_TEXT && text.len() <= 4096 && shaped).then(|| text.replace('\\', "/"))
}

/// True if `part` stands in `whole` and does not go on as a longer name on either side.
fn contains_whole(whole: &str, part: &str) -> bool {
    let goes_on =
        |character: Option<char>| character.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    whole.match_indices(part).take(MAX_TEXTS).any(|(at, _)| {
        let before = whole.get(..at).and_then(|before| before.chars().next_back());
        let after = whole.get(at + part.len()..).and_then(|after| after.chars().next());
        !goes_on(before) && !goes_on(after)
    })
}
