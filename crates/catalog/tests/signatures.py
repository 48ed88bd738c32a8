"""Compares the signatures on standard input with those of this Python's standard library.

Each line is a symbol, a tab, and the names of its parameters with their stars, separated by commas. Printed are the
symbols that differ: symbol, tab, the library's names. The last line counts the compared ones.
"""

import builtins
import importlib
import inspect
import sys
import warnings

warnings.simplefilter("ignore")


def resolve(symbol):
    parts = symbol.split(".")
    if hasattr(builtins, parts[0]):
        value = builtins
        for part in parts:
            value = getattr(value, part)
        return value
    if parts[0] not in sys.stdlib_module_names:
        raise LookupError(symbol)
    for end in range(len(parts) - 1, 0, -1):
        try:
            value = importlib.import_module(".".join(parts[:end]))
        except ImportError:
            continue
        for part in parts[end:]:
            value = getattr(value, part)
        return value
    raise LookupError(symbol)


def names(value):
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    return [stars.get(p.kind, "") + p.name for p in inspect.signature(value).parameters.values()]


compared = 0
for line in sys.stdin:
    symbol, _, ours = line.rstrip("\n").partition("\t")
    try:
        theirs = names(resolve(symbol))
    except (LookupError, AttributeError, ValueError, TypeError, OSError):
        continue  # of another system or version, or written in C without a signature
    compared += 1
    if ours.split(",") != theirs and (ours or theirs):
        print(symbol + "\t" + ",".join(theirs))
print(compared)
