//! Expressions on the robust path.

use std::sync::Arc;

use ruff_python_ast::{Expr as Ast, Number};

use super::concrete::Node;
use super::robust::{Robust, range};
use crate::ir::{
    Arg, ArgKind, BinOp, Clause, CmpOp, ComprehensionKind, Const, ExprId, ExprKind, FunctionKind, LogicOp,
    SequenceKind, Stmt, StmtKind, UnaryOp,
};

impl<'t> Robust<'t> {
    /// Lowers an expression; a left spine is walked with a loop.
    pub(super) fn expr(&mut self, node: &'t Node) -> ExprId {
        let tree = self.tree;
        let mut links = Vec::new();
        let mut innermost = node;
        loop {
            let inner = match innermost.kind() {
                "attribute" => tree.field(innermost, "object"),
                "subscript" => tree.field(innermost, "value"),
                "call" => tree.field(innermost, "function"),
                "binary_operator" => tree.field(innermost, "left"),
                "parenthesized_expression" => tree.named(innermost).next(),
                _ => None,
            };
            let Some(inner) = inner else { break };
            links.push(innermost);
            innermost = inner;
        }
        let lowered = self.nested(|this| {
            let kind = this.compound(innermost);
            let mut value = this.low.push(kind, innermost.span);
            for link in links.into_iter().rev() {
                value = this.link(link, value);
            }
            value
        });
        lowered.unwrap_or_else(|| {
            self.low.too_deep(range(node.span));
            self.low.push(ExprKind::Unknown(Vec::new()), node.span)
        })
    }

    fn link(&mut self, node: &'t Node, left: ExprId) -> ExprId {
        let tree = self.tree;
        let kind = match node.kind() {
            "attribute" => {
                let name = tree.field(node, "attribute").map_or("", |name| self.text(name)).into();
                ExprKind::Attr { base: left, name }
            }
            "subscript" => ExprKind::Index { base: left, index: self.index(node) },
            "call" => {
                let args = tree.field(node, "arguments").map(|arguments| self.arguments(arguments));
                ExprKind::Call { callee: left, args: args.unwrap_or_default(), new: false }
            }
            "binary_operator" => {
                let op = tree.field(node, "operator").and_then(|op| binary_operator(op.kind()));
                let right = tree.field(node, "right").map(|right| self.expr(right));
                match (op, right) {
                    (Some(op), Some(right)) => ExprKind::Binary { op, left, right },
                    (_, right) => ExprKind::Unknown(std::iter::once(left).chain(right).collect()),
                }
            }
            _ => return left,
        };
        self.low.push(kind, node.span)
    }

    /// The key of a subscript; several make a tuple.
    pub(super) fn index(&mut self, node: &'t Node) -> ExprId {
        let keys = self.tree.named(node).filter(|child| child.field() == Some("subscript"));
        let items: Vec<ExprId> = keys.map(|key| self.expr(key)).collect();
        match items.as_slice() {
            [single] => *single,
            _ => self.low.push(ExprKind::Sequence { kind: SequenceKind::Tuple, items }, node.span),
        }
    }

    /// The arguments of a call or the bases of a class.
    pub(super) fn arguments(&mut self, node: &'t Node) -> Vec<Arg> {
        let tree = self.tree;
        if node.kind() != "argument_list" {
            return vec![Arg { kind: ArgKind::Positional, value: self.expr(node) }];
        }
        let mut args = Vec::new();
        for child in tree.named(node) {
            let inner = tree.field(child, "value").or_else(|| tree.named(child).next());
            let (kind, value) = match (child.kind(), inner) {
                ("keyword_argument", Some(value)) => {
                    let name = tree.field(child, "name").map_or("", |name| self.text(name)).into();
                    (ArgKind::Named(name), value)
                }
                ("list_splat", Some(value)) => (ArgKind::Star, value),
                ("dictionary_splat", Some(value)) => (ArgKind::StarStar, value),
                _ => (ArgKind::Positional, child),
            };
            args.push(Arg { kind, value: self.expr(value) });
        }
        args
    }

    fn operands(&mut self, node: &'t Node) -> Vec<ExprId> {
        self.tree.named(node).map(|child| self.expr(child)).collect()
    }

