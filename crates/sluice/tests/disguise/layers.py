"""Transformations that hide the whole module in data and execute it."""

import ast
import base64
import binascii
import bz2
import codecs
import gzip
import hashlib
import html
import json
import lzma
import pickle
import quopri
import struct
import urllib.parse
import zlib

from registry import Unfit, add, fresh, parse, transform
from texts import xor


def packed(name, encode, names=True, heavy=False):
    """A coder of the whole module: `encode(source, rng)` gives the text of a module that executes it."""
    add(name, "layer", lambda source, rng, context: encode(source, rng), names, heavy)


def b64(data):
    return base64.b64encode(data).decode()


packed("exec_plain", lambda s, r: f"exec({s!r})\n")
packed("exec_hex", lambda s, r: f"exec(bytes.fromhex({s.encode().hex()!r}))\n")
packed("exec_unhexlify", lambda s, r: f"import binascii\nexec(binascii.unhexlify({s.encode().hex()!r}))\n")
packed("exec_base16", lambda s, r: f"import base64\nexec(base64.b16decode({base64.b16encode(s.encode())!r}))\n")
packed("exec_base32", lambda s, r: f"import base64\nexec(base64.b32decode({base64.b32encode(s.encode())!r}))\n")
packed("exec_base64", lambda s, r: f"import base64\nexec(base64.b64decode({b64(s.encode())!r}))\n")
packed("exec_base64_codecs", lambda s, r: f"import codecs\nexec(codecs.decode({base64.encodebytes(s.encode())!r}, 'base64'))\n")
packed("exec_base85", lambda s, r: f"import base64\nexec(base64.b85decode({base64.b85encode(s.encode())!r}).decode())\n")
packed("exec_ascii85", lambda s, r: f"import base64\nexec(base64.a85decode({base64.a85encode(s.encode())!r}).decode())\n")
packed("exec_zlib", lambda s, r: f"import zlib\nexec(zlib.decompress({zlib.compress(s.encode())!r}))\n")
packed("exec_zlib_base64", lambda s, r: f"import base64, zlib\nexec(zlib.decompress(base64.b64decode({b64(zlib.compress(s.encode()))!r})))\n")
packed("exec_gzip", lambda s, r: f"import base64, gzip\nexec(gzip.decompress(base64.b64decode({b64(gzip.compress(s.encode(), mtime=0))!r})))\n")
packed("exec_bz2", lambda s, r: f"import base64, bz2\nexec(bz2.decompress(base64.b85decode({base64.b85encode(bz2.compress(s.encode()))!r})))\n")
packed("exec_lzma", lambda s, r: f"import base64, lzma\nexec(lzma.decompress(base64.b64decode({b64(lzma.compress(s.encode()))!r})))\n")
packed("exec_rot13", lambda s, r: f"import codecs\nexec(codecs.decode({codecs.encode(s, 'rot13')!r}, 'rot_13'))\n")
packed("exec_xor", lambda s, r: f"exec(bytes(b ^ 90 for b in bytes.fromhex({xor(s.encode(), bytes([90])).hex()!r})))\n")
packed("exec_xor_key", lambda s, r: "import base64\nk = b'lantern'\n"
       f"d = base64.b64decode({b64(xor(s.encode(), b'lantern'))!r})\nexec(bytes(c ^ k[i % len(k)] for i, c in enumerate(d)).decode())\n")
packed("exec_xor_cycle", lambda s, r: "from itertools import cycle\n"
       f"exec(''.join(chr(a ^ ord(b)) for a, b in zip({list(xor(s.encode(), b'tide'))!r}, cycle('tide'))))\n" if s.isascii() else f"exec({s!r})\n")
packed("exec_chr_list", lambda s, r: f"exec(''.join(map(chr, {[ord(c) for c in s]!r})))\n")
packed("exec_chr_sum", lambda s, r: "exec(" + "+".join(f"chr({ord(c)})" for c in s) + ")\n")
packed("exec_bytes_list", lambda s, r: f"exec(bytes({list(s.encode())!r}))\n")
packed("exec_shifted", lambda s, r: f"exec(''.join([chr(c - 11) for c in {[ord(c) + 11 for c in s]!r}]))\n")
packed("exec_int", lambda s, r: f"n = {int.from_bytes(s.encode(), 'big'):#x}\nexec(n.to_bytes((n.bit_length() + 7) // 8, 'big'))\n")
packed("exec_int_from_bytes", lambda s, r: f"n = int.from_bytes({bytes(255 - b for b in s.encode())!r}, 'little')\n"
       f"exec(bytes(255 - b for b in n.to_bytes({len(s.encode())}, 'little')))\n")
