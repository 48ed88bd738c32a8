use super::*;

const GOOD: &str = r#"+++
title = "Reads and sends"
stance = "malicious"
specificity = 0.9
severity = 0.8
sentence = "It sends `{send.source.name}` with `{send.symbol}()` ({send.line})."
advice = "Do not install it."

[[rule]]
[[rule.step]]
name = "connect"
event = "network.connect"
bind = { self = "socket" }

[[rule.step]]
name = "send"
source = ["environment"]
sink = ["network.send"]
bind = { self = "socket" }
after = "connect"
with.destination = { is = "destination/raw-address" }
+++
What it is.

## What honest code does
Something else.

## How to tell
Look.

## Where it was seen
In reports.

```python found: it sends
send()
```
```python file=setup.py when=install harmless: it keeps
keep()
```
```python more file=other.py
more()
```
```python harmless: it drops
drop()
```
```python harmless: it asks
ask()
```
"#;

fn classes() -> Classes {
    Classes::embedded().unwrap()
}

fn fails(from: &str, to: &str) -> PageError {
    let text = GOOD.replacen(from, to, 1);
    assert_ne!(text, GOOD, "the replacement must change something");
    parse("family/name", &text, &classes()).unwrap_err()
}

fn line_of(needle: &str) -> u32 {
    u32::try_from(GOOD.lines().position(|line| line.contains(needle)).unwrap()).unwrap() + 1
}

#[test]
fn a_page_is_rule_explanation_and_examples() {
    let behavior = parse("family/name", GOOD, &classes()).unwrap();
    assert_eq!(behavior.id, "family/name");
    assert_eq!(behavior.family(), "family");
    let rule = &behavior.rules[0];
    assert_eq!(rule.steps.len(), 2);
    assert_eq!(rule.steps[1].bind["self"], "socket");
    assert_eq!(rule.steps[1].with[0].is, ["destination/raw-address"]);
    let examples = behavior.examples();
    assert_eq!(examples.len(), 4);
    assert_eq!(examples[0].expectation, Expectation::Found);
    assert_eq!(examples[0].files[0].code, "send()\n");
    assert_eq!(examples[0].line, line_of("```python found"));
    assert_eq!(examples[1].files.len(), 2);
    assert_eq!(examples[1].files[0].when.as_deref(), Some("install"));
    assert_eq!(examples[1].files[1].path, "other.py");
    let text = behavior.explanation();
    assert!(text.starts_with("What it is.") && text.ends_with("In reports."), "{text}");
}

#[test]
fn an_error_names_file_line_and_reason() {
    let error = fails("event = \"network.connect\"", "event = \"network.conect\"");
    assert_eq!(error.line, line_of("event = "));
    assert_eq!(error.to_string(), "family/name.md:12: unknown action or sink kind `network.conect`");
}

#[test]
fn unknown_names_are_refused() {
    for (from, to, reason) in [
        ("severity = 0.8", "severity = 0.8\nharm = 1", "unknown field `harm`"),
        ("source = [\"environment\"]", "source = [\"environ\"]", "unknown source kind `environ`"),
        ("sink = [\"network.send\"]", "sink = [\"network\"]", "unknown sink kind `network`"),
        ("bind = { self =", "bind = { me =", "unknown role `me`"),
        ("with.destination", "with.target", "unknown role `target`"),
        ("destination/raw-address", "destination/raw", "unknown class of values `destination/raw`"),
        ("after = \"connect\"", "after = \"send\"", "no earlier step"),
        ("after = \"connect\"", "near = \"listen\"", "no earlier step"),
        ("after = \"connect\"", "entry = \"boot\"", "unknown entry point `boot`"),
        ("after = \"connect\"", "guard = \"moon\"", "unknown guard `moon`"),
        ("stance = \"malicious\"", "stance = \"bad\"", "unknown variant `bad`"),
        ("{send.line}", "{send.lines}", "unknown placeholder `send.lines`"),
        ("{send.line}", "{sent.line}", "a step `sent` that the rule does not have"),
        ("specificity = 0.9", "specificity = 9", "between 0 and 1"),
        ("```python found: it sends", "```python finds: it sends", "unknown word `finds`"),
        ("```python found: it sends", "```python found", "needs a reason"),
        ("when=install", "when=later", "unknown word `when=later`"),
    ] {
        let error = fails(from, to);
        assert!(error.reason.contains(reason), "{to}: {error}");
    }
}

#[test]
fn a_rule_must_hold_together() {
    let once = fails("bind = { self = \"socket\" }", "");
    assert!(once.reason.contains("variable `socket` is bound only once"), "{once}");
    let twice = fails("name = \"send\"", "name = \"connect\"");
    assert!(twice.reason.contains("two steps are named `connect`"), "{twice}");
    let half = fails("sink = [\"network.send\"]\n", "");
    assert!(half.reason.contains("names both"), "{half}");
    let nothing = fails("event = \"network.connect\"\n", "");
    assert!(nothing.reason.contains("names a path"), "{nothing}");
    let wrong_role =
        fails("bind = { self = \"socket\" }", "bind = { self = \"socket\", \"source:self\" = \"socket\" }");
    assert!(wrong_role.reason.contains("for steps over a path"), "{wrong_role}");
    let pattern = fails("{ is = \"destination/raw-address\" }", "{ matches = '(unclosed' }");
    assert!(pattern.reason.contains("not a regular expression"), "{pattern}");
    assert_eq!(pattern.line, line_of("with.destination"));
}

#[test]
fn a_page_needs_its_parts() {
    for (from, to, reason) in [
        ("+++\ntitle", "title", "must start with front matter"),
        ("```python harmless: it asks\nask()\n```\n", "", "three harmless examples"),
        ("python found:", "python harmless:", "in which the behavior is found"),
        ("## How to tell", "## How", "lacks `## How to tell`"),
        ("## Where it was seen", "## Seen", "lacks `## Where it was seen`"),
        ("ask()\n```\n", "ask()\n", "not closed"),
    ] {
        let error = fails(from, to);
        assert!(error.reason.contains(reason), "{from}: {error}");
    }
}

#[test]
fn pages_on_disk_hold_and_are_the_embedded_ones() {
    let classes = classes();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("behaviors");
    let mut read = Vec::new();
    for family in std::fs::read_dir(root).unwrap() {
        let family = family.unwrap();
        for page in std::fs::read_dir(family.path()).unwrap() {
            let page = page.unwrap();
            let name = page.file_name().into_string().unwrap();
            let id = format!("{}/{}", family.file_name().to_str().unwrap(), name.strip_suffix(".md").unwrap());
            match parse(&id, &std::fs::read_to_string(page.path()).unwrap(), &classes) {
                Ok(behavior) => read.push((id, behavior.explanation(), behavior.examples().len())),
                Err(error) => panic!("{error}"),
            }
        }
    }
    read.sort();
    let shipped = embedded(&classes).unwrap();
    let shipped: Vec<_> =
        shipped.iter().map(|page| (page.id.to_string(), page.explanation(), page.examples().len())).collect();
    assert_eq!(read, shipped);
}
