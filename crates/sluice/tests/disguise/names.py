"""Transformations of names, imports, attribute access and calls."""

import ast

from registry import BUILTINS, Unfit, add, expression, fresh, head, insert, parse, scopes, statements, transform, unparse, within


def renamed(source, context, invent, functions):
    """Renames what the module binds, wherever the name cannot be seen from outside of it."""
    tree = parse(source)
    kept = {n.arg for n in ast.walk(tree) if isinstance(n, ast.keyword) and n.arg}
    kept |= {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    kept |= {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            kept |= {getattr(n, "name", None) for n in node.body}
            kept |= {n.id for b in node.body for n in ast.walk(b) if isinstance(n, ast.Name) and within(n, ast.ClassDef)}
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            kept |= {(a.asname or a.name).split(".")[0] for a in node.names}
    if context.library:
        kept |= {getattr(n, "name", None) for n in tree.body}
        kept |= {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)
                 and not inside(n)}
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.append(node.id)
        elif isinstance(node, ast.arg):
            names.append(node.arg)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)) and functions:
            names.append(node.name)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            names.append(node.name)
    table = {}
    for name in names:
        if name not in kept and name not in BUILTINS and not name.startswith("__") and name not in table:
            table[name] = invent(len(table))
    if not table:
        raise Unfit("no name to change")
    for node in ast.walk(tree):
        for attribute in ("id", "arg", "name"):
            if isinstance(node, (ast.keyword, ast.alias)):
                continue
            value = getattr(node, attribute, None)
            if isinstance(value, str) and value in table:
                setattr(node, attribute, table[value])
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            node.names = [table.get(n, n) for n in node.names]
    return unparse(tree)


def inside(node):
    while hasattr(node, "parent"):
        node = node.parent
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ListComp, ast.GeneratorExp,
                             ast.SetComp, ast.DictComp)):
            return True
    return False


@transform("rename")
def rename_locals(source, rng, context):
    return renamed(source, context, lambda i: fresh(rng), False)


@transform("rename")
def rename_functions(source, rng, context):
    return renamed(source, context, lambda i: fresh(rng, 12), True)


@transform("rename")
def rename_confusing(source, rng, context):
    return renamed(source, context, lambda i: "O" + "".join(rng.choice("O0Il1") for _ in range(24)), True)


@transform("rename")
def rename_homoglyphs(source, rng, context):
    return renamed(source, context, lambda i: "\u0430\u0435" + "".join(rng.choice("\u043e\u0440\u0441\u0445") for _ in range(8)) + str(i), True)


# ---- imports


def imports(source, replace):
    """Replaces every absolute import by what `replace(bound, module, member)` says."""
    tree = parse(source)
    done = [False]

    class Imports(ast.NodeTransformer):
        def visit_Import(self, node):
            out = []
            for alias in node.names:
                done[0] = True
                if alias.asname:
                    out += statements(replace(alias.asname, alias.name, None, True))
                else:
                    out += statements(replace(alias.name.split(".")[0], alias.name, None, False))
            return out

        def visit_ImportFrom(self, node):
            if node.level or node.names[0].name == "*" or node.module == "__future__":
                return node
            done[0] = True
            out = []
            for alias in node.names:
                out += statements(replace(alias.asname or alias.name, node.module, alias.name, True))
            return out

    tree = Imports().visit(tree)
    if not done[0]:
        raise Unfit("no import")
    return tree


def with_import(module_of, top_of):
    def replace(name, module, member, deep):
        value = module_of(module) if deep else top_of(module)
        if member:
            value = f"getattr({value}, {member!r})"
        return f"{name} = {value}"
    return replace


@transform("import")
def import_dunder(source, rng, context):
    return unparse(imports(source, with_import(lambda m: f"__import__({m!r}, fromlist=['x'])", lambda m: f"__import__({m!r})")))


@transform("import")
def import_importlib(source, rng, context):
    name = fresh(rng)
    def top(module):
        first = module.split(".")[0]
        return f"{name}.import_module({module!r})" if first == module else f"({name}.import_module({module!r}), {name}.import_module({first!r}))[1]"
    tree = imports(source, with_import(lambda m: f"{name}.import_module({m!r})", top))
    return unparse(insert(tree, f"import importlib as {name}"))


