"""Log-probability of every label as the answer to a prompt: label text and end of turn.

The ranking is by the sum of log-probabilities, not by their mean: only the sum is the
probability that the model would say this label and stop, and the labels' probabilities then add
up to at most one.

The labels of a row go through the model as a tree behind the prompt, in which a node sees the
prompt and its ancestors (``label_search.py``, ``label_trees.py``). Our own decoder can do that.
Whether a model's own forward honours an attention mask of that kind and explicit positions is found
out on the longest row, by scoring it label by label as well; a model that doesn't (ALiBi, for one)
is scored label by label throughout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch

from laras.batches.token_batch import EncodedExample
from laras.errors import is_out_of_memory
from laras.evaluation.beginnings import (
    Batch,
    padded_batches,
    ragged_batches,
    shared_beginnings,
)
from laras.evaluation.label_search import LabelSearch
from laras.evaluation.label_trees import CachedTree, LabelTree, MaskedTree
from laras.evaluation.losses import losses_as_given, not_finite
from laras.evaluation.reader import Reader, attention_window, opened
from laras.evaluation.rows import last_answer
from laras.evaluation.trie import LabelTrie
from laras.models.template import ChatTemplate
from laras.records import Example, Message
from laras.translation import _

# Values of one pass's logits. On a CPU a fresh result of more than some 32 MiB costs more in page
# faults than a larger pass saves; a GPU wants the larger pass.
LOGITS_AT_ONCE = {"cpu": 1 << 23, "cuda": 1 << 27}
_TRIED = 16  # labels, to find out how a model may be asked
LEAST_NODES = 16  # of each row in one pass
EXAMPLES_AT_ONCE = 4096  # rows times labels, where each label is scored by itself
NODES_AT_ONCE = 1024  # larger label sets are scored in parts, for the mask grows with its square


def label_log_probabilities(
    model: torch.nn.Module,
    prompts: Sequence[Sequence[int]],
    labels: Sequence[Sequence[int]],
    *,
    names: Sequence[str],
    batch_tokens: int,
    best: int | None = None,
    advance: Callable[[int], None] | None = None,
    reader: Reader | None = None,
) -> np.ndarray:
    """Log-probability (nats) of each label after each prompt, (rows, labels) float64.

    ``labels`` are the token ids that an answer consists of, its end included. With ``best``, the
    likeliest so many are exact, and a label that was found not to be among them may be -inf.
    ``names`` of the rows: one whose probabilities are NaN is a GuardStopped error. ``reader`` of
    the model, where there is one already.
    """
    scores = np.zeros((len(prompts), len(labels)), dtype=np.float64)
    if not len(prompts):
        return scores
    with opened(model, reader) as reading:
        prompts = reading.begun(prompts)
        shared = _way(reading, prompts, labels, names)
        if shared is None:
            _score_separately(reading, prompts, labels, scores, names, batch_tokens, advance)
        else:
            _score_by_trie(reading, prompts, shared, labels, scores, batch_tokens, best, advance)
    for row in np.flatnonzero(np.isnan(scores).any(axis=1)).tolist():
        raise not_finite(names[row], _("label likelihood"))
    return scores


def label_tokens(template: ChatTemplate, example: Example, label: str) -> list[int]:
    """What the model has to say to answer ``label``: its trained tokens, end of turn too."""
    before = example.messages[: last_answer(example)]
    messages = [*before, Message("assistant", label, trained=True)]
    encoded = template.encode(messages)
    end = len(encoded.trained) - encoded.trained[::-1].index(True)
    start = end
    while start and encoded.trained[start - 1]:
        start -= 1
    return encoded.input_ids[start:end]


def _way(
    reader: Reader,
    prompts: Sequence[Sequence[int]],
    labels: Sequence[Sequence[int]],
    names: Sequence[str],
) -> list[int] | None:
    """How many first tokens each prompt shares with others, where labels may be scored by trie;
    None where they may not."""
    shared = shared_beginnings(prompts)
    if reader.cached is not None:
        return shared
    rows = range(len(prompts))
    longest = max(rows, key=lambda row: len(prompts[row]))
    if not trie_agrees(reader, prompts[longest], labels, names[longest]):
        return None
    sharing = max(rows, key=lambda row: (shared[row] > 0, len(prompts[row])))
    prompt, some = prompts[sharing], labels[:_TRIED]
    expected, found = (_tried(reader, prompt, some, part) for part in (0, shared[sharing]))
    return shared if _agree(reader, found, expected) else [0] * len(prompts)


@torch.no_grad()
def trie_agrees(
    reader: Reader, prompt: Sequence[int], labels: Sequence[Sequence[int]], name: str
) -> bool:
    """Whether scoring by trie gives this model's own label probabilities, tried on one prompt.

    ``prompt``: the longest there is, since what a model does differently may begin late. Running
    out of memory says nothing about the model and is raised.
    """
    window = attention_window(reader.causal.config)
    if window is not None and window < len(prompt) + max(map(len, labels)):
        return False
    some = labels[:_TRIED]
    expected = np.zeros((1, len(some)))
    _score_separately(reader, [prompt], some, expected, [name], 4096, None)
    return _agree(reader, _tried(reader, prompt, some, 0), expected)


def _tried(
    reader: Reader, prompt: Sequence[int], labels: Sequence[Sequence[int]], shared: int
) -> np.ndarray | None:
    """Scores of ``labels`` by trie (1, L), the prompt's first ``shared`` tokens read by themselves;
    None where the model can't."""
    trie = LabelTrie.of(labels)
    try:
        tree = MaskedTree(reader.causal, [prompt], shared, trie)
        return LabelSearch(tree, trie, None, _logits_at_once(reader)).scores(1)
    except (AttributeError, TypeError, ValueError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise
        return None  # no such mask, no position_ids, no logits_to_keep: the plain way is right


def _agree(reader: Reader, found: np.ndarray | None, expected: np.ndarray | None) -> bool:
    if found is None or expected is None:
        return False
    tolerance = reader.tolerance * np.maximum(1.0, np.abs(expected))
    return bool((np.abs(found - expected) <= tolerance).all())


def _score_separately(
    reader: Reader,
    prompts: Sequence[Sequence[int]],
    labels: Sequence[Sequence[int]],
    scores: np.ndarray,
    names: Sequence[str],
    batch_tokens: int,
    advance: Callable[[int], None] | None,
) -> None:
    """Each label as an example of its own."""
    rows_at_once = max(1, EXAMPLES_AT_ONCE // len(labels))
    for start in range(0, len(prompts), rows_at_once):
        part = prompts[start : start + rows_at_once]
        encoded = [
            EncodedExample(
                example_id=names[start + row],
                input_ids=np.array([*prompt, *label], dtype=np.int32),
                trained=np.arange(len(prompt) + len(label)) >= len(prompt),
            )
            for row, prompt in enumerate(part)
            for label in labels
        ]
        losses = losses_as_given(reader, encoded, batch_tokens)
        scores[start : start + len(part)] = -losses.reshape(len(part), len(labels))
        if advance:
            advance(start + len(part))


def _score_by_trie(
    reader: Reader,
    prompts: Sequence[Sequence[int]],
    shared: Sequence[int],
    labels: Sequence[Sequence[int]],
    scores: np.ndarray,
    batch_tokens: int,
    best: int | None,
    advance: Callable[[int], None] | None,
) -> None:
    vocabulary = int(reader.causal.get_output_embeddings().weight.shape[0])
    logits_at_once = _logits_at_once(reader)
    most_rows = max(1, logits_at_once // (LEAST_NODES * vocabulary))
    parts = list(_parts(labels))
    done = 0
    for number, part in enumerate(parts):
        trie = LabelTrie.of([labels[place] for place in part])
        plan = padded_batches if reader.cached is None else ragged_batches
        for batch in plan(prompts, shared, batch_tokens, extra=trie.nodes, at_most=most_rows):
            tree = _tree(reader, [prompts[row] for row in batch.rows], batch, trie)
            search = LabelSearch(tree, trie, best, logits_at_once)
            scores[np.ix_(batch.rows, part)] = search.scores(len(batch.rows))
            if number == len(parts) - 1:
                done += len(batch.rows)
                if advance:
                    advance(done)


def _logits_at_once(reader: Reader) -> int:
    return LOGITS_AT_ONCE.get(reader.causal.device.type, LOGITS_AT_ONCE["cpu"])


def _tree(
    reader: Reader, prompts: Sequence[Sequence[int]], batch: Batch, trie: LabelTrie
) -> LabelTree:
    if reader.cached is None:
        return MaskedTree(reader.causal, prompts, batch.shared[0], trie)
    return CachedTree(reader.cached, prompts, batch.shared, trie)


def _parts(labels: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Places of labels in parts of bounded trie size; neighbours in order share beginnings."""
    part: list[int] = []
    tokens = 0
    for place in sorted(range(len(labels)), key=lambda at: list(labels[at])):
        if part and tokens + len(labels[place]) > NODES_AT_ONCE:
            yield part
            part, tokens = [], 0
        part.append(place)
        tokens += len(labels[place])
    if part:
        yield part
