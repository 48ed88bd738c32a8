//! Which scripts of a page are read.

use super::*;

/// Statements that are not only the sign in front of a script.
fn statements(module: &Module) -> usize {
    let body = module.functions.first().map(|body| body.body.as_slice()).unwrap_or_default();
    body.iter().filter(|stmt| !matches!(stmt.kind, crate::ir::StmtKind::Pass)).count()
}

fn code(path: &str, text: &str) -> String {
    only(text, &found(path, text).scripts)
}

/// The text of the statements that a page comes to.
fn code_read(path: &str, text: &str) -> String {
    let module = crate::parse(path, text, Language::Page);
    let body = module.functions.first().map(|body| body.body.as_slice()).unwrap_or_default();
    body.iter().map(|stmt| module.slice(stmt.span)).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_scripts_of_a_page_stand_where_they_stood() {
    let text = "<!doctype html>\r\n<body onload=\"go(1)\">é<!-- <script>no()</script> -->\n<script>\r\n  a(\"</p>\")\n</script><script type=\"application/json\">{}</script>\n<script src=\"x.js\">no()</script><script type=module>b()</script>";
    let page = code("a.html", text);
    assert_eq!(page.len(), text.len());
    let module = crate::parse("a.html", text, Language::Page);
    assert_eq!(module.line_starts, Module::find_line_starts(text));
    let words: Vec<&str> = page.split_whitespace().collect();
    assert_eq!(words, [";go(1)", ";", "a(\"</p>\")", ";b()"]);
    for word in ["go(1)", "a(\"</p>\")", "b()"] {
        assert_eq!(page.find(word), text.find(word), "{word}");
    }
}

#[test]
fn the_script_of_a_component_is_typed() {
    let text =
        "<template><p v-if=\"a < b\">x</p></template>\n<script setup lang=\"ts\">\nconst a: string = 'x';\n</script>";
    let module = crate::parse("a.vue", text, Language::Page);
    assert!(module.diagnostics.is_empty(), "{:?}", module.diagnostics);
    assert_eq!(module.language, Language::Page);
    assert_eq!(statements(&module), 1);
    let odd = "{#if a <b}\n{/if}\n<script>\nsend();\n</script>";
    assert!(code("a.svelte", odd).contains("send();"));
}

#[test]
fn a_script_that_is_none_does_not_hide_the_others() {
    let text = "<script>}{</script><script>send();</script>";
    let module = crate::parse("a.html", text, Language::Page);
    assert_eq!(statements(&module), 1);
    let lost: Vec<u32> = module.diagnostics.iter().filter(|found| found.lost).map(|found| found.span.start).collect();
    assert_eq!(lost, [8]);
}

/// What one script leaves open is not closed by the next: a browser drops it.
#[test]
fn a_script_is_read_by_itself() {
    for text in [
        "<script>/*</script><script>send();</script><script>*/</script>",
        "<script>a=`</script><script>send();</script><script>`</script>",
        "<script>if(0){</script><script>send();</script><script>}</script>",
        "<script>a() // x</script><script>send();</script>",
        "<script>}</script>\n<script>let a = 0;</script><script>send();</script>",
    ] {
        assert!(code_read("a.html", text).contains("send()"), "{text}");
    }
}

#[test]
fn what_happens_runs_the_code_of_attributes() {
    for text in [
        "<body onload=\"if(1){send()}\">",
        "<body onload=\"send();return\">",
        "<a onclick='return send()'>x</a>",
        "<body onload=\"1&&send();\">",
        "<body onload=send(atob('eA=='))>",
        "<iframe src=\"javascript:send()\"></iframe>",
    ] {
        assert!(code_read("a.html", text).contains("send("), "{text}");
    }
    let module = crate::parse("a.html", "<body onload=\"send&#40;1)\">", Language::Page);
    assert!(module.diagnostics.iter().any(|found| found.lost), "{:?}", module.diagnostics);
    for text in ["<my-el only=\"some thing else\" one='1 2 3'>", "<a href=\"https://x.example.invalid/\">", "<p on>"] {
        let module = crate::parse("a.html", text, Language::Page);
        assert!(module.diagnostics.is_empty() && statements(&module) == 0, "{text}: {:?}", module.diagnostics);
    }
}

#[test]
fn hostile_pages_are_bounded() {
    let nested = format!("<script>{}</script><script>send();</script>", "[".repeat(200_000));
    let module = crate::parse("a.html", &nested, Language::Page);
    assert_eq!(statements(&module), 1);
    let many = "<script>}</script>".repeat(50_000);
    assert!(crate::parse("a.html", &many, Language::Page).diagnostics.iter().any(|found| found.lost));
    let open = "<script>".repeat(50_000) + &"<p a=".repeat(50_000);
    assert_eq!(statements(&crate::parse("a.svelte", &open, Language::Page)), 0);
    assert!(crate::parse("a.html", "", Language::Page).diagnostics.is_empty());
    let lines = format!("{}<script>\n{}", "<script>a()</script>".repeat(20_000), "<script\n".repeat(20_000));
    assert_eq!(crate::parse("a.svelte", &lines, Language::Page).line_starts.len(), 20_002);
}

/// What is text in HTML is markup in a drawing: the scripts that a browser runs are found, and no other.
#[test]
fn the_scripts_of_a_drawing_are_those_that_run() {
    let runs = "<script>send()</script>";
    for (path, page) in [
        ("a.svg", format!("<svg><style>{runs}</style></svg>")),
        ("a.svg", format!("<svg><style/>{runs}</svg>")),
        ("a.svg", format!("<svg><script/><g/>{runs}</svg>")),
        ("a.svg", format!("<?xml version='1.0'?><?x ><!-- ?><svg>{runs}</svg>")),
        ("a.svg", format!("<!DOCTYPE svg [ <!ENTITY a \"http://a.example.invalid/\"> ]><svg>{runs}</svg>")),
        ("a.svg", "<svg:svg><svg:script><![CDATA[ send() ]]></svg:script></svg:svg>".to_owned()),
        ("a.svg", "<svg><script src='x'>\n// <![CDATA[\nsend()\n// ]]>\n</script></svg>".to_owned()),
        ("a.svg", "<svg><animate onbegin='send()'/></svg>".to_owned()),
        ("a.svg", "<svg><a xlink:href='javascript:send()'>x</a></svg>".to_owned()),
        ("a.xhtml", format!("<html><head><title/><script src='a.js'/></head><body>{runs}</body></html>")),
        ("a.html", format!("<svg><style>{runs}</style></svg>")),
        ("a.html", format!("<svg><style/></svg>{runs}")),
        ("a.html", format!("<svg><title><!--</title><plaintext>--></title></svg>{runs}")),
        ("a.html", format!("<svg><![CDATA[><!--]]>{runs}</svg>")),
        ("a.html", "<svg><script><![CDATA[ send() ]]></script></svg>".to_owned()),
        ("a.html", format!("<svg><g></g></svg><style><!--</style>{runs}")),
        ("a.html", format!("<noframes><!--</noframes>{runs}-->")),
        ("a.html", "<script src=x onerror='send()'></script>".to_owned()),
        ("a.vue", format!("<template><iframe src='x' /><title /></template>\n{runs}")),
        ("a.astro", format!("---\nconst a: string = 'x';\nreturn;\n---\n<p>{{1 <b}}</p>\n{runs}")),
    ] {
        let module = crate::parse(path, &page, Language::Page);
        assert!(module.diagnostics.is_empty(), "{path} {page}: {:?}", module.diagnostics);
        assert!(code_read(path, &page).contains("send()"), "{path} {page}: {}", code(path, &page));
    }
    for (path, page) in [
        ("a.svg", format!("<svg><!-- <style> {runs} --></svg>")),
        ("a.svg", format!("<svg><![CDATA[ {runs} ]]></svg>")),
        ("a.svg", "<svg><script type='application/json'>{\"a\": 1}</script></svg>".to_owned()),
        ("a.html", format!("<style>{runs}</style>")),
        ("a.html", format!("<svg></svg><style>{runs}</style>")),
        ("a.html", "<svg><style>.a{fill:red}</style><title>A</title></svg><p>x</p>".to_owned()),
        ("a.html", "<svg><p>a</p><style>.a{fill:red}</style></svg>".to_owned()),
        ("a.html", "<select><option>a</select><textarea><b>x</b></textarea>".to_owned()),
    ] {
        let module = crate::parse(path, &page, Language::Page);
        assert!(module.diagnostics.is_empty(), "{path} {page}: {:?}", module.diagnostics);
        assert_eq!(statements(&module), 0, "{path} {page}: {}", code(path, &page));
    }
}

/// What may be run and is not read is told.
#[test]
fn what_a_page_may_run_in_another_reading_is_told() {
    for (path, page) in [
        ("a.html", "<svg><a><svg></a></svg><style><!--</style><script>send()</script>"),
        ("a.html", "<svg><desc><b></desc></svg><title><script>send()</script></title>"),
        ("a.html", "<select><xmp><script>send()</script></xmp>"),
        ("a.html", "<svg><script>send&#40;)</script></svg>"),
        ("a.svg", "<svg><script>if (a &lt; b) send()</script></svg>"),
        ("a.svg", "<!DOCTYPE svg [ <!ENTITY a \"<script>send()</script>\"> ]><svg>&a;</svg>"),
        ("a.astro", "---\n/*\n---\n*/ send()\n---\n"),
    ] {
        let module = crate::parse(path, page, Language::Page);
        assert!(module.diagnostics.iter().any(|found| found.lost), "{path} {page}: {}", code(path, page));
    }
    let begin = "<p>{#if a <b}</p>\n";
    let many = begin.to_owned() + &"<script\n>a()</script>\n{#if a <b}\n".repeat(200);
    let module = crate::parse("a.svelte", &many, Language::Page);
    let told = module.diagnostics.iter().any(|found| found.message.contains("the rest is not read"));
    assert!(told || code_read("a.svelte", &many).matches("a()").count() == 200, "{:?}", module.diagnostics);
}
