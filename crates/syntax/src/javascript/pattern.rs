//! Patterns and assignment targets.

use oxc_ast::ast::{self, BindingPattern};
use oxc_span::{GetSpan, Span as Place};

use super::lower::{Lowerer, span};
use crate::ir::{PatternKey, Target};

impl<'a> Lowerer<'a> {
    /// A name as a target.
    pub(super) fn named(&mut self, name: &str, place: Place) -> Target {
        match self.scopes.resolve(name) {
            Some(slot) => Target::Slot(slot, span(place)),
            None => Target::Free(name.into(), span(place)),
        }
    }

    /// The target of a declaration whose names are declared.
    pub(super) fn pattern(&mut self, pattern: &BindingPattern<'a>) -> Target {
        match self.nested(|this| this.pattern_inner(pattern)) {
            Some(target) => target,
            None => {
                self.too_deep(pattern.span());
                Target::Unknown(span(pattern.span()))
            }
        }
    }

    fn pattern_inner(&mut self, pattern: &BindingPattern<'a>) -> Target {
        match pattern {
            BindingPattern::BindingIdentifier(id) => self.named(id.name.as_str(), id.span),
            BindingPattern::AssignmentPattern(node) => {
                let target = self.pattern(&node.left);
                Target::Default(Box::new(target), self.expr(&node.right))
            }
            BindingPattern::ArrayPattern(node) => {
                let mut items: Vec<Target> = Vec::new();
                for element in &node.elements {
                    items.push(match element {
                        Some(element) => self.pattern(element),
                        None => Target::Unknown(span(node.span)),
                    });
                }
                if let Some(rest) = &node.rest {
                    items.push(Target::Rest(Box::new(self.pattern(&rest.argument))));
                }
                Target::Sequence(items)
            }
            BindingPattern::ObjectPattern(node) => {
                let mut entries = Vec::new();
                for property in &node.properties {
                    let key = self.pattern_key(&property.key);
                    entries.push((key, self.pattern(&property.value)));
                }
                if let Some(rest) = &node.rest {
                    entries.push((PatternKey::Rest, self.pattern(&rest.argument)));
                }
                Target::Keys(entries)
            }
        }
    }

    fn pattern_key(&mut self, key: &ast::PropertyKey<'a>) -> PatternKey {
        match key.static_name() {
            Some(name) => PatternKey::Name(name.as_ref().into()),
            None => PatternKey::Computed(self.key(key)),
        }
    }

    /// The target of an assignment.
    pub(super) fn assigned(&mut self, target: &ast::AssignmentTarget<'a>) -> Target {
        match self.nested(|this| this.assigned_inner(target)) {
            Some(target) => target,
            None => {
                self.too_deep(target.span());
                Target::Unknown(span(target.span()))
            }
        }
    }

    fn assigned_inner(&mut self, target: &ast::AssignmentTarget<'a>) -> Target {
        use ast::AssignmentTarget as T;
        let place = target.span();
        match target {
            T::ArrayAssignmentTarget(node) => {
                let mut items = Vec::new();
                for element in &node.elements {
                    items.push(match element {
                        Some(element) => self.assigned_default(element),
                        None => Target::Unknown(span(place)),
                    });
                }
                if let Some(rest) = &node.rest {
                    items.push(Target::Rest(Box::new(self.assigned(&rest.target))));
                }
                Target::Sequence(items)
            }
            T::ObjectAssignmentTarget(node) => {
                let mut entries = Vec::new();
                for property in &node.properties {
                    match property {
                        ast::AssignmentTargetProperty::AssignmentTargetPropertyIdentifier(node) => {
                            let name = node.binding.name.as_str();
                            let mut target = self.named(name, node.binding.span);
                            if let Some(init) = &node.init {
                                target = Target::Default(Box::new(target), self.expr(init));
                            }
                            entries.push((PatternKey::Name(name.into()), target));
                        }
                        ast::AssignmentTargetProperty::AssignmentTargetPropertyProperty(node) => {
                            let key = self.pattern_key(&node.name);
                            entries.push((key, self.assigned_default(&node.binding)));
                        }
                    }
                }
                if let Some(rest) = &node.rest {
                    entries.push((PatternKey::Rest, self.assigned(&rest.target)));
                }
                Target::Keys(entries)
            }
            other => match other.as_simple_assignment_target() {
                Some(target) => self.simple_target(target),
                None => Target::Unknown(span(place)),
            },
        }
    }

    /// A variable or member as a target.
    pub(super) fn simple_target(&mut self, target: &ast::SimpleAssignmentTarget<'a>) -> Target {
        use ast::SimpleAssignmentTarget as T;
        let place = target.span();
        match target {
            T::AssignmentTargetIdentifier(id) => self.named(id.name.as_str(), id.span),
            T::StaticMemberExpression(node) => Target::Attr {
                base: self.expr(&node.object),
                name: node.property.name.as_str().into(),
                span: span(place),
            },
            T::PrivateFieldExpression(node) => Target::Attr {
                base: self.expr(&node.object),
                name: format!("#{}", node.field.name).into(),
                span: span(place),
            },
            T::ComputedMemberExpression(node) => {
                let base = self.expr(&node.object);
                Target::Index { base, index: self.expr(&node.expression), span: span(place) }
            }
            T::TSAsExpression(node) => self.target_of(&node.expression, place),
            T::TSSatisfiesExpression(node) => self.target_of(&node.expression, place),
            T::TSNonNullExpression(node) => self.target_of(&node.expression, place),
            T::TSTypeAssertion(node) => self.target_of(&node.expression, place),
        }
    }

    /// An expression under a type assertion as a target.
    fn target_of(&mut self, node: &ast::Expression<'a>, place: Place) -> Target {
        match node {
            ast::Expression::Identifier(id) => self.named(id.name.as_str(), id.span),
            ast::Expression::StaticMemberExpression(node) => Target::Attr {
                base: self.expr(&node.object),
                name: node.property.name.as_str().into(),
                span: span(place),
            },
            ast::Expression::ComputedMemberExpression(node) => {
                let base = self.expr(&node.object);
                Target::Index { base, index: self.expr(&node.expression), span: span(place) }
            }
            _ => Target::Unknown(span(place)),
        }
    }

    fn assigned_default(&mut self, target: &ast::AssignmentTargetMaybeDefault<'a>) -> Target {
        match target {
            ast::AssignmentTargetMaybeDefault::AssignmentTargetWithDefault(node) => {
                let target = self.assigned(&node.binding);
                Target::Default(Box::new(target), self.expr(&node.init))
            }
            other => self.assigned(other.to_assignment_target()),
        }
    }
}
