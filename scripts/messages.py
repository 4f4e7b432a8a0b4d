"""Collect the messages that people see, update the catalogues, compile them.

python scripts/messages.py            update laras.pot, each .po and .mo
python scripts/messages.py --check    only say what is missing (exit code 1)
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "laras"
LOCALE = PACKAGE / "locale"
DOMAIN = "laras"
TRANSLATED = {"id": "nplurals=1; plural=0;"}  # and how many forms; English is the source's own

_METHODS = [
    ("**.py", "python"),
    ("**/templates/**.html", "jinja2.ext.babel_extract"),
    ("**/templates/**.jinja", "jinja2.ext.babel_extract"),
]
_KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2)}  # N_: translated where it is shown
_WIDTH = 100
# No names, no dates, no tool: a header that only changes when something real does.
_HEADER = """\
# Laras in {language}. Kept up to date by `make messages`.
msgid ""
msgstr ""
"Project-Id-Version: Laras\\n"
"Language: {language}\\n"
"Plural-Forms: {plural}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def extracted() -> Catalog:
    """Every message in the source, with the files it stands in."""
    catalog = Catalog(project="Laras", charset="utf-8", fuzzy=False)
    # jinja2.ext.babel_extract is the extractor's module path; babel takes module:function.
    methods = [(pattern, method.replace("ext.babel", "ext:babel")) for pattern, method in _METHODS]
    found = extract_from_dir(PACKAGE, methods, keywords=_KEYWORDS)
    for file, _line, message, comments, _context in sorted(found, key=lambda row: row[:2]):
        # Files without line numbers: a catalogue should only change when a message does.
        catalog.add(message, locations=[(f"src/laras/{file}", 0)], auto_comments=comments)
    return catalog


def catalogue_path(language: str, suffix: str = ".po") -> Path:
    """Where the catalogue of ``language`` lies."""
    return LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}{suffix}"


def read_catalogue(language: str) -> Catalog:
    """The translations into ``language`` as they are now; empty if there are none yet."""
    path = catalogue_path(language)
    text = path.read_bytes() if path.exists() else _header(language).encode()
    return read_po(io.BytesIO(text), locale=language, domain=DOMAIN)


def _header(language: str) -> str:
    return _HEADER.format(language=language, plural=TRANSLATED[language])


def compiled(catalog: Catalog) -> bytes:
    """The content of the ``.mo`` file of ``catalog``: the same whenever it is compiled."""
    # Where the text names no dates, babel would put the minute of the compilation in.
    catalog.creation_date = catalog.revision_date = datetime(2026, 1, 1, tzinfo=UTC)
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def update(language: str) -> Catalog:
    """Bring the ``.po`` of ``language`` up to date with the source, and compile it."""
    catalog = read_catalogue(language)
    # No guesses from similar messages: a wrong translation reads worse than an English one.
    catalog.update(extracted(), no_fuzzy_matching=True)
    catalog.obsolete.clear()
    catalog.fuzzy = False
    write_catalogue(language, catalog)
    catalogue_path(language, ".mo").write_bytes(compiled(read_catalogue(language)))
    return catalog


def write_catalogue(language: str, catalog: Catalog) -> None:
    """Write the ``.po`` of ``language``, sorted by message."""
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=_WIDTH, sort_output=True, omit_header=True)
    lines = buffer.getvalue().decode("utf-8").splitlines()
    body = [line.replace(":0", "") if line.startswith("#: ") else line for line in lines]
    path = catalogue_path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_header(language) + "\n".join(body).strip() + "\n", encoding="utf-8")


def untranslated(source: Catalog, catalog: Catalog) -> Iterator[Message]:
    """Messages of ``source`` that ``catalog`` lacks or leaves empty."""
    for message in source:
        if message.id:
            known = catalog.get(message.id)
            strings = known.string if known else ""
            texts = [strings] if isinstance(strings, str) else list(strings or [""])
            if not all(texts):
                yield message


def main(arguments: list[str]) -> int:
    """Update, or with ``--check`` only look."""
    source = extracted()
    missing = 0
    for language in TRANSLATED:
        catalog = read_catalogue(language) if "--check" in arguments else update(language)
        for message in untranslated(source, catalog):
            missing += 1
            print(f"{language}: {message.id!r}")
    print(f"{len(source)} messages, {missing} without a translation")
    return 1 if missing and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
