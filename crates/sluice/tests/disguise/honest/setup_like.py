import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))


def read(*parts):
    with open(os.path.join(HERE, *parts), encoding="utf-8") as handle:
        return handle.read()


def find_version(text):
    match = re.search(r"^__version__ = ['\"]([^'\"]+)['\"]", text, re.M)
    return match.group(1) if match else "0"


print(find_version("__version__ = '2.4.1'\n"))
