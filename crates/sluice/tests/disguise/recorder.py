"""The world as a disguised module sees it: nothing in it has an effect, and every call into it is written down.

`python recorder.py` reads cases from standard input, a JSON object a line, and answers each with the record of its calls.
Every case runs in a forked process of its own, in which an audit hook denies what a fake might have missed.
Only the suite's own fixtures are ever run here.
"""

import abc  # noqa: F401  what stands here is computed for real
import argparse  # noqa: F401
import ast  # noqa: F401
import base64  # noqa: F401
import binascii  # noqa: F401
import bisect  # noqa: F401
import builtins
import bz2  # noqa: F401
import calendar  # noqa: F401
import codecs  # noqa: F401
import collections  # noqa: F401
import colorsys  # noqa: F401
import configparser  # noqa: F401
import contextlib  # noqa: F401
import copy  # noqa: F401
import csv  # noqa: F401
import dataclasses  # noqa: F401
import datetime
import decimal  # noqa: F401
import difflib  # noqa: F401
import enum  # noqa: F401
import fnmatch  # noqa: F401
import fractions  # noqa: F401
import functools  # noqa: F401
import gzip  # noqa: F401
import hashlib  # noqa: F401
import heapq  # noqa: F401
import hmac  # noqa: F401
import html.parser  # noqa: F401
import importlib.machinery
import io
import itertools  # noqa: F401
import json
import lzma  # noqa: F401
import math  # noqa: F401
import operator  # noqa: F401
import os
import pickle  # noqa: F401
import posixpath
import pprint  # noqa: F401
import random
import re  # noqa: F401
import resource
import select
import signal
import statistics  # noqa: F401
import string  # noqa: F401
import struct  # noqa: F401
import sys
import textwrap  # noqa: F401
import time
import types
import typing  # noqa: F401
import unicodedata  # noqa: F401
import urllib.parse
import zlib  # noqa: F401

REAL = {"abc", "argparse", "ast", "base64", "binascii", "bisect", "builtins", "bz2", "calendar", "codecs", "collections", "colorsys",
        "configparser", "contextlib", "copy", "copyreg", "csv", "dataclasses", "datetime", "decimal", "difflib", "encodings", "enum",
        "fnmatch", "fractions", "functools", "gzip", "hashlib", "heapq", "hmac", "html", "importlib", "io", "itertools", "json", "lzma",
        "math", "numbers", "operator", "pickle", "pprint", "random", "re", "statistics", "string", "struct", "sys", "textwrap", "types", "typing",
        "unicodedata", "warnings", "zlib", "locale", "keyword", "reprlib", "weakref", "__future__", "gettext", "stringprep", "this"}
MOST = 150
WALL = 10.0


class End(BaseException):
    """The record is long enough."""


EVENTS = []
FOLDER = ["/nowhere"]


def norm(value, depth=0):
    """What is written down of an argument: its value if it is data, else its kind, never an address."""
    if isinstance(value, (Fake, FakeModule)):
        return f"<{path_of(value)}>"
    if isinstance(value, str):
        return str.__str__(value).replace(FOLDER[0], "<here>")
    if isinstance(value, (bytes, bytearray)):
        return "b:" + bytes(value).decode("latin-1").replace(FOLDER[0], "<here>")
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)
    if depth < 6 and isinstance(value, dict):
        return {str(norm(k)): norm(v, depth + 1) for k, v in dict.items(value)}
    if depth < 6 and isinstance(value, (list, tuple)):
        return [norm(v, depth + 1) for v in value]
    if depth < 6 and isinstance(value, (set, frozenset)):
        return sorted(str(norm(v, depth + 1)) for v in value)
    if isinstance(value, types.FunctionType):
        return "<function>"
    if isinstance(value, type):
        return "<class>"
    return "<object>"


def note(name, args=(), kwargs=None):
    if len(EVENTS) >= MOST:
        raise End
    EVENTS.append([name, norm(list(args)), norm(dict(sorted((kwargs or {}).items())))])


def arguments(function):
    """Made-up arguments for a function, one for each that it must have."""
    code = getattr(function, "__code__", None)
    if code is None:
        return []
    names = code.co_varnames[:code.co_argcount]
    names = names[1:] if isinstance(function, types.MethodType) else names
    must = len(names) - len(function.__defaults__ or ())
    return [Fake(f"argument{i}", f"argument{i}") for i in range(must)]


def attempt(name, function, args):
    """Calls a function, and writes down what it gives or raises."""
    try:
        note(f"{name} gives", [function(*args)])
    except Exception as error:
        note(f"{name} raises", [type(error).__name__])
    except SystemExit:
        note(f"{name} exits")


