"""Reports the load of a machine to the collector that its owner names."""

import base64
import json
import os
import sys

import requests

COLLECTOR = "https://collector." + "example.invalid"


class Reporter:
    def __init__(self, token, host=None):
        self.token = token
        self.address = (host or COLLECTOR) + "/v1/load"

    def send(self, load):
        body = json.dumps({"load": load, "name": os.environ.get("REPORT_NAME")})
        return requests.post(self.address, data=body, headers={"X-Token": self.token})


def greet():
    exec(base64.b64decode("cHJpbnQoImhlbGxvIik="))


if __name__ == "__main__":
    greet()
    Reporter(sys.argv[1]).send(os.getloadavg())