    /// A display of the node's operands.
    pub(super) fn sequence(&mut self, kind: SequenceKind, node: &'t Node) -> ExprId {
        let items = self.operands(node);
        self.low.push(ExprKind::Sequence { kind, items }, node.span)
    }

    fn compound(&mut self, node: &'t Node) -> ExprKind {
        let tree = self.tree;
        let unknown = |operands| ExprKind::Unknown(operands);
        match node.kind() {
            "identifier" => match self.low.scopes.resolve(self.text(node)) {
                Some(slot) => ExprKind::Slot(slot),
                None => ExprKind::Free(self.text(node).into()),
            },
            "true" | "false" => ExprKind::Const(Const::Bool(node.kind() == "true")),
            "none" => ExprKind::Const(Const::None),
            "ellipsis" => ExprKind::Const(Const::Ellipsis),
            "integer" | "float" => self.literal(node).map_or(unknown(Vec::new()), ExprKind::Const),
            "string" => match self.literal(node) {
                Some(value) => ExprKind::Const(value),
                None => self.template(node),
            },
            "concatenated_string" => self.concatenated(node),
            "list" => ExprKind::Sequence { kind: SequenceKind::List, items: self.operands(node) },
            "set" => ExprKind::Sequence { kind: SequenceKind::Set, items: self.operands(node) },
            "tuple" | "expression_list" | "pattern_list" => {
                ExprKind::Sequence { kind: SequenceKind::Tuple, items: self.operands(node) }
            }
            "dictionary" => {
                let mut entries = Vec::new();
                for child in tree.named(node) {
                    let key = tree.field(child, "key").map(|key| self.expr(key));
                    let value = tree.field(child, "value").or_else(|| tree.named(child).next());
                    entries.extend(value.map(|value| (key, self.expr(value))));
                }
                ExprKind::Mapping(entries)
            }
            "list_splat" | "list_splat_pattern" => match tree.named(node).next() {
                Some(inner) => ExprKind::Spread(self.expr(inner)),
                None => unknown(Vec::new()),
            },
            "unary_operator" | "not_operator" => {
                let op = match tree.all(node).next().map(|op| op.kind()) {
                    Some("-") => UnaryOp::Neg,
                    Some("+") => UnaryOp::Pos,
                    Some("~") => UnaryOp::Invert,
                    _ => UnaryOp::Not,
                };
                match tree.field(node, "argument") {
                    Some(operand) => ExprKind::Unary { op, operand: self.expr(operand) },
                    None => unknown(Vec::new()),
                }
            }
            "boolean_operator" => self.logic(node),
            "comparison_operator" => {
                let mut ops = tree.all(node).filter(|child| child.field() == Some("operators"));
                let mut operands = tree.named(node).filter(|child| child.field() != Some("operators"));
                let Some(left) = operands.next() else { return unknown(Vec::new()) };
                let left = self.expr(left);
                let rest = operands.map(|operand| {
                    let op = ops.next().map_or(CmpOp::Eq, |op| comparison(self.text(op)));
                    (op, self.expr(operand))
                });
                ExprKind::Compare { left, rest: rest.collect() }
            }
            "conditional_expression" => match self.operands(node).as_slice() {
                [then, test, otherwise] => ExprKind::Conditional { test: *test, then: *then, otherwise: *otherwise },
                other => unknown(other.to_vec()),
            },
            "lambda" => self.lambda(node),
            "list_comprehension" => self.comprehension(node, ComprehensionKind::List),
            "set_comprehension" => self.comprehension(node, ComprehensionKind::Set),
            "dictionary_comprehension" => self.comprehension(node, ComprehensionKind::Dict),
            "generator_expression" => self.comprehension(node, ComprehensionKind::Generator),
            "await" => match tree.named(node).next() {
                Some(value) => ExprKind::Await(self.expr(value)),
                None => unknown(Vec::new()),
            },
            "yield" => {
                self.low.scopes.mark_generator();
                let from = tree.all(node).any(|child| child.kind() == "from");
                match tree.named(node).next().map(|value| self.expr(value)) {
                    Some(value) if from => ExprKind::YieldFrom(value),
                    value => ExprKind::Yield(value),
                }
            }
            "named_expression" => match (tree.field(node, "name"), tree.field(node, "value")) {
                (Some(name), Some(value)) => {
                    let value = self.expr(value);
                    ExprKind::Bind { target: Box::new(self.target(name, false)), value }
                }
                _ => unknown(Vec::new()),
            },
            "slice" => {
                let mut bounds = [None; 3];
                let mut at = 0;
                for child in tree.all(node) {
                    if child.kind() == ":" {
                        at += 1;
                    } else if let Some(bound) = bounds.get_mut(at) {
                        *bound = Some(self.expr(child));
                    }
                }
                let [lower, upper, step] = bounds;
                ExprKind::Slice { lower, upper, step }
            }
            _ => unknown(self.operands(node)),
        }
    }