TABLE = bytes((i * 7 + 13) % 256 for i in range(256))
BACK = bytes(TABLE.index(i) for i in range(256))
packed("exec_translate", lambda s, r: f"t = {BACK!r}\nexec({s.encode().translate(TABLE)!r}.translate(t))\n")
packed("exec_translate_computed", lambda s, r: "t = bytes((i * 7 + 13) % 256 for i in range(256))\nu = bytes(t.index(i) for i in range(256))\n"
       f"exec({s.encode().translate(TABLE)!r}.translate(u).decode())\n")
packed("exec_reversed", lambda s, r: f"exec({s[::-1]!r}[::-1])\n")
packed("exec_reversed_base64", lambda s, r: f"_ = lambda __ : __import__('zlib').decompress(__import__('base64').b64decode(__[::-1]))\nexec((_)({b64(zlib.compress(s.encode())).encode()[::-1]!r}))\n")
packed("exec_stride", lambda s, r: "exec(" + repr("".join(c + r.choice('abc(') for c in s)) + "[::2])\n")
packed("exec_pieces", lambda s, r: pieces(s, r))
packed("exec_escape", lambda s, r: f"exec({''.join(f'%{b:02x}' for b in s.encode())!r}.replace('%', chr(92) + 'x').encode().decode('unicode_escape'))\n" if s.isascii() else f"exec({s!r})\n")
packed("exec_url", lambda s, r: f"import binascii\nexec(binascii.a2b_qp({quopri.encodestring(s.encode(), quotetabs=True)!r}).decode())\n")
packed("exec_utf16", lambda s, r: f"exec({s.encode('utf-16')!r}.decode('utf-16'))\n")
packed("exec_json", lambda s, r: f"import json\nexec(''.join(json.loads({json.dumps(s.splitlines(True))!r})))\n")
packed("exec_uu", lambda s, r: "import binascii\nexec(b''.join(binascii.a2b_uu(x) for x in "
       f"{[binascii.b2a_uu(s.encode()[i:i + 45]) for i in range(0, len(s.encode()), 45)]!r}))\n")


def pieces(source, rng):
    data, names, out = b64(source.encode()), [], []
    for at in range(0, len(data), 60):
        names.append(fresh(rng))
        out.append(f"{names[-1]} = {data[at:at + 60]!r}")
    rng.shuffle(out)
    return "import base64\n" + "\n".join(out) + f"\nexec(base64.b64decode({' + '.join(names)}))\n"


# ---- how it is executed


def executed(name, form, names=True):
    """A way to execute: `DATA` is an expression for the source's bytes, with `base64` imported as BASE."""
    def apply(source, rng, context):
        base = fresh(rng)
        data = f"{base}.b64decode({b64(source.encode())!r})"
        return f"import base64 as {base}\n" + form.replace("DATA", data).replace("NAME", fresh(rng)) + "\n"
    add(name, "execute", apply, names)


