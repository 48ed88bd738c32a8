//! Processes that are started and what they are given: an interpreter without a script reads its program from its input,
//! and what one command prints another may read.

use std::rc::Rc;
use std::sync::Arc;

use sluice_syntax::ir::{Const, Module};
use smol_str::SmolStr;

use super::Engine;
use super::call::Site;
use super::events::MOST_CONTEXT_VALUES;
use super::model::Bound;
use super::programs::interpreter;
use super::value::Value;
use crate::facts::EvidenceId;

/// Most processes that are remembered.
const MOST_PROCESSES: usize = 256;
/// Longest line of commands that is told.
const LONGEST_LINE: usize = 4_096;

/// A process that is started.
#[derive(Debug)]
pub struct Process {
    /// The identity of the call that starts it.
    token: u64,
    event: usize,
    command: Vec<Value>,
    /// The command as one line with `{}` for what is not known, behind those whose output it reads.
    line: Option<String>,
}

fn is_command(arg: &&Bound) -> bool {
    arg.roles.iter().any(|role| role == "process.command")
}

impl Engine<'_> {
    /// A process that is started is known by the call that starts it.
    pub(crate) fn remember_process(&mut self, bound: &[Bound], event: usize, site: Site) {
        let command: Vec<Value> = bound.iter().filter(is_command).map(|arg| arg.value.clone()).collect();
        if command.is_empty() {
            return;
        }
        let read = bound.iter().find(|arg| arg.roles.iter().any(|role| role == "stdin"));
        let before = read.and_then(|arg| self.printed_by(&arg.value));
        let mut line = self.command_line(&command);
        if let (Some(before), Some(own)) = (before, &line) {
            line = self.piped(event, &before, own);
        }
        let token = self.site_token(site.id);
        // One place starts what it is told to: a helper pipes one command into the next.
        if let Some(known) = self.processes.iter_mut().find(|known| known.token == token) {
            known.line = line.or(known.line.take());
        } else if self.processes.len() < MOST_PROCESSES {
            self.processes.push(Process { token, event, command, line });
        }
    }

    /// A command as one line.
    fn command_line(&self, command: &[Value]) -> Option<String> {
        let mut line = String::new();
        for part in command.iter().filter(|part| part.known() != Some(&Const::None)) {
            let fact = self.value_fact(part, false);
            let text = fact.text.as_deref().or(fact.patterns.first().map(AsRef::as_ref))?;
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(text);
        }
        (!line.is_empty() && line.len() <= LONGEST_LINE).then_some(line)
    }

    /// The line of the command that printed a value, or prints into it.
    fn printed_by(&self, value: &Value) -> Option<String> {
        if self.processes.is_empty() {
            return None;
        }
        let (labels, tokens) = self.deep(value);
        if let Some(process) = self.processes.iter().rev().find(|process| tokens.contains(&process.token)) {
            return process.line.clone();
        }
        let origins = labels.iter().filter_map(|label| self.origins.get(label.origin as usize));
        let printed = origins.filter(|origin| origin.kind == "process.output").find_map(|origin| {
            let event = origin.event?;
            // What a process printed is asked of the process (`process.communicate()`).
            let args = self.events.get(event).map(|event| event.args.as_slice()).unwrap_or_default();
            let own = args.iter().filter(|arg| arg.name == "self").flat_map(|arg| &arg.fact.tokens);
            let own: Vec<u64> = own.copied().collect();
            self.processes.iter().rev().find(|process| process.event == event || own.contains(&process.token))
        });
        printed.and_then(|process| process.line.clone())
    }

    /// Tells of a command that it reads what others print. The whole line.
    fn piped(&mut self, event: usize, before: &str, own: &str) -> Option<String> {
        let whole = format!("{before} | {own}");
        if whole.len() > LONGEST_LINE {
            return None;
        }
        let text: Arc<str> = Arc::from(whole.as_str());
        let args = self.events.get_mut(event).map(|event| event.args.as_mut_slice()).unwrap_or_default();
        for arg in args.iter_mut().filter(|arg| arg.roles.iter().any(|role| role == "process.command")) {
            let fact = &mut arg.fact;
            let known = (Arc::clone(&text), false);
            if text.contains("{}") {
                if !fact.patterns.contains(&text) && fact.patterns.len() < MOST_CONTEXT_VALUES {
                    fact.patterns.push(Arc::clone(&text));
                }
            } else if !fact.known_as.contains(&known) && fact.known_as.len() < MOST_CONTEXT_VALUES {
                fact.known_as.push(known);
            }
        }
        Some(whole)
    }

    /// A text is written to the input of a process: an interpreter without a script reads its program there.
    pub(crate) fn fed(&mut self, module: &Rc<Module>, bound: &[Bound], input: &Bound, event: usize, place: EvidenceId) {
        // The command of the same call, or of the process whose input the receiver is.
        let mut command: Vec<Value> = bound.iter().filter(is_command).map(|arg| arg.value.clone()).collect();
        let mut started = event;
        if command.is_empty() {
            let Some(receiver) = bound.iter().find(|arg| arg.name == "self") else { return };
            let (_, tokens) = self.deep(&receiver.value);
            let found = self.processes.iter().rev().find(|process| tokens.contains(&process.token));
            let Some(process) = found else { return };
            started = process.event;
            command.clone_from(&process.command);
        }
        let mut words: Vec<Arc<str>> = Vec::new();
        for part in &command {
            match self.items(part) {
                Some(items) => words.extend(items.iter().map(|item| item.known_text().cloned().unwrap_or_default())),
                None if matches!(part.known(), Some(Const::None | Const::Undefined)) => {}
                None => words.push(part.known_text().cloned().unwrap_or_default()),
            }
        }
        if started != event {
            self.told_command(&words, event, place);
        }
        let text: Option<Arc<str>> = match input.value.known() {
            Some(Const::Str(text)) => Some(Arc::clone(text)),
            Some(Const::Bytes(bytes)) => std::str::from_utf8(bytes).ok().map(Arc::from),
            _ => None,
        };
        let Some(text) = text else {
            if let (Some(before), Some(own)) = (self.printed_by(&input.value), self.command_line(&command)) {
                self.piped(started, &before, &own);
            }
            return;
        };
        let own = || command.first().is_some_and(|word| self.starts_itself(word) || self.is_own_program(word));
        let named = words.first().and_then(|word| interpreter(word));
        let Some(language) = named.or_else(|| own().then(|| self.dialect.name())) else { return };
        if words.iter().skip(1).any(|word| !word.starts_with('-')) {
            return;
        }
        let codings: Vec<SmolStr> = input.value.data().map(|data| data.codings.to_vec()).unwrap_or_default();
        if matches!(language, "shell" | "powershell") {
            self.runs_script(started, &text, !codings.is_empty());
        }
        self.add_layer(module, text, language, codings, event, place);
    }
}
