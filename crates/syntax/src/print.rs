//! A readable, stable dump of a [`Module`] for people and snapshot tests. It is not meant to be parsed.
//!
//! Variables print as `name#slot`, with `@function` behind it when another function owns the slot. Free names print
//! bare, and function ids as `f1`. Nesting that cannot be shown prints as `…`.

use std::fmt::Write as _;

use crate::ir::{
    Arg, ArgKind, BinOp, Const, ExprId, ExprKind, FuncId, Function, FunctionKind, Handler, MatchArm, Member, Module,
    ParamKind, PatternKey, SlotRef, Stmt, StmtKind, Target,
};

/// The deepest nesting that is shown.
const MAX_SHOWN: u32 = 64;

/// How many links of a left spine are shown, counted from the outside.
const MAX_LINKS: usize = 64;

/// How many bytes of a constant are shown.
const MAX_CONST: usize = 80;

/// Dumps a module: its functions in the order of their ids, then its diagnostics.
#[must_use]
pub fn print(module: &Module) -> String {
    let mut printer = Printer { module, out: String::new(), current: FuncId::MODULE, depth: 0 };
    for (index, function) in module.functions.iter().enumerate() {
        printer.current = FuncId(u32::try_from(index).unwrap_or(u32::MAX));
        printer.function(function);
    }
    for diagnostic in &module.diagnostics {
        let (line, column) = module.line_column(diagnostic.span.start);
        let lost = if diagnostic.lost { "lost" } else { "note" };
        let _ = writeln!(printer.out, "{lost} {line}:{column} {}", diagnostic.message);
    }
    printer.out
}

struct Printer<'m> {
    module: &'m Module,
    out: String,
    current: FuncId,
    depth: u32,
}

