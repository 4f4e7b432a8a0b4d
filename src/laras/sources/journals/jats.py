"""JATS, the XML in which journals keep their articles: title, abstract and body as text.

References, thanks and the rest of the back matter are left out and counted; appendices stay. No
document type is ever loaded, no entity expanded, and nothing fetched. Runs in the child process.

Elements as in the Journal Archiving and Interchange Tag Library (https://jats.nlm.nih.gov).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from laras.sources.extraction import Extracted, RefusedError
from laras.sources.journals.back_matter import kind_of_title
from laras.sources.journals.identifiers import doi_in, group_of, known, year_in
from laras.sources.journals.jats_blocks import blocks_of, inline_text

_DOCTYPE = re.compile(rb"<!DOCTYPE\s[^>\[]*([>\[])?", re.IGNORECASE)
_KNOWN_DOCTYPE = re.compile(
    r"-//(?:NLM|NISO)//DTD (?:JATS|Journal|Article Authoring|NLM)[ (]", re.I
)
_PROLOG = 1 << 16
_OTHER_ABSTRACTS = ("graphical", "teaser", "toc", "short", "precis", "key-points", "web-summary")
_HREF = "{http://www.w3.org/1999/xlink}href"


def extract(path: Path) -> list[Extracted]:
    """The article of a JATS file, or each article of a set of them."""
    root = parsed_safely(path.read_bytes())
    if _name(root) == "article":
        return [_article(root, "")]
    articles = [child for child in root.iter("{*}article") if _is_outermost(child)]
    if not articles:
        raise RefusedError("unknown-format", f"<{_name(root)[:60]}>")
    return [_article(article, f"article {number}") for number, article in enumerate(articles, 1)]


def parsed_safely(data: bytes) -> Any:
    """The root of an XML file without a document type, or with a public one of JATS and nothing
    declared inside; raises :class:`RefusedError` for others, before they are parsed."""
    from lxml import etree

    declared = _DOCTYPE.search(data[:_PROLOG].replace(b"\0", b""))
    if declared and (
        declared.group(1) != b">" or not _KNOWN_DOCTYPE.search(declared.group().decode("latin-1"))
    ):
        raise RefusedError("doctype")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise RefusedError("parser-failed", str(error)[:120]) from None
    information = root.getroottree().docinfo
    # Again, now that an encoding that the search above can't see through is undone.
    subset = information.internalDTD
    if subset is not None and (
        any(True for _ in subset.iterentities())
        or not _KNOWN_DOCTYPE.search(information.public_id or "")
    ):
        raise RefusedError("doctype")
    return root


def _name(element: Any) -> str:
    tag = element.tag
    return tag.rsplit("}", 1)[-1] if isinstance(tag, str) else ""


def _is_outermost(article: Any) -> bool:
    return all(_name(parent) != "article" for parent in article.iterancestors())


def _article(article: Any, locator: str) -> Extracted:
    left_out: Counter[str] = Counter()
    metadata = _metadata(article)
    parts: list[str] = []
    if metadata.get("title"):
        parts.append(f"# {metadata['title']}")
    for abstract in _abstracts(article):
        title = abstract.find("{*}title")
        heading = inline_text(title) if title is not None else ""
        parts.append(f"## {heading or 'Abstract'}")
        parts += blocks_of(abstract, 2, left_out)
    for name in ("body", "back"):
        for part in article.findall(f"{{*}}{name}"):
            parts += blocks_of(part, 1, left_out) if name == "body" else _kept(part, left_out)
    left_out["reviews and replies"] += len(
        article.findall("{*}sub-article") + article.findall("{*}response")
    )
    notes = tuple(
        ("left-out", locator, f"{kind}: {count}")
        for kind, count in sorted(left_out.items())
        if count
    )
    return Extracted(
        text="\n\n".join(parts),
        title=metadata.get("title", ""),
        locator=locator,
        metadata=metadata,
        group=group_of(metadata),
        notes=notes,
    )


def _abstracts(article: Any) -> Iterator[Any]:
    path = "{*}front/{*}article-meta/{*}"
    found = [*article.findall(f"{path}abstract"), *article.findall(f"{path}trans-abstract")]
    full = [one for one in found if one.get("abstract-type") not in _OTHER_ABSTRACTS]
    yield from full or found[:1]


def _kept(back: Any, left_out: Counter[str]) -> list[str]:
    """The appendices of the back matter; what else is in it is counted."""
    parts: list[str] = []
    for element in back:
        name = _name(element)
        if name in ("app-group", "app"):
            parts += blocks_of(element, 1, left_out)
        elif name == "ref-list":
            left_out["references"] += len(element.findall(".//{*}ref")) or 1
        elif name == "ack":
            left_out["acknowledgements"] += 1
        elif name == "glossary":
            parts += blocks_of(element, 1, left_out)
        elif name == "sec" and not kind_of_title(_title(element)) and not element.get("sec-type"):
            parts += blocks_of(element, 1, left_out, whole=True)
        elif name:
            left_out["declarations"] += 1
    return parts


def _title(element: Any) -> str:
    title = element.find("{*}title")
    return inline_text(title) if title is not None else ""


def _metadata(article: Any) -> dict[str, str]:
    path = "{*}front/{*}article-meta/"
    identifiers = {
        element.get("pub-id-type", ""): inline_text(element)
        for element in article.findall(f"{path}{{*}}article-id")
    }
    title = article.find(f"{path}{{*}}title-group/{{*}}article-title")
    journal = article.find("{*}front/{*}journal-meta//{*}journal-title")
    years = [year_in(inline_text(y)) for y in article.findall(f"{path}{{*}}pub-date/{{*}}year")]
    licence = article.find(f"{path}{{*}}permissions/{{*}}license")
    language = article.get("{http://www.w3.org/XML/1998/namespace}lang", "")
    return known(
        doi=doi_in(identifiers.get("doi", "")),
        pmid=identifiers.get("pmid", ""),
        pmcid=identifiers.get("pmcid", "") or identifiers.get("pmc", ""),
        title=inline_text(title) if title is not None else "",
        year=min(filter(None, years), default=""),
        authors="; ".join(_authors(article)),
        journal=inline_text(journal) if journal is not None else "",
        licence=_licence(licence) if licence is not None else "",
        language=language,
    )


def _authors(article: Any) -> Iterator[str]:
    for contributor in article.findall("{*}front/{*}article-meta/{*}contrib-group/{*}contrib"):
        if contributor.get("contrib-type", "author") != "author":
            continue
        name = contributor.find("{*}name")
        if name is None:
            name = contributor.find("{*}name-alternatives/{*}name")
        if name is not None:
            parts = (name.find("{*}given-names"), name.find("{*}surname"))
            yield " ".join(inline_text(part) for part in parts if part is not None)
        else:
            group = contributor.find("{*}collab")
            if group is not None:
                yield " ".join((group.text or "").split())


def _licence(licence: Any) -> str:
    """The licence's address where it is stated, else its words."""
    if licence.get(_HREF):
        return str(licence.get(_HREF))
    for element in licence.iter():
        if _name(element) == "license_ref" and (element.text or "").strip():
            return str(element.text).strip()
    for element in licence.iter("{*}ext-link"):
        if "creativecommons.org" in element.get(_HREF, ""):
            return str(element.get(_HREF))
    return inline_text(licence)[:300]
