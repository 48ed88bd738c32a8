"""Transformations of string literals."""

import ast
import base64
import codecs
import zlib

from registry import Unfit, add, expression, fresh, insert, parse, transform, unparse


def literals(source, replace, least=3):
    """Replaces every string literal that is a plain expression by the text `replace(value)` gives."""
    tree = parse(source)
    done = [False]

    class Literals(ast.NodeTransformer):
        def visit_Expr(self, node):
            return node if isinstance(node.value, ast.Constant) else self.generic_visit(node)

        def visit_JoinedStr(self, node):
            return node

        def visit_MatchValue(self, node):
            return node

        def visit_Constant(self, node):
            if isinstance(node.value, str) and len(node.value) >= least:
                done[0] = True
                return expression(replace(node.value))
            return node

    tree = Literals().visit(tree)
    if not done[0]:
        raise Unfit("no string")
    return tree


def cut(text, rng, most=5):
    out, at = [], 0
    while at < len(text):
        step = rng.randrange(1, most)
        out.append(text[at:at + step])
        at += step
    return out


def each(name, replace, prelude=None, least=3):
    """A transformation that replaces each literal alone; HELPER in the prelude is a fresh name."""
    def apply(source, rng, context):
        helper = fresh(rng)
        tree = literals(source, lambda v: replace(v, rng, helper), least)
        if prelude:
            insert(tree, prelude.replace("HELPER", helper))
        return unparse(tree)
    add(name, "string", apply)


def xor(data, key):
    return bytes(b ^ key[i % len(key)] for i, b in enumerate(data))


def stride(v, rng):
    return "".join(c + rng.choice("abcxyz789") for c in v)


each("string_concat", lambda v, r, h: "(" + " + ".join(repr(p) for p in cut(v, r)) + ")")
each("string_join", lambda v, r, h: f"''.join({cut(v, r)!r})")
each("string_percent", lambda v, r, h: "(" + repr("%s" * len(p := cut(v, r))) + f" % {tuple(p)!r})")
each("string_format", lambda v, r, h: f"{'{}' * len(p := cut(v, r))!r}.format({', '.join(map(repr, p))})")


def shuffled(v, r, h):
    parts = cut(v, r)
    order = list(range(len(parts)))
    r.shuffle(order)
    form = "".join("{%d}" % order.index(i) for i in range(len(parts)))
    return f"{form!r}.format({', '.join(repr(parts[i]) for i in order)})"


