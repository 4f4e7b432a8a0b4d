"""The sections of a model card, in English: Markdown of figures and names, with no text of data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from laras.recipe.unread import ADAPTER_KINDS, READ_BY, VIRTUAL_KINDS
from laras.report.markdown_text import bullets, difference, escaped, table
from laras.report.measures import measure, value_of
from laras.report.wording import duration, percent, whole

if TYPE_CHECKING:
    from laras.report.model_card import CardFacts

_NO_HYPERPARAMETERS = frozenset({"method", "objective"})  # told in words
# They decide what is kept and what memory holds, and nothing about the weights.
_HOUSEKEEPING = frozenset(
    {
        "micro_batch_tokens",
        "recompute_activations",
        "frozen_cache_bytes",
        "checkpoint_every_s",
        "checkpoint_every_steps",
        "keep_checkpoints",
        "non_finite_limit",
        "validations_per_epoch",
    }
)
_CHECKS = {
    "overfitting": "overfitting",
    "memorisation": "memorised training data",
    "wording": "sensitivity to wording",
    "forgetting": "forgotten general abilities",
    "bias": "bias",
}
_SCOPE = (
    "The figures hold for test rows like those above: of the same sources, held out by group. "
    "Nothing is known of other material."
)


def sections_of(facts: CardFacts) -> Iterator[tuple[str, str]]:
    """Titles and texts, in order; those that the run left nothing for are left out."""
    yield "What it is", _what_it_is(facts)
    yield "How it was trained", _training(facts)
    if evaluation := _evaluation(facts):
        yield "How it was evaluated", evaluation
    yield "Limits", _limits(facts)
    yield "How to use it", _use(facts)


def _what_it_is(facts: CardFacts) -> str:
    contender = facts.contender
    made = {
        "full": "trained in full",
        "freeze": "with its last blocks trained",
        "soft-prompt": "with a soft prompt trained before its input",
        "prefix": "with keys and values trained before its input in each layer",
    }.get(contender.kind, f"with an adapter ({escaped(contender.kind)}) trained on it")
    does = "It names labels and writes nothing." if facts.has_head else ""
    said = [f"The base model {escaped(facts.base)}, {made}, by Laras {_version(facts)}.", does]
    if facts.licence is not None:
        said.append(
            f"The base model's licence is {escaped(facts.licence)}; whether the tuned model may be "
            "passed on depends on it and on the training data."
        )
    return " ".join(part for part in said if part)


def _training(facts: CardFacts) -> str:
    parts = [_data(facts)]
    settings = facts.planned.get("settings")
    kind = facts.contender.kind
    if isinstance(settings, Mapping):
        rows = [
            [escaped(str(name).replace("_", " ")), _setting(value)]
            for name, value in settings.items()
            if value is not None
            and name not in _NO_HYPERPARAMETERS | _HOUSEKEEPING
            and kind in READ_BY.get(str(name), (kind,))
        ]
        if rows:
            parts.append(table(["Setting", "Value"], rows))
    counted = [
        (value_of(facts.finished, "steps"), "optimizer steps"),
        (value_of(facts.finished, "tokens"), "tokens"),
        (value_of(facts.finished, "trained_parameters"), "trained parameters"),
    ]
    ended = [f"{whole(count)} {what}" for count, what in counted if count is not None]
    seconds = value_of(facts.finished, "seconds")
    if seconds is not None:
        ended.append(duration(seconds))
    if precision := facts.planned.get("precision"):
        ended.append(f"products in {escaped(precision)}")
    if ended:
        parts.append("It took " + ", ".join(ended) + ".")
    return "\n\n".join(parts)


def _data(facts: CardFacts) -> str:
    splits = facts.audit.get("splits")
    train = splits.get("train") if isinstance(splits, Mapping) else None
    counts: Mapping[str, Any] = train if isinstance(train, Mapping) else {}
    said = f"On {', '.join(map(escaped, facts.sources))}"
    examples, groups = value_of(counts, "examples"), value_of(counts, "groups")
    if examples is not None and groups is not None:
        said += f": {whole(examples)} examples in {whole(groups)} groups"
    if facts.languages:
        said += f", languages: {', '.join(facts.languages)}"
    return said + "."


def _setting(value: object) -> str:
    if isinstance(value, list):
        return escaped(", ".join(map(str, value)))
    return escaped(f"{value:g}" if isinstance(value, float) else value)


def _evaluation(facts: CardFacts) -> str:
    metrics, before = facts.scores.get("metrics"), facts.reference.get("metrics")
    if not isinstance(metrics, Mapping) or not metrics:
        return ""
    others: Mapping[str, Any] = before if isinstance(before, Mapping) else {}
    reference = str(facts.verdict.get("reference") or "reference")
    level = percent(facts.recipe.evaluation.confidence, 0)
    rows = [
        _metric_row(facts, str(key), score, others.get(key), reference)
        for key, score in metrics.items()
        if isinstance(score, Mapping)
    ]
    head = ["Metric", "Value", f"{level} interval", escaped(reference), "Difference", "n"]
    test = facts.scores.get("test")
    tested = []
    if isinstance(test, Mapping):
        tested = [
            f"{whole(count)} {what}"
            for count, what in (
                (value_of(test, "rows"), "rows"),
                (value_of(test, "groups"), "groups"),
            )
            if count is not None
        ]
    said = [f"On {' in '.join(tested)} that were held out by group." if tested else ""]
    said.append(
        "↓: lower is better, ↑: higher is better. Intervals over groups of rows; a "
        "difference in bold is more than chance by a paired test."
    )
    sentences = facts.verdict.get("sentences")
    english = sentences.get("en") if isinstance(sentences, Mapping) else None
    parts = [" ".join(part for part in said if part), table(head, rows)]
    if english:
        parts.append(f"Verdict of the run: {escaped(english, 2000)}")
    return "\n\n".join(parts)


def _metric_row(
    facts: CardFacts, key: str, score: Mapping[str, Any], before: object, reference: str
) -> list[str]:
    metric = measure(key, score)
    low, high = value_of(score, "low"), value_of(score, "high")
    other = value_of(before) if isinstance(before, Mapping) else None
    return [
        f"{escaped(metric.title)} {metric.arrow}".strip(),
        metric.written(value_of(score)),
        "–" if low is None or high is None else f"{metric.written(low)} – {metric.written(high)}",
        metric.written(other),
        _difference(facts, key, reference, metric.digits),
        whole(value_of(score, "n")),
    ]


def _difference(facts: CardFacts, key: str, reference: str, digits: int) -> str:
    """Contender minus reference, as the verdict's pairs have it."""
    name = facts.contender.name
    pairs = facts.verdict.get("pairs")
    for pair in pairs if isinstance(pairs, list) else ():
        if not isinstance(pair, Mapping) or pair.get("metric") != key:
            continue
        value = value_of(pair, "difference")
        if value is None or {pair.get("a"), pair.get("b")} != {name, reference}:
            continue
        written = difference(value if pair.get("b") == name else -value, digits)
        return f"**{written}**" if pair.get("better") is not None else written
    return "–"