executed("run_compile", "exec(compile(DATA, '<string>', 'exec'))")
executed("run_eval_compile", "eval(compile(DATA.decode(), 'x.py', 'exec'))")
executed("run_eval_exec", "NAME = DATA\neval('exec(NAME)')")
executed("run_alias", "NAME = exec\nNAME(DATA, globals())")
executed("run_builtins", "import builtins\nbuiltins.exec(DATA, globals())")
executed("run_dunder_builtins", "getattr(__import__('builtins'), 'ex' + 'ec')(DATA, globals())")
executed("run_builtins_reversed", "getattr(__import__('snitliub'[::-1]), 'cexe'[::-1])(DATA, globals())")
executed("run_globals_builtins", "NAME = globals()['__builtins__']\nNAME = NAME if isinstance(NAME, dict) else vars(NAME)\nNAME['exec'](DATA, globals())")
executed("run_dict", "{'a': print, 'b': exec}['b'](DATA, globals())")
executed("run_lambda", "(lambda c: exec(c, globals()))(DATA)")
executed("run_lambda_chain", "(lambda f: lambda c: f(c, globals()))(exec)(DATA)")
executed("run_function", "def NAME(code):\n    exec(code, globals())\nNAME(DATA)")
executed("run_default", "def NAME(code=DATA, run=exec):\n    run(code, globals())\nNAME()")
executed("run_class_body", "class NAME:\n    exec(DATA, globals())")
executed("run_metaclass", "class NAME(type):\n    def __new__(m, n, b, d):\n        exec(d['code'], globals())\n        return super().__new__(m, n, b, d)\nclass _Q(metaclass=NAME):\n    code = DATA")
executed("run_init_subclass", "class NAME:\n    def __init_subclass__(cls, code=b''):\n        exec(code, globals())\nclass _Q(NAME, code=DATA):\n    pass")
executed("run_descriptor", "class NAME:\n    def __set_name__(self, owner, name):\n        exec(DATA, globals())\nclass _Q:\n    x = NAME()")
executed("run_property", "class NAME:\n    @property\n    def load(self):\n        exec(DATA, globals())\nNAME().load")
executed("run_getattr", "class NAME:\n    def __getattr__(self, name):\n        exec(DATA, globals())\nNAME().anything")
executed("run_operator", "class NAME:\n    def __add__(self, other):\n        exec(other, globals())\nNAME() + DATA")
executed("run_context", "class NAME:\n    def __enter__(self):\n        exec(DATA, globals())\n    def __exit__(self, *a):\n        pass\nwith NAME():\n    pass")
executed("run_iterator", "class NAME:\n    def __iter__(self):\n        exec(DATA, globals())\n        return iter(())\nlist(NAME())")
executed("run_decorator", "def NAME(f):\n    exec(f(), globals())\n@NAME\ndef _q():\n    return DATA")
executed("run_generator", "def NAME():\n    yield exec(DATA, globals())\nfor _ in NAME():\n    pass")
executed("run_map", "list(map(exec, [DATA.decode()], [globals()]))")
executed("run_comprehension", "[exec(c, globals()) for c in [DATA]]")
executed("run_walrus", "(NAME := exec)(DATA, globals())")
executed("run_reduce", "import functools\nfunctools.reduce(lambda g, c: exec(c, g), [DATA], globals())")
executed("run_function_type", "import types\ntypes.FunctionType(compile(DATA, 'x', 'exec'), globals())()")
executed("run_try", "try:\n    exec(DATA)\nexcept ImportError:\n    pass")
executed("run_handler", "try:\n    1 / 0\nexcept ZeroDivisionError:\n    exec(DATA)")
executed("run_finally", "try:\n    pass\nfinally:\n    exec(DATA)")
executed("run_condition", "if len(__name__) > 0 and exec(DATA) is None:\n    pass")
executed("run_module_type", "import sys, types\nNAME = types.ModuleType('NAME')\nNAME.__dict__.update(globals())\nexec(DATA, NAME.__dict__)", names=False)
executed("run_scope", "exec(DATA, {**globals()})", names=False)
executed("run_thread", "import threading\nNAME = threading.Thread(target=exec, args=(DATA, globals()))\nNAME.start()\nNAME.join()")
executed("run_partial", "import functools\nfunctools.partial(exec, DATA, globals())()")
executed("run_equality", "class NAME:\n    def __eq__(self, other):\n        exec(other, globals())\n        return True\nNAME() == DATA")
executed("run_contains", "class NAME:\n    def __contains__(self, item):\n        exec(item, globals())\n        return True\nDATA in NAME()")
executed("run_missing", "class NAME(dict):\n    def __missing__(self, key):\n        exec(key, globals())\nNAME()[DATA]")
executed("run_class_getitem", "class NAME:\n    def __class_getitem__(cls, item):\n        exec(item, globals())\nNAME[DATA]")
executed("run_str", "class NAME:\n    def __str__(self):\n        exec(DATA, globals())\n        return ''\nf'{NAME()}'")
executed("run_bool", "class NAME:\n    def __bool__(self):\n        exec(DATA, globals())\n        return True\nif NAME():\n    pass")
executed("run_setattr", "class NAME:\n    pass\nsetattr(NAME, 'go', staticmethod(exec))\nNAME.go(DATA, globals())")
executed("run_send", "def NAME():\n    code = yield\n    exec(code, globals())\n    yield\n_g = NAME()\nnext(_g)\n_g.send(DATA)")
executed("run_yield_from", "def NAME():\n    yield exec\ndef _h():\n    yield from NAME()\nfor _f in _h():\n    _f(DATA, globals())")
executed("run_exception", "try:\n    raise ValueError(DATA)\nexcept ValueError as NAME:\n    exec(NAME.args[0])")
executed("run_attribute", "def NAME():\n    exec(NAME.code, globals())\nNAME.code = DATA\nNAME()")
executed("run_max_key", "max([DATA.decode()], key=lambda NAME: exec(NAME, globals()) or 0)")
executed("run_starmap", "import itertools\nlist(itertools.starmap(exec, [(DATA, globals())]))")
executed("run_unpacked", "NAME, (_f, *_a) = 1, (exec, DATA, globals())\n_f(*_a)")
executed("run_methodcaller", "import builtins, operator\noperator.methodcaller('exec', DATA, globals())(builtins)")
executed("run_super", "class NAME:\n    def go(self, code):\n        exec(code, globals())\nclass _Q(NAME):\n    def go(self, code):\n        super().go(code)\n_Q().go(DATA)")
executed("run_slots", "class NAME:\n    __slots__ = ('code',)\n    def __init__(self, code):\n        self.code = code\n    def __len__(self):\n        exec(self.code, globals())\n        return 0\nlen(NAME(DATA))")


