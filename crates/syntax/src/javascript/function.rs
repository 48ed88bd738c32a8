//! Functions and classes.

use oxc_ast::ast::{self, BindingPattern, ClassElement};
use oxc_span::{GetSpan, Span as Place};
use smol_str::SmolStr;

use super::hoist::names;
use super::lower::{Lowerer, span};
use crate::ir::{
    Arg, ArgKind, Const, ExprId, ExprKind, FuncId, FunctionKind, Member, Param, ParamKind, Stmt, StmtKind, Target,
};

impl<'a> Lowerer<'a> {
    /// The function that an expression is.
    pub(super) fn function_of(&self, id: ExprId) -> Option<FuncId> {
        match self.kind_of(id)? {
            ExprKind::Function(func) => Some(*func),
            _ => None,
        }
    }

    fn params(&mut self, node: &ast::FormalParameters<'a>) -> Vec<Param> {
        let rest = node.rest.as_ref().map(|rest| (&rest.rest.argument, None, ParamKind::Star, rest.span));
        let items = node
            .items
            .iter()
            .map(|item| (&item.pattern, item.initializer.as_deref(), ParamKind::Positional, item.span));
        let all: Vec<_> = items.chain(rest).collect();
        let mut params: Vec<Param> = Vec::with_capacity(all.len());
        for (pattern, _, kind, place) in &all {
            let name: SmolStr = match pattern {
                BindingPattern::BindingIdentifier(id) => id.name.as_str().into(),
                BindingPattern::AssignmentPattern(node) => match &node.left {
                    BindingPattern::BindingIdentifier(id) => id.name.as_str().into(),
                    _ => format!("options{}", params.len()).into(),
                },
                _ => format!("options{}", params.len()).into(),
            };
            let slot = self.scopes.declare_parameter(&name);
            params.push(Param {
                name,
                slot,
                kind: *kind,
                default: None,
                annotation: None,
                pattern: None,
                span: span(*place),
            });
        }
        for ((pattern, default, ..), param) in all.iter().zip(&mut params) {
            match pattern {
                BindingPattern::BindingIdentifier(_) => {}
                BindingPattern::AssignmentPattern(node)
                    if matches!(node.left, BindingPattern::BindingIdentifier(_)) => {}
                _ => {
                    let mut bound = Vec::new();
                    names(pattern, &mut bound);
                    for name in bound {
                        self.scopes.declare(name);
                    }
                    param.pattern = Some(self.pattern(pattern));
                }
            }
            if let Some(default) = default {
                // Evaluated in the frame of the function itself; its slots say so.
                param.default = Some(self.expr(default));
            } else if let BindingPattern::AssignmentPattern(node) = pattern
                && param.pattern.is_none()
            {
                param.default = Some(self.expr(&node.right));
            }
        }
        params
    }

    /// Lowers a function; its name is bound by the caller. `None` beyond the bound of nesting.
    pub(super) fn function(&mut self, node: &ast::Function<'a>) -> Option<FuncId> {
        if !self.has_frames_left() {
            self.too_deep(node.span);
            return None;
        }
        let hint = self.hint.take();
        let name = match &node.id {
            Some(id) => id.name.as_str().into(),
            None => hint.unwrap_or_else(|| SmolStr::new_static("<function>")),
        };
        let name_span = match &node.id {
            Some(id) => id.span,
            None => Place::new(node.span.start, node.params.span.start.max(node.span.start)),
        };
        let doc = self.doc(node.span.start);
        let func = self.reserve(FunctionKind::Function, &name, span(node.span), span(name_span));
        let decorators = node.params.items.iter().flat_map(|item| &item.decorators).collect::<Vec<_>>();
        let decorators = decorators.into_iter().map(|decorator| self.expr(&decorator.expression)).collect();
        self.scopes.open(func);
        let params = self.params(&node.params);
        if node.r#type == ast::FunctionType::FunctionExpression
            && let Some(id) = &node.id
        {
            self.scopes.declare_own(id.name.as_str());
        }
        let mut body = self.parameter_properties(&node.params, &params);
        if let Some(inner) = &node.body {
            body.append(&mut self.frame(&inner.statements));
        }
        self.fill(func, |function| {
            function.params = params;
            function.body = body;
            function.decorators = decorators;
            function.is_async = node.r#async;
            function.is_generator = node.generator;
            function.doc = doc;
        });
        Some(func)
    }