def _limits(facts: CardFacts) -> str:
    lines = [_SCOPE]
    if facts.verdict.get("recommendation") not in (None, facts.contender.name):
        name = escaped(facts.verdict["recommendation"])
        lines.append(f"The run that made it recommends another contender: {name}.")
    lines += [escaped(note, 1200) for note in facts.notes]
    missing = [
        title for check, title in _CHECKS.items() if not _entry_of(facts.verdict.get(check), facts)
    ]
    if missing:
        lines.append(f"Not measured: {', '.join(missing)}.")
    if train := facts.audit.get("certificate"):
        clean = isinstance(train, Mapping) and train.get("clean") is True
        lines.append(
            "A certificate found no test row, document, conversation or near-duplicate of one in "
            "the training data."
            if clean
            else "Training and test rows overlap; see the run's certificate."
        )
    return bullets(lines)


def _entry_of(entries: object, facts: CardFacts) -> bool:
    return any(
        isinstance(entry, Mapping) and entry.get("contender") == facts.contender.name
        for entry in (entries if isinstance(entries, list) else ())
    )


def _use(facts: CardFacts) -> str:
    kind = facts.contender.kind
    loader = "AutoModelForSequenceClassification" if facts.has_head else "AutoModelForCausalLM"
    lines = [f"from transformers import AutoTokenizer, {loader}", ""]
    added = kind in (*ADAPTER_KINDS, *VIRTUAL_KINDS)
    if added:
        lines.insert(0, "from peft import PeftModel")
        lines += [
            f'model = {loader}.from_pretrained("BASE")  # {facts.base}',
            *(
                ["model.resize_token_embeddings(ROWS)  # of the saved tokenizer"]
                if facts.recipe.model.new_tokens
                else []
            ),
            'model = PeftModel.from_pretrained(model, "FOLDER")',
        ]
    else:
        lines.append(f'model = {loader}.from_pretrained("FOLDER")')
    lines += ['tokenizer = AutoTokenizer.from_pretrained("FOLDER")']
    lines += [
        'messages = [{"role": "user", "content": "..."}]',
        "prompt = tokenizer.apply_chat_template(",
        '    messages, add_generation_prompt=True, return_dict=True, return_tensors="pt"',
        ")",
        "model(**prompt).logits" if facts.has_head else "model.generate(**prompt)",
    ]
    said = (
        "FOLDER is the folder of the model's files, BASE that of its base model."
        if added
        else ("FOLDER is the folder of the model's files.")
    )
    parts = [said, "```python\n" + "\n".join(lines) + "\n```"]
    if kind in ADAPTER_KINDS:
        parts.append(
            "Where this card lies beside a merged model (`laras merge`), load that folder alone, "
            f"with `{loader}.from_pretrained`."
        )
    if facts.contender.quantised is not None:
        parts.append(
            f"The adapter was trained on a base held in {escaped(facts.contender.quantised)}: load "
            "the base so, too, or use the merged model."
        )
    return "\n\n".join(parts)


def _version(facts: CardFacts) -> str:
    version = facts.manifest.get("laras")
    return "" if version is None else escaped(version)