# ---- decoders of one's own


def decoder(name, encode, form):
    """A module that decodes in its own way: ENCODED is the literal that `encode` gives."""
    packed(name, lambda s, r: form.replace("ENCODED", repr(encode(s.encode()))) + "\n")


def rc4(data, key=b"harbor"):
    box, j = list(range(256)), 0
    for i in range(256):
        j = (j + box[i] + key[i % len(key)]) % 256
        box[i], box[j] = box[j], box[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + box[i]) % 256
        box[i], box[j] = box[j], box[i]
        out.append(byte ^ box[(box[i] + box[j]) % 256])
    return bytes(out)


RC4 = """def rc4(data, key=b'harbor'):
    box, j = list(range(256)), 0
    for i in range(256):
        j = (j + box[i] + key[i % len(key)]) % 256
        box[i], box[j] = box[j], box[i]
    out, i, j = bytearray(), 0, 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + box[i]) % 256
        box[i], box[j] = box[j], box[i]
        out.append(byte ^ box[(box[i] + box[j]) % 256])
    return bytes(out)
exec(rc4(ENCODED), globals())"""
decoder("decode_rc4", rc4, RC4)
decoder("decode_hash_key", lambda d: xor(d, hashlib.sha256(b"tide").digest()),
        "import hashlib\nk = hashlib.sha256(b'tide').digest()\nexec(bytes(b ^ k[i % 32] for i, b in enumerate(ENCODED)))")
decoder("decode_repeat", lambda d: xor(d, b"\x2b"), "import itertools, operator\nexec(bytes(map(operator.xor, ENCODED, itertools.repeat(43))))")
decoder("decode_in_place", lambda d: bytes((b + 5) % 256 for b in d), "d = bytearray(ENCODED)\nfor i in range(len(d)):\n    d[i] = (d[i] - 5) % 256\nexec(bytes(d))")
decoder("decode_divmod", lambda d: int.from_bytes(d, "big"), "n, d = ENCODED, []\nwhile n:\n    n, r = divmod(n, 256)\n    d.append(r)\nexec(bytes(reversed(d)))")
decoder("decode_pickle", lambda d: pickle.dumps(d.decode()), "import pickle\nexec(pickle.loads(ENCODED))")
decoder("decode_struct", lambda d: list(struct.unpack(f">{len(d) // 4 + 1}I", d + b"\n" * (4 - len(d) % 4))), "import struct\nd = ENCODED\nexec(struct.pack('>%dI' % len(d), *d))")
decoder("decode_recursion", lambda d: d[::-1].decode(), "def turn(s, n):\n    return s if n == 0 else turn(s[::-1], n - 1)\nexec(turn(ENCODED, 5), globals())")
decoder("decode_deque", lambda d: (lambda s: s[5:] + s[:5])(d.decode()), "import collections\nq = collections.deque(ENCODED)\nq.rotate(5)\nexec(''.join(q))")
decoder("decode_sub", lambda d: d.decode().replace("e", "e%7K~"), "import re\nexec(re.sub(r'%\\d[A-Z]~', '', ENCODED))")
decoder("decode_unquote", lambda d: urllib.parse.quote(d), "from urllib.parse import unquote\nexec(unquote(ENCODED))")
decoder("decode_unescape", lambda d: html.escape(d.decode()), "import html\nexec(html.unescape(ENCODED))")
decoder("decode_docstring", lambda d: b64(d), "import base64\ndef notes():\n    ENCODED\nexec(base64.b64decode(notes.__doc__))")
decoder("decode_enum", lambda d: b64(d), "import base64, enum\nclass Kind(enum.Enum):\n    TEXT = ENCODED\nexec(base64.b64decode(Kind.TEXT.value))")
decoder("decode_dataclass", lambda d: b64(d), "import base64\nfrom dataclasses import dataclass\n@dataclass\nclass Item:\n    text: str = ENCODED\nexec(base64.b64decode(Item().text))")
decoder("decode_namedtuple", lambda d: b64(d), "import base64, collections\nItem = collections.namedtuple('Item', 'size text')\nexec(base64.b64decode(Item(3, ENCODED).text))")
decoder("decode_stream", lambda d: zlib.compress(d), "import zlib\nz = zlib.decompressobj()\nexec(z.decompress(ENCODED) + z.flush())")
decoder("decode_bytesio", lambda d: gzip.compress(d, mtime=0), "import gzip, io\nwith gzip.GzipFile(fileobj=io.BytesIO(ENCODED)) as f:\n    exec(f.read())")
decoder("decode_sorted", lambda d: sorted(enumerate(d.decode()), key=lambda p: (p[0] * 7919 % 997, p)), "exec(''.join(c for _, c in sorted(ENCODED)))")
decoder("decode_words", lambda d: " ".join(format(b, "08b") for b in d), "exec(bytes(int(w, 2) for w in ENCODED.split()))")
decoder("decode_difference", lambda d: [b - a for a, b in zip(b"\0" + d, d)], "import itertools\nexec(bytes(itertools.accumulate(ENCODED)))")
decoder("decode_dict", lambda d: d.hex().translate(str.maketrans("0123456789abcdef", "qwertyuiopasdfgh")),
        "t = {c: i for i, c in enumerate('qwertyuiopasdfgh')}\nd = ENCODED\nexec(bytes(t[a] * 16 + t[b] for a, b in zip(d[::2], d[1::2])))")


