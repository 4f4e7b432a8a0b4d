"""Writes the container that Outlook's MSG files are ([MS-CFB], version 3), for tests."""

from __future__ import annotations

import struct
from pathlib import Path

SECTOR, MINI = 512, 64
FREE, END, FAT_SECTOR = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
STORAGE, STREAM, ROOT = 1, 2, 5


def write_compound_file(path: Path, streams: dict[str, bytes]) -> None:
    """A file with these streams, each smaller than 4,096 bytes; "a/b" is stream b in storage a."""
    storages = sorted({name.split("/")[0] for name in streams if "/" in name})
    nodes: list[tuple[str, str, int]] = [("", "Root Entry", ROOT)]
    nodes += [("", name, STORAGE) for name in storages]
    nodes += [
        (parent, leaf, STREAM)
        for parent, _slash, leaf in (name.rpartition("/") for name in sorted(streams))
    ]
    mini, mini_fat, starts = b"", [], {}
    for name, data in streams.items():
        starts[name] = (len(mini_fat) if data else END, len(data))
        count = -(-len(data) // MINI)
        mini_fat += [len(mini_fat) + number + 1 for number in range(count)]
        if count:
            mini_fat[-1] = END
        mini += data.ljust(count * MINI, b"\0")

    directory = b""
    for number, (parent, name, kind) in enumerate(nodes):
        full = f"{parent}/{name}" if parent else name
        start, size = starts.get(full, (0, 0)) if kind == STREAM else (0, 0)
        if kind == ROOT:
            start, size = 0, len(mini)  # filled in below
        inside = "" if kind == ROOT else name
        children = [at for at, node in enumerate(nodes[1:], 1) if node[0] == inside]
        child = min(children, default=FREE) if kind != STREAM else FREE
        later = [at for at in range(number + 1, len(nodes)) if nodes[at][0] == parent]
        right = min(later, default=FREE) if kind != ROOT else FREE
        encoded = name.encode("utf-16-le") + b"\0\0"
        directory += struct.pack(
            "<64sHBBIII16sIQQIQ",
            *(encoded, len(encoded), kind, 1, FREE, right, child, b"", 0, 0, 0, start, size),
        )
    mini_fat_data = struct.pack(f"<{len(mini_fat)}I", *mini_fat)
    fat: list[int] = [FAT_SECTOR]
    body = b""
    first: list[int] = []
    for data in (directory, mini_fat_data, mini):
        count = max(1, -(-len(data) // SECTOR))
        first.append(len(fat))
        fat += [len(fat) + number + 1 for number in range(count)]
        fat[-1] = END
        filler = b"\xff" if data is mini_fat_data else b"\0"
        body += data.ljust(count * SECTOR, filler)
    # The root's stream is the one that all small streams lie in.
    at = 116  # where an entry of the directory says in which sector its stream begins
    body = body[:at] + struct.pack("<I", first[2]) + body[at + 4 :]
    table = struct.pack(f"<{len(fat)}I", *fat).ljust(SECTOR, b"\xff")
    assert len(table) == SECTOR
    mini_sectors = -(-len(mini_fat_data) // SECTOR)
    header = struct.pack(
        "<8s16sHHHHH6xIIIIIIIIII",
        *(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6),
        *(0, 1, first[0], 0, 4096, first[1], mini_sectors, END, 0, 0),
    ) + struct.pack("<108I", *[FREE] * 108)
    path.write_bytes(header + table + body)


def write_msg(path: Path, texts: dict[int, str], attachments: tuple[str, ...] = ()) -> None:
    """A message with properties of text by their number ([MS-OXPROPS]: 0x0037 is the subject)."""
    streams = {
        f"__substg1.0_{number:04X}001F": text.encode("utf-16-le") for number, text in texts.items()
    }
    head = struct.pack("<8x4I8x", 0, len(attachments), 0, len(attachments))
    streams["__properties_version1.0"] = head + _properties(texts)
    for number, name in enumerate(attachments):
        storage = f"__attach_version1.0_#{number:08X}"
        streams[f"{storage}/__substg1.0_3707001F"] = name.encode("utf-16-le")
        streams[f"{storage}/__properties_version1.0"] = bytes(8) + _properties({0x3707: name})
    write_compound_file(path, streams)


def _properties(texts: dict[int, str]) -> bytes:
    return b"".join(
        struct.pack("<IIQ", number << 16 | 0x1F, 6, 2 * len(text) + 2)
        for number, text in texts.items()
    )