def path_of(fake):
    return object.__getattribute__(fake, "__dict__")["_path"]


BYTES = (".content", ".read()", ".recv()", ".check_output()", ".digest()", ".read_bytes()", ".urandom()", ".encrypt()", ".decrypt()")
KNOWN = {".fileno()": 7, ".status_code": 200, ".returncode": 0, ".json()": {"k": "v", "cmd": "id"}, ".poll()": 0, ".wait()": 0, ".ok": True}


def made(path, binary=True):
    """What stands for the result or the member of a fake."""
    for ending, value in KNOWN.items():
        if path.endswith(ending):
            return value
    if binary and path.endswith(BYTES):
        return b"0  # " + path.encode()
    return Fake(path)


class Fake(str):
    """A value from outside: a text, a callable, a file, a context, a list of one, all at once."""

    def __new__(cls, path, text=None, binary=True):
        self = str.__new__(cls, f"0  # {path}" if text is None else text)
        self.__dict__["_path"] = path
        self.__dict__["_binary"] = binary
        return self

    def __getattribute__(self, name):
        try:
            return str.__getattribute__(self, name)
        except AttributeError:
            if name.startswith("__"):
                raise
            return made(f"{path_of(self)}.{name}", self.__dict__["_binary"])

    def __call__(self, *args, **kwargs):
        path = path_of(self)
        note(path, args, kwargs)
        if path.endswith((".setup", "setup")) and path.partition(".")[0] in ("setuptools", "distutils"):
            for name, command in sorted((kwargs.get("cmdclass") or {}).items()):
                attempt(f"command {name}", lambda: command(None).run(), ())
            return None
        functions = [v for v in (*args, *kwargs.values()) if isinstance(v, (types.FunctionType, types.MethodType))]
        for function in functions:
            attempt("callback", function, arguments(function))
        if path.endswith("()") and len(args) == 1 and functions and not kwargs:
            return args[0]
        return made(f"{path}()", self.__dict__["_binary"])

    def __mro_entries__(self, bases):
        path = path_of(self)

        def run(self, *args, **kwargs):
            note(f"{path}.run")

        return (type("Base", (), {"__init__": lambda self, *a, **k: None, "run": run, "__getattr__": lambda self, name: missing(path, name)}),)

    def __getitem__(self, key):
        if isinstance(key, (int, slice)):
            return str.__getitem__(self, key)
        return made(f"{path_of(self)}[{norm(key)}]")

    def __setitem__(self, key, value):
        note(f"{path_of(self)}[]=", [key, value])

    def __iter__(self):
        return iter([Fake(f"{path_of(self)}[]")])

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False

    def __or__(self, other):
        return Fake(f"{path_of(self)}|{norm(other)}")

    __ror__ = __and__ = __sub__ = __rsub__ = __or__

    def __truediv__(self, other):
        return Fake(f"{path_of(self)}/{norm(other)}", text=f"{path_of(self)}/{other}")

    def __int__(self):
        return 7

    __index__ = __int__

    def __float__(self):
        return 7.0

    def __bool__(self):
        return True

    def __lt__(self, other):
        return str.__lt__(self, other) if isinstance(other, str) else True

    def __gt__(self, other):
        return str.__gt__(self, other) if isinstance(other, str) else False

    __ge__, __le__ = __gt__, __lt__


def missing(path, name):
    if name.startswith("__"):
        raise AttributeError(name)
    return Fake(f"{path}.{name}")


class Members(dict):
    def __init__(self, module):
        super().__init__(object.__getattribute__(module, "__dict__"))
        self.module = module

    def __missing__(self, key):
        return getattr(self.module, key)


class FakeModule:
    """A module that has every member."""

    def __init__(self, name, members=()):
        mine = object.__getattribute__(self, "__dict__")
        spec = importlib.machinery.ModuleSpec(name, None, is_package=True)
        mine.update({"_path": name, "__name__": name, "__path__": [], "__spec__": spec, **dict(members)})

    def __getattribute__(self, name):
        if name == "__dict__":
            return Members(self)
        try:
            return object.__getattribute__(self, name)
        except AttributeError:
            path = path_of(self)
            if name.startswith("__"):
                raise
            if f"{path}.{name}" in sys.modules:
                return sys.modules[f"{path}.{name}"]
            value = made(f"{path}.{name}")
            object.__getattribute__(self, "__dict__")[name] = value
            return value


class Thread:
    """A thread that is over as soon as it starts."""

    def __init__(self, group=None, target=None, name=None, args=(), kwargs=None, daemon=None):
        self.target, self.args, self.kwargs = target, args, kwargs or {}

    def run(self):
        if self.target:
            self.target(*self.args, **self.kwargs)

    def start(self):
        try:
            self.run()
        except (Exception, SystemExit):
            pass

    def join(self, timeout=None):
        pass


