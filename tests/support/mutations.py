"""A file changed as chance, or somebody who means harm, would change it."""

from __future__ import annotations

import json
import random
from typing import Any

TOKENS = [
    *(b"\0", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\r\n", b"\n\n\n", b"\x1b[2J"),
    *(b"{", b"}", b"[", b"]", b'"', b"'", b"\\", b",", b":", b"#", b"&a", b"*a", b"\xed\xa0\xbd"),
    *(b"!!python/object:", b"-1", b"0", b"\\ud800", b"\\u0000", b"true", b"null"),
    *(b"<", b">", b"</", b"<!--", b"]]>", b"<!DOCTYPE x [", b"&x;", b"&#x110000;", b"PK\x03\x04"),
    *(b"NaN", b"Infinity", b"1e999", b"9" * 400),
    *(b"{{", b"}}", b"{%", b"%}", b"{% for a in range(9999) %}", b"obj", b"endobj", b"stream"),
    *("\u202e".encode(), "\U0010ffff".encode(), "e\u0301".encode(), "日本".encode()),
]  # fmt: skip
VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, -(2**63), 10**30, 0.5, -0.0, 1e308),
    *(float("nan"), float("inf"), "", "x", "\ud800", "\0", "a" * 5000, "../../etc/passwd", "<b>"),
    *([], {}, [[]], [None], [{}], {"a": {}}, [1, "a"], {"": None}, [0] * 300),
]


def mutated(seed: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """``seed`` with one to six changes; ``others``: what may be spliced in."""
    data = seed
    if chance.random() < 0.5 and (changed := _as_json(data, chance)) is not None:
        data = changed
        if chance.random() < 0.7:
            return data
    for _change in range(chance.choice((1, 1, 2, 3, 6))):
        data = _changed(data, others, chance)
    return data[: 2 << 20]


def _changed(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    start = chance.randrange(len(data) + 1)
    length = chance.choice((1, 1, 2, 4, 16, 64, 1000))
    end = min(len(data), start + length)
    kind = chance.randrange(9)
    if kind == 0 and data:  # a bit
        place = chance.randrange(len(data))
        return data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :]
    if kind == 1:
        return data[:start] + data[end:]
    if kind == 2:  # something again, perhaps very often
        times = chance.choice((1, 2, 10, 1000, 20_000))
        return data[:start] + data[start:end] * min(times, 1 + 300_000 // length) + data[end:]
    if kind == 3:
        return data[:start] + chance.randbytes(length) + data[end:]
    if kind == 4:
        return data[:start] + chance.choice(TOKENS) + data[end:]
    if kind == 5:
        times = chance.choice((1, 50, 3000))
        return data[:start] + chance.choice(TOKENS) * times + data[start:]
    if kind == 6 and others:
        other = chance.choice(others)
        at = chance.randrange(len(other) + 1)
        return data[:start] + other[at : at + chance.choice((20, 500, 50_000))]
    if kind == 7:
        return data[:start]
    lines = data.split(b"\n")
    one, two = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[two] = lines[two], lines[one]
    return b"\n".join(lines)


def _as_json(data: bytes, chance: random.Random) -> bytes | None:
    """A value somewhere in JSON, or in one of its lines, replaced, doubled or left out."""
    lines = data.split(b"\n")
    whole = len(lines) < 2
    at = 0 if whole else chance.randrange(len(lines))
    for text, is_line in ((data, False), (lines[at], True)):
        try:
            tree = json.loads(text)
        except (ValueError, RecursionError):
            continue
        changed = json.dumps(_replaced(tree, chance), ensure_ascii=chance.random() < 0.9)
        written = changed.encode(errors="surrogatepass")
        if not is_line:
            return written
        return b"\n".join([*lines[:at], written, *lines[at + 1 :]])
    return None


def _replaced(tree: Any, chance: random.Random) -> Any:
    if isinstance(tree, dict) and tree and chance.random() < 0.85:
        key = chance.choice(list(tree))
        kind = chance.randrange(8)
        if kind == 0:
            return {name: value for name, value in tree.items() if name != key}
        if kind == 1:
            return {**tree, chance.choice((*map(str, VALUES[:3]), "", key + "x")): tree[key]}
        return {**tree, key: _replaced(tree[key], chance)}
    if isinstance(tree, list) and tree and chance.random() < 0.85:
        at = chance.randrange(len(tree))
        kind = chance.randrange(8)
        if kind == 0:
            return [*tree[:at], *tree[at + 1 :]]
        if kind == 1:
            return [*tree, tree[at]]
        return [*tree[:at], _replaced(tree[at], chance), *tree[at + 1 :]]
    if chance.random() < 0.1:
        deep: Any = tree
        for _level in range(chance.choice((3, 30, 400))):
            deep = [deep] if chance.random() < 0.5 else {"a": deep}
        return deep
    return chance.choice(VALUES)
