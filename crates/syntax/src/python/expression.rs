//! Lowering of expressions.

use std::sync::Arc;

use ruff_python_ast::{
    ArgOrKeyword, Arguments, BoolOp, CmpOp as CmpNode, Comprehension, Expr as Node, FStringPart,
    InterpolatedStringElement, Number, Operator, UnaryOp as UnaryNode,
};
use ruff_text_size::{Ranged, TextRange};

use super::lower::Lowerer;
use super::{bindings, python2, span};
use crate::ir::{
    Arg, ArgKind, BinOp, Clause, CmpOp, ComprehensionKind, Const, ExprId, ExprKind, LogicOp, SequenceKind, Span,
    UnaryOp,
};

impl<'a> Lowerer<'a> {
    /// Lowers an expression.
    pub(super) fn expr(&mut self, node: &'a Node) -> ExprId {
        match node {
            Node::Name(name) => self.name(&name.id, span(name.range)),
            Node::StringLiteral(node) => {
                let value = Const::Str(Arc::from(node.value.to_str()));
                self.push(ExprKind::Const(value), span(node.range))
            }
            Node::BytesLiteral(node) => {
                let value = match node.value.as_slice() {
                    [single] => Arc::from(single.as_slice()),
                    _ => node.value.bytes().collect(),
                };
                self.push(ExprKind::Const(Const::Bytes(value)), span(node.range))
            }
            Node::NumberLiteral(node) => {
                let kind = self.number(&node.value, node.range);
                self.push(kind, span(node.range))
            }
            Node::BooleanLiteral(node) => self.push(ExprKind::Const(Const::Bool(node.value)), span(node.range)),
            Node::NoneLiteral(node) => self.push(ExprKind::Const(Const::None), span(node.range)),
            Node::EllipsisLiteral(node) => self.push(ExprKind::Const(Const::Ellipsis), span(node.range)),
            Node::BinOp(_) | Node::Attribute(_) | Node::Subscript(_) | Node::Call(_) => self.left_spine(node),
            _ => {
                let range = node.range();
                let kind = self.nested(|this| this.compound(node)).unwrap_or_else(|| {
                    self.too_deep(range);
                    ExprKind::Unknown(Vec::new())
                });
                self.push(kind, span(range))
            }
        }
    }

    fn name(&mut self, name: &str, place: Span) -> ExprId {
        let kind = match self.scopes.resolve(name) {
            Some(slot) => ExprKind::Slot(slot),
            None if name.is_empty() => ExprKind::Unknown(Vec::new()),
            None => ExprKind::Free(name.into()),
        };
        self.push(kind, place)
    }

    /// Lowers a chain of attributes, indexes, calls and operators from its innermost left operand outwards, with a
    /// loop, so that the length of the chain is not bounded.
    fn left_spine(&mut self, node: &'a Node) -> ExprId {
        let base = self.spine.len();
        let mut innermost = node;
        loop {
            let left = match innermost {
                Node::BinOp(node) => &*node.left,
                Node::Attribute(node) => &*node.value,
                Node::Subscript(node) => &*node.value,
                Node::Call(node) => &*node.func,
                _ => break,
            };
            self.spine.push(innermost);
            innermost = left;
        }
        let lowered = self.nested(|this| {
            let mut value = this.expr(innermost);
            while this.spine.len() > base {
                let Some(link) = this.spine.pop() else { break };
                value = this.link(link, value);
            }
            value
        });
        lowered.unwrap_or_else(|| {
            self.spine.truncate(base);
            self.too_deep(node.range());
            self.push(ExprKind::Unknown(Vec::new()), span(node.range()))
        })
    }

    /// One link of a left spine around its lowered left operand.
    fn link(&mut self, node: &'a Node, left: ExprId) -> ExprId {
        let kind = match node {
            Node::BinOp(node) => ExprKind::Binary { op: binary_operator(node.op), left, right: self.expr(&node.right) },
            Node::Attribute(node) => ExprKind::Attr { base: left, name: node.attr.as_str().into() },
            Node::Subscript(node) => ExprKind::Index { base: left, index: self.expr(&node.slice) },
            Node::Call(node) => ExprKind::Call { callee: left, args: self.arguments(&node.arguments), new: false },
            _ => ExprKind::Unknown(vec![left]),
        };
        self.push(kind, span(node.range()))
    }

