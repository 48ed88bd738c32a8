"""Fixtures, folders, records and reviews of the JavaScript part."""

import json
import re
import subprocess

MANIFEST = {"name": "example-pkg", "version": "1.0.0", "main": "index.js", "scripts": {"postinstall": "node index.js"}}


def samples(here):
    """`{name: (behavior or None, source)}`."""
    out = {}
    for path in sorted((here / "lookalikes").glob("*.js")):
        text = path.read_text()
        match = re.match(r"// behavior: (\S+)\n", text)
        out[path.stem] = (match[1], text[match.end():])
    out |= {"honest-" + path.stem: (None, path.read_text()) for path in sorted((here / "honest").glob("*.js"))}
    return out


def write(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text(json.dumps(MANIFEST))
    for name, text in files.items():
        (folder / (name or "index.js")).write_text(text)
    return folder


def records(recorder, folders):
    """What each `index.js` does under the recorder."""
    lines = "".join(json.dumps({"folder": str(f), "file": "index.js"}) + "\n" for f in folders)
    out = subprocess.run(["node", "--no-warnings", recorder], input=lines, capture_output=True, text=True, timeout=300)
    answers = [json.loads(line) for line in out.stdout.splitlines()]
    if len(answers) != len(folders):
        raise SystemExit(f"{len(folders)} cases gave {len(answers)} records: {out.stderr[-1500:]}")
    return answers


def reviews(sluice, folders):
    out = []
    for at in range(0, len(folders), 100):
        batch = [str(f) for f in folders[at:at + 100]]
        done = subprocess.run([sluice, "review", "--format", "jsonl", "--no-progress", "--fail-on", "none", *batch], capture_output=True, text=True)
        for line in done.stdout.splitlines():
            review = json.loads(line)
            out.append({"verdict": review["verdict"], "behaviors": {b["id"] for b in review["behaviors"]}})
    if len(out) != len(folders):
        raise SystemExit("a review is missing")
    return out
