import json
import os

DEFAULTS = {"color": "auto", "width": 80, "editor": "vi"}


def path():
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return os.path.join(base, "notes", "config.json")


def load():
    values = dict(DEFAULTS)
    try:
        with open(path(), encoding="utf-8") as handle:
            values.update(json.load(handle))
    except OSError:
        pass
    return values


CONFIG = load()
print(sorted(CONFIG))
