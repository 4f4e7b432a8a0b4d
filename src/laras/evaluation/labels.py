"""Log-probability of every label as the answer to a prompt: label text and end of turn.

The ranking is by the sum of log-probabilities, not by their mean: only the sum is the
probability that the model would say this label and stop, and the labels' probabilities then add
up to at most one.

The labels of a row go through the model as a tree, after the prompt and with an attention mask in
which a node sees the prompt and its ancestors (``label_search.py``). Whether a model honours such
a mask and explicit positions is found out on the first row, by scoring it label by label as
well; a model that doesn't (ALiBi, for one) is scored label by label throughout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch

from laras.batches.pack import by_length
from laras.batches.token_batch import EncodedExample
from laras.errors import is_out_of_memory
from laras.evaluation.label_search import LabelSearch
from laras.evaluation.losses import example_losses, not_finite
from laras.evaluation.rows import last_answer
from laras.evaluation.trie import LabelTrie
from laras.models.causal import causal_model
from laras.models.template import ChatTemplate
from laras.records import Example, Message
from laras.translation import _

# Values of one pass's logits. On a CPU a fresh result of more than some 32 MiB costs more in page
# faults than a larger pass saves; a GPU wants the larger pass.
LOGITS_AT_ONCE = {"cpu": 1 << 23, "cuda": 1 << 27}
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
) -> np.ndarray:
    """Log-probability (nats) of each label after each prompt, (rows, labels) float64.

    ``labels`` are the token ids that an answer consists of, its end included. With ``best``, the
    likeliest so many are exact, and a label that was found not to be among them may be -inf.
    ``names`` of the rows: one whose probabilities are NaN is a GuardStopped error.
    """
    scores = np.zeros((len(prompts), len(labels)), dtype=np.float64)
    if not len(prompts):
        return scores
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            longest = max(range(len(prompts)), key=lambda row: len(prompts[row]))
            if trie_agrees(model, prompts[longest], labels, names[longest]):
                _score_by_trie(model, prompts, labels, scores, batch_tokens, best, advance)
            else:
                _score_separately(model, prompts, labels, scores, names, batch_tokens, advance)
    finally:
        model.train(training)
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


def trie_agrees(
    model: torch.nn.Module, prompt: Sequence[int], labels: Sequence[Sequence[int]], name: str
) -> bool:
    """Whether scoring by trie gives this model's own label probabilities, tried on one prompt.

    ``prompt``: the longest there is, since what a model does differently may begin late. Running
    out of memory says nothing about the model and is raised.
    """
    window = attention_window(causal_model(model).config)
    if window is not None and window < len(prompt) + max(map(len, labels)):
        return False
    some = list(labels[:16])
    expected, by_trie = np.zeros((1, len(some))), np.zeros((1, len(some)))
    with torch.no_grad():
        _score_separately(model, [prompt], some, expected, [name], 4096, None)
        try:
            _score_by_trie(model, [prompt], some, by_trie, 4096, None, None)
        except (TypeError, ValueError, RuntimeError) as error:
            if is_out_of_memory(error):
                raise
            return False  # no such mask, no position_ids, no logits_to_keep: the plain way is right
    # bfloat16 rounds differently in another order of work; float32 has to agree.
    exact = next(model.parameters()).dtype == torch.float32
    tolerance = (1e-4 if exact else 2e-2) * np.maximum(1.0, np.abs(expected))
    return bool((np.abs(by_trie - expected) <= tolerance).all())


def attention_window(config: Any) -> int | None:
    """How many tokens back the model's shortest attention reaches; None: to the beginning.

    ``config``: of transformers. A window that is written there but switched off is none.
    """
    text = config.get_text_config()
    layers = set(getattr(text, "layer_types", None) or ())
    if not getattr(text, "use_sliding_window", True) or layers == {"full_attention"}:
        return None
    sizes = [getattr(text, name, None) for name in ("sliding_window", "attention_chunk_size")]
    return min((size for size in sizes if size), default=None)


def _score_separately(
    model: torch.nn.Module,
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
        losses = example_losses(model, encoded, batch_tokens=batch_tokens)
        scores[start : start + len(part)] = -losses.reshape(len(part), len(labels))
        if advance:
            advance(start + len(part))


def _score_by_trie(
    model: torch.nn.Module,
    prompts: Sequence[Sequence[int]],
    labels: Sequence[Sequence[int]],
    scores: np.ndarray,
    batch_tokens: int,
    best: int | None,
    advance: Callable[[int], None] | None,
) -> None:
    causal = causal_model(model)
    vocabulary = int(causal.get_output_embeddings().weight.shape[0])
    device = next(causal.parameters()).device.type
    logits_at_once = LOGITS_AT_ONCE.get(device, LOGITS_AT_ONCE["cpu"])
    parts = list(_parts(labels))
    done = 0
    for number, part in enumerate(parts):
        trie = LabelTrie.of([labels[place] for place in part])
        most_rows = max(1, logits_at_once // (LEAST_NODES * vocabulary))
        lengths = [len(prompt) for prompt in prompts]
        for rows in by_length(
            lengths, batch_tokens, padded=True, extra=trie.nodes, at_most=most_rows
        ):
            search = LabelSearch(causal, trie, best, logits_at_once)
            scores[np.ix_(rows, part)] = search.scores([prompts[row] for row in rows])
            if number == len(parts) - 1:
                done += len(rows)
                if advance:
                    advance(done)


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
