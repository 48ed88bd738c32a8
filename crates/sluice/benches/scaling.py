#!/usr/bin/env python3
"""How time and memory grow with the size of what is reviewed.

    crates/sluice/benches/scaling.py [--binary target/release/sluice] [--modules 100,1000,10000] [--bytes 100000,…]

Generates packages of so many modules, which import and call each other, and single files of so many bytes, has the
binary review each, and prints time, peak memory and the exponent of the line through the logarithms: 1 is linear.
Peak memory is that of the largest process, above what an empty file takes.
"""

import argparse
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parents[3]

MODULE = '''"""Part {number} of the package."""

import json
import os
{imports}

LIMIT_{number} = {number}


class Store{number}:
    """Keeps values under names."""

    def __init__(self, folder, name="part{number}"):
        self.path = os.path.join(folder, name)
        self.values = {{}}

    def put(self, key, value):
        if len(self.values) >= LIMIT_{number}:
            raise ValueError("more than {number} values")
        self.values[key] = value
        return self

    def save(self):
        with open(self.path, "w") as file:
            file.write(json.dumps(self.values))


def combine_{number}(first, second, *rest):
    result = [first, second]
    for item in rest:
        result.append(item if item is not None else LIMIT_{number})
    return {{"items": result, "count": len(result), "name": "part{number}"}}


def run_{number}(folder):
    store = Store{number}(folder)
    for index, word in enumerate(["one", "two", "three"]):
        store.put(word, combine_{number}(index, word, {call}))
    store.save()
    return store
'''


def module(number: int, others: list[int], package: str) -> str:
    imports = "\n".join(f"from {package}.part{other} import combine_{other}" for other in others)
    call = ", ".join(f"combine_{other}(1, 2)" for other in others) or "None"
    return MODULE.format(number=number, imports=imports, call=call)


def write_package(folder: pathlib.Path, count: int) -> None:
    (folder / "setup.py").write_text('from setuptools import setup\n\nsetup(name="parts", packages=["parts"])\n')
    inside = folder / "parts"
    inside.mkdir()
    (inside / "__init__.py").write_text("from parts.part0 import run_0\n")
    for number in range(count):
        # Two modules before it and one behind it, so that some imports are circular.
        others = sorted({max(number - 1, 0), number // 2, min(number + 1, count - 1)} - {number})
        (inside / f"part{number}.py").write_text(module(number, others, "parts"))


def write_file(path: pathlib.Path, size: int) -> None:
    parts, length, number = [], 0, 0
    while length < size:
        text = module(number, [], "parts").split("\n", 1)[1]
        parts.append(text)
        length += len(text)
        number += 1
    path.write_text("".join(parts)[:size].rsplit("\n\n\n", 1)[0] + "\n")


def summary(path: pathlib.Path) -> str:
    """What the review in a file says of its coverage."""
    review = json.loads(path.read_bytes())
    return f"{review['verdict']}, {review['coverage']['files']} files"


def measure(binary: pathlib.Path, target: pathlib.Path, output: pathlib.Path) -> tuple[float, float]:
    """Seconds, and MiB of the largest process."""
    command = [binary, "review", target, "--format", "json", "--jobs", "1"]
    with output.open("wb") as file:
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
    # 3 is inconclusive: a limit ended the reading, which is told in the last column.
    code = process.returncode = os.waitstatus_to_exitcode(status)
    if code not in (0, 3):
        sys.exit(f"{binary} ended with {code} on {target}")
    return seconds, usage.ru_maxrss / 1024


def exponent(points: list[tuple[float, float]]) -> float:
    """The slope of the line through the logarithms of the points that are above zero."""
    points = [(math.log(x), math.log(y)) for x, y in points if y > 0]
    if len(points) < 2:
        return math.nan
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)


def main() -> None:
    numbers = lambda text: [int(number) for number in text.split(",") if number]  # noqa: E731
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "target/release/sluice")
    parser.add_argument("--modules", type=numbers, default=[100, 1_000, 10_000])
    parser.add_argument("--bytes", type=numbers, default=[100_000, 1_000_000, 10_000_000])
    chosen = parser.parse_args()
    # Files are made, and answers read, in a process aside: a new process starts with the peak of the one that made it.
    with tempfile.TemporaryDirectory() as place, ProcessPoolExecutor(max_workers=1) as aside:
        output = pathlib.Path(place) / "review.json"
        empty = pathlib.Path(place) / "empty.py"
        empty.write_text("")
        base_seconds, base_memory = measure(chosen.binary, empty, output)
        print(f"nothing: {base_seconds:.2f} s, {base_memory:.0f} MiB")
        for what, sizes in (("modules", chosen.modules), ("bytes", chosen.bytes)):
            times, memories = [], []
            for size in sizes:
                target = pathlib.Path(place) / f"{what}{size}"
                if what == "modules":
                    target.mkdir()
                    aside.submit(write_package, target, size).result()
                else:
                    target = target.with_suffix(".py")
                    aside.submit(write_file, target, size).result()
                seconds, memory = measure(chosen.binary, target, output)
                times.append((size, seconds - base_seconds))
                memories.append((size, memory - base_memory))
                said = aside.submit(summary, output).result()
                print(f"{size:>12,} {what}: {seconds:8.2f} s {memory:8.0f} MiB   {said}")
            print(f"{what}: time grows with the exponent {exponent(times):.2f}, memory with {exponent(memories):.2f}")


if __name__ == "__main__":
    main()
