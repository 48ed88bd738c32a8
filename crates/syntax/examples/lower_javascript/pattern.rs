//! Patterns and assignment targets.

use oxc_ast::ast::{self, BindingPattern};
use oxc_span::{GetSpan, Span as Place};
use sluice_syntax::ir::{ExprId, ExprKind, Target};
use smol_str::SmolStr;

use crate::{Lowerer, span};

impl Lowerer {
    pub(crate) fn named(&mut self, name: &str, place: Place) -> Target {
        match self.resolve(name) {
            Some(slot) => Target::Slot(slot, span(place)),
            None => Target::Free(name.into(), span(place)),
        }
    }

    pub(crate) fn pattern(&mut self, pattern: &BindingPattern<'_>) -> Target {
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
                    let key = self.static_key(&property.key);
                    entries.push((key, self.pattern(&property.value)));
                }
                if let Some(rest) = &node.rest {
                    self.gap(rest.span, "the rest of a keyed pattern has no key");
                    entries.push(("...".into(), Target::Rest(Box::new(self.pattern(&rest.argument)))));
                }
                Target::Keys(entries)
            }
        }
    }

    pub(crate) fn static_key(&mut self, key: &ast::PropertyKey<'_>) -> SmolStr {
        match key.name() {
            Some(name) => name.as_ref().into(),
            None => {
                self.gap(key.span(), "a computed key in a pattern or class");
                "<computed>".into()
            }
        }
    }

    pub(crate) fn assigned(&mut self, target: &ast::AssignmentTarget<'_>) -> Target {
        use ast::AssignmentTarget as T;
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
                            entries.push((name.into(), target));
                        }
                        ast::AssignmentTargetProperty::AssignmentTargetPropertyProperty(node) => {
                            let key = self.static_key(&node.name);
                            entries.push((key, self.assigned_default(&node.binding)));
                        }
                    }
                }
                Target::Keys(entries)
            }
            _ => Target::Unknown(span(place)),
        }
    }

    pub(crate) fn assigned_default(&mut self, target: &ast::AssignmentTargetMaybeDefault<'_>) -> Target {
        match target {
            ast::AssignmentTargetMaybeDefault::AssignmentTargetWithDefault(node) => {
                let target = self.assigned(&node.binding);
                Target::Default(Box::new(target), self.expr(&node.init))
            }
            other => self.assigned(other.to_assignment_target()),
        }
    }

    /// The old value of an assignment's target.
    pub(crate) fn read(&mut self, target: &Target, place: Place) -> ExprId {
        let kind = match target {
            Target::Slot(slot, _) => ExprKind::Slot(*slot),
            Target::Free(name, _) => ExprKind::Free(name.clone()),
            Target::Attr { base, name, .. } => ExprKind::Attr { base: *base, name: name.clone() },
            Target::Index { base, index, .. } => ExprKind::Index { base: *base, index: *index },
            _ => ExprKind::Unknown(Vec::new()),
        };
        self.push(kind, place)
    }
}
