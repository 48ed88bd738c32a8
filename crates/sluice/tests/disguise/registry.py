"""The registry of transformations, and what several of them share.

A transformation is a function `(source, rng, context) -> {file: text or bytes}`. The key `""` is the module itself,
any other key is a new file beside it. It raises `Unfit` where it has nothing to work on. What it promises is that the
program does the same: see `stub.py`, which holds it to that.
"""

import ast
import builtins
import re
import string
from dataclasses import dataclass, field


class Unfit(Exception):
    """The transformation has nothing to change in this source."""


@dataclass(frozen=True)
class Context:
    """What a transformation must know of the module besides its text."""

    package: bool = False  # it lies in a package, so siblings are imported relatively
    library: bool = False  # its top-level names are used from outside


# The file of a module as such, not the folder in which it stands.
OWN_FILE = re.compile(r"(?<!dirname\()\b__file__")


@dataclass(frozen=True)
class Transform:
    """One transformation, by name and group. `names` promises that top-level names stay what they are."""

    name: str
    group: str
    names: bool
    heavy: bool
    apply: object = field(compare=False)

    def __call__(self, source, rng, context):
        if context.library and not self.names:
            raise Unfit("its names are used from outside")
        try:
            files = self.apply(source, rng, context)
            if isinstance(files, str):
                files = {"": files}
            compile(files[""], self.name, "exec")
        except (RecursionError, MemoryError):
            raise Unfit("too deep for this interpreter") from None
        except SyntaxError as error:
            if "assignment expression" in str(error):
                raise Unfit("a walrus may not stand there") from None
            raise
        if files[""] == source:
            raise Unfit("nothing changed")
        moved = any(name.endswith(".py") and "__file__" in text for name, text in files.items() if name and isinstance(text, str))
        if moved and OWN_FILE.search(source):
            raise Unfit("it names its own file")
        return files


ALL = {}


def transform(group, names=True, heavy=False, name=None):
    """Registers a transformation under its function's name."""

    def register(function):
        add(name or function.__name__, group, function, names, heavy)
        return function

    return register


def add(name, group, function, names=True, heavy=False):
    """Registers a transformation that was made by a factory."""
    assert name not in ALL, name
    ALL[name] = Transform(name, group, names, heavy, function)


def fresh(rng, length=7):
    """A name that no source here uses."""
    return "_" + "".join(rng.choice(string.ascii_lowercase) for _ in range(length))


def parse(source):
    """The tree of a source, with parents."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            child.parent = node
    return tree


def unparse(tree):
    """The text of a changed tree."""
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def expression(text):
    """The tree of an expression."""
    return ast.parse(text, mode="eval").body


def statements(text):
    """The trees of statements."""
    return ast.parse(text).body


def head(tree):
    """How many statements must stay in front: the docstring and imports from `__future__`."""
    count = 0
    for node in tree.body:
        doc = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if not (doc or future):
            break
        count += 1
    return count


def insert(tree, text):
    """Puts statements behind the head of a module."""
    at = head(tree)
    tree.body[at:at] = statements(text)
    return tree


def within(node, kinds):
    """Whether a node stands in one of these kinds of nodes, up to the next function."""
    while hasattr(node, "parent"):
        child, node = node, node.parent
        if isinstance(node, kinds):
            return True
        if isinstance(node, ast.Lambda) or (isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and child in node.body):
            return False
    return False


def scopes(tree):
    """Names bound at the module's top level and nowhere else, and names bound anywhere below."""
    top, below = set(), set()

    def bind(name, depth):
        (below if depth else top).add(name)

    def visit(node, depth):
        inner = depth
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            bind(node.name, depth)
            inner = depth + 1
        elif isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            inner = depth + 1
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                bind((alias.asname or alias.name).split(".")[0], depth)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bind(node.id, depth)
        elif isinstance(node, ast.arg):
            bind(node.arg, 1)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bind(node.name, depth)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            top.update(node.names)
        for child in ast.iter_child_nodes(node):
            visit(child, inner)

    for node in tree.body:
        visit(node, 0)
    return top - below, below


def bound(tree):
    """Every name that the module's top level binds, for `global` statements."""
    names = set()

    def visit(node):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
            return
        if isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            return
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            names.add(node.name)
        for child in ast.iter_child_nodes(node):
            visit(child)

    for node in tree.body:
        visit(node)
    return sorted(name for name in names if not name.startswith("__"))


def starred(tree):
    """Whether the module imports with a star, which no function may."""
    return any(isinstance(n, ast.ImportFrom) and n.names[0].name == "*" for n in ast.walk(tree))


BUILTINS = frozenset(dir(builtins))
