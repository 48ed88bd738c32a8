//! What the loader of theme files accepts and refuses.

// Helpers of tests fail like tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use sluice_catalog::Catalog;
use sluice_catalog::load::{LoadError, Reason};

const HEAD: &str = "theme = \"t\"\norigin = \"https://docs.example.invalid/\"\n";

fn load(body: &str) -> Result<Catalog, LoadError> {
    let mut catalog = Catalog::default();
    catalog.load_theme("t.toml", &format!("{HEAD}{body}"))?;
    Ok(catalog)
}

/// The line and reason of a theme whose body starts on line 3.
fn refused(body: &str) -> (u32, Reason) {
    let error = load(body).expect_err("the theme is wrong");
    assert_eq!(error.file, "t.toml");
    (error.line, error.reason)
}

#[test]
fn a_model_has_everything_its_entry_says() {
    let catalog = load(
        r#"
[aliases]
"m.inner.Client" = "m.Client"
[types]
"m.Client" = ["m.Base"]
"m.Base" = []
[[model]]
signature = "m.Client(url, *, key=None)"
args = { url = "network.destination", key = ["credential", "network.send"] }
[[model]]
signatures = ["m.Base.post(self, url, data=None, **kwargs)", "m.Base.put(self, data, /)"]
args = { url = "network.destination", data = "network.send", "**kwargs" = "network.send" }
actions = ["network.request"]
source = "network.response"
from = []
into = { self = ["data"] }
result = "str"
[[attribute]]
symbols = ["m.here", "m.there"]
source = "environment"
guard = "environment"
value = "x"
[[presumption]]
methods = ["send", "emit"]
when = { "0" = ["get", "http*"], "body" = [] }
external_base = true
args = { "*" = "network.send" }
reason = "its name says so"
"#,
    )
    .unwrap();
    let class = catalog.model("m.Client").unwrap();
    assert_eq!(class.result.as_deref(), Some("m.Client"), "a constructor yields its class");
    assert_eq!(class.roles("key"), ["credential", "network.send"]);
    assert!(class.params[1].named_only && class.params[1].optional);
    let post = catalog.model(&catalog.canonical("m.inner.Client.post")).unwrap();
    assert_eq!(post.symbol, "m.Base.post", "a method of the base, through an alias of the class");
    assert_eq!(post.roles("kwargs"), ["network.send"]);
    assert_eq!(post.from.as_deref(), Some(&[][..]));
    assert_eq!(post.into["self"], ["data"]);
    assert_eq!(post.source.as_deref(), Some("network.response"));
    let put = catalog.model("m.Base.put").unwrap();
    assert_eq!(put.args.keys().collect::<Vec<_>>(), ["data"], "roles of parameters that it lacks are left out");
    assert_eq!(catalog.attribute("m.there").unwrap().value.as_deref(), Some("x"));
    assert_eq!(catalog.presumptions("emit").len(), 1);
    let when = &catalog.presumptions("send")[0].when;
    let fits = sluice_catalog::Presumption::fits;
    assert!(fits(&when["0"], Some("GET")) && fits(&when["0"], Some("https://x")) && !fits(&when["0"], Some("gets")));
    assert!(!fits(&when["0"], None) && fits(&when["body"], None));
    assert!(catalog.knows_type("m.Base") && !catalog.knows_type("m.inner"));
}

#[test]
fn what_is_no_toml_is_refused() {
    let (line, reason) = refused("[aliases]\nx = = 1\n");
    assert_eq!(line, 4);
    assert!(matches!(reason, Reason::Syntax(_)));
}

#[test]
fn unknown_keys_are_refused() {
    let key = |body| match refused(body) {
        (line, Reason::UnknownKey { key, .. }) => (line, key),
        other => panic!("{other:?}"),
    };
    assert_eq!(key("colour = 1\n"), (3, "colour".to_owned()));
    assert_eq!(key("[[model]]\nsignature = \"f()\"\nsink = 1\n"), (5, "sink".to_owned()));
    assert_eq!(key("[[attribute]]\nsymbol = \"a\"\nargs = {}\n"), (5, "args".to_owned()));
    assert_eq!(key("[[presumption]]\nmethod = \"a\"\nreason = \"r\"\nsource = \"file\"\n"), (6, "source".to_owned()));
}

#[test]
fn values_of_the_wrong_type_and_missing_keys_are_refused() {
    assert_eq!(
        refused("[[model]]\nsignature = \"f()\"\npure = \"yes\"\n"),
        (5, Reason::WrongType { key: "pure".to_owned(), expected: "true or false" })
    );
    assert_eq!(refused("[[model]]\npure = true\n"), (3, Reason::Missing("signature")));
    assert_eq!(refused("[[presumption]]\nmethod = \"send\"\n"), (3, Reason::Missing("reason")));
    let error = Catalog::default().load_theme("t.toml", "theme = \"t\"\n").expect_err("no origin");
    assert_eq!(error.reason, Reason::Missing("origin"));
}

