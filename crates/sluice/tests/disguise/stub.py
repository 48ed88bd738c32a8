"""Holds every transformation to its promise: the original and the disguise leave the same record under `recorder.py`.

    python stub.py [--full] [--seed N] [--only NAME,…] [--show SAMPLE]

Without `--full` each transformation is tried on a sample of the look-alikes and honest modules. Exit code 1 if a record
differs.
"""

import argparse
import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from lookalikes import disguised, honest, lookalikes, write
from transforms import ALL, Unfit


# Programs that leave no record when they are run: what they execute cannot be opened, or they wait for somebody else (an import, a
# question, a token, a caller).
SILENT = ("execution/unopened#", "execution/from-memory#5", "dropper/unasked#8", "exfiltration/environment#9", "exfiltration/intercepted#1", "remote-control/command-loop#8")


class Recorder:
    """The process that runs modules and writes down what they do."""

    def __enter__(self):
        env = {"PATH": os.environ.get("PATH", ""), "PYTHONHASHSEED": "0"}
        self.process = subprocess.Popen([sys.executable, "-I", "-W", "ignore", Path(__file__).with_name("recorder.py")], env=env,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *error):
        self.process.stdin.close()
        self.process.wait(timeout=30)

    def record(self, sample, files, folder):
        write(files, folder)
        case = {"folder": str(folder), "paths": [path for path, _ in sample.files], "when": sample.when, "names": offered(sample)}
        self.process.stdin.write(json.dumps(case) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        shutil.rmtree(folder)
        return answer


def offered(sample):
    """For each file, what is there to be used from outside."""
    if not sample.library:
        return [[] for _ in sample.files]
    kinds = (ast.FunctionDef, ast.ClassDef)
    return [[n.name for n in ast.parse(text).body if isinstance(n, kinds)] for _, text in sample.files]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--only")
    parser.add_argument("--show", help="print the record of this sample")
    parser.add_argument("--sabotage", action="store_true", help="check that the record tells a changed program from its original")
    parser.add_argument("--share", type=int, default=12)
    parser.add_argument("--chains", type=int, default=150)
    options = parser.parse_args()
    samples = lookalikes() + honest()
    folder = Path(tempfile.mkdtemp(prefix="disguise-"))
    wrong, tried = Counter(), Counter()
    try:
        with Recorder() as recorder:
            before = {s.id: recorder.record(s, dict(s.files), folder / "x") for s in samples}
            if options.show:
                print(json.dumps(before[options.show], indent=1))
                return 0
            for name, record in before.items():
                if "broken" in record or not (record["events"] or record["output"] or name.startswith(SILENT)):
                    print(f"{name}: the original leaves no record: {record}")
                    wrong["original"] += 1
            if options.sabotage:
                return sabotage(recorder, samples, before, folder)
            from measure import plan
            only = set(options.only.split(",")) if options.only else None
            for sample, chain in plan(samples, options.full, options.seed, only, options.chains if not only else 0, options.share):
                try:
                    files = disguised(sample, chain, options.seed)
                except Unfit:
                    continue
                tried[chain[0] if len(chain) == 1 else "chains"] += 1
                after = recorder.record(sample, files, folder / "x")
                if after != before[sample.id]:
                    wrong[" + ".join(chain)] += 1
                    if wrong[" + ".join(chain)] <= 2:
                        print(f"{' + '.join(chain)} on {sample.id}: {differs(before[sample.id], after)}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    untried = [n for n in ALL if not tried[n] and not options.only]
    for name in untried:
        print(f"{name}: fits no sample")
    print(f"{sum(tried.values())} disguises by {len(tried)} transformations, {sum(wrong.values())} differ: {dict(wrong)}")
    return 1 if wrong or untried else 0


def sabotage(recorder, samples, before, folder):
    """Changes one thing that each program does, and gives 1 unless the record shows it, but where the made-up world leads past it."""
    failed = False
    changes = {"another address": lambda t: t.replace("example.invalid", "example.test").replace("192.0.2.", "192.0.3."),
               "one call less": lambda t: re.sub(r"(?m)^((?:requests|urllib|subprocess|os)\.\w[\w.]*)\(.*\)$", "pass", t)}
    for what, change in changes.items():
        tried = blind = 0
        for sample in samples:
            files = {path: change(text) for path, text in sample.files}
            if files == dict(sample.files) or sample.id.startswith((*SILENT, "honest/")):
                continue
            tried += 1
            if recorder.record(sample, files, folder / "x") == before[sample.id]:
                print(f"{what}: the record of {sample.id} is the same")
                blind += 1
        print(f"{what}: {tried} programs changed, {blind} changes not seen")
        failed |= tried < 20 or blind * 10 > tried
    return 1 if failed else 0


def differs(before, after):
    """The first place where two records differ."""
    if "broken" in after or "broken" in before:
        return f"{str(before)[:200]} … {str(after)[:300]}"
    for a, b in zip(before["events"] + [None], after["events"] + [None]):
        if a != b:
            return f"{str(a)[:300]} became {str(b)[:300]}"
    return f"output {before['output'][:200]!r} became {after['output'][:200]!r}"


if __name__ == "__main__":
    sys.exit(main())
