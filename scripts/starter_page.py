"""Write the figures and continuations of docs/starter.md from the results of the benchmarks.

Usage::

    python scripts/starter_page.py [--check]

They stand between the markers ``<!-- begin NAME -->`` and ``<!-- end NAME -->``; the prose around
them is written by hand. ``--check`` writes nothing and fails where the page differs from what it
should be. Both refuse results about other weights than those that ship with Laras: `make
bench-starter` measures anew.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from laras.runs.hashing import file_sha256

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "starter.md"
RESULTS = ROOT / "benchmarks" / "results"
WEIGHTS = ROOT / "src" / "laras" / "models" / "starter" / "model.safetensors"
SETS = {
    "en_simple": "en_simple (stories, dialogues)",
    "id": "id (Indonesian, mixed)",
    "en_prose": "en_prose (two novels, 200,000 characters of each)",
}
PROBES = {
    "ending": "an ending in its order, against its words shuffled",
    "neighbours": "an ending in its order, against two neighbouring words swapped",
    "beginning": "an ending behind its own beginning, against another one",
    "format": "a format of three examples kept in the fourth",
    "subject-verb": "English: the verb agrees with its subject",
    "pronoun": "English: a pronoun agrees in gender and number",
    "affix": "Indonesian: affixes",
    "order": "Indonesian: word order",
}
PARTS = {
    "en": "English", "id": "Indonesian", "lines": "lines of a text",
    "answers": "answers in the chat template", "plain": "noun and verb side by side",
    "between": "a noun of the other number between", "active_passive": "me- and di-",
    "intransitive_transitive": "ber- and me-(-kan)", "kan_i": "-kan and -i",
    "verb_noun": "me- and pe-…-an", "noun_adjective": "noun, adjective",
    "noun_demonstrative": "noun, *ini* or *itu*", "noun_possessor": "noun, possessor",
    "number_noun": "number, noun", "negation_verb": "negation, verb",
    "auxiliary_verb": "auxiliary, verb", "degree_adjective": "degree, adjective",
}  # fmt: skip
WAYS = {"once": "each text once", "repeated": "each as often as it was read"}
LANGUAGES = {"en": "English", "id": "Indonesian"}


def results(name: str) -> dict[str, Any] | None:
    """The results ``name``, None where they were never measured; SystemExit where they are about
    other weights than the shipped ones."""
    path = RESULTS / f"starter-{name}.json"
    if not path.exists():
        return None
    facts: dict[str, Any] = json.loads(path.read_text("utf-8"))
    first = name.startswith("first-")
    if not first and facts["starter"]["weights_sha256"] != file_sha256(WEIGHTS):
        raise SystemExit(f"{path.name} is about other weights: `make bench-starter`")
    return facts


def training() -> Iterator[str]:
    """Shape, settings and size of the training."""
    facts = results("heldout")
    if facts is None or "training" not in facts:
        return
    record = facts["training"]
    shape, settings = record["shape"], record["settings"]
    read = sum(text["tokens"] for text in record["texts"].values())
    yield "| | |"
    yield "|---|---|"
    yield (
        f"| shape | {shape['layers']} blocks, hidden {shape['hidden']}, MLP "
        f"{shape['intermediate']}, {shape['heads']} heads, {shape['key_value_heads']} key/value "
        f"heads, tied embeddings, context {shape['context']:,}: {shape['parameters']:,} "
        "parameters |"
    )
    yield f"| tokenizer | byte-level BPE, {shape['vocabulary']:,} entries, trained on the mix |"
    yield (
        "| chat | `<\\|begin\\|>`, then `<\\|system\\|>`, `<\\|user\\|>`, "
        "`<\\|assistant\\|>` before and `<\\|end\\|>` after each message |"
    )
    yield f"| text | {read:,} tokens, each read as often as below |"
    size = settings["batch_tokens"]
    ramp = ", ".join(
        f"{times * size:,} a step" + f" from {least:,} on" * bool(least)
        for least, times in settings["ramp"]
    )
    yield (
        f"| optimizer | {settings['optimizer'].capitalize()} for matrices, AdamW for the rest, "
        f"rate {settings['learning_rate']:g} after {settings['warmup_steps']} steps, weight decay "
        f"{settings['weight_decay']:g} |"
    )
    decay = [row for row in record["course"] if row["stage"] != "stable"]
    yield f"| learnt | {record['tokens']:,} tokens in {record['steps']:,} steps: {ramp} |"
    if decay:
        yield (
            "| schedule | steady, then 1 - √ to zero over the last "
            f"{record['decay_tokens']:,} tokens |"
        )
    machine = record["machine"]
    yield (
        f"| machine | {machine['processor']}, {machine['cores']} shared cores, products in "
        f"{record['precision']} |"
    )


def mix() -> Iterator[str]:
    """What was read, and how often."""
    facts = results("heldout")
    if facts is None or "training" not in facts:
        return
    record = facts["training"]
    yield "| text | tokens | read | of it while the rate fell |"
    yield "|---|---:|---:|---:|"
    for name, text in record["texts"].items():
        falling = text.get("passes_while_falling")
        last = "" if falling is None else f"{falling:.1f} times"
        yield f"| {name} | {text['tokens']:,} | {text['passes']:.1f} times | {last} |"


_ROWS_OF_THE_COURSE = 14


def course() -> Iterator[str]:
    """Validation losses on the way."""
    facts = results("heldout")
    if facts is None or "training" not in facts:
        return
    record = facts["training"]
    for stage, title in (("stable", "steady rate"), ("", "falling rate")):
        rows = [row for row in record["course"] if (row["stage"] == "stable") == bool(stage)]
        every = -(-len(rows) // _ROWS_OF_THE_COURSE)
        shown = rows[::-1][:: every or 1][::-1]
        if not shown:
            continue
        learnt = " | ".join(f"{row['tokens'] / 1e6:.1f}" for row in shown)
        losses = " | ".join(f"{row['loss']:.3f}" for row in shown)
        yield f"| {title}, million tokens | {learnt} |"
        yield "|---|" + "---:|" * len(shown)
        yield f"| nats a token | {losses} |"
        yield ""


def trials() -> Iterator[str]:
    """Bits per byte of each trial, in the order of what is varied."""
    path = RESULTS / "starter-shapes.json"
    if not path.exists():
        return
    facts = json.loads(path.read_text("utf-8"))
    yield "| varied | trial | compute | tokens | English | Indonesian | novels | mean |"
    yield "|---|---|---:|---:|---:|---:|---:|---:|"
    for subject in dict.fromkeys(row["about"] for row in facts["trials"]):
        for row in (row for row in facts["trials"] if row["about"] == subject):
            bits = " | ".join(
                f"{row['bits_per_byte'][k]:.3f}" for k in ("en", "id", "prose", "mean")
            )
            cells = [subject, row["name"], f"{row['operations']:.1g}", f"{row['tokens']:,}", bits]
            yield f"| {' | '.join(cells)} |"


def held_out() -> Iterator[str]:
    """Bits per byte of each set."""
    facts, before = results("heldout"), results("first-heldout")
    if facts is None:
        return
    first = _is_another(before, facts)
    yield (
        "| set | bytes | starter | 5-gram | below the 5-gram by | "
        + "first version | " * first
        + "xz -9e |"
    )
    yield "|---|" + "---:|" * (5 + first)
    for name, row in facts["sets"].items():
        value, n_gram = row["starter"]["value"], row["kneser_ney"].values()
        cells = [SETS[name], f"{row['bytes']:,}", f"{value:.3f}"]
        cells += [f"{min(n_gram):.3f}", f"{1 - value / min(n_gram):.1%}"] if n_gram else ["–", "–"]
        if first and before is not None:
            cells.append(f"{before['sets'][name]['starter']['value']:.3f}")
        cells.append(f"{row['xz']:.3f}")
        yield f"| {' | '.join(cells)} |"
    told = [f"{text['tokens']:,} tokens ({WAYS[way]})" for way, text in facts["text"].items()]
    if told:
        yield ""
        yield f"The 5-gram model was made of {' or '.join(told)}; the better one stands here."
    if "training" in facts:
        yield ""
        certificate = facts["training"]["preparation"]["certificate"]
        yield f"What the preparation certifies of the training text: {certificate['statement']}"


def probes() -> Iterator[str]:
    """Share right of each probe and part."""
    facts, before = results("probes"), results("first-probes")
    if facts is None:
        return
    columns = {"base": facts["states"]["base"], "after LoRA": facts["states"]["lora"]}
    if _is_another(before, facts) and before is not None:
        columns = {"first version": before["states"]["base"], **columns}
    yield f"| probe | pairs | {' | '.join(columns)} |"
    yield "|---|" + "---:|" * (1 + len(columns))
    for probe, whole in columns["base"].items():
        yield _row(PROBES[probe], [column[probe] for column in columns.values()])
        if len(whole["parts"]) > 1:
            for part in whole["parts"]:
                found = [column[probe]["parts"][part] for column in columns.values()]
                yield _row(f"&nbsp;&nbsp;{PARTS.get(part, part)}", found)
    training = facts["training"]
    yield ""
    yield (
        f"LoRA was {training['epochs']:g} epochs of the demo's data: {training['seconds']} seconds "
        "with its preparation."
    )


def _row(name: str, shares: list[dict[str, Any]]) -> str:
    cells = (f"{each['right']:.0%} ({each['low']:.0%} to {each['high']:.0%})" for each in shares)
    return f"| {name} | {shares[0]['n']} | {' | '.join(cells)} |"


def demo() -> Iterator[str]:
    """The demo's figures with the first version and with this one."""
    facts = results("demo")
    if facts is None:
        return
    yield "| contender | metric | first version | starter | better |"
    yield "|---|---|---:|---:|---|"
    for name, metrics in facts["contenders"].items():
        for metric, pair in metrics.items():
            better = {True: "yes", False: "no", None: "equal"}[pair["better"]]
            cells = [name, metric, *(_figure(pair[side]) for side in ("first", "second")), better]
            yield f"| {' | '.join(cells)} |"
    yield ""
    yield f"Chance names {facts['summary']['chance']:.1%} of the labels right (`accuracy`)."


