import sys

NAMES = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"]
CODES = {name: f"\x1b[3{i}m" for i, name in enumerate(NAMES)}


def paint(text, color, stream=None):
    stream = stream or sys.stdout
    if not getattr(stream, "isatty", lambda: False)():
        return text
    return CODES[color] + text + "\x1b[0m"


print(paint("ready", "green"), len(CODES))
