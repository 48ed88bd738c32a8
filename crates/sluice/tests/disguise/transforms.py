"""All transformations, and how several of them follow each other.

    python transforms.py                       # lists them
    python transforms.py NAME FILE [--seed N]  # prints what one makes of a file
"""

import argparse
import random
from pathlib import Path

import layers  # noqa: F401  the modules register what they define
import names  # noqa: F401
import shape  # noqa: F401
import texts  # noqa: F401
from registry import ALL, Context, Transform, Unfit

__all__ = ["ALL", "Context", "Transform", "Unfit", "disguise"]


def disguise(chain, source, seed, context):
    """Applies the transformations named in `chain` one after the other, and gives the files.

    The seed counts for the whole chain, so that the same call gives the same bytes."""
    rng = random.Random(f"{seed}:{':'.join(chain)}")
    files = {"": source}
    for name in chain:
        source = files[""]
        made = ALL[name](source.decode("utf-8-sig") if isinstance(source, bytes) else source, rng, context)
        files |= made
    return files


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", help="a transformation, or several joined by +")
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--seed", default="0")
    options = parser.parse_args()
    if not options.file:
        for item in ALL.values():
            print(f"{item.group:8} {item.name}{'' if item.names else '   (names are lost)'}")
        print(len(ALL), "transformations")
        return
    for file, text in disguise(options.name.split("+"), options.file.read_text(), options.seed, Context()).items():
        if file:
            print(f"# ---- {file}")
        print(text.decode("latin-1") if isinstance(text, bytes) else text)


if __name__ == "__main__":
    main()