    /// Lowers the arguments of a call or class, in the order of the text.
    pub(super) fn arguments(&mut self, arguments: &'a Arguments) -> Vec<Arg> {
        let mut args = Vec::with_capacity(arguments.len());
        for argument in arguments.iter_source_order() {
            args.push(match argument {
                ArgOrKeyword::Arg(Node::Starred(node)) => Arg { kind: ArgKind::Star, value: self.expr(&node.value) },
                ArgOrKeyword::Arg(value) => Arg { kind: ArgKind::Positional, value: self.expr(value) },
                ArgOrKeyword::Keyword(keyword) => Arg {
                    kind: match &keyword.arg {
                        Some(name) => ArgKind::Named(name.as_str().into()),
                        None => ArgKind::StarStar,
                    },
                    value: self.expr(&keyword.value),
                },
            });
        }
        args
    }

    fn exprs(&mut self, nodes: &'a [Node]) -> Vec<ExprId> {
        nodes.iter().map(|node| self.expr(node)).collect()
    }

    fn optional(&mut self, node: Option<&'a Node>) -> Option<ExprId> {
        node.map(|node| self.expr(node))
    }

    /// The expressions that nest and are not part of a left spine.
    fn compound(&mut self, node: &'a Node) -> ExprKind {
        match node {
            Node::BoolOp(node) => ExprKind::Logic {
                op: match node.op {
                    BoolOp::And => LogicOp::And,
                    BoolOp::Or => LogicOp::Or,
                },
                operands: self.exprs(&node.values),
            },
            Node::Named(node) => {
                let value = self.expr(&node.value);
                ExprKind::Bind { target: Box::new(self.target(&node.target, false)), value }
            }
            Node::UnaryOp(node) => ExprKind::Unary {
                op: match node.op {
                    UnaryNode::Invert => UnaryOp::Invert,
                    UnaryNode::Not => UnaryOp::Not,
                    UnaryNode::UAdd => UnaryOp::Pos,
                    UnaryNode::USub => UnaryOp::Neg,
                },
                operand: self.expr(&node.operand),
            },
            Node::Lambda(node) => self.lambda(node),
            Node::If(node) => {
                let test = self.expr(&node.test);
                let then = self.expr(&node.body);
                ExprKind::Conditional { test, then, otherwise: self.expr(&node.orelse) }
            }
            Node::Dict(node) => {
                let items = node.items.iter();
                ExprKind::Mapping(
                    items.map(|item| (self.optional(item.key.as_ref()), self.expr(&item.value))).collect(),
                )
            }
            Node::Set(node) => ExprKind::Sequence { kind: SequenceKind::Set, items: self.exprs(&node.elts) },
            Node::List(node) => ExprKind::Sequence { kind: SequenceKind::List, items: self.exprs(&node.elts) },
            Node::Tuple(node) => ExprKind::Sequence { kind: SequenceKind::Tuple, items: self.exprs(&node.elts) },
            Node::ListComp(node) => self.comprehension(ComprehensionKind::List, &node.elt, None, &node.generators),
            Node::SetComp(node) => self.comprehension(ComprehensionKind::Set, &node.elt, None, &node.generators),
            Node::Generator(node) => {
                self.comprehension(ComprehensionKind::Generator, &node.elt, None, &node.generators)
            }
            Node::DictComp(node) => match node.key.as_deref() {
                Some(key) => self.comprehension(ComprehensionKind::Dict, key, Some(&node.value), &node.generators),
                None => self.comprehension(ComprehensionKind::Dict, &node.value, None, &node.generators),
            },
            Node::Await(node) => ExprKind::Await(self.expr(&node.value)),
            Node::Yield(node) => {
                self.scopes.mark_generator();
                ExprKind::Yield(self.optional(node.value.as_deref()))
            }
            Node::YieldFrom(node) => {
                self.scopes.mark_generator();
                ExprKind::YieldFrom(self.expr(&node.value))
            }
            Node::Compare(node) => {
                let left = self.expr(&node.left);
                let rest = node.ops.iter().zip(&node.comparators);
                ExprKind::Compare { left, rest: rest.map(|(op, value)| (comparison(*op), self.expr(value))).collect() }
            }
            Node::FString(node) => {
                let mut parts = Vec::new();
                for part in &node.value {
                    match part {
                        FStringPart::Literal(literal) => {
                            let value = Const::Str(Arc::from(literal.as_str()));
                            parts.push(self.push(ExprKind::Const(value), span(literal.range)));
                        }
                        FStringPart::FString(string) => self.interpolated(&string.elements, &mut parts),
                    }
                }
                ExprKind::Template(parts)
            }
            Node::TString(node) => {
                let mut parts = Vec::new();
                for string in &node.value {
                    self.interpolated(&string.elements, &mut parts);
                }
                ExprKind::Template(parts)
            }
            Node::Starred(node) => ExprKind::Spread(self.expr(&node.value)),
            Node::Slice(node) => ExprKind::Slice {
                lower: self.optional(node.lower.as_deref()),
                upper: self.optional(node.upper.as_deref()),
                step: self.optional(node.step.as_deref()),
            },
            // Lowered by `expr`, or not Python.
            Node::BinOp(_)
            | Node::Attribute(_)
            | Node::Subscript(_)
            | Node::Call(_)
            | Node::Name(_)
            | Node::StringLiteral(_)
            | Node::BytesLiteral(_)
            | Node::NumberLiteral(_)
            | Node::BooleanLiteral(_)
            | Node::NoneLiteral(_)
            | Node::EllipsisLiteral(_)
            | Node::IpyEscapeCommand(_) => ExprKind::Unknown(Vec::new()),
        }
    }