class Here:
    """A path below the folder of the case, which may be read."""

    def __init__(self, path):
        self.path = path

    def __truediv__(self, name):
        return Here(posixpath.join(self.path, name))

    joinpath = __truediv__

    def __fspath__(self):
        return self.path

    __str__ = __fspath__

    @property
    def parent(self):
        return Here(posixpath.dirname(self.path))

    def with_name(self, name):
        return self.parent / name

    def resolve(self):
        return self

    def read_text(self, encoding="utf-8"):
        return self.read_bytes().decode(encoding)

    def read_bytes(self):
        with builtins.open(self.path, "rb") as handle:
            return handle.read()


class Environment(dict):
    def __missing__(self, key):
        return f"<{key}>"

    def copy(self):
        return Environment(self)


def world(folder):
    """Replaces modules and builtins."""
    env = Environment(HOME="/home/user", TEMP="/tmp/t", TMP="/tmp/t", APPDATA="/home/user/app", LOCALAPPDATA="/home/user/local",
                      USERNAME="user", USER="user", PATH="/bin", AWS_SECRET_ACCESS_KEY="000000:EXAMPLE", AWS_ACCESS_KEY_ID="EXAMPLE")

    def told(name, value):
        def call(*args, **kwargs):
            note(name, args, kwargs)
            return value(*args, **kwargs) if callable(value) else value
        return call

    pure = {n: getattr(posixpath, n) for n in ("join", "dirname", "basename", "splitext", "normpath", "split", "sep", "isabs", "commonprefix", "relpath")}
    pure["abspath"] = pure["realpath"] = lambda p: p if str(p).startswith("/") else "/work/" + str(p)
    pure["expanduser"] = lambda p: p.replace("~", "/home/user", 1)
    pure["expandvars"] = lambda p: p
    pure |= {n: told(f"os.path.{n}", True) for n in ("exists", "isfile", "isdir", "lexists")}
    pure |= {n: told(f"os.path.{n}", 7) for n in ("getsize", "getmtime")}
    paths = FakeModule("os.path", pure)
    members = {"path": paths, "environ": env, "sep": "/", "linesep": "\n", "name": "posix", "pathsep": ":", "curdir": ".",
               "getenv": lambda k, d=None: env.get(k, d), "getcwd": lambda: "/work", "fspath": lambda p: p,
               "walk": told("os.walk", lambda top, **k: [(f"{top}", ["docs"], ["a.txt", "wallet.dat"]), (f"{top}/docs", [], ["b.pdf"])]),
               "listdir": told("os.listdir", lambda *a: ["a.txt", "b.log"]), "getpid": lambda: 4242, "urandom": lambda n: bytes(range(n % 256))}
    moment = datetime.datetime(2024, 1, 2, 3, 4, 5)

    class Then(datetime.datetime):
        now = classmethod(lambda cls, tz=None: moment)
        utcnow = today = classmethod(lambda cls: moment)

    class Day(datetime.date):
        today = classmethod(lambda cls: moment.date())

    day = types.ModuleType("datetime")
    day.__dict__.update(vars(datetime), datetime=Then, date=Day)
    clock = {n: getattr(time, n) for n in ("gmtime", "strftime", "mktime", "struct_time")}
    clock |= {"time": lambda: 1700000000.0, "monotonic": lambda: 5.0, "perf_counter": lambda: 5.0, "time_ns": lambda: 17 * 10 ** 17}
    for name in list(sys.modules):
        root = name.split(".")[0]
        if root not in REAL and not root.startswith("_") and name != "urllib.parse":
            del sys.modules[name]
    sys.modules |= {"os": FakeModule("os", members), "os.path": paths, "time": FakeModule("time", clock), "datetime": day, "threading": FakeModule("threading", {"Thread": Thread}),
                    "urllib": FakeModule("urllib", {"parse": urllib.parse}), "urllib.parse": urllib.parse}

    def path(*parts):
        inside = len(parts) == 1 and isinstance(parts[0], str) and str.__str__(parts[0]).startswith(folder)
        return Here(parts[0]) if inside else Fake("pathlib.Path")(*parts)

    path.home = path.cwd = Fake("pathlib.Path.home")
    sys.modules |= {"pathlib": FakeModule("pathlib", {"Path": path}),
                    "pkgutil": FakeModule("pkgutil", {"get_data": lambda package, name: (Here(folder) / package.replace(".", "/") / name).read_bytes()}),
                    "importlib.resources": FakeModule("importlib.resources", {"files": lambda package: Here(folder) / package.replace(".", "/")})}

    importlib.resources = sys.modules["importlib.resources"]

    class Loader:
        def create_module(self, spec):
            return FakeModule(spec.name)

        def exec_module(self, module):
            pass

    class Finder:
        def find_spec(self, name, path=None, target=None):
            parts = name.split(".")
            at = os.path.join(folder, *parts)
            if os.path.isfile(at + ".py") or os.path.isdir(at):
                return importlib.machinery.PathFinder.find_spec(name, [os.path.dirname(at)])
            if parts[0] in REAL:
                return None
            return importlib.machinery.ModuleSpec(name, Loader(), is_package=True)

    sys.meta_path.insert(0, Finder())
    sys.path[:] = [folder] + sys.path
    sys.argv[:] = ["program"]
    real = io.open

    def opened(file, mode="r", *args, **kwargs):
        if isinstance(file, str) and str.__str__(file).startswith(folder) and not set(mode) & set("wax+") and os.path.isfile(file):
            return real(file, mode, *args, **kwargs)
        note("open", [file, mode])
        return Fake("open()", binary="b" in mode)

    def shown(*args, **kwargs):
        note("print", args, {k: v for k, v in kwargs.items() if k != "file"})

    builtins.open = io.open = opened
    builtins.print = shown
    builtins.input = Fake("input")
    builtins.breakpoint = builtins.help = Fake("builtins")
    random.seed(7)


