"""The same for JavaScript: does a disguise leave the record of its original, and what does the review keep?

    python measure.py SLUICE [--json FILE] [--keep FOLDER]       # needs `node` on the path for the records
"""

import argparse
import json
import random
import shutil
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import folders  # noqa: E402
from transforms import ALL, disguise  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sluice")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.mkdtemp(prefix="disguise-"))
    try:
        return measure(options, folder)
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


def measure(options, folder):
    samples = folders.samples(HERE)
    cases = []
    for name, (behavior, source) in samples.items():
        cases.append((name, None, behavior, folders.write(folder / "before" / name, {"": source})))
        for transform in ALL:
            files = disguise(transform, source, random.Random(f"{transform}:{name}"))
            if files[""] != source:
                cases.append((name, transform, behavior, folders.write(folder / transform / name, files)))
    records = folders.records(HERE / "recorder.js", [case[3] for case in cases])
    before = {case[0]: record for case, record in zip(cases, records) if case[1] is None}
    differ = 0
    for (name, transform, _, _), record in zip(cases, records):
        if transform is None and not record:
            print(f"{name}: the original leaves no record")
            differ += 1
        elif record != before[name]:
            differ += 1
            print(f"{transform} on {name}: {str(before[name])[:150]} became {str(record)[:150]}")
    reviews = folders.reviews(options.sluice, [case[3] for case in cases])
    first = {case[0]: review for case, review in zip(cases, reviews) if case[1] is None}
    rows, lost = defaultdict(lambda: [0] * 6), defaultdict(list)
    for (name, transform, behavior, _), review in zip(cases, reviews):
        if transform is None:
            continue
        row = rows[transform]
        if behavior is None:
            row[4] += review["verdict"] == "malicious" and first[name]["verdict"] != "malicious"
            row[5] += 1
            continue
        if behavior in first[name]["behaviors"]:
            row[0] += behavior in review["behaviors"]
            row[1] += 1
            if behavior not in review["behaviors"]:
                lost[transform].append(name)
        if first[name]["verdict"] == "malicious":
            row[2] += review["verdict"] == "malicious"
            row[3] += 1
    print(f"{'transformation':26} behavior verdict accused")
    for name, row in rows.items():
        print(f"{name:26} {row[0]:>3}/{row[1]:<3}  {row[2]:>3}/{row[3]:<3} {row[4]:>3}/{row[5]:<3} {' '.join(lost[name])}")
    total = [sum(row[i] for row in rows.values()) for i in range(6)]
    print(f"{'all':26} {total[0]}/{total[1]} {total[2]}/{total[3]} {total[4]}/{total[5]}")
    print("not found as they stand:", [n for n, (b, _) in samples.items() if b and b not in first[n]["behaviors"]] or "none")
    print(f"{len(cases)} records, {differ} differ")
    if options.json:
        options.json.write_text(json.dumps({"rows": rows, "lost": lost}, indent=1))
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
