"""What the steps of cleaning cost: MB of text per CPU second, each alone, on plain files.

    python benchmarks/cleaning.py FILE ...

A file holds documents parted by a line ``<|doc|>``. The best of three rounds counts; machines that
others use, too, only make it slower.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from typing import get_args

import pyarrow as pa

from laras.preparation.clean import CLEAN_DOCUMENTS
from laras.preparation.engine import run_steps
from laras.preparation.indonesian import NORMALISE_DOCUMENTS
from laras.preparation.language import LANGUAGE_DOCUMENTS
from laras.preparation.privacy.steps import personal_data_documents
from laras.preparation.quality import QUALITY_DOCUMENTS
from laras.recipe.preparing import PersonalData
from laras.records import DOCUMENT_SCHEMA

_ROUNDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    files = parser.parse_args().files
    steps = [
        CLEAN_DOCUMENTS,
        LANGUAGE_DOCUMENTS,
        NORMALISE_DOCUMENTS,
        QUALITY_DOCUMENTS,
        personal_data_documents(get_args(PersonalData), True),
    ]
    print(f"{'':36}{'MB':>7}{'texts':>7}  {'  '.join(step.name for step in steps)}")
    for path in files:
        texts = path.read_text(encoding="utf-8").split("<|doc|>")
        table = pa.table({"text": pa.array(texts, pa.large_string())})
        metadata = pa.nulls(len(texts), DOCUMENT_SCHEMA.field("metadata").type)
        table = run_steps(table.append_column("metadata", metadata), [LANGUAGE_DOCUMENTS], "plain")
        size = sum(len(text.encode()) for text in texts) / 1e6
        speeds = []
        for step in steps:
            best = math.inf
            for _round in range(_ROUNDS):
                began = time.process_time()
                run_steps(table, [step], "plain")
                best = min(best, time.process_time() - began)
            speeds.append(f"{size / best:{len(step.name)}.1f}")
        print(f"{path.name:36}{size:7.2f}{len(texts):7}  {'  '.join(speeds)}")


if __name__ == "__main__":
    main()
