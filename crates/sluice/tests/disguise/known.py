"""A fixed small part of the suite against the list of known misses: `known-misses.tsv`.

    python known.py SLUICE [--write]

Each transformation is applied to a few look-alikes and honest modules. The exit code is 1 if something is missed that is
not listed, if something listed is found now, or if a row has no reason. `--write` brings the list up to date and keeps
the reasons that it has.

A row: the transformation, what is wrong (`behavior` or `verdict` lost, or `accused`), on which samples, and why.
"""

import argparse
import shutil
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from lookalikes import honest, lookalikes
from measure import judge, run
from transforms import ALL

LIST = Path(__file__).with_name("known-misses.tsv")
CHOSEN = ["own/dropper_class", "own/environment_thread", "own/install_hook", "own/downloaded_code"]
HONEST = ["honest/api_client", "honest/tokenizer"]
UNTOLD = "?"


def wrong(sluice, jobs):
    """What is wrong now: `{(transformation, kind): {samples}}`, and what is not found before any disguise."""
    samples = {s.id: s for s in lookalikes() + honest()}
    cases = []
    for name, item in ALL.items():
        chosen = CHOSEN[:1] + HONEST[:1] if item.heavy else CHOSEN + HONEST
        cases += [(samples[i], (name,)) for i in chosen]
    folder = Path(tempfile.mkdtemp(prefix="disguise-"))
    try:
        results = run(sluice, cases, "known", jobs, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    found, broken = defaultdict(set), set()
    for result in results:
        name, sample = result["chain"][0], result["sample"]
        if result["expected"] is None:
            if result["before"]["verdict"] == "malicious":
                broken.add(f"{sample} is accused as it stands")
            elif result["after"]["verdict"] == "malicious":
                found[name, "accused"].add(sample)
            continue
        behavior, verdict = judge(result)
        if behavior is None or verdict is None:
            broken.add(f"{sample} is not found as it stands")
        if behavior is False:
            found[name, "behavior"].add(sample)
        if verdict is False:
            found[name, "verdict"].add(sample)
    return found, sorted(broken), len(results)


def read():
    """The list: `{(transformation, kind): ({samples}, reason)}`."""
    rows = {}
    for line in LIST.read_text().splitlines()[1:]:
        name, kind, samples, reason = line.split("\t")
        rows[name, kind] = (set(samples.split(",")), reason)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sluice")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    found, broken, count = wrong(options.sluice, options.jobs)
    listed = read() if LIST.exists() else {}
    if options.write:
        order = {name: i for i, name in enumerate(ALL)}
        reasons = {name: reason for (name, _), (_, reason) in listed.items()}
        lines = ["transformation\tkind\tsamples\treason"]
        for name, kind in sorted(found, key=lambda k: (order[k[0]], k[1])):
            reason = listed.get((name, kind), (None, reasons.get(name, UNTOLD) if kind != "accused" else UNTOLD))[1]
            lines.append("\t".join((name, kind, ",".join(sorted(found[name, kind])), reason)))
        LIST.write_text("\n".join(lines) + "\n")
        listed = read()
    faults = list(broken)
    for name, kind in sorted(set(found) | set(listed)):
        now, (then, reason) = found.get((name, kind), set()), listed.get((name, kind), (set(), "-"))
        faults += [f"{name}: {kind} of {sample} is missed and not listed" if kind != "accused" else f"{name}: {sample} is accused, and not listed"
                   for sample in sorted(now - then)]
        faults += [f"{name}: {kind} of {sample} is listed, and right now: take it out (known.py --write)" for sample in sorted(then - now)]
        if reason in ("", UNTOLD):
            faults.append(f"{name}: {kind} has no reason in {LIST.name}")
    print(f"{count} disguises, {sum(map(len, found.values()))} wrong, {len(faults)} faults")
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
