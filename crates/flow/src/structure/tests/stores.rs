use super::{line, read};

/// The dead stores as `line variable[key]`.
fn told(text: &str) -> Vec<String> {
    let (module, found) = read(text);
    assert!(found.skipped.is_empty());
    found
        .dead_stores
        .iter()
        .map(|store| match &store.key {
            Some(key) => format!("{} {}[{key}]", line(&module, store.span), store.variable),
            None => format!("{} {}", line(&module, store.span), store.variable),
        })
        .collect()
}

/// A request whose options are collected in a dictionary that is left behind. The parameter of the same name was
/// renamed before, so only the second binding is dead.
const DELIVERY: &str = r#"
import queue_client

channel = queue_client.connect("192.0.2.10")

def deliver(token, address=None, pause=30, tunnel=None, **options):
    record = options
    record["stamp"] = clock()
    target = (address or "https://intake.example.invalid") + "/records"
    payload = encode(record)
    options = {
        "payload": payload,
        "token": token,
        "pause": 30,
        "retries": 2,
    }
    if tunnel:
        options["tunnel"] = tunnel
    answer = channel.put(target, payload=payload, token=token, pause=pause)
    return answer.ok
"#;

#[test]
fn a_container_that_no_call_reads_is_told_with_what_is_lost_and_shadowed() {
    let (module, found) = read(DELIVERY);
    let [created, filled] = found.dead_stores.as_slice() else { panic!("{:?}", found.dead_stores) };
    assert_eq!((line(&module, created.span), created.variable.as_str(), created.key.as_deref()), (11, "options", None));
    assert_eq!(created.shadowed, [("pause".into(), "30".to_owned())]);
    assert!(created.lost.is_empty() && created.container.is_none());
    assert_eq!((line(&module, filled.span), filled.key.as_deref()), (18, Some("tunnel")));
    assert_eq!(filled.value, "tunnel");
    assert_eq!(filled.lost, ["tunnel"]);
    assert_eq!(filled.container, Some(created.span));
    assert_eq!(module.function(filled.func).unwrap().name, "deliver");
}

#[test]
fn a_container_that_is_passed_on_is_not_told() {
    let passed = DELIVERY.replace("pause=pause)", "pause=pause, **options)");
    assert_eq!(told(&passed), Vec::<String>::new());
    let returned = DELIVERY.replace("return answer.ok", "return answer.ok, options");
    assert_eq!(told(&returned), Vec::<String>::new());
    let kept = DELIVERY.replace("    if tunnel", "    channel.last = options\n    if tunnel");
    assert_eq!(told(&kept), Vec::<String>::new());
}

#[test]
fn a_parameter_that_is_passed_on_elsewhere_is_not_lost() {
    let text = DELIVERY.replace("pause=pause)", "pause=pause, tunnel=tunnel)");
    let (_, found) = read(&text);
    assert_eq!(found.dead_stores.len(), 2);
    assert!(found.dead_stores.iter().all(|store| store.lost.is_empty()));
    let tested_by_call = DELIVERY.replace("if tunnel:", "if register(tunnel):");
    assert!(read(&tested_by_call).1.dead_stores.iter().all(|store| store.lost.is_empty()));
}

#[test]
fn a_constant_is_shadowed_only_by_a_later_call_with_another_value() {
    let shadowed = |text: &str| read(text).1.dead_stores.iter().map(|store| store.shadowed.len()).sum::<usize>();
    assert_eq!(shadowed(DELIVERY), 1);
    assert_eq!(shadowed(&DELIVERY.replace("pause=pause", "pause=30")), 0);
    assert_eq!(shadowed(&DELIVERY.replace("pause=pause", "wait=pause")), 0);
    // Without a later store the dictionary is told for the constant alone.
    let display = "def send(a, limit):\n    box = {'limit': 3, 'x': 1}\n    return put(a, limit=limit)\n";
    assert_eq!(told(display), ["2 box"]);
    assert_eq!(shadowed(display), 1);
    let alone = "def send(a, limit):\n    box = {'limit': 3, 'x': 1}\n    return put(a, limit)\n";
    assert_eq!(told(alone), Vec::<String>::new());
    let earlier = "def send(a, limit):\n    put(a, limit=limit)\n    box = {'limit': 3}\n    return a\n";
    assert_eq!(told(earlier), Vec::<String>::new());
}

