"""What is disguised: harmless look-alikes of behaviors, and ordinary honest modules.

The look-alikes are the examples on the pages of the catalog that must be found, and those in `lookalikes/`, whose first
line names their behavior. The honest modules lie in `honest/`.
"""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGES = HERE.parents[2] / "catalog" / "behaviors"
FENCE = re.compile(r"^```(?P<info>\S[^\n]*)\n(?P<text>.*?)^```[ \t]*$", re.M | re.S)


@dataclass(frozen=True)
class Sample:
    """One look-alike or honest module. `files` maps paths to texts, in the order of the page."""

    id: str
    behavior: str | None
    files: tuple
    when: str | None = None

    @property
    def library(self):
        """Whether a top-level name is there to be used from outside."""
        if len(self.files) > 1:
            return True
        tree = ast.parse(self.files[0][1])
        tree.body = [n for n in tree.body if not (isinstance(n, ast.If) and "__main__" in ast.unparse(n.test))]
        loads = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        loads |= {k.value for n in ast.walk(tree) if isinstance(n, ast.Call) for k in n.args if isinstance(k, ast.Constant) and isinstance(k.value, str)}
        return any(isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and n.name not in loads for n in tree.body)

    def package(self, path):
        return "/" in path and self.when != "run"


def fences(text):
    """The examples of a page: `(expectation, when, [(file, text)])`."""
    out = []
    for match in FENCE.finditer(text):
        words = match["info"].split()
        if words[0] != "python":
            continue
        head = match["info"].split(":", 1)[0].split()
        options = dict(w.split("=", 1) for w in head if "=" in w)
        expectation = [w for w in head[1:] if "=" not in w]
        file = options.get("file", "sample.py")
        if expectation == ["more"]:
            out[-1][2].append((file, match["text"]))
        else:
            out.append((expectation[0], options.get("when"), [(file, match["text"])]))
    return out


def called(source):
    """The same module, with calls of those functions that need no argument and that nobody calls; `None` without any."""
    tree = ast.parse(source)
    loads = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    names = [n.name for n in tree.body if isinstance(n, ast.FunctionDef) and n.name not in loads
             and len(n.args.args) == len(n.args.defaults) and not n.decorator_list]
    return source + "\n" + "".join(f"{name}()\n" for name in names) if names else None


def pages():
    """The look-alikes of the catalog's pages of malicious behaviors."""
    out = []
    for page in sorted(PAGES.glob("*/*.md")):
        text = page.read_text()
        if 'stance = "malicious"' not in text:
            continue
        behavior = f"{page.parent.name}/{page.stem}"
        found = [example for example in fences(text) if example[0] == "found"]
        for number, (_, when, files) in enumerate(found, 1):
            out.append(Sample(f"{behavior}#{number}", behavior, tuple(files), when))
            if len(files) == 1 and (more := called(files[0][1])):
                out.append(Sample(f"{behavior}#{number}c", behavior, ((files[0][0], more),), when))
    return out


def own():
    """The look-alikes written for the suite."""
    out = []
    for path in sorted((HERE / "lookalikes").glob("*.py")):
        text = path.read_text()
        match = re.match(r"# behavior: (\S+)(?: file=(\S+))?\n", text)
        out.append(Sample(f"own/{path.stem}", match[1], ((match[2] or "sample.py", text[match.end():]),)))
    return out


def lookalikes():
    return pages() + own()


def honest():
    """The honest modules, each as part of a package."""
    return [Sample(f"honest/{path.stem}", None, ((f"pkg/{path.name}", path.read_text()),)) for path in sorted((HERE / "honest").glob("*.py"))]


def disguised(sample, chain, seed):
    """The files of a disguised sample: each module is disguised by itself."""
    from transforms import Context, Unfit, disguise
    out, changed = {}, False
    for path, text in sample.files:
        folder = path.rpartition("/")[0]
        context = Context(package=sample.package(path), library=sample.library)
        try:
            made = disguise(chain, text, f"{seed}:{path}", context)
            changed = True
        except Unfit:
            if len(sample.files) == 1:
                raise
            made = {"": text}
        for name, body in made.items():
            out[path if not name else f"{folder}/{name}".lstrip("/")] = body
    if not changed:
        raise Unfit("no file can be changed")
    return out


def write(files, folder):
    """Writes files below a folder, which is made a project if they are a package: only then does it get imported."""
    if any("/" in path for path in files):
        files = {"pyproject.toml": '[project]\nname = "pkg"\nversion = "1.0.0"\n', **files}
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
