//! Families of sinks: what a reader wants to see side by side.

use sluice_flow::facts::{ArgFact, Event};

/// A family of sinks, in the order in which a report names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Family {
    Network,
    Commands,
    Code,
    Memory,
    Persistence,
    Files,
    Database,
    Markup,
    Clipboard,
    Log,
    Serialization,
    Exceptions,
    Results,
}

impl Family {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Network => "Network",
            Self::Commands => "Commands",
            Self::Code => "Code",
            Self::Memory => "Executable memory",
            Self::Persistence => "Persistence",
            Self::Files => "Files",
            Self::Database => "Database",
            Self::Markup => "Templates and markup",
            Self::Clipboard => "Clipboard",
            Self::Log => "Log",
            Self::Serialization => "Serialization",
            Self::Exceptions => "Exceptions",
            Self::Results => "Results",
        }
    }

    /// The last part of a claim's kind.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Network => "sink.network",
            Self::Commands => "sink.command",
            Self::Code => "sink.code",
            Self::Memory => "sink.memory",
            Self::Persistence => "sink.persistence",
            Self::Files => "sink.file",
            Self::Database => "sink.database",
            Self::Markup => "sink.markup",
            Self::Clipboard => "sink.clipboard",
            Self::Log => "sink.log",
            Self::Serialization => "sink.serialization",
            Self::Exceptions => "sink.exception",
            Self::Results => "sink.result",
        }
    }

    /// The family of a kind of sink.
    pub(crate) fn of_sink(kind: &str) -> Option<Self> {
        Some(match kind {
            "network.send" | "network.destination" | "page.input" => Self::Network,
            "process.command" => Self::Commands,
            "code.execute" | "code.load" => Self::Code,
            "memory.execute" => Self::Memory,
            "persistence" => Self::Persistence,
            "file.write" | "file.path" | "file.delete" => Self::Files,
            "database.query" => Self::Database,
            "template" | "markup" => Self::Markup,
            "clipboard.write" => Self::Clipboard,
            "log" => Self::Log,
            "serialize" | "deserialize" => Self::Serialization,
            "exception" => Self::Exceptions,
            "return" => Self::Results,
            _ => return None,
        })
    }

    fn of_action(action: &str) -> Option<Self> {
        Some(match action {
            "network.connect" | "network.listen" | "network.request" | "network.resolve" => Self::Network,
            "process.spawn" | "process.replace" | "process.kill" => Self::Commands,
            "code.execute" | "import.dynamic" => Self::Code,
            "memory.execute" => Self::Memory,
            "registry.write" => Self::Persistence,
            "file.write"
            | "file.delete"
            | "file.delete-tree"
            | "file.chmod"
            | "file.rename"
            | "file.copy"
            | "file.link"
            | "file.make-directory"
            | "archive.extract" => Self::Files,
            "clipboard.write" => Self::Clipboard,
            "log" => Self::Log,
            "serialize" | "deserialize" => Self::Serialization,
            _ => return None,
        })
    }

    /// The family of a modelled call: the first that an action or a given argument puts it in. A path that is only
    /// read from is a source, unless a value that came from outside chooses it.
    pub(crate) fn of_event(event: &Event) -> Option<Self> {
        if in_memory(event) {
            return None;
        }
        let by_action = event.actions.iter().filter_map(|action| Self::of_action(action));
        let by_role = event.args.iter().flat_map(|arg| {
            arg.roles
                .iter()
                .filter(|role| role.as_str() != "file.path" || !arg.value.labels.is_empty())
                .filter_map(|role| Self::of_sink(role))
        });
        by_action.chain(by_role).min()
    }

    /// True if a call writes, makes, moves or removes files, and does not only take a path from outside.
    pub(crate) fn changes_files(event: &Event) -> bool {
        let by_action = event.actions.iter().any(|action| Self::of_action(action) == Some(Self::Files));
        let mut roles = event.args.iter().flat_map(|arg| &arg.roles);
        !in_memory(event) && (by_action || roles.any(|role| matches!(role.as_str(), "file.write" | "file.delete")))
    }
}

/// True for a write of a compressing writer that was opened over a buffer and not over a path.
pub(crate) fn in_memory(event: &Event) -> bool {
    does(event, "compress")
        && does(event, "file.write")
        && event.receiver.as_ref().is_some_and(|receiver| receiver.text.is_none() && receiver.shape.contains("BytesIO"))
}

/// True for a call of the family of logs that prints or ends the program: its text goes to the terminal.
pub(crate) fn prints(event: &Event) -> bool {
    const PRINTS: [&str; 8] = ["print", "pprint", "echo", "secho", "write", "writelines", "exit", "_exit"];
    PRINTS.contains(&event.symbol.rsplit('.').next().unwrap_or(""))
}

/// True for a read of what is typed or piped in, which stands with the command line among the kinds of source.
pub(crate) fn reads_input(name: &str) -> bool {
    name.contains("stdin") || name == "input" || name == "builtins.input"
}

/// True for a read that goes to a buffer in memory, though what it is called reads files.
pub(crate) fn reads_memory(event: &Event) -> bool {
    const BUFFERS: [&str; 2] = ["BytesIO", "StringIO"];
    let first = event.args.first().map(|arg| &arg.value);
    event.source.as_deref() == Some("file")
        && event.receiver.iter().chain(first).any(|value| {
            value.text.is_none() && BUFFERS.iter().any(|buffer| value.shape.contains(&format!("`{buffer}()`")))
        })
}

/// The argument that has a role.
pub(crate) fn arg<'e>(event: &'e Event, role: &str) -> Option<&'e ArgFact> {
    event.args.iter().find(|arg| arg.roles.iter().any(|name| name == role))
}

/// True if the call has this action.
pub(crate) fn does(event: &Event, action: &str) -> bool {
    event.actions.iter().any(|name| name == action)
}
