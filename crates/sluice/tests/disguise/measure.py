"""How much of what the program finds survives disguise, and whether it accuses honest modules that are disguised.

    python measure.py SLUICE [--full] [--seed N] [--only NAME,…] [--samples PART] [--chains N] [--json FILE] [--keep FOLDER]
                      [--each SHARE] [--all SHARE] [--accused SHARE]

Every look-alike is reviewed before and after each transformation, and after random pairs and triples of them. A behavior
survives if it is still among those found; a verdict if what was malicious still is. Without `--full` each transformation
gets a sample of the look-alikes. Exit code 1 if a share is below its bar (or, of honest modules called malicious, above).
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from lookalikes import disguised, honest, lookalikes, write
from transforms import ALL, Unfit

BATCH = 100


def review(sluice, targets, jobs):
    """Verdict, behaviors and score of each folder, in the order given."""
    out = []
    for at in range(0, len(targets), BATCH):
        batch = [str(t) for t in targets[at:at + BATCH]]
        done = subprocess.run([sluice, "review", "--format", "jsonl", "--no-progress", "--fail-on", "none", "--jobs", str(jobs), *batch],
                              capture_output=True, text=True)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        if len(lines) != len(batch):
            sys.exit(f"{len(batch)} targets gave {len(lines)} reviews: {done.stderr[-2000:]}")
        out += [{"verdict": r["verdict"], "behaviors": sorted({b["id"] for b in r["behaviors"]}),
                 "malware": r["report"]["malware"], "layers": len(r["layers"])} for r in lines]
        print(f"\r{len(out)}/{len(targets)}", end="", file=sys.stderr)
    print(file=sys.stderr)
    return out


# What reads its own file must be the outermost: inside of another disguise the file is not its own.
LAST = ("file_itself",)


def plan(samples, full, seed, only, chains, share):
    """What is to be reviewed: `(sample, chain)` pairs, a fixed choice for a seed."""
    rng = random.Random(f"plan:{seed}")
    cases = []
    for name, item in ALL.items():
        if only and name not in only:
            continue
        chosen = list(samples)
        if item.heavy and not full:
            chosen = rng.sample(chosen, min(4, len(chosen)))
        elif not full:
            chosen = rng.sample(chosen, min(share, len(chosen)))
        cases += [(s, (name,)) for s in chosen]
    light = sorted(n for n, t in ALL.items() if not t.heavy)
    for _ in range(chains):
        chain = rng.sample(light, rng.choice((2, 3)))
        cases.append((rng.choice(samples), tuple(sorted(chain, key=lambda name: name in LAST))))
    return cases


def key(chain):
    return chain[0] if len(chain) == 1 else ("pairs" if len(chain) == 2 else "triples")


def run(sluice, cases, seed, jobs, folder):
    """Reviews the originals and the disguises. Gives a list of results, one for each case that is fit."""
    originals, places, todo = {}, [], []
    for sample, _ in cases:
        if sample.id not in originals:
            place = folder / "before" / sample.id.replace("/", "_").replace("#", "_")
            write(dict(sample.files), place)
            originals[sample.id] = place
    for number, (sample, chain) in enumerate(cases):
        try:
            files = disguised(sample, chain, seed)
        except Unfit:
            continue
        place = folder / "after" / str(number)
        write(files, place)
        places.append(place)
        todo.append((sample, chain))
    before = dict(zip(originals, review(sluice, list(originals.values()), jobs)))
    after = review(sluice, places, jobs)
    return [{"sample": s.id, "chain": list(c), "expected": s.behavior, "before": before[s.id], "after": a, "folder": str(p)}
            for (s, c), a, p in zip(todo, after, places)]


def judge(result):
    """`(behavior kept, verdict kept)`, each `None` where there was nothing to keep."""
    before, after, expected = result["before"], result["after"], result["expected"]
    behavior = expected in after["behaviors"] if expected in before["behaviors"] else None
    verdict = after["verdict"] == "malicious" if before["verdict"] == "malicious" else None
    return behavior, verdict


def table(results):
    """For each transformation `[kept behaviors, of, kept verdicts, of, accused, of]`."""
    rows = defaultdict(lambda: [0] * 6)
    for result in results:
        row = rows[key(result["chain"])]
        if result["expected"] is None:
            if result["before"]["verdict"] != "malicious":
                row[4] += result["after"]["verdict"] == "malicious"
                row[5] += 1
            continue
        behavior, verdict = judge(result)
        for at, kept in ((0, behavior), (2, verdict)):
            if kept is not None:
                row[at] += kept
                row[at + 1] += 1
    return rows


def percent(kept, of):
    return f"{100 * kept / of:6.1f} %" if of else "       —"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sluice")
    parser.add_argument("--full", action="store_true", help="every transformation on every look-alike and honest module")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--only", help="names of transformations, joined by commas")
    parser.add_argument("--samples", help="only samples whose id contains this")
    parser.add_argument("--share", type=int, default=12, help="look-alikes for each transformation without --full")
    parser.add_argument("--chains", type=int, default=200, help="random pairs and triples")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", type=Path, help="where the single results go")
    parser.add_argument("--keep", type=Path, help="keep the disguised files here")
    parser.add_argument("--each", type=float, default=0.0, help="least share of behaviors and verdicts kept by each transformation")
    parser.add_argument("--all", type=float, default=0.0, help="the same over all of them")
    parser.add_argument("--accused", type=float, default=1.0, help="greatest share of honest modules called malicious")
    options = parser.parse_args()
    only = set(options.only.split(",")) if options.only else None
    folder = options.keep or Path(tempfile.mkdtemp(prefix="disguise-"))
    try:
        results = []
        for kind, samples in (("lookalikes", lookalikes()), ("honest", honest())):
            samples = [s for s in samples if not options.samples or options.samples in s.id]
            if samples:
                cases = plan(samples, options.full, options.seed, only, options.chains if not only else 0, options.share)
                results += run(options.sluice, cases, options.seed, options.jobs, folder / kind)
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    rows = table(results)
    print(f"{'transformation':28} {'behavior':>16} {'verdict':>16} {'honest accused':>16}")
    total, low = [0] * 6, []
    for name in [*ALL, "pairs", "triples"]:
        if name not in rows:
            continue
        row = rows[name]
        if name in ALL:
            total = [a + b for a, b in zip(total, row)]
        print(line(name, row))
        low += [name for at in (0, 2) if row[at + 1] and row[at] / row[at + 1] < options.each]
    print(line("all single ones", total))
    missing = sorted({r["sample"] for r in results if r["expected"] and r["expected"] not in r["before"]["behaviors"]})
    print("not found before any disguise, so not counted:", ", ".join(missing) or "none")
    print("honest but accused before any disguise:", ", ".join(sorted(
        {r["sample"] for r in results if r["expected"] is None and r["before"]["verdict"] == "malicious"})) or "none")
    if options.json:
        options.json.write_text(json.dumps({"rows": rows, "total": total, "results": results}, indent=1))
    fails = [f"{n}: below {options.each}" for n in dict.fromkeys(low)]
    fails += [f"over all: below {options.all}" for at in (0, 2) if total[at + 1] and total[at] / total[at + 1] < options.all]
    if total[5] and total[4] / total[5] > options.accused:
        fails.append(f"honest modules called malicious: above {options.accused}")
    for fail in fails:
        print("BELOW ITS BAR", fail)
    return 1 if fails else 0


def line(name, row):
    cells = [f"{percent(row[i], row[i + 1])} {row[i + 1] and row[i]:>3}/{row[i + 1]:<3}" for i in (0, 2, 4)]
    return f"{name:28} " + " ".join(f"{c:>16}" for c in cells)


if __name__ == "__main__":
    sys.exit(main())
