//! Functions and classes.

use oxc_ast::ast::{self, BindingPattern, ClassElement};
use oxc_span::GetSpan;
use sluice_syntax::ir::{Arg, ArgKind, FuncId, FunctionKind, Param, ParamKind, Stmt, StmtKind, Target};
use smol_str::SmolStr;

use crate::{Lowerer, names, span};

impl Lowerer {
    pub(crate) fn params(&mut self, node: &ast::FormalParameters<'_>) -> Vec<Param> {
        let mut params: Vec<Param> = Vec::new();
        let rest = node.rest.as_ref().map(|rest| (&rest.rest.argument, None, ParamKind::Star, rest.span));
        let items = node
            .items
            .iter()
            .map(|item| (&item.pattern, item.initializer.as_deref(), ParamKind::Positional, item.span));
        let all: Vec<_> = items.chain(rest).collect();
        for (pattern, _, kind, place) in &all {
            let name: SmolStr = match pattern {
                BindingPattern::BindingIdentifier(id) => id.name.as_str().into(),
                _ => format!("<parameter {}>", params.len()).into(),
            };
            let slot = self.declare(&name).slot;
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
            if !matches!(pattern, BindingPattern::BindingIdentifier(_)) {
                let mut bound = Vec::new();
                names(pattern, &mut bound);
                for name in bound {
                    self.declare(name);
                }
                param.pattern = Some(self.pattern(pattern));
            }
            if let Some(default) = default {
                // Evaluated in the frame of the function itself, unlike Python's; its slots say so.
                param.default = Some(self.expr(default));
            }
        }
        params
    }

    pub(crate) fn function(&mut self, node: &ast::Function<'_>) -> FuncId {
        let name = node.id.as_ref().map_or("<function>", |id| id.name.as_str());
        let func = self.open(FunctionKind::Function, name, node.span);
        let params = self.params(&node.params);
        if node.r#type == ast::FunctionType::FunctionExpression
            && let Some(id) = &node.id
        {
            // The function sees itself under its own name.
            self.declare(id.name.as_str());
        }
        let body = node.body.as_ref().map(|body| self.frame(&body.statements)).unwrap_or_default();
        self.close(func, |function| {
            function.params = params;
            function.body = body;
            function.is_async = node.r#async;
            function.is_generator = node.generator;
            if let Some(id) = &node.id {
                function.name_span = span(id.span);
            }
        })
    }

    pub(crate) fn arrow(&mut self, node: &ast::ArrowFunctionExpression<'_>) -> FuncId {
        let func = self.open(FunctionKind::Lambda, "<lambda>", node.span);
        let params = self.params(&node.params);
        let body = match &node.body {
            ast::ArrowFunctionBody::FunctionBody(body) => self.frame(&body.statements),
            other => {
                let value = self.expr(other.to_expression());
                vec![Stmt { kind: StmtKind::Return(Some(value)), span: span(other.span()) }]
            }
        };
        self.close(func, |function| {
            function.params = params;
            function.body = body;
            function.is_async = node.r#async;
        })
    }

    /// A class: its members are slots of a frame of their own, although no code sees them as variables.
    pub(crate) fn class(&mut self, node: &ast::Class<'_>) -> FuncId {
        let bases = node.heritage.iter().map(|heritage| &heritage.expression);
        let bases: Vec<Arg> = bases.map(|base| Arg { kind: ArgKind::Positional, value: self.expr(base) }).collect();
        let decorators = node.decorators.iter().map(|decorator| self.expr(&decorator.expression)).collect();
        let name = node.id.as_ref().map_or("<class>", |id| id.name.as_str());
        let func = self.open(FunctionKind::Class, name, node.span);
        let mut body = Vec::new();
        for element in &node.body.body {
            match element {
                ClassElement::MethodDefinition(method) => {
                    if method.r#static {
                        self.gap(method.span, "a static method looks like an instance's");
                    }
                    if method.kind.is_get() || method.kind.is_set() {
                        self.gap(method.span, "an accessor looks like a method");
                    }
                    let name = self.static_key(&method.key);
                    let method_func = self.function(&method.value);
                    if let Some(function) = self.functions.get_mut(method_func.0 as usize) {
                        function.name = name.clone();
                    }
                    let slot = self.declare(&name);
                    body.push(Stmt { kind: StmtKind::Function(method_func, slot), span: span(method.span) });
                }
                ClassElement::PropertyDefinition(field) => {
                    if !field.r#static {
                        self.gap(field.span, "a field's value is evaluated for each instance, with `this`");
                    }
                    if let Some(value) = &field.value {
                        let value = self.expr(value);
                        let name = self.static_key(&field.key);
                        let targets = vec![Target::Slot(self.declare(&name), span(field.span))];
                        body.push(Stmt { kind: StmtKind::Assign { targets, value }, span: span(field.span) });
                    }
                }
                ClassElement::StaticBlock(block) => body.append(&mut self.scoped_all(&block.body)),
                _ => {}
            }
        }
        self.close(func, |function| {
            function.bases = bases;
            function.decorators = decorators;
            function.body = body;
        })
    }
}