def pieces(text, rng):
    at = rng.randrange(1, len(text)) if len(text) > 1 else 0
    return f"{text[:at]!r} + {text[at:]!r}"


@transform("import")
def import_spelled(source, rng, context):
    return unparse(imports(source, with_import(
        lambda m: f"__import__({pieces(m, rng)}, fromlist=['x'])",
        lambda m: f"__import__({m[::-1]!r}[::-1])")))


@transform("import")
def import_sys_modules(source, rng, context):
    def replace(name, module, member, deep):
        key = module if deep else module.split(".")[0]
        value = f"__import__('sys').modules[{key!r}]"
        return f"__import__({module!r})\n{name} = " + (f"{value}.{member}" if member else value)
    return unparse(imports(source, replace))


@transform("import")
def import_alias(source, rng, context):
    """`import os as _x`, and every use follows."""
    tree = parse(source)
    top, below = scopes(tree)
    table = {}
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)) and getattr(node, "module", "") != "__future__":
            for alias in node.names:
                name = alias.asname or alias.name
                if name != "*" and "." not in name and name in top:
                    table[name] = fresh(rng)
                    alias.asname = table[name]
    dotted = {a.name.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names if "." in a.name and not a.asname}
    for name in dotted & set(table):
        raise Unfit("a name is bound twice")
    if not table:
        raise Unfit("no import")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in table:
            node.id = table[node.id]
    return unparse(tree)


@transform("import")
def import_in_function(source, rng, context):
    """Modules come out of a function that returns them."""
    helper = fresh(rng)
    tree = imports(source, with_import(lambda m: f"{helper}({m!r}, True)", lambda m: f"{helper}({m!r}, False)"))
    return unparse(insert(tree, f"def {helper}(n, deep):\n    return __import__(n, fromlist=['x'] if deep else [])"))


@transform("import")
def import_loop(source, rng, context):
    """A loop over names puts the modules into `globals()`."""
    tree = parse(source)
    plain, rest = [], []
    for node in tree.body:
        if isinstance(node, ast.Import) and all("." not in a.name for a in node.names):
            plain += [(a.asname or a.name, a.name) for a in node.names]
        else:
            rest.append(node)
    if not plain:
        raise Unfit("no plain import")
    tree.body = rest
    key, value = fresh(rng), fresh(rng)
    return unparse(insert(tree, f"for {key}, {value} in {plain!r}:\n    globals()[{key}] = __import__({value})"))


# ---- attribute access


def attributes(source, replace, only_called=False):
    tree = parse(source)
    done = [False]

    class Attributes(ast.NodeTransformer):
        def visit_Attribute(self, node):
            called = isinstance(node.parent, ast.Call) and node.parent.func is node
            self.generic_visit(node)
            if not isinstance(node.ctx, ast.Load) or node.attr.startswith("__") or (only_called and not called):
                return node
            if isinstance(node.value, ast.Call) and getattr(node.value.func, "id", "") == "super":
                return node
            done[0] = True
            return expression(replace(ast.unparse(node.value), node.attr))

    tree = Attributes().visit(tree)
    if not done[0]:
        raise Unfit("no attribute")
    return tree


@transform("access")
def access_getattr(source, rng, context):
    return unparse(attributes(source, lambda v, a: f"getattr({v}, {a!r})"))


@transform("access")
def access_getattr_split(source, rng, context):
    return unparse(attributes(source, lambda v, a: f"getattr({v}, {pieces(a, rng)})"))


@transform("access")
def access_getattr_reversed(source, rng, context):
    return unparse(attributes(source, lambda v, a: f"getattr({v}, {a[::-1]!r}[::-1])"))


@transform("access")
def access_attrgetter(source, rng, context):
    name = fresh(rng)
    return unparse(insert(attributes(source, lambda v, a: f"{name}({a!r})({v})"), f"from operator import attrgetter as {name}"))


@transform("access")
def access_helper(source, rng, context):
    name = fresh(rng)
    return unparse(insert(attributes(source, lambda v, a: f"{name}({v}, {a[::-1]!r})"), f"def {name}(o, n):\n    return getattr(o, n[::-1])"))