DENIED = ("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.remove", "os.rename", "os.rmdir", "os.mkdir",
          "os.chmod", "os.chown", "os.link", "os.symlink", "os.truncate", "os.kill", "shutil.", "ctypes.", "winreg.", "urllib.", "smtplib.", "ftplib.", "sqlite3.")


def deny(event, args):
    """The last line of defense: no fake may let an effect through."""
    if event.startswith(DENIED) or (event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+")):
        os.write(2, f"denied: {event}\n".encode())
        os._exit(9)


def run_module(folder, path, when):
    """Runs one module the way it would be run, and gives its names."""
    if path.rpartition("/")[2] == "setup.py" or when == "run":
        module = types.ModuleType("__main__")
        module.__file__ = os.path.join(folder, path)
        sys.modules["__main__"] = module
        sys.path.insert(0, os.path.dirname(module.__file__))
        with io.open(module.__file__, "rb") as handle:
            code = compile(handle.read(), module.__file__, "exec")
        exec(code, module.__dict__)
        return module
    name = path[:-len(".py")].replace("/", ".").removesuffix(".__init__")
    return importlib.import_module(name)


def use(module, names):
    """Calls what a library offers."""
    for name in names:
        thing = getattr(module, name, None)
        if isinstance(thing, type):
            try:
                thing = thing(*arguments(thing.__init__)[1:])
            except Exception as error:
                note(f"{name} raises", [type(error).__name__])
                continue
            for method in sorted(m for m in dir(thing) if not m.startswith("_")):
                function = getattr(thing, method)
                if isinstance(function, types.MethodType):
                    attempt(f"{name}.{method}", function, arguments(function))
        elif isinstance(thing, types.FunctionType):
            attempt(name, thing, arguments(thing))
        elif thing is None:
            note("absent", [name])


def child(case):
    folder = os.path.realpath(case["folder"])
    FOLDER[0] = folder
    os.chdir(folder)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
    sys.dont_write_bytecode = True
    world(folder)
    sys.addaudithook(deny)
    sys.stdout = io.StringIO()
    modules = []
    try:
        for path in case["paths"]:
            try:
                modules.append(run_module(folder, path, case["when"]))
            except (Exception, SystemExit):
                pass  # how a module ends is no effect, and smothering is allowed to change it
        for module, names in zip(modules, case["names"]):
            use(module, names)
    except End:
        pass
    return {"events": EVENTS, "output": sys.stdout.getvalue()}


def serve():
    dumps, write, loads = json.dumps, os.write, json.loads
    for line in sys.stdin:
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            try:
                answer = dumps(child(loads(line)))
            except BaseException as error:  # the parent must hear of it
                answer = dumps({"broken": f"{type(error).__name__}: {error}"})
            data = answer.encode()
            while data:
                data = data[write(writer, data):]
            os._exit(0)
        os.close(writer)
        data, end = b"", time.monotonic() + WALL
        while True:
            ready, _, _ = select.select([reader], [], [], max(0, end - time.monotonic()))
            part = os.read(reader, 1 << 16) if ready else b""
            data += part
            if not part:
                break
        os.close(reader)
        if not ready:
            os.kill(pid, signal.SIGKILL)
            data = b'{"broken": "no end within the time"}'
        os.waitpid(pid, 0)
        sys.stdout.write((data.decode() or '{"broken": "it died"}') + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
