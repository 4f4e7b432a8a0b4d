"""The libraries that load and save models say much that is of no use to people."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet() -> Iterator[None]:
    """No progress bars, log lines or warnings of the libraries' own."""
    from huggingface_hub.utils.tqdm import disable_progress_bars
    from transformers.utils import logging as library_logging

    level = library_logging.get_verbosity()
    library_logging.set_verbosity(library_logging.CRITICAL)
    library_logging.disable_progress_bar()
    disable_progress_bars()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            library_logging.set_verbosity(level)
