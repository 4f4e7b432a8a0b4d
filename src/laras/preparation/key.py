"""What decides the prepared data, as one hash: the same key means the same rows."""

from __future__ import annotations

from laras import __version__
from laras.preparation.boilerplate import HASH_LINES, drop_repeated_lines
from laras.preparation.clean import CLEAN_DIALOGUES, CLEAN_DOCUMENTS
from laras.preparation.examples import dialogue_examples, text_examples
from laras.preparation.ingest import origins_of
from laras.preparation.keys import DOCUMENT_KEYS, dialogue_keys, example_text
from laras.recipe.load import LoadedRecipe
from laras.records import Rejection
from laras.runs.hashing import content_hash, file_sha256
from laras.sources.discovery import find_files

VERSION = 2  # of all that is not a step; raise it when the same input gives another outcome

_STEPS = (
    CLEAN_DOCUMENTS,
    CLEAN_DIALOGUES,
    HASH_LINES,
    drop_repeated_lines({}),
    DOCUMENT_KEYS,
    dialogue_keys({}),
    text_examples(0, {}),
    dialogue_examples({}, {}),
    example_text({}),
)


def preparation_key(loaded: LoadedRecipe) -> str:
    """Hash of the source files' content and paths, the two sections and the code's versions.

    Raises UsageError for a path that is not there.
    """
    recipe = loaded.recipe
    files = []
    for origin in origins_of(recipe.data):
        for file in find_files(origin.source.paths, loaded.folder):
            if isinstance(file, Rejection):
                files.append([origin.role, file.path, file.reason])
            elif file.size_bytes > recipe.data.max_file_bytes:  # it won't be read here either
                files.append([origin.role, file.path, str(file.size_bytes)])
            else:
                files.append([origin.role, file.path, file_sha256(file.location)])
    # The engine is left out: all engines give the same rows.
    section = recipe.preparation.model_dump(exclude={"engine"})
    steps = [[step.name, step.version] for step in _STEPS]
    return content_hash(VERSION, __version__, steps, recipe.data.model_dump(), section, files)