# ---- many layers

COMMON = [
    lambda s, r: f"import base64\nexec(base64.b64decode({b64(s.encode())!r}))\n",
    lambda s, r: f"exec(bytes.fromhex({s.encode().hex()!r}))\n",
    lambda s, r: f"import base64\nexec(base64.b85decode({base64.b85encode(s.encode())!r}).decode())\n",
    lambda s, r: f"exec({s[::-1]!r}[::-1])\n",
    lambda s, r: f"k = {(k := r.randrange(1, 255))}\nexec(bytes(b ^ k for b in bytes.fromhex({xor(s.encode(), bytes([k])).hex()!r})))\n",
]


def squeeze(source, rng):
    """A layer that does not grow, for nests that are deep."""
    return f"import base64, zlib\nexec(zlib.decompress(base64.b64decode({b64(zlib.compress(source.encode(), 9))!r})))\n"


def nested(count):
    def apply(source, rng, context):
        for index in range(count):
            grown = len(source) > 20000
            source = (squeeze if grown or index % 2 else rng.choice(COMMON))(source, rng)
        return source
    return apply


for count in (1, 5, 20, 50):
    add(f"layers_{count}", "layers", nested(count), heavy=count > 5)


@transform("layers")
def layers_hidden_call(source, rng, context):
    """Five layers, each with `exec` under another name."""
    for _ in range(5):
        name = fresh(rng)
        source = f"import zlib\n{name} = getattr(__import__('builtins'), {'exec'[::-1]!r}[::-1])\n{name}(zlib.decompress({zlib.compress(source.encode())!r}), globals())\n"
    return source


@transform("layers")
def layers_function(source, rng, context):
    """Three layers, each decoded by a function of the layer before."""
    for key in (17, 91, 201):
        name = fresh(rng)
        source = f"def {name}(d):\n    return bytes([b ^ {key} for b in d])\nexec({name}({xor(source.encode(), bytes([key]))!r}).decode(), globals())\n"
    return source


@transform("layers")
def layers_loop(source, rng, context):
    """One loop undoes eight codings and then executes."""
    data = source.encode()
    for _ in range(8):
        data = base64.b64encode(zlib.compress(data))
    return f"import base64, zlib\nd = {data!r}\nfor _ in range(8):\n    d = zlib.decompress(base64.b64decode(d))\nexec(d)\n"


@transform("layers")
def layers_partial(source, rng, context):
    """Every statement is a layer of its own."""
    tree = parse(source)
    if any(getattr(node, "module", "") == "__future__" for node in tree.body):
        raise Unfit("a statement holds for the whole module")
    lines = [f"exec(base64.b64decode({b64(ast.unparse(node).encode())!r}))" for node in tree.body]
    return "import base64\n" + "\n".join(lines) + "\n"
