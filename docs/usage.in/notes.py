"""Keeps notes on a server of the user's choice."""

import json
import urllib.request


def publish(note, server, key):
    """Sends one note to the server."""
    body = json.dumps({"note": note}).encode()
    request = urllib.request.Request(server + "/notes", data=body, headers={"Authorization": key})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)