#[test]
fn a_theme_is_named_like_its_file() {
    let error = Catalog::default().load_theme("other.toml", HEAD).expect_err("the names differ");
    assert_eq!((error.line, error.reason), (1, Reason::Name { theme: "t".to_owned() }));
}

#[test]
fn names_outside_of_the_closed_lists_are_refused() {
    let entry = |line: &str| refused(&format!("[[model]]\nsignature = \"f(x)\"\n{line}\n"));
    assert_eq!(entry("source = \"moon\""), (5, Reason::UnknownSource("moon".to_owned())));
    assert_eq!(entry("actions = [\n\"log\",\n\"fly\"]"), (7, Reason::UnknownAction("fly".to_owned())));
    assert_eq!(entry("args = { x = [\"log\", \"wing\"] }"), (5, Reason::UnknownRole("wing".to_owned())));
    assert_eq!(entry("guard = \"mood\""), (5, Reason::UnknownGuard("mood".to_owned())));
}

#[test]
fn names_that_are_no_parameter_are_refused() {
    for line in ["args = { y = \"log\" }", "from = [\"y\"]", "into = { x = [\"y\"] }", "calls = { y = [\"x\"] }"] {
        let (at, reason) = refused(&format!("[[model]]\nsignature = \"f(x)\"\n{line}\n"));
        assert_eq!(at, 5);
        assert_eq!(
            reason,
            Reason::UnknownParameter { parameter: "y".to_owned(), signature: "f(x)".to_owned() },
            "{line}"
        );
    }
    let (_, reason) = refused("[[model]]\nsignature = \"f(**x)\"\nargs = { \"*x\" = \"log\" }\n");
    assert!(matches!(reason, Reason::UnknownParameter { .. }), "one star for two");
    assert!(load("[[model]]\nsignature = \"f(**x)\"\nargs = { x = \"log\" }\n").is_ok(), "stars may be left out");
}

#[test]
fn a_wrong_signature_is_refused() {
    let (line, reason) = refused("[[model]]\nsignatures = [\n\"f(x)\",\n\"g(x\"]\n");
    assert_eq!(line, 6);
    assert!(matches!(reason, Reason::Signature { .. }));
}

#[test]
fn a_symbol_is_modelled_once() {
    let twice = "[[model]]\nsignature = \"a.f()\"\n[[model]]\nsignature = \"a.f(x)\"\n";
    assert_eq!(refused(twice), (6, Reason::Duplicate("a.f".to_owned())));
    let mixed = "[[model]]\nsignature = \"a.f()\"\n[[attribute]]\nsymbol = \"a.f\"\n";
    assert_eq!(refused(mixed), (6, Reason::Duplicate("a.f".to_owned())));

    let mut catalog = load("[[model]]\nsignature = \"a.f()\"\n").unwrap();
    let other = "theme = \"u\"\norigin = \"https://docs.example.invalid/\"\n[[model]]\nsignature = \"a.f()\"\n";
    let error = catalog.load_theme("u.toml", other).expect_err("the symbol is in theme t");
    assert_eq!((error.line, error.reason), (4, Reason::Duplicate("a.f".to_owned())));
}

#[test]
fn an_alias_ends_at_a_symbol() {
    for body in [
        "[aliases]\n\"a\" = \"b\"\n\"b\" = \"a\"\n",
        "[aliases]\n\"a\" = \"a\"\n",
        "[aliases]\n\"a\" = \"a.b\"\n",
        "[aliases]\n\"a\" = \"b.c\"\n\"b\" = \"a.d\"\n",
    ] {
        let (line, reason) = refused(body);
        assert_eq!((line, reason), (4, Reason::AliasCycle("a".to_owned())), "{body}");
    }
    let mut catalog = load("[aliases]\n\"a\" = \"b\"\n").unwrap();
    let other = "theme = \"u\"\norigin = \"https://docs.example.invalid/\"\n[aliases]\n\"b\" = \"a\"\n";
    let error = catalog.load_theme("u.toml", other).expect_err("a cycle over two themes");
    assert_eq!(error.reason, Reason::AliasCycle("b".to_owned()));
    assert_eq!(catalog.canonical("a.x"), "b.x", "the refused theme left nothing behind");
}

#[test]
fn the_error_reads_like_a_compiler_s() {
    let error = load("[[model]]\nsignature = \"f()\"\nsource = \"moon\"\n").expect_err("no such source");
    assert_eq!(error.to_string(), "t.toml:5: unknown kind of source `moon`");
}

#[test]
fn a_language_without_themes_is_an_error() {
    let error = Catalog::embedded("klingon").expect_err("no themes");
    assert_eq!(error.reason, Reason::NoLanguage("klingon".to_owned()));
}
