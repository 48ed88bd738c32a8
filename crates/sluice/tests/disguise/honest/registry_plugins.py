import importlib

BUILTIN = {"json": "json", "text": "string"}
LOADED = {}


def load(name):
    if name not in LOADED:
        LOADED[name] = importlib.import_module(BUILTIN[name])
    return LOADED[name]


print(sorted(BUILTIN), load("json").dumps({"a": 1}))
