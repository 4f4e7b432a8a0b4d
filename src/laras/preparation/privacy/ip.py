"""IP addresses, of both versions, private ones too; not numbers of versions and of sections."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv6Address

from laras.preparation.privacy.finding import DETECTORS, Detector, Finding, words_before

_VERSION_4 = re.compile(r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}")
_VERSION_6 = re.compile(r"[0-9A-Fa-f:]{4,45}")
_COLONS = re.compile(r":[0-9A-Fa-f]{1,4}:[0-9A-Fa-f]{1,4}:")
# Beginning with one character, so that the search can leap to it.
_DOTS = re.compile(r"\.[0-9]{1,3}\.[0-9]{1,3}")
_LEAST_GROUPS = 3
_NO_ADDRESS = re.compile(
    r"\b(?:v|ver|versi|version|versions|release|rilis|build|update|bab|pasal|ayat|section|sections|sec|"
    r"chapter|butir|angka|poin|point|clause|oid|firefox|chrome|safari|windows|android|ios|java|python|"
    r"kernel|lampiran|hal|halaman|page)\b"
)
_OPERATOR = re.compile(r"(?:==|~=|>=|<=|[a-z]/|\^|[a-z]@)[ \t(]{0,2}\Z")
_ADDRESS = re.compile(
    r"\b(?:ip|ips|ipv4|address|addresses|alamat|server|servers|host|ping|gateway|dns|ssh|rdp|vpn|subnet|"
    r"router|modem|node|client|traceroute|tracert|remote|proxy|firewall|whitelist|blacklist|block|"
    r"blokir|banned|akses|access|koneksi|connect\w*|port|login|dhcp|network|jaringan|db|database|"
    r"cctv|kamera|camera|printer|mesin|broker|listen\w*|forward\w*|from|localhost|nat|peer)\b|://"
)
_NEAR = 40  # characters


def find_ips(text: str) -> Iterator[Finding]:
    """All IP addresses of ``text``."""
    for found in _VERSION_4.finditer(text):
        if _is_version_4(text, found.start(), found.end()):
            yield Finding("ip", found.start(), found.end(), found.group())
    if "::" in text or _COLONS.search(text):
        yield from _find_version_6(text)


def _may_hold_ip(text: str) -> bool:
    return "::" in text or bool(_DOTS.search(text) or _COLONS.search(text))


def _is_version_4(text: str, start: int, end: int) -> bool:
    parts = text[start:end].split(".")
    if any(int(part) > 255 or (len(part) > 1 and part[0] == "0") for part in parts):
        return False
    if parts[0] in ("0", "255"):  # a mask, or no address of a machine
        return False
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if before[-1:].isalnum() or before[-1:] in ("_", ".") or after[:1].isalnum():
        return False
    if after[:1] in (".", "-", "_") and after[1:].isalnum():
        return False
    return _is_meant(text, start, end, parts)


def _is_meant(text: str, start: int, end: int, parts: list[str]) -> bool:
    """Sections and versions are written like addresses; the nearest word of either kind decides.

    Without such a word, four short numbers are more often a section or a version.
    """
    before = words_before(text, start, _NEAR)
    if _OPERATOR.search(before) and not before.endswith(("://", "admin@", "root@")):
        return "@" in before and _ADDRESS.search(before) is not None
    names = [found.end() for found in _ADDRESS.finditer(before)]
    others = [found.end() for found in _NO_ADDRESS.finditer(before)]
    if names or others:
        return max(names, default=-1) > max(others, default=-1)
    follows = text[end : end + 3]
    has_port = follows[:1] in (":", "/") and follows[1:2].isdigit()
    return has_port or any(len(part) == 3 for part in parts)


def _find_version_6(text: str) -> Iterator[Finding]:
    for found in _VERSION_6.finditer(text):
        start, end = found.span()
        written = found.group()
        if written.endswith(":") and not written.endswith("::"):
            end, written = end - 1, written[:-1]
        if sum(map(bool, written.split(":"))) < _LEAST_GROUPS:
            continue
        if text[start - 1 : start].isalnum() or text[end : end + 1].isalnum():
            continue
        try:
            address = IPv6Address(written)
        except ValueError:
            continue
        yield Finding("ip", start, end, str(address))


DETECTORS.register("ip", Detector(find_ips, _may_hold_ip))
