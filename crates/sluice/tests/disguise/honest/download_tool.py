"""Fetches the data set that the user asks for."""
import hashlib
import urllib.request

SETS = {"iris": ("https://data.example.invalid/iris.csv", "d3b07384d113edec49eaa6238ad5ff00")}


def fetch(name, path):
    url, digest = SETS[name]
    with urllib.request.urlopen(url) as answer:
        data = answer.read()
    if hashlib.md5(data).hexdigest() != digest:
        raise ValueError("the data is not what it should be")
    with open(path, "wb") as handle:
        handle.write(data)
    return len(data)
