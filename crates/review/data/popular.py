#!/usr/bin/env python3
"""Rebuilds a list of the most downloaded packages of an index, the most downloaded one first.

    popular.py pypi RANKS.tsv >popular-pypi.txt
    popular.py npm DOWNLOADS.tsv >popular-npm.txt

RANKS.tsv has a name in the first column and, in the column whose heading begins with "rank", its rank; DOWNLOADS.tsv
has the number of downloads in the column whose heading begins with "downloads". The published list of the 15,000 most
downloaded packages of the Python index, or the counts of the npm registry's own interface, give either in one step.
"""

import csv
import re
import sys

MOST = 4000


def main():
    index, path = sys.argv[1:3]
    with open(path, encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        heading = next(rows)
        column = next(i for i, name in enumerate(heading) if name.startswith(("rank", "downloads")))
        sign = 1 if heading[column].startswith("rank") else -1
        ranked = []
        for row in rows:
            if len(row) > column and row[column].isdigit():
                name = row[0].lower()
                if index == "pypi":
                    name = re.sub(r"[-_.]+", "-", name)
                ranked.append((sign * int(row[column]), name))
    ranked.sort()
    names = list(dict.fromkeys(name for _, name in ranked))[:MOST]
    print(f"# The {len(names)} most downloaded packages of the index {index}, the most downloaded one first.")
    print("# Names only; rebuilt by popular.py beside this file from public download counts of November 2026.")
    print("\n".join(names))


if __name__ == "__main__":
    main()
