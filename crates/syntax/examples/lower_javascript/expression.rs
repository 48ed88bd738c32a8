//! Expressions.

use std::sync::Arc;

use oxc_ast::ast::{self, Expression as E};
use oxc_span::{GetSpan, Span as Place};
use sluice_syntax::ir::{Arg, ArgKind, BinOp, CmpOp, Const, ExprId, ExprKind, LogicOp, SequenceKind, Target, UnaryOp};

use crate::{Lowerer, span};

impl Lowerer {
    pub(crate) fn args(&mut self, arguments: &[ast::Argument<'_>]) -> Vec<Arg> {
        let mut args = Vec::new();
        for argument in arguments {
            args.push(match argument {
                ast::Argument::SpreadElement(node) => Arg { kind: ArgKind::Star, value: self.expr(&node.argument) },
                other => Arg { kind: ArgKind::Positional, value: self.expr(other.to_expression()) },
            });
        }
        args
    }

    pub(crate) fn string(&mut self, text: &str, place: Place) -> ExprId {
        self.push(ExprKind::Const(Const::Str(Arc::from(text))), place)
    }

    pub(crate) fn template(&mut self, node: &ast::TemplateLiteral<'_>) -> ExprId {
        let mut parts = Vec::new();
        for (index, quasi) in node.quasis.iter().enumerate() {
            parts.push(self.string(quasi.value.cooked.as_ref().map_or("", |text| text.as_str()), quasi.span));
            if let Some(value) = node.expressions.get(index) {
                let inner = self.expr(value);
                parts.push(self.push(ExprKind::Format { value: inner, conversion: None, spec: None }, value.span()));
            }
        }
        self.push(ExprKind::Template(parts), node.span)
    }

    pub(crate) fn object(&mut self, node: &ast::ObjectExpression<'_>) -> ExprKind {
        let mut entries = Vec::new();
        for property in &node.properties {
            match property {
                ast::ObjectPropertyKind::SpreadProperty(node) => entries.push((None, self.expr(&node.argument))),
                ast::ObjectPropertyKind::ObjectProperty(node) => {
                    if node.kind != ast::PropertyKind::Init {
                        self.gap(node.span, "an accessor looks like a method");
                    }
                    let key = match node.key.name() {
                        Some(name) => self.string(&name, node.key.span()),
                        None => self.expr(node.key.to_expression()),
                    };
                    entries.push((Some(key), self.expr(&node.value)));
                }
            }
        }
        ExprKind::Mapping(entries)
    }

    pub(crate) fn expr(&mut self, node: &E<'_>) -> ExprId {
        let place = node.span();
        let kind = match node {
            E::BooleanLiteral(node) => ExprKind::Const(Const::Bool(node.value)),
            E::NullLiteral(_) => ExprKind::Const(Const::None),
            E::NumericLiteral(node) => {
                let whole = node.value.fract() == 0.0 && node.value.abs() < 9e15;
                #[allow(clippy::cast_possible_truncation)]
                ExprKind::Const(if whole { Const::Int(node.value as i64) } else { Const::Float(node.value) })
            }
            E::BigIntLiteral(node) => ExprKind::Const(Const::BigInt(Arc::from(node.value.as_str()))),
            E::StringLiteral(node) => ExprKind::Const(Const::Str(Arc::from(node.value.as_str()))),
            E::RegExpLiteral(node) => {
                self.gap(place, "a regular expression literal");
                let callee = self.push(ExprKind::Free("RegExp".into()), place);
                let pattern = self.string(node.regex.pattern.text.as_str(), place);
                let args = vec![Arg { kind: ArgKind::Positional, value: pattern }];
                ExprKind::Call { callee, args, new: true }
            }
            E::TemplateLiteral(node) => return self.template(node),
            E::TaggedTemplateExpression(node) => {
                let callee = self.expr(&node.tag);
                let args = vec![Arg { kind: ArgKind::Positional, value: self.template(&node.quasi) }];
                ExprKind::Call { callee, args, new: false }
            }
            E::Identifier(node) => match self.resolve(node.name.as_str()) {
                Some(slot) => ExprKind::Slot(slot),
                None if node.name.as_str() == "undefined" => ExprKind::Const(Const::Undefined),
                None => ExprKind::Free(node.name.as_str().into()),
            },
            E::Super(_) => ExprKind::Free("super".into()),
            E::ImportMeta(_) => ExprKind::Free("import.meta".into()),
            E::NewTarget(_) => ExprKind::Free("new.target".into()),
            E::ThisExpression(_) => ExprKind::This,
            E::ParenthesizedExpression(node) => return self.expr(&node.expression),
            E::ArrayExpression(node) => {
                let mut items = Vec::new();
                for element in &node.elements {
                    items.push(match element {
                        ast::ArrayExpressionElement::SpreadElement(node) => {
                            let value = self.expr(&node.argument);
                            self.push(ExprKind::Spread(value), node.span)
                        }
                        ast::ArrayExpressionElement::Elision(node) => {
                            self.push(ExprKind::Const(Const::Undefined), node.span)
                        }
                        other => self.expr(other.to_expression()),
                    });
                }
                ExprKind::Sequence { kind: SequenceKind::List, items }
            }
            E::ObjectExpression(node) => self.object(node),
            E::FunctionExpression(node) => ExprKind::Function(self.function(node)),
            E::ArrowFunctionExpression(node) => ExprKind::Function(self.arrow(node)),
            E::ClassExpression(node) => ExprKind::Class(self.class(node)),
            E::StaticMemberExpression(node) => {
                ExprKind::Attr { base: self.expr(&node.object), name: node.property.name.as_str().into() }
            }
            E::PrivateFieldExpression(node) => {
                ExprKind::Attr { base: self.expr(&node.object), name: format!("#{}", node.field.name).into() }
            }
            E::ComputedMemberExpression(node) => {
                let base = self.expr(&node.object);
                ExprKind::Index { base, index: self.expr(&node.expression) }
            }
            E::CallExpression(node) => {
                let callee = self.expr(&node.callee);
                ExprKind::Call { callee, args: self.args(&node.arguments), new: false }
            }
            E::NewExpression(node) => {
                let callee = self.expr(&node.callee);
                ExprKind::Call { callee, args: self.args(&node.arguments), new: true }
            }
            E::ChainExpression(node) => match &node.expression {
                ast::ChainElement::CallExpression(node) => {
                    let callee = self.expr(&node.callee);
                    ExprKind::Call { callee, args: self.args(&node.arguments), new: false }
                }
                ast::ChainElement::StaticMemberExpression(node) => {
                    ExprKind::Attr { base: self.expr(&node.object), name: node.property.name.as_str().into() }
                }
                ast::ChainElement::ComputedMemberExpression(node) => {
                    let base = self.expr(&node.object);
                    ExprKind::Index { base, index: self.expr(&node.expression) }
                }
                _ => ExprKind::Unknown(Vec::new()),
            },
            E::AssignmentExpression(node) => {
                let target = self.assigned(&node.left);
                let old = (!node.operator.is_assign()).then(|| self.read(&target, node.left.span()));
                let mut value = self.expr(&node.right);
                if let Some(old) = old {
                    let kind = match (node.operator.to_binary_operator(), node.operator.to_logical_operator()) {
                        (Some(op), _) => self.binary(op, old, value),
                        (None, Some(op)) => ExprKind::Logic { op: logic(op), operands: vec![old, value] },
                        (None, None) => ExprKind::Unknown(vec![old, value]),
                    };
                    value = self.push(kind, place);
                }
                ExprKind::Bind { target: Box::new(target), value }
            }
            E::UpdateExpression(node) => {
                let target = match node.argument.as_member_expression() {
                    Some(ast::MemberExpression::StaticMemberExpression(node)) => Target::Attr {
                        base: self.expr(&node.object),
                        name: node.property.name.as_str().into(),
                        span: span(node.span),
                    },
                    Some(ast::MemberExpression::ComputedMemberExpression(node)) => {
                        let base = self.expr(&node.object);
                        Target::Index { base, index: self.expr(&node.expression), span: span(node.span) }
                    }
                    _ => self.named(node.argument.get_identifier_name().unwrap_or_default(), place),
                };
                if !node.prefix {
                    self.gap(place, "the value of `x++` is the old one");
                }
                let old = self.read(&target, place);
                let one = self.push(ExprKind::Const(Const::Int(1)), place);
                let op = if node.operator == ast::UpdateOperator::Increment { BinOp::Add } else { BinOp::Sub };
                let value = self.push(ExprKind::Binary { op, left: old, right: one }, place);
                ExprKind::Bind { target: Box::new(target), value }
            }
            E::AwaitExpression(node) => ExprKind::Await(self.expr(&node.argument)),
            E::YieldExpression(node) => match node.argument.as_ref().map(|value| self.expr(value)) {
                Some(value) if node.delegate => ExprKind::YieldFrom(value),
                value => ExprKind::Yield(value),
            },
            E::ImportExpression(node) => ExprKind::ImportCall(self.expr(&node.source)),
            E::LogicalExpression(node) => {
                let left = self.expr(&node.left);
                ExprKind::Logic { op: logic(node.operator), operands: vec![left, self.expr(&node.right)] }
            }
            E::ConditionalExpression(node) => ExprKind::Conditional {
                test: self.expr(&node.test),
                then: self.expr(&node.consequent),
                otherwise: self.expr(&node.alternate),
            },
            E::SequenceExpression(node) => {
                self.gap(place, "a comma expression");
                ExprKind::Unknown(node.expressions.iter().map(|value| self.expr(value)).collect())
            }
            E::UnaryExpression(node) => {
                let op = match node.operator {
                    ast::UnaryOperator::UnaryPlus => UnaryOp::Pos,
                    ast::UnaryOperator::UnaryNegation => UnaryOp::Neg,
                    ast::UnaryOperator::LogicalNot => UnaryOp::Not,
                    ast::UnaryOperator::BitwiseNot => UnaryOp::Invert,
                    ast::UnaryOperator::Typeof => UnaryOp::TypeOf,
                    ast::UnaryOperator::Void => UnaryOp::Void,
                    ast::UnaryOperator::Delete => UnaryOp::Delete,
                };
                ExprKind::Unary { op, operand: self.expr(&node.argument) }
            }
            E::BinaryExpression(node) => {
                let left = self.expr(&node.left);
                let right = self.expr(&node.right);
                self.binary(node.operator, left, right)
            }
            _ => {
                self.gap(place, "an expression");
                ExprKind::Unknown(Vec::new())
            }
        };
        self.push(kind, place)
    }

    pub(crate) fn binary(&mut self, op: ast::BinaryOperator, left: ExprId, right: ExprId) -> ExprKind {
        use ast::BinaryOperator as B;
        let arithmetic = |op| ExprKind::Binary { op, left, right };
        let comparison = |op| ExprKind::Compare { left, rest: vec![(op, right)] };
        match op {
            B::Addition => arithmetic(BinOp::Add),
            B::Subtraction => arithmetic(BinOp::Sub),
            B::Multiplication => arithmetic(BinOp::Mul),
            B::Division => arithmetic(BinOp::Div),
            B::Remainder => arithmetic(BinOp::Mod),
            B::Exponential => arithmetic(BinOp::Pow),
            B::ShiftLeft => arithmetic(BinOp::Shl),
            B::ShiftRight => arithmetic(BinOp::Shr),
            B::ShiftRightZeroFill => arithmetic(BinOp::UShr),
            B::BitwiseOR => arithmetic(BinOp::BitOr),
            B::BitwiseXOR => arithmetic(BinOp::BitXor),
            B::BitwiseAnd => arithmetic(BinOp::BitAnd),
            B::Equality => comparison(CmpOp::Eq),
            B::Inequality => comparison(CmpOp::NotEq),
            B::StrictEquality => comparison(CmpOp::StrictEq),
            B::StrictInequality => comparison(CmpOp::StrictNotEq),
            B::LessThan => comparison(CmpOp::Lt),
            B::LessEqualThan => comparison(CmpOp::LtE),
            B::GreaterThan => comparison(CmpOp::Gt),
            B::GreaterEqualThan => comparison(CmpOp::GtE),
            B::In => comparison(CmpOp::In),
            B::Instanceof => comparison(CmpOp::InstanceOf),
        }
    }
}

fn logic(op: ast::LogicalOperator) -> LogicOp {
    match op {
        ast::LogicalOperator::And => LogicOp::And,
        ast::LogicalOperator::Or => LogicOp::Or,
        ast::LogicalOperator::Coalesce => LogicOp::Nullish,
    }
}
