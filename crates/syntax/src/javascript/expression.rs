//! Expressions.

use std::sync::Arc;

use oxc_ast::ast::{self, Expression as E};
use oxc_span::{GetSpan, Span as Place};

use super::lower::{Lowerer, span};
use crate::ir::{
    Arg, ArgKind, BinOp, CmpOp, Const, ExprId, ExprKind, LogicOp, SequenceKind, Span, StmtKind, Target, UnaryOp,
};

/// A link of a left spine, which may be long: it is lowered by a loop.
enum Link<'n, 'a> {
    Attr(&'n str, Place),
    Private(&'n str, Place),
    Index(&'n E<'a>, Place),
    Call(&'n [ast::Argument<'a>], Place),
    Binary(ast::BinaryOperator, &'n E<'a>, Place),
}

/// What stands under an expression that changes nothing: parentheses, types.
fn bare<'n, 'a>(mut node: &'n E<'a>) -> &'n E<'a> {
    loop {
        node = match node {
            E::ParenthesizedExpression(inner) => &inner.expression,
            E::TSAsExpression(inner) => &inner.expression,
            E::TSSatisfiesExpression(inner) => &inner.expression,
            E::TSTypeAssertion(inner) => &inner.expression,
            E::TSNonNullExpression(inner) => &inner.expression,
            E::TSInstantiationExpression(inner) => &inner.expression,
            _ => return node,
        };
    }
}

impl<'a> Lowerer<'a> {
    /// Arguments of a call.
    pub(super) fn args(&mut self, arguments: &[ast::Argument<'a>]) -> Vec<Arg> {
        arguments
            .iter()
            .map(|argument| match argument {
                ast::Argument::SpreadElement(node) => Arg { kind: ArgKind::Star, value: self.expr(&node.argument) },
                other => Arg { kind: ArgKind::Positional, value: self.expr(other.to_expression()) },
            })
            .collect()
    }

    /// A template literal as constant pieces and values.
    fn template(&mut self, node: &ast::TemplateLiteral<'a>) -> ExprKind {
        let mut parts = Vec::new();
        for (index, quasi) in node.quasis.iter().enumerate() {
            let text = quasi.value.cooked.as_ref().unwrap_or(&quasi.value.raw).as_str();
            if !text.is_empty() {
                parts.push(self.string(text, quasi.span));
            }
            if let Some(value) = node.expressions.get(index) {
                let inner = self.expr(value);
                parts.push(self.push(ExprKind::Format { value: inner, conversion: None, spec: None }, value.span()));
            }
        }
        ExprKind::Template(parts)
    }

    /// The key of a member or of an entry: a constant, unless it is computed.
    pub(super) fn key(&mut self, key: &ast::PropertyKey<'a>) -> ExprId {
        match key {
            ast::PropertyKey::StaticIdentifier(id) => self.string(id.name.as_str(), id.span),
            ast::PropertyKey::PrivateIdentifier(id) => self.string(&format!("#{}", id.name), id.span),
            other => match other.as_expression() {
                Some(key) => self.expr(key),
                None => self.push(ExprKind::Unknown(Vec::new()), key.span()),
            },
        }
    }

    /// An object display.
    fn object(&mut self, node: &ast::ObjectExpression<'a>) -> ExprKind {
        let mut entries = Vec::with_capacity(node.properties.len());
        for property in &node.properties {
            match property {
                ast::ObjectPropertyKind::SpreadProperty(node) => entries.push((None, self.expr(&node.argument))),
                ast::ObjectPropertyKind::ObjectProperty(node) => {
                    let key = self.key(&node.key);
                    if let Some(name) = node.key.static_name() {
                        self.name_next(&node.value, &name);
                    }
                    let value = self.expr(&node.value);
                    let member = match node.kind {
                        ast::PropertyKind::Get => crate::ir::Member::Getter,
                        ast::PropertyKind::Set => crate::ir::Member::Setter,
                        ast::PropertyKind::Init => crate::ir::Member::Plain,
                    };
                    if member != crate::ir::Member::Plain
                        && let Some(func) = self.function_of(value)
                    {
                        self.amend(func, |function| function.member = member);
                    }
                    entries.push((Some(key), value));
                }
            }
        }
        ExprKind::Mapping(entries)
    }

    /// Remembers the name of the variable or key that takes a function or class without a name.
    pub(super) fn name_next(&mut self, value: &E<'a>, name: &str) {
        let nameless = match bare(value) {
            E::FunctionExpression(node) => node.id.is_none(),
            E::ClassExpression(node) => node.id.is_none(),
            E::ArrowFunctionExpression(_) => true,
            _ => false,
        };
        self.hint = nameless.then(|| name.into());
    }

    /// Lowers an expression. A left spine is lowered by a loop.
    pub(super) fn expr(&mut self, node: &E<'a>) -> ExprId {
        let mut links: Vec<Link<'_, 'a>> = Vec::new();
        let mut innermost = bare(node);
        loop {
            let inner = match innermost {
                E::StaticMemberExpression(node) => {
                    links.push(Link::Attr(node.property.name.as_str(), node.span));
                    &node.object
                }
                E::PrivateFieldExpression(node) => {
                    links.push(Link::Private(node.field.name.as_str(), node.span));
                    &node.object
                }
                E::ComputedMemberExpression(node) => {
                    links.push(Link::Index(&node.expression, node.span));
                    &node.object
                }
                E::CallExpression(node) => {
                    links.push(Link::Call(&node.arguments, node.span));
                    &node.callee
                }
                E::BinaryExpression(node) if !is_comparison(node.operator) => {
                    links.push(Link::Binary(node.operator, &node.right, node.span));
                    &node.left
                }
                E::ChainExpression(node) => match &node.expression {
                    ast::ChainElement::CallExpression(node) => {
                        links.push(Link::Call(&node.arguments, node.span));
                        &node.callee
                    }
                    ast::ChainElement::TSNonNullExpression(node) => &node.expression,
                    ast::ChainElement::StaticMemberExpression(node) => {
                        links.push(Link::Attr(node.property.name.as_str(), node.span));
                        &node.object
                    }
                    ast::ChainElement::ComputedMemberExpression(node) => {
                        links.push(Link::Index(&node.expression, node.span));
                        &node.object
                    }
                    ast::ChainElement::PrivateFieldExpression(node) => {
                        links.push(Link::Private(node.field.name.as_str(), node.span));
                        &node.object
                    }
                },
                _ => break,
            };
            innermost = bare(inner);
        }
        let place = innermost.span();
        let mut value = match self.nested(|this| this.compound(innermost)) {
            Some(id) => id,
            None => {
                self.too_deep(place);
                self.push(ExprKind::Unknown(Vec::new()), place)
            }
        };
        for link in links.into_iter().rev() {
            let (kind, place) = match link {
                Link::Attr(name, place) => (ExprKind::Attr { base: value, name: name.into() }, place),
                Link::Private(name, place) => (ExprKind::Attr { base: value, name: format!("#{name}").into() }, place),
                Link::Index(index, place) => (ExprKind::Index { base: value, index: self.expr(index) }, place),
                Link::Call(arguments, place) => {
                    (ExprKind::Call { callee: value, args: self.args(arguments), new: false }, place)
                }
                Link::Binary(op, right, place) => {
                    let right = self.expr(right);
                    (binary(op, value, right), place)
                }
            };
            value = self.push(kind, place);
        }
        value
    }

    fn compound(&mut self, node: &E<'a>) -> ExprId {
        let place = node.span();
        let kind = match node {
            E::BooleanLiteral(node) => ExprKind::Const(Const::Bool(node.value)),
            E::NullLiteral(_) => ExprKind::Const(Const::None),
            E::NumericLiteral(node) => ExprKind::Const(number(node.value)),
            E::BigIntLiteral(node) => ExprKind::Const(Const::BigInt(Arc::from(node.value.as_str()))),
            E::StringLiteral(node) => ExprKind::Const(Const::Str(Arc::from(node.value.as_str()))),
            E::RegExpLiteral(node) => ExprKind::Const(Const::Regex {
                pattern: Arc::from(node.regex.pattern.text.as_str()),
                flags: node.regex.flags.to_string().into(),
            }),
            E::TemplateLiteral(node) => self.template(node),
            E::TaggedTemplateExpression(node) => self.tagged(node),
            E::Identifier(node) => match self.scopes.resolve(node.name.as_str()) {
                Some(slot) => ExprKind::Slot(slot),
                None if node.name.as_str() == "undefined" => ExprKind::Const(Const::Undefined),
                None => ExprKind::Free(node.name.as_str().into()),
            },
            E::Super(_) => ExprKind::Free("super".into()),
            E::ImportMeta(_) => ExprKind::Free("import.meta".into()),
            E::NewTarget(_) => ExprKind::Free("new.target".into()),
            E::ThisExpression(_) => ExprKind::This,
            E::ArrayExpression(node) => {
                let items = node.elements.iter().map(|element| self.element(element)).collect();
                ExprKind::Sequence { kind: SequenceKind::List, items }
            }
            E::ObjectExpression(node) => self.object(node),
            E::FunctionExpression(node) => match self.function(node) {
                Some(func) => ExprKind::Function(func),
                None => ExprKind::Unknown(Vec::new()),
            },
            E::ArrowFunctionExpression(node) => match self.arrow(node) {
                Some(func) => ExprKind::Function(func),
                None => ExprKind::Unknown(Vec::new()),
            },
            E::ClassExpression(node) => return self.class_expression(node),
            E::NewExpression(node) => {
                let callee = self.expr(&node.callee);
                ExprKind::Call { callee, args: self.args(&node.arguments), new: true }
            }
            E::AssignmentExpression(node) => {
                let (target, value) = self.assignment(node);
                ExprKind::Bind { target: Box::new(target), value }
            }
            E::UpdateExpression(node) => self.update(node),
            E::AwaitExpression(node) => ExprKind::Await(self.expr(&node.argument)),
            E::YieldExpression(node) => {
                self.scopes.mark_generator();
                match node.argument.as_ref().map(|value| self.expr(value)) {
                    Some(value) if node.delegate => ExprKind::YieldFrom(value),
                    value => ExprKind::Yield(value),
                }
            }
            E::ImportExpression(node) => ExprKind::ImportCall(self.expr(&node.source)),
            E::LogicalExpression(node) => self.logical(node),
            E::ConditionalExpression(node) => ExprKind::Conditional {
                test: self.expr(&node.test),
                then: self.expr(&node.consequent),
                otherwise: self.expr(&node.alternate),
            },
            E::SequenceExpression(node) => {
                ExprKind::Comma(node.expressions.iter().map(|value| self.expr(value)).collect())
            }
            E::UnaryExpression(node) => self.unary(node),
            E::BinaryExpression(node) => {
                let left = self.expr(&node.left);
                let right = self.expr(&node.right);
                binary(node.operator, left, right)
            }
            E::PrivateInExpression(node) => {
                let left = self.string(&format!("#{}", node.left.name), node.left.span);
                let right = self.expr(&node.right);
                ExprKind::Compare { left, rest: vec![(CmpOp::In, right)] }
            }
            E::JSXElement(node) => return self.element_of_markup(node),
            E::JSXFragment(node) => {
                let children = self.children(&node.children);
                self.markup(None, Vec::new(), children, place)
            }
            E::V8IntrinsicExpression(node) => {
                ExprKind::Unknown(self.args(&node.arguments).iter().map(|a| a.value).collect())
            }
            // Handled by `bare` and by the loop over links.
            _ => ExprKind::Unknown(Vec::new()),
        };
        self.push(kind, place)
    }

    fn element(&mut self, element: &ast::ArrayExpressionElement<'a>) -> ExprId {
        match element {
            ast::ArrayExpressionElement::SpreadElement(node) => {
                let value = self.expr(&node.argument);
                self.push(ExprKind::Spread(value), node.span)
            }
            ast::ArrayExpressionElement::Elision(node) => self.push(ExprKind::Const(Const::Undefined), node.span),
            other => self.expr(other.to_expression()),
        }
    }

    /// `` tag`a${b}` `` is a call with the constant pieces and the values.
    fn tagged(&mut self, node: &ast::TaggedTemplateExpression<'a>) -> ExprKind {
        let callee = self.expr(&node.tag);
        let mut pieces = Vec::new();
        for quasi in &node.quasi.quasis {
            let text = quasi.value.cooked.as_ref().unwrap_or(&quasi.value.raw).as_str();
            pieces.push(self.string(text, quasi.span));
        }
        let pieces = self.push(ExprKind::Sequence { kind: SequenceKind::List, items: pieces }, node.quasi.span);
        let mut args = vec![Arg { kind: ArgKind::Positional, value: pieces }];
        for value in &node.quasi.expressions {
            args.push(Arg { kind: ArgKind::Positional, value: self.expr(value) });
        }
        ExprKind::Call { callee, args, new: false }
    }

    /// `a || b || c` as one operation.
    fn logical(&mut self, node: &ast::LogicalExpression<'a>) -> ExprKind {
        let op = node.operator;
        let mut operands = vec![&node.right];
        let mut left = &node.left;
        while let E::LogicalExpression(inner) = bare(left)
            && inner.operator == op
        {
            operands.push(&inner.right);
            left = &inner.left;
        }
        operands.push(left);
        let operands = operands.into_iter().rev().map(|operand| self.expr(operand)).collect();
        ExprKind::Logic { op: logic(op), operands }
    }

    fn unary(&mut self, node: &ast::UnaryExpression<'a>) -> ExprKind {
        // Chains like `!!!!x` nest to the right; they are lowered by a loop.
        let op = match node.operator {
            ast::UnaryOperator::UnaryPlus => UnaryOp::Pos,
            ast::UnaryOperator::UnaryNegation => {
                if let E::NumericLiteral(number) = bare(&node.argument) {
                    return match self::number(-number.value) {
                        Const::Int(0) => ExprKind::Const(Const::Float(-0.0)),
                        value => ExprKind::Const(value),
                    };
                }
                UnaryOp::Neg
            }
            ast::UnaryOperator::LogicalNot => UnaryOp::Not,
            ast::UnaryOperator::BitwiseNot => UnaryOp::Invert,
            ast::UnaryOperator::Typeof => UnaryOp::TypeOf,
            ast::UnaryOperator::Void => UnaryOp::Void,
            ast::UnaryOperator::Delete => UnaryOp::Delete,
        };
        ExprKind::Unary { op, operand: self.expr(&node.argument) }
    }

    /// The target of an assignment, and the value as it is stored.
    pub(super) fn assignment(&mut self, node: &ast::AssignmentExpression<'a>) -> (Target, ExprId) {
        let target = self.assigned(&node.left);
        if node.operator.is_assign() {
            let name = match &target {
                Target::Attr { name, .. } | Target::Free(name, _) => Some(name.to_string()),
                _ => node.left.get_identifier_name().map(str::to_owned),
            };
            if let Some(name) = name {
                self.name_next(&node.right, &name);
            }
            let value = self.expr(&node.right);
            return (target, value);
        }
        let old = self.read(&target, node.left.span());
        let value = self.expr(&node.right);
        let kind = match (node.operator.to_binary_operator(), node.operator.to_logical_operator()) {
            (Some(op), _) => binary(op, old, value),
            (None, Some(op)) => ExprKind::Logic { op: logic(op), operands: vec![old, value] },
            (None, None) => ExprKind::Unknown(vec![old, value]),
        };
        let value = self.push(kind, node.span);
        (target, value)
    }

    /// An assignment whose value is dropped.
    pub(super) fn assignment_statement(&mut self, node: &ast::AssignmentExpression<'a>) -> StmtKind {
        if let Some(op) = node.operator.to_binary_operator()
            && let ExprKind::Binary { op, .. } = binary(op, ExprId(0), ExprId(0))
        {
            let target = self.assigned(&node.left);
            let old = self.read(&target, node.left.span());
            let value = self.expr(&node.right);
            return StmtKind::AugAssign { target, old, op, value };
        }
        // `a = b = c` is one statement with two targets.
        let mut targets = Vec::new();
        let mut last = node;
        while last.operator.is_assign()
            && let E::AssignmentExpression(inner) = bare(&last.right)
            && inner.operator.is_assign()
        {
            targets.push(self.assigned(&last.left));
            last = inner;
        }
        let (target, value) = self.assignment(last);
        targets.push(target);
        StmtKind::Assign { targets, value }
    }

    fn update(&mut self, node: &ast::UpdateExpression<'a>) -> ExprKind {
        let place = node.argument.span();
        let target = self.simple_target(&node.argument);
        let old = self.read(&target, place);
        let op = if node.operator == ast::UpdateOperator::Increment { BinOp::Add } else { BinOp::Sub };
        ExprKind::Update { target: Box::new(target), old, op, prefix: node.prefix }
    }

    /// The old value of an assignment's target.
    pub(super) fn read(&mut self, target: &Target, place: Place) -> ExprId {
        let kind = match target {
            Target::Slot(slot, _) => ExprKind::Slot(*slot),
            Target::Free(name, _) => ExprKind::Free(name.clone()),
            Target::Attr { base, name, .. } => ExprKind::Attr { base: *base, name: name.clone() },
            Target::Index { base, index, .. } => ExprKind::Index { base: *base, index: *index },
            _ => ExprKind::Unknown(Vec::new()),
        };
        self.push(kind, place)
    }

    /// `<Name attribute={value}>children</Name>` as a call of `jsx` with the name, the attributes and the children.
    fn element_of_markup(&mut self, node: &ast::JSXElement<'a>) -> ExprId {
        use ast::JSXElementName as N;
        let name = &node.opening_element.name;
        let name_place = name.span();
        let tag = match name {
            N::Identifier(id) => self.string(id.name.as_str(), id.span),
            N::IdentifierReference(id) => self.identifier(id.name.as_str(), id.span),
            N::NamespacedName(node) => self.string(&format!("{}:{}", node.namespace.name, node.name.name), name_place),
            N::MemberExpression(node) => self.markup_member(node),
            N::ThisExpression(_) => self.push(ExprKind::This, name_place),
        };
        let mut entries = Vec::new();
        for attribute in &node.opening_element.attributes {
            match attribute {
                ast::JSXAttributeItem::SpreadAttribute(node) => entries.push((None, self.expr(&node.argument))),
                ast::JSXAttributeItem::Attribute(node) => {
                    let key = match &node.name {
                        ast::JSXAttributeName::Identifier(id) => self.string(id.name.as_str(), id.span),
                        ast::JSXAttributeName::NamespacedName(name) => {
                            self.string(&format!("{}:{}", name.namespace.name, name.name.name), name.span)
                        }
                    };
                    let value = match &node.value {
                        None => self.push(ExprKind::Const(Const::Bool(true)), node.span),
                        Some(ast::JSXAttributeValue::StringLiteral(text)) => {
                            self.string(text.value.as_str(), text.span)
                        }
                        Some(ast::JSXAttributeValue::ExpressionContainer(node)) => self.markup_value(&node.expression),
                        Some(ast::JSXAttributeValue::Element(node)) => self.nested_markup(node),
                        Some(ast::JSXAttributeValue::Fragment(node)) => {
                            let children = self.children(&node.children);
                            let kind = self.markup(None, Vec::new(), children, node.span);
                            self.push(kind, node.span)
                        }
                    };
                    entries.push((Some(key), value));
                }
            }
        }
        let children = self.children(&node.children);
        let kind = self.markup(Some(tag), entries, children, node.span);
        self.push(kind, node.span)
    }

    fn nested_markup(&mut self, node: &ast::JSXElement<'a>) -> ExprId {
        match self.nested(|this| this.element_of_markup(node)) {
            Some(id) => id,
            None => {
                self.too_deep(node.span);
                self.push(ExprKind::Unknown(Vec::new()), node.span)
            }
        }
    }

    fn markup(
        &mut self,
        tag: Option<ExprId>,
        entries: Vec<(Option<ExprId>, ExprId)>,
        children: Vec<ExprId>,
        place: Place,
    ) -> ExprKind {
        let callee = self.push(ExprKind::Free("jsx".into()), place);
        let tag = tag.unwrap_or_else(|| self.push(ExprKind::Const(Const::None), place));
        let attributes = self.push(ExprKind::Mapping(entries), place);
        let args = [tag, attributes].into_iter().chain(children);
        let args = args.map(|value| Arg { kind: ArgKind::Positional, value }).collect();
        ExprKind::Call { callee, args, new: false }
    }

    fn children(&mut self, children: &[ast::JSXChild<'a>]) -> Vec<ExprId> {
        let mut values = Vec::new();
        for child in children {
            match child {
                ast::JSXChild::Text(text) => {
                    if !text.value.trim().is_empty() {
                        values.push(self.string(text.value.as_str(), text.span));
                    }
                }
                ast::JSXChild::Element(node) => values.push(self.nested_markup(node)),
                ast::JSXChild::Fragment(node) => {
                    if let Some(mut inner) = self.nested(|this| this.children(&node.children)) {
                        values.append(&mut inner);
                    } else {
                        self.too_deep(node.span);
                    }
                }
                ast::JSXChild::ExpressionContainer(node) => {
                    if !matches!(node.expression, ast::JSXExpression::EmptyExpression(_)) {
                        values.push(self.markup_value(&node.expression));
                    }
                }
                ast::JSXChild::Spread(node) => values.push(self.expr(&node.expression)),
            }
        }
        values
    }

    fn markup_value(&mut self, node: &ast::JSXExpression<'a>) -> ExprId {
        match node.as_expression() {
            Some(value) => self.expr(value),
            None => self.push(ExprKind::Const(Const::Undefined), node.span()),
        }
    }

    fn markup_member(&mut self, node: &ast::JSXMemberExpression<'a>) -> ExprId {
        let mut names = vec![(node.property.name.as_str(), node.span)];
        let mut object = &node.object;
        let mut value = loop {
            match object {
                ast::JSXMemberExpressionObject::IdentifierReference(id) => {
                    break self.identifier(id.name.as_str(), id.span);
                }
                ast::JSXMemberExpressionObject::ThisExpression(node) => break self.push(ExprKind::This, node.span),
                ast::JSXMemberExpressionObject::MemberExpression(node) => {
                    names.push((node.property.name.as_str(), node.span));
                    object = &node.object;
                }
            }
        };
        for (name, place) in names.into_iter().rev() {
            value = self.push(ExprKind::Attr { base: value, name: name.into() }, place);
        }
        value
    }

    /// A name as it is read.
    pub(super) fn identifier(&mut self, name: &str, place: Place) -> ExprId {
        let kind = match self.scopes.resolve(name) {
            Some(slot) => ExprKind::Slot(slot),
            None => ExprKind::Free(name.into()),
        };
        self.push(kind, place)
    }

    /// A class expression; one with a name sees itself under it.
    fn class_expression(&mut self, node: &ast::Class<'a>) -> ExprId {
        let place = node.span;
        let Some(id) = &node.id else {
            let kind = match self.class(node) {
                Some(func) => ExprKind::Class(func),
                None => ExprKind::Unknown(Vec::new()),
            };
            return self.push(kind, place);
        };
        self.scopes.open_block();
        let slot = self.scopes.declare(id.name.as_str());
        let class = self.class(node);
        self.scopes.close_block();
        let Some(func) = class else { return self.push(ExprKind::Unknown(Vec::new()), place) };
        let value = self.push(ExprKind::Class(func), place);
        let name: Span = span(id.span);
        self.push(ExprKind::Bind { target: Box::new(Target::Slot(slot, name)), value }, place)
    }
}

/// A number: an integer where it is one that both kinds hold exactly.
#[allow(clippy::cast_possible_truncation)]
fn number(value: f64) -> Const {
    if value.fract() == 0.0 && value.abs() < 9e15 { Const::Int(value as i64) } else { Const::Float(value) }
}

const fn is_comparison(op: ast::BinaryOperator) -> bool {
    use ast::BinaryOperator as B;
    matches!(
        op,
        B::Equality
            | B::Inequality
            | B::StrictEquality
            | B::StrictInequality
            | B::LessThan
            | B::LessEqualThan
            | B::GreaterThan
            | B::GreaterEqualThan
            | B::In
            | B::Instanceof
    )
}

fn binary(op: ast::BinaryOperator, left: ExprId, right: ExprId) -> ExprKind {
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

fn logic(op: ast::LogicalOperator) -> LogicOp {
    match op {
        ast::LogicalOperator::And => LogicOp::And,
        ast::LogicalOperator::Or => LogicOp::Or,
        ast::LogicalOperator::Coalesce => LogicOp::Nullish,
    }
}
