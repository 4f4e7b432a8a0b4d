"""Sections of articles that say nothing about their subject: which they are, by their titles.

References, thanks, declarations and the like teach a model to make up citations and names; they
are left out of what is trained on, and counted. English and Indonesian titles; the list is ours.
"""

from __future__ import annotations

import re

_KINDS = {
    "references": """
        references|bibliography|literature cited|works cited|reference list|references and notes
        |cited literature|(?:daftar )?(?:pustaka|rujukan|referensi|bacaan)|kepustakaan
        """,
    "acknowledgements": """
        acknowledge?ments?|ucapan terima ?kasih|penghargaan|thanks|acknowledge?ments? and funding
        """,
    "declarations": """
        (?:conflicts?|declarations?|disclosures?)(?: of)?(?: competing)?(?: interests?)?
        (?: statement)?
        |competing (?:financial )?interests?|disclosures?|disclaimers?|declarations?
        |financial disclosures?|(?:konflik|benturan|pernyataan)(?: konflik)? kepentingan
        |fund(?:ing|ers?)(?: (?:information|sources?|statement))?|financial support|pendanaan
        |sumber (?:pen)?dana(?:an)?|(?:authors?['’]?s?['’]? |credit )(?:authorship )?contributions?
        (?: statement)?|author statement|kontribusi penulis
        |ethic(?:s|al)(?: (?:approval|statement))?
        (?: and consent to participate)?|consent for publication|informed consent(?: statement)?
        |institutional review board statement|data (?:and code )?availability(?: statement)?
        |availability of data(?: and materials?)?|ketersediaan data|code availability
        |publisher['’]?s note|rights and permissions|additional information|about the authors?
        |author (?:information|biograph(?:y|ies))|biodata penulis|corresponding author
        |abbreviations used in this paper|received|open access
        """,
    "supplements": """
        supplementary (?:materials?|information|data|files?)|supporting information
        |additional files?|electronic supplementary material|appendix a\\. supplementary data
        """,
}
_NUMBERING = r"(?:[\dIVX]+(?:\.\d+)*[.)]?\s+)?"


def _pattern(titles: str) -> re.Pattern[str]:
    either = "".join(line.strip(" ") for line in titles.split("\n"))
    return re.compile(rf"^{_NUMBERING}(?:{either})\s*[.:]?$", re.IGNORECASE)


_PATTERNS = {kind: _pattern(titles) for kind, titles in _KINDS.items()}

REFERENCES = "references"


def kind_of_title(title: str) -> str:
    """Which kind of back matter a section with such a title is; "" for one that is to be read."""
    plain = " ".join(title.replace("*", "").split())
    if len(plain) > 80:
        return ""
    return next((kind for kind, pattern in _PATTERNS.items() if pattern.match(plain)), "")