    /// Lowers a comprehension. Its first iterable is evaluated outside, its variables are fresh slots of this frame.
    fn comprehension(
        &mut self,
        kind: ComprehensionKind,
        element: &'a Node,
        value: Option<&'a Node>,
        generators: &'a [Comprehension],
    ) -> ExprKind {
        let Some((first, rest)) = generators.split_first() else {
            let mut parts = vec![self.expr(element)];
            parts.extend(self.optional(value));
            return ExprKind::Unknown(parts);
        };
        let outer = self.expr(&first.iter);
        let mut names: Vec<&'a str> = Vec::new();
        for generator in generators {
            variables(&generator.target, &mut names);
        }
        names.sort_unstable();
        names.dedup();
        self.scopes.enter_comprehension();
        for name in &names {
            self.scopes.begin_overlay(name);
        }
        let mut clauses = Vec::with_capacity(generators.len());
        clauses.push(self.clause(first, outer));
        for generator in rest {
            let iterable = self.expr(&generator.iter);
            clauses.push(self.clause(generator, iterable));
        }
        let element = self.expr(element);
        let value = self.optional(value);
        for name in names.iter().rev() {
            self.scopes.end_overlay(name);
        }
        self.scopes.leave_comprehension();
        ExprKind::Comprehension { kind, element, value, clauses }
    }

    fn clause(&mut self, generator: &'a Comprehension, iterable: ExprId) -> Clause {
        let target = self.target(&generator.target, true);
        Clause { target, iterable, conditions: self.exprs(&generator.ifs) }
    }

    /// The parts of an f-string or t-string.
    fn interpolated(&mut self, elements: &'a [InterpolatedStringElement], parts: &mut Vec<ExprId>) {
        for element in elements {
            match element {
                InterpolatedStringElement::Literal(literal) => {
                    let value = Const::Str(Arc::from(&*literal.value));
                    parts.push(self.push(ExprKind::Const(value), span(literal.range)));
                }
                InterpolatedStringElement::Interpolation(node) => {
                    let place = span(node.range);
                    let mut conversion = node.conversion.to_char();
                    // `{value=}` shows its own source in front of the value.
                    if let Some(debug) = &node.debug_text {
                        let value = Const::Str(Arc::from(debug.as_str()));
                        parts.push(self.push(ExprKind::Const(value), place));
                        if node.format_spec.is_none() {
                            conversion = conversion.or(Some('r'));
                        }
                    }
                    let value = self.expr(&node.expression);
                    let spec = node.format_spec.as_deref().map(|spec| self.format_spec(spec));
                    parts.push(self.push(ExprKind::Format { value, conversion, spec }, place));
                }
            }
        }
    }

