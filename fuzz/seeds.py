"""Writes the seeds of all fuzz targets, made from the repository's own fixtures. What is there already stays."""

import bz2
import gzip
import hashlib
import io
import json
import lzma
import marshal
import pathlib
import re
import tarfile
import zipfile
import base64
import zlib

HERE = pathlib.Path(__file__).parent
CRATES = HERE.parent / "crates"
GAP = b"\xff\xfe\xff"


def write(target: str, *contents: bytes) -> None:
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    for content in contents:
        (folder / hashlib.sha1(content).hexdigest()).write_bytes(content)


def programs(language: str, ending: str) -> list[bytes]:
    found = [path.read_bytes() for path in sorted(CRATES.rglob(f"*.{ending}"))]
    for page in sorted((CRATES / "catalog" / "behaviors").rglob("*.md")):
        fences = re.findall(rf"^```{language}[^\n]*\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
        found += [fence.encode() for fence in fences]
    return [code for code in found if 0 < len(code) <= 32_000]


def tar(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo("p-1.0/link.py")
        link.type, link.linkname = tarfile.SYMTYPE, "setup.py"
        archive.addfile(link)
    return out.getvalue()


def zipped(files: dict[str, bytes], method: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


METADATA = b"Metadata-Version: 2.1\nName: p\nVersion: 1.0\nSummary: An example\nRequires-Dist: q>1\n\nLong text.\n"
PYPROJECT = (
    b'[build-system]\nrequires = []\nbuild-backend = "b:h"\nbackend-path = ["tools"]\n[project]\nname = "p"\n'
    b'version = "1.0"\ndependencies = ["q"]\n[project.scripts]\np = "a.b:main"\n[tool.setuptools.cmdclass]\nx = "a:C"\n'
)
SETUP_CFG = b"[metadata]\nname = p\nversion = 1\n[options]\ninstall_requires =\n  q\n[options.entry_points]\nconsole_scripts =\n  p = a.b:main\n"
ENTRY_POINTS = b"[console_scripts]\np = a.b:main [extra]\n\n[pytest11]\nx = a.c\n"
PACKAGE_JSON = b'{"name": "p", "main": "a.js", "scripts": {"preinstall": "node a.js && npm run b", "b": "node b.js"}}'
BINDING_GYP = b"{'targets': [{'target_name': 'x', 'sources': ['<!@(ls -1 *.cc)'], 'actions': [{'action': ['node', 'a.js']}]}]}"
PAGES = [
    b"<!doctype html><body onload='go()'><style>p{}</style><script>a();</script><script type=module>b()</script>",
    b"<svg><title><b>a</b></title><style>.a{}</style><script><![CDATA[ a(1 < 2); ]]></script><script/></svg><p>b",
    b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY a 'b'>]><s:svg><s:script>a()</s:script><a xlink:href='javascript:a()'/></s:svg>",
    b"<template><iframe /></template>\n<script setup lang='ts'>\nconst a: string = 'x';\n</script>",
    b"{#if a <b}\n{/if}\n<script>\na();\n</script>",
    b"---\nconst a: string = 'x';\nreturn;\n---\n<p>{a}</p><script>b()</script>",
    b"<select><xmp></xmp></select><math><mi>a</mi></math><noframes><!--</noframes><plaintext><script>a()",
]
RECORD = b"a/__init__.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\na-1.dist-info/RECORD,,\n"


def main() -> None:
    code = programs("python", "py")
    write("python", *code)
    write("javascript", *programs("javascript", "js"), PACKAGE_JSON, BINDING_GYP, *PAGES)
    write("review", *code)
    write("flow", *code, *[GAP.join(code[at : at + 4]) for at in range(0, len(code), 4)])
    write("files", *[b"\0" + text for text in code])
    notebook = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"language_info": {"name": "python"}},
        "cells": [
            {"cell_type": "markdown", "source": ["# One\n"]},
            {"cell_type": "code", "source": ["%pip install q\n", "import os\n"], "outputs": []},
            {"cell_type": "code", "source": "print(os.name)", "outputs": []},
        ],
    }
    compiled = b"\xa7\x0d\r\n" + bytes(12) + marshal.dumps(compile("import os\nx = 'text'\n", "p.py", "exec"))
    images = [b"\x89PNG\r\n\x1a\n" + bytes(32), b"wOF2" + bytes(32), b"\x7fELF\x02\x01\x01" + bytes(64)]
    for kind in range(18):
        for content in [json.dumps(notebook, indent=1).encode(), compiled, *images, b"\xff\xfei\0m\0", b"#!/bin/sh\nls\n"]:
            write("files", bytes([kind]) + content)

    write("files", *[bytes([kind]) + page for kind in (11, 16, 17) for page in PAGES])

    files = {
        "p-1.0/setup.py": code[0],
        "p-1.0/PKG-INFO": METADATA,
        "p-1.0/a/__init__.py": code[1],
        "p-1.0/a/icon.png": images[0],
    }
    plain = tar(files)
    wheel = {"a/__init__.py": code[1], "a-1.dist-info/METADATA": METADATA, "a-1.dist-info/RECORD": RECORD}
    archives = [
        plain,
        gzip.compress(plain),
        gzip.compress(plain[:2048]) + gzip.compress(plain[2048:]),
        bz2.compress(plain),
        lzma.compress(plain),
        zipped(wheel, zipfile.ZIP_STORED),
        zipped(wheel, zipfile.ZIP_DEFLATED),
        zipped(wheel, zipfile.ZIP_BZIP2),
        tar({"o/inner.whl": zipped(wheel, zipfile.ZIP_DEFLATED), "o/x.gz": gzip.compress(code[0])}),
        zipped({"n.zip": zipped(wheel, zipfile.ZIP_STORED)}, zipfile.ZIP_STORED),
    ]
    write("archives", *archives)
    write("review", *archives)

    manifests = [PYPROJECT, SETUP_CFG, METADATA, METADATA, b"q>1\n", b"a\n", ENTRY_POINTS, METADATA, RECORD, ENTRY_POINTS]
    write("manifests", *[bytes([at]) + text for at, text in enumerate(manifests)])
    write("manifests", GAP.join([bytes([7]) + METADATA, bytes([8]) + RECORD, bytes([13])]))
    write("manifests", GAP.join([bytes([0]) + PYPROJECT, bytes([6]) + ENTRY_POINTS, bytes([13]) + code[1]]))

    text = b"print('hello')\n" * 4
    values = [
        base64.b64encode(text), base64.b32encode(text), base64.b85encode(text), base64.a85encode(text), text.hex().encode(),
        zlib.compress(text), gzip.compress(text), bz2.compress(text), lzma.compress(text), marshal.dumps([1, "a", {2: b"b"}]),
        b'{"a": [1, 2.5, null, true, "\\u00e9"]}', b"&lt;a&#x41;&amp;", b"[1, 'a', {2: (b'x', 1j)}]", b"%41%42+", b"\\x41\\u0042\\n",
        b"{0!r:>{1}}", b"%s %(a)05.2f", b">IHb2s", b"(a|b)*?[^c]\\d{2,3}", b"+AGE-", b"1_000", b"0x1f", b"-1.5e10",
    ]
    for function in range(0, 130):
        write("decoders", *[bytes([function]) + b"\x00" + value for value in values[function % 3 :: 3]])
        write("decoders", bytes([function]) + b"\x02" + values[18] + GAP + b"\x02x\\1" + GAP + b"\x02abcabc")
        write("decoders", bytes([function]) + b"\x00" + values[function % len(values)] + GAP + b"\x05" + bytes([function]))
        write("decoders", bytes([function]) + b"\x04" + bytes([function]) + GAP + b"\x04\x03" + GAP + b"\x02" + values[15])

    names = ["plain", "a\x1b[2J\x07", "\u202eyp.exe", "..\\..//x", "\u0000\u0085\ufeff", "`*_[x](http://a.invalid)<b>|"]
    for name in names:
        pieces = [name, name, name, "word", f"Name: {name}\nSummary: {name}\n\n{name}\n"]
        write("render", GAP.join(piece.encode() for piece in pieces))

    def number(value: int) -> bytes:
        out = bytearray()
        while value >= 128:
            out.append(value % 128 + 128)
            value //= 128
        return bytes([*out, value])

    def sized(value: bytes) -> bytes:
        return number(len(value)) + value

    part = sized(b"a.py") + sized(b"x = 1\n")
    for shape in range(4):
        write("wire", sized(b"set") + number(shape) + number(2) + part + part + bytes(7))
    write("wire", b'{"schema": "sluice.review/1", "engine": "sluice", "target": "a"}')
    for path in sorted(CRATES.rglob("*.json")):
        write("wire", path.read_bytes())
    print("the seeds are in", HERE / "corpus")


if __name__ == "__main__":
    main()