    /// `a and b and c`, which nests to the left.
    fn logic(&mut self, node: &'t Node) -> ExprKind {
        let tree = self.tree;
        let operator = |node: &'t Node| tree.field(node, "operator").map_or("", |op| op.kind());
        let op = operator(node);
        let mut rights = Vec::new();
        let mut left = Some(node);
        while let Some(inner) = left.filter(|left| left.kind() == "boolean_operator" && operator(left) == op) {
            rights.extend(tree.field(inner, "right"));
            left = tree.field(inner, "left");
        }
        let operands = left.into_iter().chain(rights.into_iter().rev()).map(|operand| self.expr(operand)).collect();
        ExprKind::Logic { op: if op == "or" { LogicOp::Or } else { LogicOp::And }, operands }
    }

    fn lambda(&mut self, node: &'t Node) -> ExprKind {
        let tree = self.tree;
        let Some(body) = tree.field(node, "body").filter(|_| self.low.has_frames_left()) else {
            return ExprKind::Unknown(Vec::new());
        };
        let func = self.low.reserve(FunctionKind::Lambda, "<lambda>", node.span, node.span);
        let mut params = tree.field(node, "parameters").map(|params| self.parameters(params)).unwrap_or_default();
        self.low.scopes.open(func, false);
        for param in &mut params {
            param.slot = self.low.scopes.declare_parameter(&param.name);
        }
        let value = self.expr(body);
        let body = vec![Stmt { kind: StmtKind::Return(Some(value)), span: body.span }];
        self.low.fill(func, |function| {
            function.params = params;
            function.body = body;
        });
        ExprKind::Function(func)
    }

    fn comprehension(&mut self, node: &'t Node, kind: ComprehensionKind) -> ExprKind {
        let tree = self.tree;
        let sources: Vec<&Node> = tree.named(node).filter(|child| child.kind() == "for_in_clause").collect();
        let mut names: Vec<&str> = Vec::new();
        let mut open: Vec<&Node> = sources.iter().filter_map(|source| tree.field(source, "left")).collect();
        while let Some(target) = open.pop() {
            match target.kind() {
                "identifier" => names.push(self.text(target)),
                "attribute" | "subscript" => {}
                _ => open.extend(tree.named(target)),
            }
        }
        names.sort_unstable();
        names.dedup();
        let first = sources.first().and_then(|source| tree.field(source, "right"));
        let mut outer = first.map(|iterable| self.expr(iterable));
        self.low.scopes.enter_comprehension();
        for name in &names {
            self.low.scopes.begin_overlay(name);
        }
        let mut clauses: Vec<Clause> = Vec::new();
        for child in tree.named(node) {
            let (left, right) = (tree.field(child, "left"), tree.field(child, "right"));
            if let ("for_in_clause", Some(left), Some(right)) = (child.kind(), left, right) {
                let iterable = outer.take().unwrap_or_else(|| self.expr(right));
                clauses.push(Clause { target: self.target(left, true), iterable, conditions: Vec::new() });
            } else if let ("if_clause", Some(clause)) = (child.kind(), clauses.last_mut()) {
                clause.conditions.extend(tree.named(child).next().map(|condition| self.expr(condition)));
            }
        }
        let body = tree.field(node, "body");
        let pair = body.and_then(|body| Some((tree.field(body, "key")?, tree.field(body, "value")?)));
        let (element, value) = match (pair, body) {
            (Some((key, value)), _) => (Some(self.expr(key)), Some(self.expr(value))),
            (None, Some(body)) => (Some(self.expr(body)), None),
            (None, None) => (None, None),
        };
        for name in names.iter().rev() {
            self.low.scopes.end_overlay(name);
        }
        self.low.scopes.leave_comprehension();
        match element {
            Some(element) if !clauses.is_empty() => ExprKind::Comprehension { kind, element, value, clauses },
            element => ExprKind::Unknown(element.into_iter().chain(value).collect()),
        }
    }

