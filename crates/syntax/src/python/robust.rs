//! The robust path: text that the fast parser must not see is parsed by tree-sitter and lowered as far as it goes.
//!
//! Lowered are definitions, assignments, calls, imports, control flow and strings. What is left out stands as
//! `Unknown` with its operands: patterns of `match`, format specifications, annotations, type parameters. Every module
//! from here has a diagnostic that says so.

use ruff_text_size::{TextRange, TextSize};

use super::bounds;
use super::concrete::{Node, Tree};
use super::lower::{Lowerer, on_stack};
use super::robust_expression::binary_operator;
use crate::ir::{
    Arg, ArgKind, Diagnostic, ExprId, ExprKind, FunctionKind, Handler, Language, Module, Param, ParamKind,
    SequenceKind, Span, Stmt, StmtKind, Target,
};
use crate::{MAX_BYTES_ROBUST, MAX_TOKENS_ROBUST};

/// The bytes at the front of a text that hold so many tokens: words, and single characters of punctuation. A comment is one,
/// however long. What stands in strings is counted, because some of them hold expressions.
pub(super) fn bytes_of_tokens(text: &str, most: usize) -> usize {
    let mut tokens = 0;
    let mut in_word = false;
    let mut comments = bounds::comments(text).into_iter().peekable();
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at) {
        let word = byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii();
        if !(byte.is_ascii_whitespace() || word && in_word) {
            tokens += 1;
            if tokens > most {
                return at;
            }
        }
        in_word = word;
        while comments.next_if(|comment| comment.start < at).is_some() {}
        at = comments.next_if(|comment| comment.start == at).map_or(at + 1, |comment| comment.end.max(at + 1));
    }
    text.len()
}

/// Reads a text on the robust path.
pub(super) fn parse(path: &str, text: &str, language: Language) -> Module {
    let most = text.floor_char_boundary(MAX_BYTES_ROBUST.min(bytes_of_tokens(text, MAX_TOKENS_ROBUST)));
    let front = text.get(..most).unwrap_or_default();
    let offset = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
    let whole = Span { start: 0, end: offset(text.len()) };
    let mut diagnostics = vec![Diagnostic { span: whole, message: "read on the robust path".to_owned(), lost: true }];
    if front.len() < text.len() {
        let span = Span { start: offset(front.len()), end: whole.end };
        let message = "too long for the robust path, the rest is not read".to_owned();
        diagnostics.push(Diagnostic { span, message, lost: true });
    }
    let Some(tree) = Tree::parse(front) else {
        return crate::unreadable(path, text, language, "reading takes too many steps");
    };
    let mut robust = Robust { tree: &tree, text, low: Lowerer::new(text, false, diagnostics) };
    if let Some(root) = tree.root() {
        let func = robust.low.reserve(FunctionKind::Module, "<module>", whole, Span::default());
        robust.low.scopes.open(func, false);
        robust.declare(root);
        let body = robust.block(root);
        robust.low.fill(func, |function| function.body = body);
    }
    robust.low.finish(path, language)
}

/// The state of one lowering on the robust path.
pub(super) struct Robust<'t> {
    pub(super) tree: &'t Tree,
    text: &'t str,
    pub(super) low: Lowerer<'t>,
}

pub(super) fn range(span: Span) -> TextRange {
    TextRange::new(TextSize::new(span.start), TextSize::new(span.end))
}