    fn format_spec(&mut self, spec: &'a ruff_python_ast::InterpolatedStringFormatSpec) -> ExprId {
        let parts = self.nested(|this| {
            let mut parts = Vec::new();
            this.interpolated(&spec.elements, &mut parts);
            parts
        });
        let kind = parts.map_or_else(
            || {
                self.too_deep(spec.range);
                ExprKind::Unknown(Vec::new())
            },
            ExprKind::Template,
        );
        self.push(kind, span(spec.range))
    }

    fn number(&self, value: &Number, range: TextRange) -> ExprKind {
        let value = match value {
            Number::Int(value) => {
                let repaired = if self.repaired {
                    python2::octal(self.text, range.start().to_usize(), range.end().to_usize())
                } else {
                    None
                };
                match repaired.or_else(|| value.as_i64()) {
                    Some(value) => Const::Int(value),
                    None => Const::BigInt(value.to_string().into()),
                }
            }
            Number::Float(value) => Const::Float(*value),
            Number::Complex { .. } => return ExprKind::Unknown(Vec::new()),
        };
        ExprKind::Const(value)
    }
}

/// The names that the target of a comprehension binds.
fn variables<'a>(target: &'a Node, names: &mut Vec<&'a str>) {
    let mut open = vec![target];
    while let Some(target) = open.pop() {
        match target {
            Node::Name(name) if !name.id.is_empty() => names.push(&name.id),
            Node::Tuple(node) => open.extend(&node.elts),
            Node::List(node) => open.extend(&node.elts),
            Node::Starred(node) => open.push(&node.value),
            _ => {}
        }
    }
}

/// True if evaluating the expression can do more than look up names.
pub(super) fn may_have_effect(expr: &Node) -> bool {
    if matches!(expr, Node::Name(_) | Node::StringLiteral(_) | Node::NoneLiteral(_)) {
        return false;
    }
    let mut open = vec![expr];
    while let Some(expr) = open.pop() {
        if matches!(
            expr,
            Node::Call(_) | Node::Named(_) | Node::Await(_) | Node::Yield(_) | Node::YieldFrom(_) | Node::Lambda(_)
        ) {
            return true;
        }
        bindings::children(expr, &mut open);
    }
    false
}

/// The IR's operator.
pub(super) const fn binary_operator(op: Operator) -> BinOp {
    match op {
        Operator::Add => BinOp::Add,
        Operator::Sub => BinOp::Sub,
        Operator::Mult => BinOp::Mul,
        Operator::MatMult => BinOp::MatMul,
        Operator::Div => BinOp::Div,
        Operator::Mod => BinOp::Mod,
        Operator::Pow => BinOp::Pow,
        Operator::LShift => BinOp::Shl,
        Operator::RShift => BinOp::Shr,
        Operator::BitOr => BinOp::BitOr,
        Operator::BitXor => BinOp::BitXor,
        Operator::BitAnd => BinOp::BitAnd,
        Operator::FloorDiv => BinOp::FloorDiv,
    }
}

const fn comparison(op: CmpNode) -> CmpOp {
    match op {
        CmpNode::Eq => CmpOp::Eq,
        CmpNode::NotEq => CmpOp::NotEq,
        CmpNode::Lt => CmpOp::Lt,
        CmpNode::LtE => CmpOp::LtE,
        CmpNode::Gt => CmpOp::Gt,
        CmpNode::GtE => CmpOp::GtE,
        CmpNode::Is => CmpOp::Is,
        CmpNode::IsNot => CmpOp::IsNot,
        CmpNode::In => CmpOp::In,
        CmpNode::NotIn => CmpOp::NotIn,
    }
}
