"""All personal data of a text, each place once, and the placeholders that take its place."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

# Imported in the order of right where two find the same: a card's number is no telephone's.
from laras.preparation.privacy import (  # noqa: F401  # isort: skip
    url_secret,
    api_key,
    email_address,
    iban,
    npwp,
    card,
    nik,
    phone,
    ip,
)
from laras.preparation.privacy.finding import DETECTORS, Detector, Finding
from laras.preparation.privacy.name import name_detector

NAME = "name"
_PLACEHOLDER = re.compile(r"<([A-Z]+(?:_[A-Z]+)?)_([1-9][0-9]{0,5})>")


def detectors_of(kinds: Sequence[str], names: tuple[str, ...] = ()) -> list[Detector]:
    """What finds ``kinds``; ``names`` are those that the kind "name" looks for."""
    detectors = [DETECTORS.get(kind) for kind in DETECTORS if kind in kinds]
    if NAME in kinds and names and (detector := name_detector(names)):
        detectors.append(detector)
    return detectors


def find_personal_data(text: str, detectors: Iterable[Detector]) -> list[Finding]:
    """What ``detectors`` find, in order, no two in the same place: the longer one stays, of equal
    ones that of the detector that comes first."""
    found: list[Finding] = []
    opened: dict[Callable[[str], bool], bool] = {}
    for detector in detectors:
        if detector.gate not in opened:
            opened[detector.gate] = detector.gate(text)
        if opened[detector.gate]:
            found += detector.find(text)
    if len(found) < 2:
        return found
    rank = {id(finding): place for place, finding in enumerate(found)}
    found.sort(key=lambda finding: (finding.start - finding.end, rank[id(finding)]))
    kept: list[Finding] = []  # in order, so that only neighbours need a look
    starts: list[int] = []
    for finding in found:
        place = bisect(starts, finding.start)
        is_free = (place == 0 or kept[place - 1].end <= finding.start) and (
            place == len(kept) or finding.end <= starts[place]
        )
        if is_free:
            kept.insert(place, finding)
            starts.insert(place, finding.start)
    return kept


@dataclass
class Placeholders:
    """The placeholders of one document or conversation: the same value, the same number."""

    numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    highest: dict[str, int] = field(default_factory=dict)

    def respect(self, text: str) -> None:
        """Numbers that ``text`` already uses are not given again."""
        if "_" not in text or "<" not in text:
            return
        for found in _PLACEHOLDER.finditer(text):
            kind, number = found[1], int(found[2])
            self.highest[kind] = max(self.highest.get(kind, 0), number)

    def replace(self, text: str, findings: Iterable[Finding]) -> str:
        """``text`` with a placeholder for each of ``findings``, which are in order."""
        parts: list[str] = []
        end = 0
        for finding in findings:
            parts += [text[end : finding.start], self._placeholder(finding)]
            end = finding.end
        return "".join([*parts, text[end:]])

    def _placeholder(self, finding: Finding) -> str:
        kind = finding.kind.upper().replace("-", "_")
        key = (kind, finding.value)
        if key not in self.numbers:
            self.highest[kind] = self.highest.get(kind, 0) + 1
            self.numbers[key] = self.highest[kind]
        return f"<{kind}_{self.numbers[key]}>"
