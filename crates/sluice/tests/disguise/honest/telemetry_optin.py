import json
import os
import platform
import urllib.request

SERVER = "https://stats.notes.example.invalid/usage"


def enabled():
    return os.environ.get("NOTES_STATS") == "1"


def report(event):
    """Sent only if the user has switched it on."""
    if not enabled():
        return False
    body = json.dumps({"event": event, "python": platform.python_version()}).encode()
    urllib.request.urlopen(urllib.request.Request(SERVER, data=body), timeout=2)
    return True
