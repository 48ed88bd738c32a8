//! The closed lists: kinds of source and sink, actions, guards, entry points. Adding one is a decision.

/// Kinds of source, with the noun phrase that prose uses.
pub const SOURCES: &[(&str, &str)] = &[
    ("parameter", "a parameter"),
    ("argument", "the command line"),
    ("environment", "environment variables"),
    ("file", "a file"),
    ("file.credential", "a credential file"),
    ("file.source-code", "source code"),
    ("browser.profile", "a browser profile"),
    ("wallet", "a wallet"),
    ("host.identity", "the identity of the host"),
    ("platform", "the name or version of the platform or interpreter"),
    ("network.response", "a server's answer"),
    ("request", "a request's input"),
    ("clipboard", "the clipboard"),
    ("screen", "the screen"),
    ("camera", "the camera"),
    ("keystroke", "keystrokes"),
    ("intercepted", "what others pass to a function that it replaced"),
    ("process.memory", "the memory of a process"),
    ("process.output", "the output of a command"),
    ("time", "the clock"),
    ("random", "random numbers"),
    ("literal", "an embedded blob"),
    ("package.data", "a data file of the package"),
];

/// Kinds of sink, with the noun phrase that prose uses.
pub const SINKS: &[(&str, &str)] = &[
    ("network.send", "the network"),
    ("network.destination", "the address of a request"),
    ("page.input", "a page"),
    ("process.command", "a command"),
    ("process.input", "the input of a process"),
    ("code.execute", "code execution"),
    ("code.load", "an import"),
    ("file.write", "a file"),
    ("file.path", "the path of a file"),
    ("file.delete", "the deletion of a file"),
    ("log", "the log"),
    ("return", "the result of a public function"),
    ("exception", "an exception"),
    ("database.query", "a database query"),
    ("template", "a template"),
    ("markup", "markup"),
    ("deserialize", "deserialization"),
    ("serialize", "serialization"),
    ("persistence", "persistence"),
    ("memory.execute", "executable memory"),
    ("clipboard.write", "the clipboard"),
    ("crypto.parameter", "a parameter of a cipher"),
];

/// What a modelled call does, beyond the sinks of its arguments.
pub const ACTIONS: &[&str] = &[
    "network.connect",
    "network.listen",
    "network.request",
    "network.receive",
    "network.resolve",
    "process.spawn",
    "process.kill",
    "process.replace",
    "file.open",
    "file.read",
    "file.write",
    "file.delete",
    "file.delete-tree",
    "file.walk",
    "file.chmod",
    "file.rename",
    "file.copy",
    "file.link",
    "file.make-directory",
    "file.temporary",
    "archive.extract",
    "archive.create",
    "descriptor.duplicate",
    "thread.start",
    "callback.register",
    "hook",
    "import.dynamic",
    "code.execute",
    "code.compile",
    "memory.allocate",
    "memory.execute",
    "sleep",
    "digest",
    "compare",
    "encrypt",
    "decrypt",
    "encode",
    "decode",
    "compress",
    "decompress",
    "serialize",
    "deserialize",
    "log",
    "log.suppress",
    "environment.read",
    "environment.write",
    "identity.read",
    "input.read",
    "keyboard.listen",
    "screen.capture",
    "clipboard.read",
    "clipboard.write",
    "registry.read",
    "registry.write",
    "install.hook",
    "exit",
];

/// What a condition tests, when it decides whether code under it runs.
pub const GUARDS: &[&str] = &["main", "platform", "date", "host", "locale", "argument", "environment", "debugger"];

/// Roles of arguments that are no sink: they only name the argument for behaviors and evaluation.
pub const ROLES: &[&str] = &[
    "address",
    "algorithm",
    "attributes",
    "callback",
    "code",
    "command",
    "count",
    "credential",
    "cwd",
    "data",
    "default",
    "description",
    "descriptor",
    "destination",
    "encoding",
    "env",
    "file",
    "flag",
    "format",
    "host",
    "key",
    "method",
    "mode",
    "module",
    "name",
    "pattern",
    "port",
    "process",
    "program",
    "proxy",
    "seconds",
    "shell",
    "signal",
    "source",
    "stderr",
    "stdin",
    "stdout",
    "verify",
];

/// When code runs.
pub const ENTRIES: &[&str] = &["install", "build", "startup", "import", "activate", "run"];

/// True if the name is a kind of sink.
#[must_use]
pub fn is_sink(name: &str) -> bool {
    SINKS.iter().any(|(sink, _)| *sink == name)
}

/// True if the name is a kind of source.
#[must_use]
pub fn is_source(name: &str) -> bool {
    SOURCES.iter().any(|(source, _)| *source == name)
}

/// True if the name is an action.
#[must_use]
pub fn is_action(name: &str) -> bool {
    ACTIONS.contains(&name)
}

/// True if the name is a kind of sink or another role of an argument.
#[must_use]
pub fn is_role(name: &str) -> bool {
    is_sink(name) || ROLES.contains(&name)
}

/// The noun phrase for a kind of source or sink; the kind itself if it is unknown.
#[must_use]
pub fn noun(kind: &str) -> &str {
    SOURCES.iter().chain(SINKS).find(|(name, _)| *name == kind).map_or(kind, |(_, noun)| noun)
}
