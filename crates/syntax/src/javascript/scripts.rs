//! `package.json` as code: each script that a package manager runs is a function that runs a command.

use oxc_allocator::Allocator;
use oxc_ast::ast::{Expression, ObjectExpression, ObjectPropertyKind, PropertyKey};
use oxc_parser::Parser;
use oxc_span::{GetSpan, SourceType};
use smol_str::SmolStr;

use crate::ir::{
    Arg, ArgKind, Const, Expr, ExprId, ExprKind, FuncId, Function, FunctionKind, Member, Module, Slot, SlotRef, Span,
    Stmt, StmtKind,
};

/// The name under which the catalog knows the runner of scripts.
const RUNNER: &str = "npm";
const RUN: &str = "run_script";

fn span(place: oxc_span::Span) -> Span {
    Span { start: place.start, end: place.end }
}

/// The text between the quotes.
fn inside(place: oxc_span::Span) -> Span {
    Span { start: place.start.saturating_add(1), end: place.end.saturating_sub(1).max(place.start) }
}

/// Reads a manifest. What is no object of scripts gives a module without statements.
pub(super) fn read(text: &str, mut module: Module) -> Module {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, text, SourceType::mjs()).parse_expression();
    let Ok(Expression::ObjectExpression(object)) = parsed else { return module };
    let Some(scripts) = property(&object, "scripts") else { return module };
    let scripts = strings(scripts);
    let mut run: Vec<&SmolStr> = scripts.iter().map(|(name, ..)| name).filter(|name| is_run(name)).collect();
    let mut next = 0;
    while let Some(name) = run.get(next).copied() {
        next += 1;
        let command = scripts.iter().find(|(known, ..)| known == name).map_or("", |(_, _, (command, _))| command);
        let words: Vec<&str> = command.split([' ', '&', ';', '|', '(', ')']).collect();
        let named = scripts.iter().map(|(name, ..)| name).filter(|name| words.contains(&name.as_str()));
        let more: Vec<&SmolStr> = named.filter(|name| !run.contains(name)).collect();
        run.extend(more);
    }
    for (name, place, command) in &scripts {
        if run.contains(&name) {
            add(&mut module, name, *place, *command);
        }
    }
    module
}

/// True if a package manager runs the script of a package that is installed, or of sources that it builds. What only a
/// developer runs is no part of the package's behavior.
fn is_run(name: &str) -> bool {
    const RUN: [&str; 9] = [
        "preinstall",
        "install",
        "postinstall",
        "preprepare",
        "prepare",
        "postprepare",
        "prepublish",
        "preuninstall",
        "postuninstall",
    ];
    RUN.contains(&name)
}

fn property<'a>(object: &'a ObjectExpression<'a>, name: &str) -> Option<&'a ObjectExpression<'a>> {
    object.properties.iter().find_map(|property| match property {
        ObjectPropertyKind::ObjectProperty(property) if key(&property.key).is_some_and(|(key, _)| key == name) => {
            match &property.value {
                Expression::ObjectExpression(object) => Some(&**object),
                _ => None,
            }
        }
        _ => None,
    })
}

fn key<'a>(key: &PropertyKey<'a>) -> Option<(&'a str, oxc_span::Span)> {
    match key {
        PropertyKey::StringLiteral(text) => Some((text.value.as_str(), text.span)),
        _ => None,
    }
}

/// The properties whose values are texts: name, place of the name, text and its place.
fn strings<'a>(object: &'a ObjectExpression<'a>) -> Vec<(SmolStr, Span, (&'a str, Span))> {
    object
        .properties
        .iter()
        .filter_map(|property| match property {
            ObjectPropertyKind::ObjectProperty(property) => {
                let (name, place) = key(&property.key)?;
                let Expression::StringLiteral(text) = &property.value else { return None };
                Some((SmolStr::new(name), inside(place), (text.value.as_str(), span(property.value.span()))))
            }
            ObjectPropertyKind::SpreadProperty(_) => None,
        })
        .collect()
}

fn push(module: &mut Module, kind: ExprKind, span: Span) -> ExprId {
    let id = ExprId(u32::try_from(module.exprs.len()).unwrap_or(u32::MAX));
    module.exprs.push(Expr { kind, span });
    id
}

fn add(module: &mut Module, name: &SmolStr, place: Span, (command, at): (&str, Span)) {
    let runner = push(module, ExprKind::Free(SmolStr::new_static(RUNNER)), place);
    let callee = push(module, ExprKind::Attr { base: runner, name: SmolStr::new_static(RUN) }, place);
    let text = push(module, ExprKind::Const(Const::Str(command.into())), at);
    let args = vec![Arg { kind: ArgKind::Positional, value: text }];
    let whole = place.to(at);
    let call = push(module, ExprKind::Call { callee, args, new: false }, whole);
    let func = FuncId(u32::try_from(module.functions.len()).unwrap_or(u32::MAX));
    module.functions.push(Function {
        kind: FunctionKind::Function,
        name: name.clone(),
        span: whole,
        name_span: place,
        parent: Some(FuncId::MODULE),
        params: Vec::new(),
        bases: Vec::new(),
        decorators: Vec::new(),
        returns: None,
        slots: Vec::new(),
        body: vec![Stmt { kind: StmtKind::Expr(call), span: whole }],
        doc: None,
        is_async: false,
        is_generator: false,
        member: Member::Plain,
    });
    if let Some(body) = module.functions.first_mut() {
        let slot = SlotRef { func: FuncId::MODULE, slot: u32::try_from(body.slots.len()).unwrap_or(u32::MAX) };
        body.slots.push(Slot { name: name.clone(), captured: true });
        body.body.push(Stmt { kind: StmtKind::Function(func, slot), span: whole });
    }
}

#[cfg(test)]
mod tests {
    use crate::ir::Language;

    #[test]
    fn each_script_that_is_run_is_a_function() {
        let text = "{\n  \"name\": \"x\",\n  \"scripts\": {\"install\": \"npm run fetch && node a.js\", \"fetch\": \"sh f.sh\", \"test\": \"tap\", \"odd\": 1}\n}";
        let module = crate::parse("package.json", text, Language::PackageJson);
        let names: Vec<&str> = module.functions.iter().map(|function| function.name.as_str()).collect();
        assert_eq!(names, ["<module>", "install", "fetch"]);
        let printed = crate::print::print(&module);
        assert!(printed.contains("npm.run_script(\"npm run fetch && node a.js\")"), "{printed}");
        assert_eq!(module.functions.get(1).map(|function| module.slice(function.name_span)), Some("install"));
    }

    #[test]
    fn anything_else_is_no_code() {
        for text in ["", "[]", "{", "{\"scripts\": []}", "null", "{\"scripts\": {\"a\": \"b\"}} x"] {
            let module = crate::parse("package.json", text, Language::PackageJson);
            assert!(module.functions.len() <= 2, "{text}");
        }
    }
}