def members(source, replace):
    """Replaces members of imported modules."""
    tree = parse(source)
    modules = {(a.asname or a.name) for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names if "." not in (a.asname or a.name)}
    done = [False]

    class Members(ast.NodeTransformer):
        def visit_Attribute(self, node):
            self.generic_visit(node)
            if isinstance(node.value, ast.Name) and node.value.id in modules and isinstance(node.ctx, ast.Load):
                done[0] = True
                return expression(replace(node.value.id, node.attr))
            return node

    tree = Members().visit(tree)
    if not done[0]:
        raise Unfit("no member of a module")
    return unparse(tree)


@transform("access")
def access_vars(source, rng, context):
    return members(source, lambda m, a: f"vars({m})[{a!r}]")


@transform("access")
def access_dict(source, rng, context):
    return members(source, lambda m, a: f"{m}.__dict__[{pieces(a, rng)}]")


@transform("access")
def access_getattribute(source, rng, context):
    return members(source, lambda m, a: f"{m}.__getattribute__({a!r})")


@transform("access")
def access_globals(source, rng, context):
    """Module-level names by `globals()["name"]`."""
    tree = parse(source)
    top, _ = scopes(tree)
    done = [False]

    class Names(ast.NodeTransformer):
        def visit_Name(self, node):
            if isinstance(node.ctx, ast.Load) and node.id in top:
                done[0] = True
                return expression(f"globals()[{pieces(node.id, rng)}]")
            return node

    tree = Names().visit(tree)
    if not done[0]:
        raise Unfit("no global name")
    return unparse(tree)


@transform("access")
def access_builtins(source, rng, context):
    """Builtins by their name, and a module where there is no builtin in use."""
    tree = parse(source)
    _, below = scopes(tree)
    mine = set(scopes(tree)[0]) | below
    done = [False]
    odd = {"super", "locals", "globals", "vars", "dir", "exec", "eval", "__import__"}

    class Names(ast.NodeTransformer):
        def visit_Name(self, node):
            if node.id in BUILTINS and node.id not in mine | odd and isinstance(node.ctx, ast.Load) and not node.id.startswith("_"):
                done[0] = True
                return expression(f"getattr(__import__('builtins'), {pieces(node.id, rng)})")
            return node

    tree = Names().visit(tree)
    if not done[0]:
        raise Unfit("no builtin")
    return unparse(tree)


# ---- calls

ODD = {"super", "locals", "globals", "vars", "dir", "exec", "eval", "staticmethod", "classmethod", "property"}


def calls(source, replace, fit=lambda node: True):
    """Replaces every call `f(a, k=v)` by the text that `replace(f, arguments)` gives."""
    tree = parse(source)
    done = [False]

    class Calls(ast.NodeTransformer):
        def visit_Call(self, node):
            ok = (isinstance(node.func, (ast.Name, ast.Attribute)) and getattr(node.func, "id", "") not in ODD
                  and not within(node, (ast.ClassDef,)) and not decorates(node) and fit(node) and not asks_super(node)
                  and not any(isinstance(n, (ast.Yield, ast.Await, ast.NamedExpr)) for n in ast.walk(node)))
            self.generic_visit(node)
            if not ok:
                return node
            done[0] = True
            arguments = ast.unparse(ast.Call(ast.Name("f", ast.Load()), node.args, node.keywords))[2:-1]
            return expression(replace(ast.unparse(node.func), arguments))

        def visit_JoinedStr(self, node):
            return node

    tree = Calls().visit(tree)
    if not done[0]:
        raise Unfit("no call")
    return tree


def asks_super(node):
    """Whether `super()` stands in it, which a function of its own cannot ask."""
    return any(isinstance(n, ast.Call) and getattr(n.func, "id", "") == "super" for n in ast.walk(node))


def decorates(node):
    while hasattr(node, "parent"):
        child, node = node, node.parent
        if child in getattr(node, "decorator_list", ()):
            return True
    return False


def call(name, replace, prelude=None, fit=lambda node: True):
    def apply(source, rng, context):
        helper = fresh(rng)
        tree = calls(source, lambda f, a: replace(f, a, helper), fit)
        if prelude:
            insert(tree, prelude.replace("HELPER", helper))
        return unparse(tree)
    add(name, "call", apply)