    /// `constructor(private name)` stores the parameter in the field.
    fn parameter_properties(&mut self, node: &ast::FormalParameters<'a>, params: &[Param]) -> Vec<Stmt> {
        let mut body = Vec::new();
        for (item, param) in node.items.iter().zip(params) {
            if item.accessibility.is_none() && !item.readonly && !item.r#override {
                continue;
            }
            let place = item.span;
            let base = self.push(ExprKind::This, place);
            let slot = crate::ir::SlotRef { func: self.scopes.current(), slot: param.slot };
            let value = self.push(ExprKind::Slot(slot), place);
            let target = Target::Attr { base, name: param.name.clone(), span: span(place) };
            body.push(Stmt { kind: StmtKind::Assign { targets: vec![target], value }, span: span(place) });
        }
        body
    }

    /// Lowers an arrow function.
    pub(super) fn arrow(&mut self, node: &ast::ArrowFunctionExpression<'a>) -> Option<FuncId> {
        if !self.has_frames_left() {
            self.too_deep(node.span);
            return None;
        }
        let name = self.hint.take().unwrap_or_else(|| SmolStr::new_static("<arrow>"));
        let name_span = Place::new(node.span.start, node.params.span.end.max(node.span.start));
        let doc = self.doc(node.span.start);
        let func = self.reserve(FunctionKind::Lambda, &name, span(node.span), span(name_span));
        self.scopes.open(func);
        let params = self.params(&node.params);
        let body = match &node.body {
            ast::ArrowFunctionBody::FunctionBody(body) => self.frame(&body.statements),
            other => {
                let other = other.to_expression();
                let value = self.expr(other);
                vec![Stmt { kind: StmtKind::Return(Some(value)), span: span(other.span()) }]
            }
        };
        self.fill(func, |function| {
            function.params = params;
            function.body = body;
            function.is_async = node.r#async;
            function.doc = doc;
        });
        Some(func)
    }

    /// Lowers a class: its members are slots of a frame of their own, although no code sees them as variables.
    pub(super) fn class(&mut self, node: &ast::Class<'a>) -> Option<FuncId> {
        if !self.has_frames_left() {
            self.too_deep(node.span);
            return None;
        }
        let hint = self.hint.take();
        let name = match &node.id {
            Some(id) => id.name.as_str().into(),
            None => hint.unwrap_or_else(|| SmolStr::new_static("<class>")),
        };
        let end = node.span.start.saturating_add(5).min(node.span.end);
        let name_span = node.id.as_ref().map_or(Place::new(node.span.start, end), |id| id.span);
        let doc = self.doc(node.span.start);
        let func = self.reserve(FunctionKind::Class, &name, span(node.span), span(name_span));
        let bases = node.heritage.iter().map(|heritage| &heritage.expression);
        let bases: Vec<Arg> = bases.map(|base| Arg { kind: ArgKind::Positional, value: self.expr(base) }).collect();
        let decorators = self.decorators(&node.decorators);
        self.scopes.open(func);
        let mut body = Vec::new();
        for element in &node.body.body {
            self.member(element, &mut body);
        }
        self.fill(func, |function| {
            function.bases = bases;
            function.decorators = decorators;
            function.body = body;
            function.doc = doc;
        });
        Some(func)
    }

    fn member(&mut self, element: &ClassElement<'a>, body: &mut Vec<Stmt>) {
        match element {
            ClassElement::MethodDefinition(method) => {
                let name = self.member_name(&method.key, body);
                self.hint = Some(match name.strip_prefix('\u{1}') {
                    Some(symbol) => format!("[{symbol}]").into(),
                    None => name.clone(),
                });
                let Some(func) = self.function(&method.value) else { return };
                let doc = self.doc(method.span.start);
                let decorators = self.decorators(&method.decorators);
                let place = span(method.key.span());
                let member = match method.kind {
                    ast::MethodDefinitionKind::Get => Member::Getter,
                    ast::MethodDefinitionKind::Set => Member::Setter,
                    _ if method.r#static => Member::Static,
                    _ => Member::Plain,
                };
                self.amend(func, |function| {
                    function.name_span = place;
                    function.member = member;
                    function.decorators.extend(decorators);
                    if function.doc.is_none() {
                        function.doc = doc;
                    }
                });
                // A setter does not hide the getter of the same name.
                let slot = match member {
                    Member::Setter => self.scopes.member(&format!("set {name}")),
                    _ => self.scopes.member(&name),
                };
                body.push(Stmt { kind: StmtKind::Function(func, slot), span: span(method.span) });
            }
            ClassElement::PropertyDefinition(field) => {
                self.field(&field.key, field.value.as_ref(), &field.decorators, field.span, body);
            }
            ClassElement::AccessorProperty(field) => {
                self.field(&field.key, field.value.as_ref(), &field.decorators, field.span, body);
            }
            ClassElement::StaticBlock(block) => {
                self.scopes.open_block();
                for name in super::hoist::hoisted(&block.body) {
                    self.scopes.declare(name);
                }
                body.append(&mut self.block(&block.body));
                self.scopes.close_block();
            }
            ClassElement::TSIndexSignature(_) => {}
        }
    }

    fn field(
        &mut self,
        key: &ast::PropertyKey<'a>,
        value: Option<&ast::Expression<'a>>,
        decorators: &[ast::Decorator<'a>],
        place: Place,
        body: &mut Vec<Stmt>,
    ) {
        let name = self.member_name(key, body);
        for decorator in self.decorators(decorators) {
            body.push(Stmt { kind: StmtKind::Expr(decorator), span: span(place) });
        }
        let value = match value {
            Some(value) => {
                self.name_next(value, &name);
                self.expr(value)
            }
            None => self.push(ExprKind::Const(Const::Undefined), place),
        };
        let targets = vec![Target::Slot(self.scopes.member(&name), span(key.span()))];
        body.push(Stmt { kind: StmtKind::Assign { targets, value }, span: span(place) });
    }

    /// The name of a member; one that is computed is evaluated where the class is defined.
    fn member_name(&mut self, key: &ast::PropertyKey<'a>, body: &mut Vec<Stmt>) -> SmolStr {
        if let ast::PropertyKey::PrivateIdentifier(id) = key {
            return format!("#{}", id.name).into();
        }
        if let Some(name) = key.static_name() {
            return name.as_ref().into();
        }
        // One of the language's symbols names the member whatever else the class has (`[Symbol.asyncIterator]`).
        if let ast::PropertyKey::StaticMemberExpression(member) = key
            && matches!(&member.object, ast::Expression::Identifier(id) if id.name == "Symbol")
        {
            return format!("\u{1}Symbol.{}", member.property.name).into();
        }
        let value = self.key(key);
        let place = span(key.span());
        body.push(Stmt { kind: StmtKind::Expr(value), span: place });
        SmolStr::new_static("<computed>")
    }
}