impl Printer<'_> {
    fn text(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// Runs `inner` one level deeper, or shows that something is left out.
    fn nested(&mut self, inner: impl FnOnce(&mut Self)) {
        if self.depth >= MAX_SHOWN {
            self.text("…");
            return;
        }
        self.depth += 1;
        inner(self);
        self.depth -= 1;
    }

    fn list<T>(&mut self, items: &[T], mut show: impl FnMut(&mut Self, &T)) {
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.text(", ");
            }
            show(self, item);
        }
    }

    fn function(&mut self, function: &Function) {
        let kind = match function.kind {
            FunctionKind::Module => "module",
            FunctionKind::Function => "function",
            FunctionKind::Lambda => "lambda",
            FunctionKind::Class => "class",
        };
        let _ = write!(self.out, "f{} {kind} {}", self.current.0, function.name);
        let inside = self.current;
        // Defaults, bases and decorators are evaluated in the enclosing frame.
        self.current = function.parent.unwrap_or(FuncId::MODULE);
        if matches!(function.kind, FunctionKind::Function | FunctionKind::Lambda) {
            self.text("(");
            self.list(&function.params, |this, param| {
                this.text(match param.kind {
                    ParamKind::Star => "*",
                    ParamKind::StarStar => "**",
                    ParamKind::PositionalOnly | ParamKind::Positional | ParamKind::NamedOnly => "",
                });
                let _ = write!(this.out, "{}#{}", param.name, param.slot);
                match param.kind {
                    ParamKind::PositionalOnly => this.text("/"),
                    ParamKind::NamedOnly => this.text("!"),
                    _ => {}
                }
                if let Some(pattern) = &param.pattern {
                    this.text("~");
                    this.target(pattern);
                }
                if let Some(annotation) = param.annotation {
                    this.text(": ");
                    this.expr(annotation);
                }
                if let Some(default) = param.default {
                    this.text(" = ");
                    this.expr(default);
                }
            });
            self.text(")");
        }
        if !function.bases.is_empty() {
            self.text("(");
            self.args(&function.bases);
            self.text(")");
        }
        if let Some(returns) = function.returns {
            self.text(" -> ");
            self.expr(returns);
        }
        for decorator in &function.decorators {
            self.text(" @");
            self.expr(*decorator);
        }
        self.current = inside;
        self.text(match function.member {
            Member::Plain => "",
            Member::Static => " static",
            Member::Getter => " get",
            Member::Setter => " set",
        });
        for (set, word) in [(function.is_async, " async"), (function.is_generator, " generator")] {
            if set {
                self.text(word);
            }
        }
        self.text("\n");
        if !function.slots.is_empty() {
            self.text("  slots");
            for (index, slot) in function.slots.iter().enumerate() {
                let captured = if slot.captured { "^" } else { "" };
                let _ = write!(self.out, " {}#{index}{captured}", slot.name);
            }
            self.text("\n");
        }
        if let Some(doc) = &function.doc {
            self.text("  doc ");
            self.quoted(doc);
            self.text("\n");
        }
        self.block(&function.body);
    }

    fn line(&mut self) {
        for _ in 0..=self.depth {
            self.text("  ");
        }
    }

    fn block(&mut self, body: &[Stmt]) {
        for stmt in body {
            self.line();
            self.stmt(stmt);
        }
    }

    fn header(&mut self, word: &str, body: &[Stmt]) {
        if !body.is_empty() {
            self.line();
            self.text(word);
            self.text("\n");
            self.inner(body);
        }
    }

    /// A nested block; too deep ones print as one line.
    fn inner(&mut self, body: &[Stmt]) {
        if self.depth >= MAX_SHOWN {
            self.line();
            self.text("…\n");
            return;
        }
        self.depth += 1;
        self.block(body);
        self.depth -= 1;
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Expr(value) => self.expr(*value),
            StmtKind::Assign { targets, value } => {
                for target in targets {
                    self.target(target);
                    self.text(" = ");
                }
                self.expr(*value);
            }
            StmtKind::AugAssign { target, old: _, op, value } => {
                self.target(target);
                let _ = write!(self.out, " {op:?}= ");
                self.expr(*value);
            }
            StmtKind::Delete(targets) => {
                self.text("del ");
                self.list(targets, |this, target| this.target(target));
            }
            StmtKind::Return(value) => self.word("return", &[*value]),
            StmtKind::Raise { exception, cause } => self.word("raise", &[*exception, *cause]),
            StmtKind::Assert { test, message } => self.word("assert", &[Some(*test), *message]),
            StmtKind::If { test, then, otherwise } => {
                self.word("if", &[Some(*test)]);
                self.text("\n");
                self.inner(then);
                return self.header("else", otherwise);
            }
            StmtKind::Match { subject, arms } => {
                self.word("match", &[Some(*subject)]);
                self.text("\n");
                for arm in arms {
                    self.arm(arm);
                }
                return;
            }
            StmtKind::Switch { subject, arms } => {
                self.word("switch", &[Some(*subject)]);
                self.text("\n");
                for arm in arms {
                    self.line();
                    self.word(if arm.value.is_some() { "case" } else { "default" }, &[arm.value]);
                    self.text("\n");
                    self.inner(&arm.body);
                }
                return;
            }
            StmtKind::While { test, body, step, otherwise, test_last } => {
                self.word(if *test_last { "do while" } else { "while" }, &[Some(*test)]);
                if let Some(step) = step {
                    self.word(" step", &[Some(*step)]);
                }
                self.text("\n");
                self.inner(body);
                return self.header("else", otherwise);
            }
            StmtKind::For { target, iterable, body, otherwise } => {
                self.text("for ");
                self.target(target);
                self.text(" in ");
                self.expr(*iterable);
                self.text("\n");
                self.inner(body);
                return self.header("else", otherwise);
            }
            StmtKind::Try { body, handlers, otherwise, finally } => {
                self.text("try\n");
                self.inner(body);
                for handler in handlers {
                    self.handler(handler);
                }
                self.header("else", otherwise);
                return self.header("finally", finally);
            }
            StmtKind::With { items, body } => {
                self.text("with ");
                self.list(items, |this, (context, target)| {
                    this.expr(*context);
                    if let Some(target) = target {
                        this.text(" as ");
                        this.target(target);
                    }
                });
                self.text("\n");
                return self.inner(body);
            }
            StmtKind::Function(func, slot) => {
                let _ = write!(self.out, "def f{} -> ", func.0);
                self.slot(*slot);
            }
            StmtKind::Class(func, slot) => {
                let _ = write!(self.out, "class f{} -> ", func.0);
                self.slot(*slot);
            }
            StmtKind::Import { path, slot, whole } => {
                let _ = write!(self.out, "import {path} -> ");
                self.slot(*slot);
                if *whole {
                    self.text(" whole");
                }
            }
            StmtKind::ImportFrom { module, level, name, slot } => {
                let dots = ".".repeat(usize::try_from(*level).unwrap_or(0).min(8));
                let _ = write!(self.out, "from {dots}{module} import {name} -> ");
                self.slot(*slot);
            }
            StmtKind::ImportStar { module, level } => {
                let dots = ".".repeat(usize::try_from(*level).unwrap_or(0).min(8));
                let _ = write!(self.out, "from {dots}{module} import *");
            }
            StmtKind::Export { name, value } => self.word(&format!("export {name} ="), &[Some(*value)]),
            StmtKind::ExportStar { module } => {
                let _ = write!(self.out, "export * from {module}");
            }
            StmtKind::Label { label, body } => {
                let _ = writeln!(self.out, "label {label}");
                return self.inner(body);
            }
            StmtKind::Jump { label, again } => {
                let _ = write!(self.out, "{} {label}", if *again { "continue" } else { "break" });
            }
            StmtKind::Break => self.text("break"),
            StmtKind::Continue => self.text("continue"),
            StmtKind::Pass => self.text("pass"),
            StmtKind::Unknown(parts) => {
                self.text("unknown");
                self.parts(parts);
            }
        }
        self.text("\n");
    }

    fn word(&mut self, word: &str, operands: &[Option<ExprId>]) {
        self.text(word);
        for operand in operands.iter().flatten() {
            self.text(" ");
            self.expr(*operand);
        }
    }

    fn arm(&mut self, arm: &MatchArm) {
        self.line();
        self.text(if arm.irrefutable { "else" } else { "case" });
        for value in &arm.values {
            self.text(" ");
            self.expr(*value);
        }
        for binding in &arm.bindings {
            self.text(" as ");
            self.target(binding);
        }
        if let Some(guard) = arm.guard {
            self.text(" if ");
            self.expr(guard);
        }
        self.text("\n");
        self.inner(&arm.body);
    }

    fn handler(&mut self, handler: &Handler) {
        self.line();
        self.word("except", &[handler.exception]);
        if let Some(slot) = handler.slot {
            self.text(" as ");
            self.slot(slot);
        }
        self.text("\n");
        self.inner(&handler.body);
    }

    fn slot(&mut self, slot: SlotRef) {
        let function = self.module.function(slot.func);
        let name = function.and_then(|function| function.slots.get(slot.slot as usize)).map(|slot| slot.name.as_str());
        let _ = write!(self.out, "{}#{}", name.unwrap_or("?"), slot.slot);
        if slot.func != self.current {
            let _ = write!(self.out, "@f{}", slot.func.0);
        }
    }

    fn target(&mut self, target: &Target) {
        self.nested(|this| match target {
            Target::Slot(slot, _) => this.slot(*slot),
            Target::Free(name, _) => this.text(name),
            Target::Attr { base, name, .. } => {
                this.expr(*base);
                let _ = write!(this.out, ".{name}");
            }
            Target::Index { base, index, .. } => {
                this.expr(*base);
                this.text("[");
                this.expr(*index);
                this.text("]");
            }
            Target::Sequence(items) => {
                this.text("(");
                this.list(items, |this, item| this.target(item));
                this.text(")");
            }
            Target::Keys(entries) => {
                this.text("{");
                this.list(entries, |this, (key, target)| {
                    match key {
                        PatternKey::Name(name) => {
                            let _ = write!(this.out, "{name}: ");
                        }
                        PatternKey::Computed(key) => {
                            this.text("[");
                            this.expr(*key);
                            this.text("]: ");
                        }
                        PatternKey::Rest => this.text("*"),
                    }
                    this.target(target);
                });
                this.text("}");
            }
            Target::Rest(inner) => {
                this.text("*");
                this.target(inner);
            }
            Target::Default(inner, value) => {
                this.target(inner);
                this.text(" ?= ");
                this.expr(*value);
            }
            Target::Unknown(_) => this.text("?"),
        });
    }

    fn args(&mut self, args: &[Arg]) {
        self.list(args, |this, arg| {
            match &arg.kind {
                ArgKind::Positional => {}
                ArgKind::Named(name) => {
                    let _ = write!(this.out, "{name}=");
                }
                ArgKind::Star => this.text("*"),
                ArgKind::StarStar => this.text("**"),
            }
            this.expr(arg.value);
        });
    }

    fn parts(&mut self, parts: &[ExprId]) {
        self.text("(");
        self.list(parts, |this, part| this.expr(*part));
        self.text(")");
    }

    /// An expression; a left spine is walked with a loop.
    fn expr(&mut self, id: ExprId) {
        let mut links = Vec::new();
        let mut innermost = id;
        while let Some(expr) = self.module.expr(innermost) {
            let left = match &expr.kind {
                ExprKind::Attr { base, .. } | ExprKind::Index { base, .. } => *base,
                ExprKind::Call { callee, .. } => *callee,
                ExprKind::Binary { left, .. } => *left,
                _ => break,
            };
            if links.len() == MAX_LINKS {
                self.text("…");
                break;
            }
            links.push(&expr.kind);
            innermost = left;
        }
        for link in &links {
            if let ExprKind::Binary { op, .. } = link {
                let _ = write!(self.out, "({op:?} ");
            } else if let ExprKind::Call { new: true, .. } = link {
                self.text("new ");
            }
        }
        self.nested(|this| {
            if links.len() < MAX_LINKS {
                this.compound(innermost);
            }
            for link in links.iter().rev() {
                match link {
                    ExprKind::Attr { name, .. } => {
                        let _ = write!(this.out, ".{name}");
                    }
                    ExprKind::Index { index, .. } => {
                        this.text("[");
                        this.expr(*index);
                        this.text("]");
                    }
                    ExprKind::Call { args, .. } => {
                        this.text("(");
                        this.args(args);
                        this.text(")");
                    }
                    ExprKind::Binary { right, .. } => {
                        this.text(" ");
                        this.expr(*right);
                        this.text(")");
                    }
                    _ => {}
                }
            }
        });
    }

    fn compound(&mut self, id: ExprId) {
        let Some(expr) = self.module.expr(id) else {
            self.text("?");
            return;
        };
        match &expr.kind {
            ExprKind::Const(value) => self.constant(value),
            ExprKind::Slot(slot) => self.slot(*slot),
            ExprKind::Free(name) => self.text(name),
            ExprKind::Slice { lower, upper, step } => {
                self.text("slice");
                for bound in [lower, upper, step] {
                    self.text(" ");
                    match bound {
                        Some(bound) => self.expr(*bound),
                        None => self.text("_"),
                    }
                }
            }
            ExprKind::Unary { op, operand } => {
                let _ = write!(self.out, "({op:?} ");
                self.expr(*operand);
                self.text(")");
            }
            ExprKind::Logic { op, operands } => {
                let _ = write!(self.out, "({op:?}");
                for operand in operands {
                    self.text(" ");
                    self.expr(*operand);
                }
                self.text(")");
            }
            ExprKind::Compare { left, rest } => {
                self.text("(");
                self.expr(*left);
                for (op, operand) in rest {
                    let _ = write!(self.out, " {op:?} ");
                    self.expr(*operand);
                }
                self.text(")");
            }
            ExprKind::Conditional { test, then, otherwise } => {
                self.text("(");
                self.expr(*test);
                self.text(" ? ");
                self.expr(*then);
                self.text(" : ");
                self.expr(*otherwise);
                self.text(")");
            }
            ExprKind::Sequence { kind, items } => {
                let _ = write!(self.out, "{kind:?}");
                self.parts(items);
            }
            ExprKind::Mapping(entries) => {
                self.text("{");
                self.list(entries, |this, (key, value)| {
                    match key {
                        Some(key) => {
                            this.expr(*key);
                            this.text(": ");
                        }
                        None => this.text("**"),
                    }
                    this.expr(*value);
                });
                self.text("}");
            }
            ExprKind::Spread(value) => {
                self.text("*");
                self.expr(*value);
            }
            ExprKind::Template(parts) => {
                self.text("template");
                self.parts(parts);
            }
            ExprKind::Format { value, conversion, spec } => {
                self.text("{");
                self.expr(*value);
                if let Some(conversion) = conversion {
                    let _ = write!(self.out, "!{conversion}");
                }
                if let Some(spec) = spec {
                    self.text(":");
                    self.expr(*spec);
                }
                self.text("}");
            }
            ExprKind::Function(func) => {
                let _ = write!(self.out, "f{}", func.0);
            }
            ExprKind::Class(func) => {
                let _ = write!(self.out, "class f{}", func.0);
            }
            ExprKind::Comprehension { kind, element, value, clauses } => {
                let _ = write!(self.out, "{kind:?}[");
                self.expr(*element);
                if let Some(value) = value {
                    self.text(": ");
                    self.expr(*value);
                }
                for clause in clauses {
                    self.text(" for ");
                    self.target(&clause.target);
                    self.text(" in ");
                    self.expr(clause.iterable);
                    for condition in &clause.conditions {
                        self.text(" if ");
                        self.expr(*condition);
                    }
                }
                self.text("]");
            }
            ExprKind::Bind { target, value } => {
                self.text("(");
                self.target(target);
                self.text(" := ");
                self.expr(*value);
                self.text(")");
            }
            ExprKind::Comma(parts) => {
                self.text("comma");
                self.parts(parts);
            }
            ExprKind::Update { target, op, prefix, .. } => {
                let sign = if *op == BinOp::Sub { "--" } else { "++" };
                self.text(if *prefix { sign } else { "" });
                self.target(target);
                self.text(if *prefix { "" } else { sign });
            }
            ExprKind::Keys(value) => self.word("keys of", &[Some(*value)]),
            ExprKind::Await(value) => self.word("await", &[Some(*value)]),
            ExprKind::Yield(value) => self.word("yield", &[*value]),
            ExprKind::YieldFrom(value) => self.word("yield from", &[Some(*value)]),
            ExprKind::This => self.text("this"),
            ExprKind::ImportCall(value) => self.word("import", &[Some(*value)]),
            ExprKind::Unknown(parts) => {
                self.text("unknown");
                self.parts(parts);
            }
            // Links of a left spine, shown by `expr`.
            ExprKind::Attr { .. } | ExprKind::Index { .. } | ExprKind::Call { .. } | ExprKind::Binary { .. } => {
                self.text("…");
            }
        }
    }

    fn constant(&mut self, value: &Const) {
        let _ = match value {
            Const::Str(value) => return self.quoted(value),
            Const::Bytes(value) => {
                let shown = value.get(..value.len().min(MAX_CONST)).unwrap_or_default();
                let more = if shown.len() < value.len() { "…" } else { "" };
                write!(self.out, "b\"{}{more}\"", shown.escape_ascii())
            }
            Const::Int(value) => write!(self.out, "{value}"),
            Const::BigInt(value) => write!(self.out, "{value}n"),
            Const::Float(value) => write!(self.out, "{value:?}"),
            Const::Bool(value) => write!(self.out, "{value}"),
            Const::None => write!(self.out, "none"),
            Const::Undefined => write!(self.out, "undefined"),
            Const::Regex { pattern, flags } => {
                let _ = write!(self.out, "regex({flags}) ");
                return self.quoted(pattern);
            }
            Const::Ellipsis => write!(self.out, "ellipsis"),
        };
    }

    fn quoted(&mut self, value: &str) {
        let end = value.floor_char_boundary(MAX_CONST);
        let shown = value.get(..end).unwrap_or_default();
        let more = if shown.len() < value.len() { "…" } else { "" };
        let _ = write!(self.out, "\"{}{more}\"", shown.escape_debug());
    }
}