def tail(arguments):
    return f", {arguments}" if arguments else ""


def one(node):
    return len(node.args) == 1 and not node.keywords and not isinstance(node.args[0], ast.Starred)


def free(node):
    """Not in a comprehension, where a walrus may not bind."""
    return not within(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp))


call("call_dict", lambda f, a, h: f"{{'k': {f}, 'z': len}}['k']({a})")
call("call_list", lambda f, a, h: f"[len, {f}][1]({a})")
call("call_lambda", lambda f, a, h: f"(lambda *a, **k: {f}(*a, **k))({a})")
call("call_lambda_argument", lambda f, a, h: f"(lambda g: g({a}))({f})")
call("call_default", lambda f, a, h: f"(lambda *a, _f={f}, **k: _f(*a, **k))({a})")
call("call_class_attribute", lambda f, a, h: f"type('T', (), {{'run': staticmethod({f})}}).run({a})")
call("call_instance", lambda f, a, h: f"{h}({f}).go({a})",
     "class HELPER:\n    def __init__(self, f):\n        self.f = f\n    def go(self, *a, **k):\n        return self.f(*a, **k)")
call("call_dunder_call", lambda f, a, h: f"{h}({f})({a})",
     "class HELPER:\n    def __init__(self, f):\n        self.f = f\n    def __call__(self, *a, **k):\n        return self.f(*a, **k)")
call("call_getitem", lambda f, a, h: f"{h}()[{f}]({a})",
     "class HELPER:\n    def __getitem__(self, f):\n        return lambda *a, **k: f(*a, **k)")
call("call_wrapper", lambda f, a, h: f"{h}({f})({a})",
     "def HELPER(f):\n    def inner(*a, **k):\n        return f(*a, **k)\n    return inner")
call("call_apply", lambda f, a, h: f"{h}({f}{tail(a)})", "def HELPER(f, *a, **k):\n    return f(*a, **k)")
call("call_generator", lambda f, a, h: f"next((_g({a}) for _g in ({f},)))")
call("call_comprehension", lambda f, a, h: f"[_g({a}) for _g in [{f}]][0]")
call("call_yield", lambda f, a, h: f"next({h}({f}))({a})", "def HELPER(f):\n    yield f\n    yield None")
call("call_walrus", lambda f, a, h: f"({h} := {f})({a})", fit=free)
call("call_partial", lambda f, a, h: f"{h}.partial({f}{tail(a)})()", "import functools as HELPER")
call("call_map", lambda f, a, h: f"list(map({f}, [{a}]))[0]", fit=one)
call("call_star", lambda f, a, h: f"{f}(*({a},))", fit=one)
call("call_reduce", lambda f, a, h: f"{h}.reduce(lambda v, g: g(v), [{f}], {a})", "import functools as HELPER", fit=one)
call("call_conditional", lambda f, a, h: f"({f} if len('ab') == 2 else print)({a})")
call("call_dunder_method", lambda f, a, h: f"{f}.__call__({a})")
call("call_operator", lambda f, a, h: f"{h}.call({f}{tail(a)})", "import operator as HELPER")


@transform("call")
def call_decorator(source, rng, context):
    """A statement that calls becomes the body of a function that its decorator runs."""
    tree = parse(source)
    name, body = fresh(rng), fresh(rng)
    done = [False]

    class Lines(ast.NodeTransformer):
        def visit_Expr(self, node):
            if isinstance(node.value, ast.Call) and not within(node, ast.ClassDef) and not any(
                    isinstance(n, (ast.Yield, ast.Await, ast.NamedExpr)) for n in ast.walk(node)):
                if any(word in ast.unparse(node) for word in ("super()", "locals()", "exec(", "eval(")):
                    return node
                done[0] = True
                return statements(f"@{name}\ndef {body}():\n    {ast.unparse(node)}")
            return node

    tree = Lines().visit(tree)
    if not done[0]:
        raise Unfit("no statement that calls")
    return unparse(insert(tree, f"def {name}(f):\n    return f()"))