each("string_format_shuffled", shuffled)
each("string_fstring", lambda v, r, h: "(lambda a, b: f'{a}{b}')(%r, %r)" % (v[:len(v) // 2], v[len(v) // 2:]))
each("string_reversed", lambda v, r, h: f"{v[::-1]!r}[::-1]")
each("string_reversed_join", lambda v, r, h: f"''.join(reversed({v[::-1]!r}))")
each("string_stride", lambda v, r, h: f"{stride(v, r)!r}[::2]")
each("string_slice", lambda v, r, h: f"{('qz' + v + 'vv')!r}[2:-2]")
each("string_replace", lambda v, r, h: f"{'~@'.join(v)!r}.replace('~@', '')")
each("string_split", lambda v, r, h: f"''.join({'~@'.join(cut(v, r))!r}.split('~@'))")
each("string_chr", lambda v, r, h: "(" + " + ".join(f"chr({ord(c)})" for c in v) + ")")
each("string_chr_list", lambda v, r, h: f"''.join(chr(c) for c in {[ord(c) for c in v]!r})")
each("string_chr_map", lambda v, r, h: f"''.join(map(chr, {[ord(c) for c in v]!r}))")
each("string_chr_shifted", lambda v, r, h: f"''.join([chr(c - 7) for c in {[ord(c) + 7 for c in v]!r}])")
each("string_bytes", lambda v, r, h: f"bytes({list(v.encode())!r}).decode()")
each("string_hex", lambda v, r, h: f"bytes.fromhex({v.encode().hex()!r}).decode()")
each("string_base64", lambda v, r, h: f"{h}.b64decode({base64.b64encode(v.encode()).decode()!r}).decode()", "import base64 as HELPER")
each("string_base64_bytes", lambda v, r, h: f"{h}({base64.b64encode(v.encode())!r}).decode('utf-8')", "from base64 import b64decode as HELPER")
each("string_base32", lambda v, r, h: f"{h}.b32decode({base64.b32encode(v.encode())!r}).decode()", "import base64 as HELPER")
each("string_base85", lambda v, r, h: f"{h}.b85decode({base64.b85encode(v.encode())!r}).decode()", "import base64 as HELPER")
each("string_ascii85", lambda v, r, h: f"{h}.a85decode({base64.a85encode(v.encode())!r}).decode()", "import base64 as HELPER")
each("string_rot13", lambda v, r, h: f"{h}.decode({codecs.encode(v, 'rot13')!r}, 'rot13')", "import codecs as HELPER")
each("string_zlib", lambda v, r, h: f"{h}.decompress({zlib.compress(v.encode())!r}).decode()", "import zlib as HELPER")
each("string_int", lambda v, r, h: f"({int.from_bytes(v.encode(), 'big')}).to_bytes({len(v.encode())}, 'big').decode()")
each("string_xor", lambda v, r, h: f"''.join(chr(c ^ {(k := r.randrange(1, 128))}) for c in {[ord(c) ^ k for c in v]!r})")
each("string_xor_helper", lambda v, r, h: f"{h}({xor(v.encode(), b'harbor')!r})",
     "def HELPER(data, key=b'harbor'):\n    return bytes(b ^ key[i % len(key)] for i, b in enumerate(data)).decode()")
each("string_xor_loop", lambda v, r, h: f"{h}({xor(v.encode(), b'K9')!r})",
     "def HELPER(data):\n    out = ''\n    for i in range(len(data)):\n        out += chr(data[i] ^ (75 if i % 2 == 0 else 57))\n    return out")
SHIFT = {c: c + 1 for c in range(33, 126)} | {126: 33}
each("string_translate", lambda v, r, h: f"{v.translate(SHIFT)!r}.translate({h})", f"HELPER = {({v: k for k, v in SHIFT.items()})!r}")
each("string_maketrans", lambda v, r, h: f"{v.translate(str.maketrans('abcdefghij', 'jihgfedcba'))!r}.translate(str.maketrans('jihgfedcba', 'abcdefghij'))")
each("string_dict", lambda v, r, h: "(lambda d: d['a'] + d['b'])({'b': %r, 'a': %r})" % (v[len(v) // 2:], v[:len(v) // 2]))
each("string_walrus", lambda v, r, h: f"(lambda: [(s := {v[:2]!r}), s + {v[2:]!r}][1])()")
each("string_default", lambda v, r, h: f"(lambda a={v[:2]!r}, b={v[2:]!r}: a + b)()")
each("string_unicode_escape", lambda v, r, h: repr("".join(f"\\x{b:02x}" for b in v.encode('latin-1', 'replace'))) + ".encode().decode('unicode_escape')" if v.isascii() else repr(v))
each("string_generator", lambda v, r, h: f"''.join({h}({[ord(c) * 3 for c in v]!r}))", "def HELPER(data):\n    for c in data:\n        yield chr(c // 3)")
each("string_class", lambda v, r, h: f"type('T', (), {{'a': {v[:3]!r}, 'b': {v[3:]!r}, 'v': property(lambda s: s.a + s.b)}})().v")
each("string_layers", lambda v, r, h: f"{h}.b64decode({h}.b32decode({h}.b85decode({base64.b85encode(base64.b32encode(base64.b64encode(v.encode())))!r}))).decode()", "import base64 as HELPER")


@transform("string")
def string_table(source, rng, context):
    """All strings in one list, turned by an offset, and a function that gives them."""
    values, get, table = [], fresh(rng), fresh(rng)
    def put(value):
        if value not in values:
            values.append(value)
        return f"{get}({values.index(value) + 291})"
    tree = literals(source, put)
    return unparse(insert(tree, f"{table} = {values!r}\ndef {get}(n):\n    return {table}[n - 291]"))


@transform("string")
def string_table_encoded(source, rng, context):
    """The same, with strings that are encoded, and a list that a loop turns first."""
    values, get, table, base = [], fresh(rng), fresh(rng), fresh(rng)
    def put(value):
        value = base64.b64encode(value.encode()).decode()
        if value not in values:
            values.append(value)
        return f"{get}({hex(values.index(value) + 0x1a0)})"
    tree = literals(source, put)
    turn = 1 % len(values)
    turned = values[-turn:] + values[:-turn] if turn else values
    return unparse(insert(tree, f"import base64 as {base}\n{table} = {turned!r}\nfor _ in range({turn}):\n    {table}.append({table}.pop(0))\n"
                                f"def {get}(n):\n    return {base}.b64decode({table}[n - 0x1a0]).decode()"))


@transform("string")
def string_constants_class(source, rng, context):
    """All strings are attributes of a class."""
    values, holder = [], fresh(rng)
    def put(value):
        if value not in values:
            values.append(value)
        return f"{holder}.v{values.index(value)}"
    tree = literals(source, put)
    body = "".join(f"    v{i} = {v[::-1]!r}[::-1]\n" for i, v in enumerate(values))
    return unparse(insert(tree, f"class {holder}:\n{body}"))


@transform("string")
def string_letters(source, rng, context):
    """Each string is picked letter by letter out of an alphabet."""
    alphabet = list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:/.-_=?&%+ ")
    rng.shuffle(alphabet)
    alphabet, name = "".join(alphabet), fresh(rng)
    def put(value):
        if not set(value) <= set(alphabet):
            return repr(value)
        return f"''.join({name}[i] for i in {[alphabet.index(c) for c in value]!r})"
    return unparse(insert(literals(source, put), f"{name} = {alphabet!r}"))


@transform("string")
def string_global_pieces(source, rng, context):
    """Pieces of a string are module-level variables, and what uses it puts them together."""
    lines = []
    def put(value):
        a, b = fresh(rng), fresh(rng)
        lines.append(f"{a} = {value[:len(value) // 2]!r}\n{b} = {value[len(value) // 2:]!r}")
        return f"({a} + {b})"
    tree = literals(source, put)
    return unparse(insert(tree, "\n".join(lines)))


@transform("string")
def string_environment_free(source, rng, context):
    """A key derived by computation decodes each string."""
    name, key = fresh(rng), 0
    for i in range(1, 20):
        key = (key * 31 + i * i) % 251
    tree = literals(source, lambda v: f"{name}({xor(v.encode(), bytes([key]))!r})")
    return unparse(insert(tree, f"def {name}(data):\n    k = 0\n    for i in range(1, 20):\n        k = (k * 31 + i * i) % 251\n"
                                f"    return bytes(map(lambda b: b ^ k, data)).decode()"))