def _figure(figure: dict[str, Any]) -> str:
    value = f"{figure['value']:.3f}"
    if figure["low"] is None:
        return value
    return f"{value} ({figure['low']:.3f} to {figure['high']:.3f})"


def continuations() -> Iterator[str]:
    """Every prompt with both continuations, as they came."""
    facts = results("samples")
    if facts is None:
        return
    settings = facts["settings"]
    yield (
        f"Each is continued to the model's own end or {settings['tokens']} tokens: by the "
        f"likeliest token, and by tokens drawn at temperature {settings['temperature']}."
    )
    for language, found in facts["continuations"].items():
        yield from ("", f"### {LANGUAGES[language]}")
        for each in found:
            yield from ("", "~~~~text", *_prompt(each["prompt"]))
            for way in ("greedy", "sampled"):
                ended = "ended" if each[way]["ended"] else f"{settings['tokens']} tokens"
                yield from (f"── {way}, {ended}", each[way]["text"])
            yield "~~~~"


def _prompt(prompt: str | list[list[str]]) -> Iterator[str]:
    if isinstance(prompt, str):
        yield prompt
    else:
        yield from (f"[{role}] {said}" for role, said in prompt)
        yield "[assistant]"


def _is_another(before: dict[str, Any] | None, facts: dict[str, Any]) -> bool:
    key = "weights_sha256"
    return before is not None and before["starter"][key] != facts["starter"][key]


BLOCKS = {
    "training": training,
    "mix": mix,
    "course": course,
    "trials": trials,
    "held-out": held_out,
    "probes": probes,
    "demo": demo,
    "continuations": continuations,
}


def filled(page: str) -> str:
    """``page`` with its blocks as the results have them; SystemExit where a marker is missing."""
    for name, block in BLOCKS.items():
        begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->\n"
        if page.count(begin) != 1 or page.count(end) != 1:
            raise SystemExit(f"{PAGE.name} has not one {begin.strip()} and one {end.strip()}")
        text = "".join(f"{line}\n" for line in block())
        before, _begin, rest = page.partition(begin)
        _old, _end, after = rest.partition(end)
        page = before + begin + (f"\n{text}\n" if text else "") + end + after
    return page


def main() -> int:
    """Write the page, or compare it with what it should be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    page = PAGE.read_text("utf-8")
    wanted = filled(page)
    if options.check:
        if page != wanted:
            print(f"{PAGE.name} is out of date: python scripts/starter_page.py", file=sys.stderr)
        return int(page != wanted)
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