impl<'t> Robust<'t> {
    pub(super) fn text(&self, node: &Node) -> &'t str {
        self.text.get(node.span.start as usize..node.span.end as usize).unwrap_or_default()
    }

    /// Declares what a body binds, without what nested functions bind.
    fn declare(&mut self, body: &'t Node) {
        let mut open = vec![body];
        while let Some(node) = open.pop() {
            let mut bound = None;
            match node.kind() {
                "function_definition" | "class_definition" => {
                    if let Some(name) = self.tree.field(node, "name") {
                        self.low.scopes.declare(self.text(name));
                    }
                    continue;
                }
                "lambda" => continue,
                "global_statement" => {
                    for name in self.tree.named(node) {
                        self.low.scopes.declare_global(self.text(name));
                    }
                }
                "nonlocal_statement" => {
                    for name in self.tree.named(node) {
                        self.low.scopes.declare_nonlocal(self.text(name));
                    }
                }
                "assignment" | "augmented_assignment" | "for_statement" => bound = self.tree.field(node, "left"),
                "named_expression" => bound = self.tree.field(node, "name"),
                "as_pattern_target" => bound = Some(node),
                "import_statement" | "import_from_statement" | "future_import_statement" => {
                    for (name, _) in self.imported(node) {
                        self.low.scopes.declare(name);
                    }
                }
                _ => {}
            }
            // Names inside an index or attribute of a target are reads; declaring them is harmless only if they are
            // bound elsewhere, so these are not entered.
            let mut targets: Vec<&Node> = bound.into_iter().collect();
            while let Some(target) = targets.pop() {
                match target.kind() {
                    "identifier" => {
                        self.low.scopes.declare(self.text(target));
                    }
                    "attribute" | "subscript" | "call" => {}
                    _ => targets.extend(self.tree.named(target)),
                }
            }
            let start = open.len();
            open.extend(self.tree.named(node));
            if let Some(added) = open.get_mut(start..) {
                added.reverse();
            }
        }
    }

    /// The names that an import binds, each with its node.
    fn imported(&self, node: &'t Node) -> Vec<(&'t str, &'t Node)> {
        let from = node.kind() != "import_statement";
        let names = self.tree.named(node).filter(|child| child.field() == Some("name"));
        names
            .filter_map(|child| match child.kind() {
                "aliased_import" => Some((self.text(self.tree.field(child, "alias")?), child)),
                _ if from => Some((self.text(child), child)),
                _ => Some((self.text(child).split('.').next()?.trim(), child)),
            })
            .collect()
    }

    fn block(&mut self, node: &'t Node) -> Vec<Stmt> {
        let mut out = Vec::new();
        let tree = self.tree;
        let done = self.nested(|this| {
            for child in tree.named(node) {
                this.statement(child, &mut out);
            }
        });
        if done.is_none() {
            self.low.too_deep(range(node.span));
            out.push(Stmt { kind: StmtKind::Unknown(Vec::new()), span: node.span });
        }
        out
    }

    pub(super) fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if !self.low.enter() {
            return None;
        }
        let result = on_stack(|| inner(self));
        self.low.leave();
        Some(result)
    }

    fn body(&mut self, node: &'t Node, field: &str) -> Vec<Stmt> {
        self.tree.field(node, field).map(|body| self.block(body)).unwrap_or_default()
    }

    fn statement(&mut self, node: &'t Node, out: &mut Vec<Stmt>) {
        let tree = self.tree;
        let mut first = tree.named(node);
        let kind = match node.kind() {
            "expression_statement" => {
                self.annotation(node, out);
                let parts: Vec<&Node> = tree.named(node).collect();
                match parts.as_slice() {
                    [single] => self.simple(single),
                    _ => StmtKind::Expr(self.sequence(SequenceKind::Tuple, node)),
                }
            }
            "function_definition" | "class_definition" => self.definition(node, Vec::new()),
            "decorated_definition" => {
                let decorators = tree.named(node).filter(|child| child.kind() == "decorator");
                let decorators = decorators.filter_map(|child| tree.named(child).next());
                let decorators = decorators.map(|decorator| self.expr(decorator)).collect();
                match tree.field(node, "definition") {
                    Some(definition) => self.definition(definition, decorators),
                    None => StmtKind::Unknown(decorators),
                }
            }
            "return_statement" => StmtKind::Return(first.next().map(|value| self.expr(value))),
            "delete_statement" => {
                let targets = first.map(|target| self.target(target, false));
                StmtKind::Delete(
                    targets
                        .flat_map(|target| match target {
                            Target::Sequence(items) => items,
                            single => vec![single],
                        })
                        .collect(),
                )
            }
            "raise_statement" => StmtKind::Raise {
                exception: first.next().map(|value| self.expr(value)),
                cause: tree.field(node, "cause").map(|value| self.expr(value)),
            },
            "assert_statement" => match first.next() {
                Some(test) => {
                    StmtKind::Assert { test: self.expr(test), message: first.next().map(|message| self.expr(message)) }
                }
                None => StmtKind::Pass,
            },
            "if_statement" => {
                let kind = self.conditional(node);
                out.push(Stmt { kind, span: node.span });
                return;
            }
            "while_statement" => match tree.field(node, "condition") {
                Some(test) => {
                    self.low.scopes.enter_loop();
                    let test = self.expr(test);
                    let body = self.body(node, "body");
                    self.low.scopes.leave_loop();
                    StmtKind::While { test, body, otherwise: self.alternative(node), step: None, test_last: false }
                }
                None => StmtKind::Pass,
            },
            "for_statement" => match (tree.field(node, "left"), tree.field(node, "right")) {
                (Some(left), Some(right)) => {
                    let iterable = self.expr(right);
                    self.low.scopes.enter_loop();
                    let target = self.target(left, false);
                    let body = self.body(node, "body");
                    self.low.scopes.leave_loop();
                    StmtKind::For { target, iterable, body, otherwise: self.alternative(node) }
                }
                _ => StmtKind::Pass,
            },
            "try_statement" => self.guarded(node),
            "with_statement" => {
                let items = first.next().into_iter().flat_map(|clause| tree.named(clause));
                let items = items.filter_map(|item| tree.field(item, "value").or(Some(item)));
                let items = items.map(|item| self.context(item)).collect();
                StmtKind::With { items, body: self.body(node, "body") }
            }
            "import_statement" => {
                for (name, place) in self.imported(node) {
                    let path = tree.field(place, "name").unwrap_or(place);
                    let slot = self.low.scopes.bind(name);
                    let path = self.text(path).into();
                    let kind = StmtKind::Import { path, slot, whole: place.kind() == "aliased_import" };
                    out.push(Stmt { kind, span: node.span });
                }
                return;
            }
            "import_from_statement" | "future_import_statement" => return self.import_from(node, out),
            "print_statement" | "exec_statement" => {
                let callee = if node.kind() == "exec_statement" { "exec" } else { "print" };
                let callee = self.low.push(ExprKind::Free(callee.into()), node.span);
                let args = first.map(|child| Arg { kind: ArgKind::Positional, value: self.expr(child) }).collect();
                StmtKind::Expr(self.low.push(ExprKind::Call { callee, args, new: false }, node.span))
            }
            "break_statement" => StmtKind::Break,
            "continue_statement" => StmtKind::Continue,
            "pass_statement" | "global_statement" | "nonlocal_statement" => StmtKind::Pass,
            kind if kind.ends_with("_statement") || matches!(kind, "ERROR" | "block" | "module") => {
                // Unknown or broken: its statements and expressions stand in the order of the text.
                out.append(&mut self.block(node));
                return;
            }
            kind if kind.ends_with("_clause") => {
                out.append(&mut self.block(node));
                return;
            }
            _ => self.simple(node),
        };
        out.push(Stmt { kind, span: node.span });
    }

    /// Keeps the annotation of an assignment if evaluating it calls something.
    fn annotation(&mut self, node: &'t Node, out: &mut Vec<Stmt>) {
        let annotation = self.tree.named(node).next().and_then(|inner| self.tree.field(inner, "type"));
        if let Some(annotation) = annotation.filter(|annotation| self.text(annotation).contains('(')) {
            let value = self.expr(annotation);
            out.push(Stmt { kind: StmtKind::Expr(value), span: annotation.span });
        }
    }

    /// An assignment or an expression.
    fn simple(&mut self, node: &'t Node) -> StmtKind {
        let tree = self.tree;
        match node.kind() {
            "assignment" => {
                let mut lefts = Vec::new();
                let mut value = Some(node);
                while let Some(chained) = value.filter(|value| value.kind() == "assignment") {
                    lefts.extend(tree.field(chained, "left"));
                    value = tree.field(chained, "right");
                }
                let Some(value) = value else { return StmtKind::Pass };
                let value = self.expr(value);
                StmtKind::Assign { targets: lefts.into_iter().map(|left| self.target(left, false)).collect(), value }
            }
            "augmented_assignment" => {
                let (Some(left), Some(right)) = (tree.field(node, "left"), tree.field(node, "right")) else {
                    return StmtKind::Pass;
                };
                let old = self.expr(left);
                let target = self.target(left, false);
                let op = tree.field(node, "operator").map_or("", |op| op.kind()).trim_end_matches('=');
                let value = self.expr(right);
                match binary_operator(op) {
                    Some(op) => StmtKind::AugAssign { target, old, op, value },
                    None => StmtKind::Unknown(vec![old, value]),
                }
            }
            _ => StmtKind::Expr(self.expr(node)),
        }
    }

    fn conditional(&mut self, node: &'t Node) -> StmtKind {
        let tree = self.tree;
        let mut branches = Vec::new();
        let mut otherwise = Vec::new();
        let test = tree.field(node, "condition").map(|test| self.expr(test));
        let then = self.body(node, "consequence");
        for clause in tree.named(node).filter(|child| child.field() == Some("alternative")) {
            match tree.field(clause, "condition") {
                Some(test) => {
                    let test = self.expr(test);
                    branches.push((clause.span, test, self.body(clause, "consequence")));
                }
                None => otherwise = self.body(clause, "body"),
            }
        }
        let Some(test) = test else { return StmtKind::Pass };
        let otherwise = super::statement::fold_branches(branches, otherwise);
        StmtKind::If { test, then, otherwise }
    }

    fn alternative(&mut self, node: &'t Node) -> Vec<Stmt> {
        self.tree.field(node, "alternative").map(|clause| self.body(clause, "body")).unwrap_or_default()
    }

    fn guarded(&mut self, node: &'t Node) -> StmtKind {
        let tree = self.tree;
        let body = self.body(node, "body");
        let (mut handlers, mut otherwise, mut finally) = (Vec::new(), Vec::new(), Vec::new());
        for clause in tree.named(node) {
            let inner = tree.named(clause).find(|child| child.kind() == "block");
            match clause.kind() {
                "except_clause" => {
                    let kind = tree.named(clause).find(|child| child.kind() != "block");
                    let (exception, target) = match kind {
                        Some(kind) => {
                            let (exception, target) = self.context(kind);
                            (Some(exception), target)
                        }
                        None => (None, None),
                    };
                    let slot = match target {
                        Some(Target::Slot(slot, _)) => Some(slot),
                        _ => None,
                    };
                    let body = inner.map(|block| self.block(block)).unwrap_or_default();
                    handlers.push(Handler { exception, slot, body, span: clause.span });
                }
                "else_clause" => otherwise = inner.map(|block| self.block(block)).unwrap_or_default(),
                "finally_clause" => finally = inner.map(|block| self.block(block)).unwrap_or_default(),
                _ => {}
            }
        }
        StmtKind::Try { body, handlers, otherwise, finally }
    }

    /// `value as target`
    fn context(&mut self, node: &'t Node) -> (ExprId, Option<Target>) {
        let tree = self.tree;
        if node.kind() != "as_pattern" {
            return (self.expr(node), None);
        }
        let value = tree.named(node).next().map(|value| self.expr(value));
        let value = value.unwrap_or_else(|| self.low.push(ExprKind::Unknown(Vec::new()), node.span));
        let target = tree.field(node, "alias").and_then(|alias| tree.named(alias).next());
        (value, target.map(|target| self.target(target, false)))
    }

    fn import_from(&mut self, node: &'t Node, out: &mut Vec<Stmt>) {
        let tree = self.tree;
        let path = tree.field(node, "module_name").map_or("__future__", |module| self.text(module));
        let dotted = path.trim_start_matches(['.', ' ']);
        let level = path.bytes().take(path.len() - dotted.len()).filter(|byte| *byte == b'.').count();
        let level = u32::try_from(level).unwrap_or(u32::MAX);
        if tree.named(node).any(|child| child.kind() == "wildcard_import") {
            let kind = StmtKind::ImportStar { module: dotted.into(), level };
            out.push(Stmt { kind, span: node.span });
        }
        for (bound, place) in self.imported(node) {
            let name = self.text(tree.field(place, "name").unwrap_or(place)).into();
            let slot = self.low.scopes.bind(bound);
            let kind = StmtKind::ImportFrom { module: dotted.into(), level, name, slot };
            out.push(Stmt { kind, span: node.span });
        }
    }

    fn definition(&mut self, node: &'t Node, decorators: Vec<ExprId>) -> StmtKind {
        let tree = self.tree;
        let Some(name) = tree.field(node, "name") else { return StmtKind::Unknown(decorators) };
        let is_class = node.kind() == "class_definition";
        let kind = if is_class { FunctionKind::Class } else { FunctionKind::Function };
        let func = self.low.reserve(kind, self.text(name), node.span, name.span);
        let bases = tree.field(node, "superclasses").map(|bases| self.arguments(bases)).unwrap_or_default();
        let mut params = tree.field(node, "parameters").map(|params| self.parameters(params)).unwrap_or_default();
        self.low.scopes.open(func, is_class);
        for param in &mut params {
            param.slot = self.low.scopes.declare_parameter(&param.name);
        }
        let body = tree.field(node, "body");
        let body = match body {
            Some(body) if self.low.has_frames_left() => {
                self.declare(body);
                self.block(body)
            }
            _ => vec![Stmt { kind: StmtKind::Unknown(Vec::new()), span: node.span }],
        };
        let is_async = tree.all(node).next().is_some_and(|child| child.kind() == "async");
        self.low.fill(func, |function| {
            function.params = params;
            function.bases = bases;
            function.decorators = decorators;
            function.is_async = is_async;
            function.body = body;
        });
        let slot = self.low.scopes.bind(self.text(name));
        if is_class { StmtKind::Class(func, slot) } else { StmtKind::Function(func, slot) }
    }

    pub(super) fn parameters(&mut self, node: &'t Node) -> Vec<Param> {
        let tree = self.tree;
        let mut params: Vec<Param> = Vec::new();
        let mut named_only = false;
        for child in tree.named(node) {
            let mut inner = tree.field(child, "name").unwrap_or(child);
            if child.kind() == "typed_parameter" {
                inner = tree.named(child).next().unwrap_or(child);
            }
            let kind = match inner.kind() {
                "keyword_separator" => {
                    named_only = true;
                    continue;
                }
                "positional_separator" => {
                    for param in &mut params {
                        param.kind = ParamKind::PositionalOnly;
                    }
                    continue;
                }
                "list_splat_pattern" => {
                    named_only = true;
                    ParamKind::Star
                }
                "dictionary_splat_pattern" => ParamKind::StarStar,
                _ if named_only => ParamKind::NamedOnly,
                _ => ParamKind::Positional,
            };
            if kind == ParamKind::Star || kind == ParamKind::StarStar {
                inner = tree.named(inner).next().unwrap_or(inner);
            }
            let default = tree.field(child, "value").map(|default| self.expr(default));
            let name = self.text(inner).into();
            params.push(Param { name, slot: 0, kind, default, annotation: None, pattern: None, span: child.span });
        }
        params
    }

    pub(super) fn target(&mut self, node: &'t Node, overlay: bool) -> Target {
        let tree = self.tree;
        match node.kind() {
            "identifier" => match self.low.bound(self.text(node), overlay) {
                Some(slot) => Target::Slot(slot, node.span),
                None => Target::Unknown(node.span),
            },
            "attribute" => match (tree.field(node, "object"), tree.field(node, "attribute")) {
                (Some(base), Some(name)) => {
                    Target::Attr { base: self.expr(base), name: self.text(name).into(), span: node.span }
                }
                _ => Target::Unknown(node.span),
            },
            "subscript" => match tree.field(node, "value") {
                Some(base) => {
                    let base = self.expr(base);
                    Target::Index { base, index: self.index(node), span: node.span }
                }
                None => Target::Unknown(node.span),
            },
            "pattern_list"
            | "tuple_pattern"
            | "list_pattern"
            | "expression_list"
            | "tuple"
            | "list"
            | "list_splat_pattern"
            | "list_splat"
            | "parenthesized_expression" => {
                let items = self
                    .nested(|this| tree.named(node).map(|item| this.target(item, overlay)).collect::<Vec<Target>>());
                let Some(mut items) = items else {
                    self.low.too_deep(range(node.span));
                    return Target::Unknown(node.span);
                };
                match node.kind() {
                    "list_splat_pattern" | "list_splat" if items.len() == 1 => {
                        items.pop().map_or(Target::Unknown(node.span), |item| Target::Rest(Box::new(item)))
                    }
                    "parenthesized_expression" if items.len() == 1 => items.pop().unwrap_or(Target::Unknown(node.span)),
                    _ => Target::Sequence(items),
                }
            }
            _ => Target::Unknown(node.span),
        }
    }
}
