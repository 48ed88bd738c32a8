use super::{line, read};

/// The guards of the raise on a line, as `text` or `not text`.
fn guards(text: &str, at: u32) -> Vec<String> {
    let (module, found) = read(text);
    let raise = found.raises.iter().find(|raise| line(&module, raise.span) == at).expect("a raise on the line");
    raise
        .guards
        .iter()
        .map(|guard| if guard.holds { guard.text.clone() } else { format!("not {}", guard.text) })
        .collect()
}

const ANSWER: &str = r#"
def read_answer(answer):
    if answer.code == 204:
        return None
    try:
        body = answer.parse()
        raise ServiceError(answer.code, body['kind'], detail=body["text"])
    except ValueError:
        raise ServiceError(answer.code, 'unknown', answer.raw)
"#;

#[test]
fn a_raise_has_type_arguments_guards_and_handler() {
    let (module, found) = read(ANSWER);
    let [parsed, raw] = found.raises.as_slice() else { panic!("{:?}", found.raises) };
    assert_eq!(parsed.exception, "ServiceError");
    assert_eq!(parsed.args, ["answer.code", "body['kind']", "detail=body[\"text\"]"]);
    assert_eq!((parsed.handler, parsed.passes_caught), (None, false));
    assert_eq!((raw.handler, raw.passes_caught), (Some(0), false));
    assert_eq!(guards(ANSWER, 7), ["not answer.code == 204"]);
    assert_eq!(guards(ANSWER, 9), ["not answer.code == 204"]);
    assert_eq!(found.handlers.len(), 1);
    assert_eq!(line(&module, found.handlers[0].span), 8);
    assert_eq!(found.handlers[0].exceptions, ["ValueError"]);
    let condition = &raw.guards[0];
    assert_eq!(module.slice(condition.span), "answer.code == 204");
    assert_eq!(module.expr(condition.condition).unwrap().span, condition.span);
}

#[test]
fn branches_and_early_exits_guard() {
    let text = "
def f(a, b, c):
    if a:
        if not b:
            raise E1
    elif b:
        return
    elif c:
        raise E2
    else:
        raise E3()
    for x in b:
        if x.skip:
            continue
        raise E4(x)
    while c:
        raise E5
    raise E6
";
    assert_eq!(guards(text, 5), ["a", "not b"]);
    assert_eq!(guards(text, 9), ["not a", "not b", "c"]);
    assert_eq!(guards(text, 11), ["not a", "not b", "not c"]);
    assert_eq!(guards(text, 15), ["a", "not x.skip"]);
    assert_eq!(guards(text, 17), ["a", "c"]);
    assert_eq!(guards(text, 18), ["a"]);
}

#[test]
fn an_exit_guards_only_its_own_block() {
    let text = "
def f(a, b):
    if a:
        if b:
            return
        step()
    raise E
";
    assert_eq!(guards(text, 7), Vec::<String>::new());
    let process = "import sys\ndef f(a):\n    if not a:\n        sys.exit(1)\n    raise E\n";
    assert_eq!(guards(process, 5), ["not not a"]);
    let stays = "def f(a, b):\n    if a:\n        return\n    elif b:\n        step()\n    raise E\n";
    assert_eq!(guards(stays, 6), ["not a"]);
    let nested =
        "def f(a, b):\n    if a:\n        if b:\n            return\n        else:\n            raise X\n    raise E\n";
    assert_eq!(guards(nested, 7), ["not a"]);
}

#[test]
fn a_caught_exception_is_passed_on() {
    let passes = |text: &str| read(text).1.raises.iter().map(|raise| raise.passes_caught).collect::<Vec<_>>();
    let handler =
        |body: &str| format!("def f(a):\n    try:\n        a()\n    except Exception as error:\n        {body}\n");
    assert_eq!(passes(&handler("raise")), [true]);
    assert_eq!(passes(&handler("raise error")), [true]);
    assert_eq!(passes(&handler("raise Wrapped(error)")), [true]);
    assert_eq!(passes(&handler("raise Wrapped(f'failed: {error}')")), [true]);
    assert_eq!(passes(&handler("raise Wrapped('failed') from error")), [true]);
    assert_eq!(passes(&handler("raise Wrapped('failed')")), [false]);
    assert_eq!(passes(&handler("raise Wrapped(a) from None")), [false]);
    assert_eq!(passes("def f():\n    raise\n"), [false]);
}

#[test]
fn handlers_are_broad_swallow_or_fall_back() {
    let handler = |head: &str, body: &str| {
        let text = format!("try:\n    import fast_json\nexcept {head}:\n    {body}\n");
        let (_, found) = read(&text);
        (found.handlers[0].broad, found.handlers[0].swallows, found.handlers[0].import_fallback)
    };
    assert_eq!(handler("ImportError", "fast_json = None"), (false, false, true));
    assert_eq!(handler("(ImportError, ModuleNotFoundError)", "pass"), (false, true, true));
    assert_eq!(handler("(ImportError, OSError)", "pass"), (false, true, false));
    assert_eq!(handler("Exception", "..."), (true, true, false));
    assert_eq!(handler("(KeyError, BaseException)", "log(1)"), (true, false, false));
    assert_eq!(handler("builtins.Exception as e", "'ignored'"), (true, true, false));
    let (_, bare) = read("for x in y:\n    try:\n        import a\n        a.run()\n    except:\n        continue\n");
    assert!(bare.handlers[0].exceptions.is_empty() && bare.handlers[0].broad && bare.handlers[0].swallows);
    let (_, constant) =
        read("def f():\n    try:\n        import a\n        a()\n    except ImportError:\n        return False\n");
    assert!(constant.handlers[0].swallows && !constant.handlers[0].import_fallback);
    let (_, value) = read("def f(d):\n    try:\n        g()\n    except E:\n        return d\n");
    assert!(!value.handlers[0].swallows);
}

#[test]
fn nested_handlers_name_the_innermost() {
    let text = "
def f(a):
    try:
        a()
    except E as outer:
        try:
            a()
        except F:
            raise G(outer)
        raise H
";
    let (module, found) = read(text);
    let raises: Vec<_> =
        found.raises.iter().map(|raise| (line(&module, raise.span), raise.handler, raise.passes_caught)).collect();
    assert_eq!(raises, [(9, Some(1), true), (10, Some(0), false)]);
}