    /// A literal without replacement fields, read by the fast parser: one token, so nothing can nest.
    fn literal(&self, node: &Node) -> Option<Const> {
        let text = self.text(node);
        let prefix = text.split(['\'', '"']).next().unwrap_or_default();
        if node.kind() == "string" && prefix.contains(['f', 'F', 't', 'T']) {
            return None;
        }
        let parsed = ruff_python_parser::parse_expression(text).ok()?;
        Some(match parsed.expr() {
            Ast::StringLiteral(node) => Const::Str(Arc::from(node.value.to_str())),
            Ast::BytesLiteral(node) => Const::Bytes(node.value.bytes().collect()),
            Ast::NumberLiteral(node) => match &node.value {
                Number::Int(value) => match value.as_i64() {
                    Some(value) => Const::Int(value),
                    None => Const::BigInt(value.to_string().into()),
                },
                Number::Float(value) => Const::Float(*value),
                Number::Complex { .. } => return None,
            },
            _ => return None,
        })
    }

    /// An f-string. Its constant text stands as it is written.
    fn template(&mut self, node: &'t Node) -> ExprKind {
        let tree = self.tree;
        let mut parts = Vec::new();
        for child in tree.named(node) {
            let kind = match (child.kind(), tree.field(child, "expression")) {
                ("string_content", _) => ExprKind::Const(Const::Str(Arc::from(self.text(child)))),
                ("interpolation", Some(value)) => {
                    ExprKind::Format { value: self.expr(value), conversion: None, spec: None }
                }
                _ => continue,
            };
            parts.push(self.low.push(kind, child.span));
        }
        ExprKind::Template(parts)
    }

    /// Neighboring strings as one constant, or as a template if one of them is.
    fn concatenated(&mut self, node: &'t Node) -> ExprKind {
        let mut text = String::new();
        let mut bytes = Vec::new();
        let mut constant = true;
        for child in self.tree.named(node) {
            match self.literal(child) {
                Some(Const::Str(part)) => text.push_str(&part),
                Some(Const::Bytes(part)) => bytes.extend_from_slice(&part),
                _ => constant = false,
            }
        }
        match (constant, bytes.is_empty()) {
            (true, true) => ExprKind::Const(Const::Str(text.into())),
            (true, false) => ExprKind::Const(Const::Bytes(bytes.into())),
            (false, _) => ExprKind::Template(self.operands(node)),
        }
    }
}

/// The operator with this spelling.
pub(super) fn binary_operator(spelling: &str) -> Option<BinOp> {
    Some(match spelling {
        "+" => BinOp::Add,
        "-" => BinOp::Sub,
        "*" => BinOp::Mul,
        "/" => BinOp::Div,
        "//" => BinOp::FloorDiv,
        "%" => BinOp::Mod,
        "**" => BinOp::Pow,
        "@" => BinOp::MatMul,
        "<<" => BinOp::Shl,
        ">>" => BinOp::Shr,
        "&" => BinOp::BitAnd,
        "|" => BinOp::BitOr,
        "^" => BinOp::BitXor,
        _ => return None,
    })
}

fn comparison(spelling: &str) -> CmpOp {
    match spelling {
        "!=" | "<>" => CmpOp::NotEq,
        "<" => CmpOp::Lt,
        "<=" => CmpOp::LtE,
        ">" => CmpOp::Gt,
        ">=" => CmpOp::GtE,
        "is" => CmpOp::Is,
        "in" => CmpOp::In,
        other if other.starts_with("is") => CmpOp::IsNot,
        other if other.starts_with("not") => CmpOp::NotIn,
        _ => CmpOp::Eq,
    }
}