#[test]
fn a_container_bound_on_two_ways_is_dead_only_if_both_are() {
    let other = "
def collect(self, flag, item):
    if flag:
        bag = []
    else:
        bag = self.bag
    bag.append(item)
";
    assert_eq!(told(other), Vec::<String>::new());
    let both = other.replace("self.bag", "list()");
    assert_eq!(told(&both), ["4 bag", "7 bag[append]"], "the first creation stands for both");
    let read_on_one = "
def collect(flag, item):
    bag = []
    bag.append(item)
    if flag:
        return bag
";
    assert_eq!(told(read_on_one), Vec::<String>::new());
}

#[test]
fn stores_into_what_others_may_hold_are_reads() {
    for text in [
        "def f(a):\n    a['k'] = 1\n",
        "def f(a):\n    b = a\n    b['k'] = a\n",
        "def f(a):\n    b = make()\n    b.k = a\n",
        "def f(a):\n    b = {}\n    b.setdefault('k', []).append(a)\n    return b\n",
        "def f(a):\n    b = {}\n    keep(b)\n    b['k'] = a\n",
        "def f(a):\n    b = {}\n    b['me'] = b\n",
        "def f(a):\n    b = {}\n    def inner():\n        return b\n    b['k'] = a\n    return inner\n",
        "def f(a):\n    b = []\n    for x in a:\n        if x in b:\n            continue\n        b.append(x)\n",
    ] {
        assert_eq!(told(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn a_loop_fills_a_container_that_nothing_reads() {
    let text = "
def walk(items):
    seen = set()
    for item in items:
        seen.add(item)
        show(item)
";
    assert_eq!(told(text), ["3 seen", "5 seen[add]"]);
    let rebound = "
def walk(items, cache):
    seen = set()
    for item in items:
        seen.add(item)
        seen = cache.get(item)
";
    assert_eq!(told(rebound), Vec::<String>::new());
}

#[test]
fn values_that_carry_something_are_told_and_left_overs_are_not() {
    assert_eq!(told("def f(a):\n    x = a + 1\n    return 2\n"), ["2 x"]);
    assert_eq!(told("def f():\n    x = g(1)\n    return 2\n"), ["2 x"]);
    for text in [
        "def f():\n    x = 0\n    return 2\n",
        "def f():\n    x = g()\n    return 2\n",
        "def f(self):\n    x = self.y\n    return 2\n",
        "def f(a):\n    _ = g(a)\n    _x = g(a)\n    unused_x = g(a)\n",
        "def f(a):\n    x, y = g(a)\n    return x\n",
        "def f(a):\n    for x in g(a):\n        pass\n",
        "def f(a):\n    with g(a) as x:\n        pass\n",
        "def f(a):\n    try:\n        pass\n    except g(a) as x:\n        pass\n",
        "def f(a):\n    n = 0\n    for x in a:\n        n += g(x)\n",
        "def f(a):\n    x = g(a)\n    del x\n",
        "def f(a):\n    x = g(a)\n    return locals()\n",
        "def f(a):\n    x = g(a)\n    exec('print(x)')\n",
        "def f(a):\n    x = y = g(a)\n    return y\n",
        "def f(a):\n    global x\n    x = g(a)\n",
        "def f(a):\n    x = None\n    def h():\n        nonlocal x\n        x = g(a)\n    h()\n    return x\n",
        "def f(a):\n    x = g(a)\n    return lambda: x\n",
        "def f(a):\n    x = g(a)\n    class C:\n        y = x\n    return C\n",
        "def f(a):\n    x = g(a)\n    def h(b=x):\n        return b\n    return h\n",
        "def f(a):\n    x = g(a)\n    return f'{x!r:>{a}}'\n",
        "def f(a):\n    x = 1\n    late = (k + x for k in a)\n    x = g(a)\n    return late\n",
        "x = g(1)\nx = g(2)\nclass C:\n    y = g(3)\n    y = g(4)\n",
    ] {
        assert_eq!(told(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn overwritten_values_are_dead_and_values_for_the_next_turn_are_not() {
    assert_eq!(told("def f(a):\n    x = g(a)\n    x = h(a)\n    return x\n"), ["2 x"]);
    assert_eq!(told("def f(a):\n    if a:\n        x = g(a)\n    x = h(a)\n    return x\n"), ["3 x"]);
    for text in [
        "def f(a):\n    x = None\n    while a():\n        use(x)\n        x = g(a)\n",
        "def f(a):\n    x = None\n    for k in a:\n        if x:\n            use(x)\n        x = g(k)\n        continue\n",
        "def f(a):\n    x = g(a)\n    for k in a:\n        x = h(k)\n    return x\n",
        "def f(a):\n    x = g(a)\n    while True:\n        if a():\n            break\n        x = h(a)\n    return x\n",
        "def f(a):\n    for i in a:\n        y = None\n        for j in a:\n            use(y)\n            for k in a:\n                y = g(k)\n",
    ] {
        assert_eq!(told(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn handlers_and_finally_may_run_after_any_statement() {
    for text in [
        "def f(a):\n    x = None\n    try:\n        x = g(a)\n        h(a)\n        x = k(a)\n    except E:\n        use(x)\n    return 1\n",
        "def f(a):\n    try:\n        x = g(a)\n        return a\n    finally:\n        use(x)\n",
        "def f(a):\n    for b in a:\n        try:\n            x = g(b)\n            break\n        finally:\n            log(b)\n    return x\n",
        "def f(a):\n    x = g(a)\n    with quiet():\n        x = h(a)\n    return x\n",
        "def f(a):\n    x = g(a)\n    try:\n        x = h(a)\n    except E:\n        pass\n    return x\n",
        "def f(a):\n    x = g(a)\n    try:\n        try:\n            x = h(a)\n            x = k(a)\n        finally:\n            done()\n    except E:\n        return x\n    return x\n",
    ] {
        assert_eq!(told(text), Vec::<String>::new(), "{text}");
    }
    assert_eq!(told("def f(a):\n    try:\n        g(a)\n    except E:\n        x = h(a)\n        raise\n"), ["5 x"]);
}

#[test]
fn a_match_arm_may_not_be_taken() {
    let text = "def f(a):\n    x = g(a)\n    match a:\n        case 1:\n            x = h(a)\n    return x\n";
    assert_eq!(told(text), Vec::<String>::new());
}

#[test]
fn python_2_statements_read_their_operands() {
    let text = "def f(a):\n    x = g(a)\n    y = h(a)\n    print \"got %s\" % x\n    print >>a, y\n";
    assert_eq!(told(text), Vec::<String>::new());
}

#[test]
fn nothing_is_told_where_text_was_lost() {
    let text = "def f(a):\n    x = g(a)\n    return x +\n";
    assert_eq!(told(text), Vec::<String>::new());
}

#[test]
fn long_values_are_quoted_on_one_line_and_cut() {
    let text = format!("def f(a):\n    x = g(a,\n          'é{}')\n", "ab".repeat(200));
    let (_, found) = read(&text);
    let value = &found.dead_stores[0].value;
    assert!(value.starts_with("g(a, 'é"), "{value}");
    assert_eq!(value.chars().count(), 120);
    assert!(value.ends_with('…'));
    let blanks = format!("def f(a):\n    x = g(a,{}1)\n", "\n".repeat(5_000));
    assert_eq!(read(&blanks).1.dead_stores[0].value, "g(a,…");
}

#[test]
fn deep_and_wide_bodies_end() {
    let mut deep = "def f(a):\n".to_owned();
    for depth in 1..90 {
        deep += &format!("{}for i{depth} in a:\n", " ".repeat(depth));
    }
    deep += &format!("{}use(x)\n{}x = g(a)\n", " ".repeat(90), " ".repeat(90));
    assert_eq!(told(&deep), Vec::<String>::new());

    let mut chain = "def f(a):\n    x = g(a)\n    if a == 0:\n        x = 1\n".to_owned();
    for arm in 1..900 {
        chain += &format!("    elif a == {arm}:\n        y = h(a)\n        x = y\n");
    }
    assert_eq!(told(&(chain.clone() + "    return x\n")), Vec::<String>::new());
    assert_eq!(told(&(chain + "    else:\n        x = 2\n    return x\n")), ["2 x"]);

    let long = format!("def f(a):\n    x = a{}\n    return a\n", ".b".repeat(50_000));
    assert_eq!(told(&long), ["2 x"]);
}

#[test]
fn the_deepest_blocks_fit_a_small_stack() {
    let openers = ["if a:", "for i in a:", "while a():", "try:", "with a():"];
    for depth in [80, 190, 900] {
        let mut text = "def f(a):\n".to_owned();
        let mut closers = String::new();
        for level in 1..=depth {
            let pad = " ".repeat(level);
            let opener = openers[level % openers.len()];
            text += &format!("{pad}{opener}\n");
            if opener == "try:" {
                closers = format!("{pad}finally:\n{pad} b = []\n{pad} b.append(a)\n{closers}");
            }
        }
        text += &format!("{}raise E\n{closers}", " ".repeat(depth + 1));
        let (module, found) = read(&text);
        assert_eq!(module.functions.len(), 2);
        assert!(depth > 80 || !found.dead_stores.is_empty());
    }
}
