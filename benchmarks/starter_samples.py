"""Continuations by a starter model, greedy and drawn by chance, as they come.

    python benchmarks/starter_samples.py [--model FOLDER]

The prompts are those of starter_probes/prompts.json, twenty in each language: beginnings of texts,
and conversations in the chat template. Each is continued twice, to the model's own end or
``TOKENS`` tokens: by the likeliest token, and by tokens drawn at ``TEMPERATURE`` with the prompt's
number as seed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from starter_results import RESULTS, begun, starter, write

from laras.evaluation.generation import Answer, greedy_answers
from laras.evaluation.reader import Reader
from laras.models.load import LoadedModel
from laras.records import Message

PROMPTS = Path(__file__).parent / "starter_probes" / "prompts.json"
TOKENS = 60
TEMPERATURE = 0.8


def prompt_ids(prompt: str | list[list[Any]], loaded: LoadedModel) -> list[int]:
    """A text behind the begin token, or a conversation with the start of its answer."""
    if isinstance(prompt, str):
        assert loaded.tokenizer.bos_id is not None
        return [loaded.tokenizer.bos_id, *loaded.tokenizer.encode(prompt)]
    return loaded.template.encode_prompt([Message(role, said, False) for role, said in prompt])


@torch.no_grad()
def drawn_answer(reader: Reader, prompt: list[int], stop_ids: frozenset[int], seed: int) -> Answer:
    """An answer whose tokens are drawn by their probabilities at ``TEMPERATURE``."""
    generator = torch.Generator().manual_seed(seed)
    answer = Answer()
    queue = reader.queue([prompt], len(prompt) + TOKENS, TOKENS)
    admitted = queue.admit()
    assert admitted is not None
    logits = admitted[1]
    while True:
        shares = torch.softmax(logits[0].float() / TEMPERATURE, dim=-1)
        token = int(torch.multinomial(shares, 1, generator=generator))
        if token in stop_ids:
            answer.finished = True
            return answer
        answer.token_ids.append(token)
        if len(answer.token_ids) == TOKENS:
            return answer
        logits = queue.step(torch.tensor([token]))


def continuations(loaded: LoadedModel, prompts: Sequence[Any]) -> list[dict[str, Any]]:
    """Each prompt with both continuations, and whether the model ended them itself."""
    ids = [prompt_ids(prompt, loaded) for prompt in prompts]
    stop_ids = loaded.template.stop_ids
    reader = Reader(loaded.model)
    greedy = greedy_answers(
        loaded.model,
        ids,
        stop_ids=stop_ids,
        max_new_tokens=TOKENS,
        context=loaded.context,
        batch_tokens=4096,
        reader=reader,
    )
    drawn = [drawn_answer(reader, each, stop_ids, at) for at, each in enumerate(ids)]
    return [
        {"prompt": prompt}
        | {
            name: {"text": loaded.tokenizer.decode(answer.token_ids), "ended": answer.finished}
            for name, answer in (("greedy", first), ("sampled", second))
        }
        for prompt, first, second in zip(prompts, greedy, drawn, strict=True)
    ]


def main() -> None:
    """Continue all prompts, write, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="starter", help="a folder; default: the shipped one")
    parser.add_argument("--results", type=Path, default=RESULTS / "starter-samples.json")
    options = parser.parse_args()
    loaded = starter(options.model)
    prompts = json.loads(PROMPTS.read_text("utf-8"))
    found = {language: continuations(loaded, each) for language, each in prompts.items()}
    settings = {"tokens": TOKENS, "temperature": TEMPERATURE}
    write(options.results, begun(loaded) | {"settings": settings, "continuations": found})
    for each in (each for language in found.values() for each in language):
        print(each["prompt"], "\n ->", each["greedy"]["text"], "\n ~>", each["sampled"]["text"])


if __name__ == "__main__":
    main()
