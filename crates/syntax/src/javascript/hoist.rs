//! The names that patterns and bodies bind, found before the body is lowered.

use oxc_ast::ast::{self, BindingPattern, Statement as S};

use super::lower::on_stack;

/// The names that a pattern binds.
pub(super) fn names<'a>(pattern: &BindingPattern<'a>, out: &mut Vec<&'a str>) {
    match pattern {
        BindingPattern::BindingIdentifier(id) => out.push(id.name.as_str()),
        BindingPattern::ObjectPattern(node) => on_stack(|| {
            node.properties.iter().for_each(|property| names(&property.value, out));
            node.rest.iter().for_each(|rest| names(&rest.argument, out));
        }),
        BindingPattern::ArrayPattern(node) => on_stack(|| {
            node.elements.iter().flatten().for_each(|element| names(element, out));
            node.rest.iter().for_each(|rest| names(&rest.argument, out));
        }),
        BindingPattern::AssignmentPattern(node) => names(&node.left, out),
    }
}

fn declared<'a>(node: &ast::VariableDeclaration<'a>, out: &mut Vec<&'a str>) {
    if node.kind == ast::VariableDeclarationKind::Var {
        node.declarations.iter().for_each(|declarator| names(&declarator.id, out));
    }
}

/// The `var` names of a body, which belong to its function. Walks with a list, not by recursion.
pub(super) fn hoisted<'a>(body: &[S<'a>]) -> Vec<&'a str> {
    let mut out = Vec::new();
    let mut open: Vec<&S<'a>> = body.iter().rev().collect();
    while let Some(stmt) = open.pop() {
        match stmt {
            S::VariableDeclaration(node) => declared(node, &mut out),
            S::BlockStatement(node) => open.extend(node.body.iter().rev()),
            S::IfStatement(node) => {
                open.extend(node.alternate.iter());
                open.push(&node.consequent);
            }
            S::ForStatement(node) => {
                if let Some(ast::ForStatementInit::VariableDeclaration(node)) = &node.init {
                    declared(node, &mut out);
                }
                open.push(&node.body);
            }
            S::ForInStatement(node) => {
                if let ast::ForStatementLeft::VariableDeclaration(node) = &node.left {
                    declared(node, &mut out);
                }
                open.push(&node.body);
            }
            S::ForOfStatement(node) => {
                if let ast::ForStatementLeft::VariableDeclaration(node) = &node.left {
                    declared(node, &mut out);
                }
                open.push(&node.body);
            }
            S::WhileStatement(node) => open.push(&node.body),
            S::DoWhileStatement(node) => open.push(&node.body),
            S::LabeledStatement(node) => open.push(&node.body),
            S::WithStatement(node) => open.push(&node.body),
            S::TryStatement(node) => {
                open.extend(node.finalizer.iter().flat_map(|block| block.body.iter().rev()));
                open.extend(node.handler.iter().flat_map(|handler| handler.body.body.iter().rev()));
                open.extend(node.block.body.iter().rev());
            }
            S::SwitchStatement(node) => {
                open.extend(node.cases.iter().rev().flat_map(|case| case.consequent.iter().rev()));
            }
            S::ExportDeclaration(node) => {
                if let ast::Declaration::VariableDeclaration(node) = &node.declaration {
                    declared(node, &mut out);
                }
            }
            _ => {}
        }
    }
    out
}

/// The names that a declaration binds in its own block.
pub(super) fn lexical<'a>(stmt: &S<'a>, out: &mut Vec<&'a str>) {
    match stmt {
        S::ImportDeclaration(node) => {
            out.extend(node.specifiers.iter().flatten().map(|specifier| specifier.local().name.as_str()));
        }
        S::ExportDeclaration(node) => declaration(&node.declaration, out),
        S::ExportDefaultDeclaration(node) => match &node.declaration {
            ast::ExportDefaultDeclarationKind::FunctionDeclaration(node) => {
                out.extend(node.id.as_ref().map(|id| id.name.as_str()));
            }
            ast::ExportDefaultDeclarationKind::ClassDeclaration(node) => {
                out.extend(node.id.as_ref().map(|id| id.name.as_str()));
            }
            _ => {}
        },
        other => {
            if let Some(node) = other.as_declaration() {
                declaration(node, out);
            }
        }
    }
}

fn declaration<'a>(node: &ast::Declaration<'a>, out: &mut Vec<&'a str>) {
    match node {
        ast::Declaration::VariableDeclaration(node) if !node.kind.is_var() => {
            node.declarations.iter().for_each(|declarator| names(&declarator.id, out));
        }
        ast::Declaration::FunctionDeclaration(node) => out.extend(node.id.as_ref().map(|id| id.name.as_str())),
        ast::Declaration::ClassDeclaration(node) => out.extend(node.id.as_ref().map(|id| id.name.as_str())),
        ast::Declaration::TSEnumDeclaration(node) => out.push(node.id.name.as_str()),
        ast::Declaration::TSImportEqualsDeclaration(node) => out.push(node.id.name.as_str()),
        _ => {}
    }
}
