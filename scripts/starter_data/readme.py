"""The README that ships with the data set."""

from __future__ import annotations

from collections.abc import Sequence

_TEXT = """# Starter data: Koperasi Telaga Biru

The material of an **invented** organisation, used by `laras demo`: a savings-and-credit
cooperative with a small online shop and water-refill depots. Every name, branch, product, price,
person, finding and reference is made up; any likeness to a real organisation or person is chance.
All text was written for this data set, in English and Indonesian; nothing was copied.

Licence: CC0 1.0 or Apache-2.0, at your choice.

## Contents

{table}

With the documents cut into passages this gives about {total:,} training examples.

- `handbook/`: policies as Markdown, HTML, Word, PDF and plain text, in both languages.
- `articles/`: journal-style articles whose authors, data and references are invented.
- `conversations/`: support chats, one JSON object per line with `conversation_id`, `customer`
  (the group for splits), `language`, `intent` and `messages`.
- `intents/train.csv`: customer messages with columns `text`, `label` (18 intents), `customer`. No
  message is shared with the conversations.
- `test/`: held-out material. Never train on it.

## What the test files measure

Test questions use phrasings that no training question has, or combinations of slot values (a branch
with a weekday, a product with an amount) that training never shows together, or both; each fact by
itself does occur in training. Test answers use the same answer phrasings as training, because they
are the cooperative's way of answering: some test answers therefore also occur in training, as
answers to other questions. No customer, conversation or user message is shared between training and
test, and no test user message has a word 5-gram Jaccard similarity of 0.8 or more with a training
one. The script that writes the data checks all this.

## How it was made

Hand-written phrasing frames and documents, filled from one table of facts with a fixed seed:

```console
python scripts/make_starter_data.py
```

The script needs `python-docx` and `reportlab`. Running it twice writes the same bytes; another
version of these two libraries may write different bytes for the Word and PDF files.
"""


def readme_text(counts: Sequence[tuple[str, int, int]], total: int) -> str:
    """Return the README with the counts of this build."""
    lines = ["| Part | Examples | Words |", "| --- | ---: | ---: |"]
    lines += [f"| `{name}` | {examples:,} | {words:,} |" for name, examples, words in counts]
    return _TEXT.format(table="\n".join(lines), total=total)
