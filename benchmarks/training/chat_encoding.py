"""Chat rows to ids and masks: CPU time beside TRL's, and every id and mask compared.

    python benchmarks/training/chat_encoding.py --material ../shared/material \\
        --trainers .venv-bench-trainers/bin/python

Rows are real: questions of GSM8K with their answers, dialogues of Schema-Guided Dialogue and of
XPersona (English and Indonesian). The tokenizer is Qwen2.5's; the template is in the form of its
own, with ``{% generation %}`` around what is trained, which TRL needs for its masks.

Theirs is what SFTTrainer does with rows of messages when it trains on answers only (its
``_prepare_dataset``, a chain of ``datasets.map``). Ours is :func:`split_tokens`, from the file of
examples to the memory-mapped file of tokens, with everything that checks it. In both, imports and
reading the tokenizer do not count. CPU seconds are user and system time of all threads. Runs
alternate; figures are medians.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from campaign import RESULTS, describe_machine
from contenders import ENVIRONMENT
from meter import command_line

HERE = Path(__file__).parent
CONTEXT = 4096
TEMPLATE = (
    "{%- if messages[0].role != 'system' -%}"
    "{{- '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' -}}{%- endif -%}"
    "{%- for message in messages -%}"
    "{{- '<|im_start|>' + message.role + '\\n' -}}"
    "{%- if message.role == 'assistant' -%}"
    "{%- generation -%}{{- message.content + '<|im_end|>' -}}{%- endgeneration -%}"
    "{%- else -%}{{- message.content + '<|im_end|>' -}}{%- endif -%}"
    "{{- '\\n' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}"
)


def conversations(material: Path) -> Iterator[list[dict[str, str]]]:
    """Messages of each row."""
    with (material / "instruct/gsm8k/train.jsonl").open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            yield _turns([row["question"], row["answer"]])
    for path in sorted((material / "chat-logs/dstc8-sgd").glob("*.json")):
        for dialogue in json.loads(path.read_text(encoding="utf-8")):
            yield _turns([turn["utterance"] for turn in dialogue["turns"]])
    for path in sorted((material / "chat-logs/xpersona").glob("*.json")):
        for dialogue in json.loads(path.read_text(encoding="utf-8")):
            yield _turns([text for pair in dialogue["dialogue"] for text in pair])


def _turns(texts: list[str]) -> list[dict[str, str]]:
    """User and assistant in turn, up to the last answer."""
    roles = ("user", "assistant")
    messages = [{"role": roles[at % 2], "content": text} for at, text in enumerate(texts)]
    return messages[: len(messages) // 2 * 2]


def write_inputs(material: Path, folder: Path) -> int:
    """Rows for both, the tokenizer with the template; returns the number of rows."""
    import pyarrow.parquet as pq

    from laras.records import EXAMPLE_SCHEMA, Example, Message, to_table

    rows = [row for row in conversations(material) if row]
    with (folder / "rows.jsonl").open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps({"messages": row}, ensure_ascii=False) + "\n")
    examples = [
        Example(
            str(number),
            "chat",
            tuple(Message(m["role"], m["content"], m["role"] == "assistant") for m in row),
            group=str(number),
        )
        for number, row in enumerate(rows)
    ]
    pq.write_table(to_table(examples, EXAMPLE_SCHEMA), folder / "train.parquet")
    tokenizer = folder / "tokenizer"
    tokenizer.mkdir()
    source = material / "tokenizers/qwen2.5"
    (tokenizer / "tokenizer.json").write_bytes((source / "tokenizer.json").read_bytes())
    (tokenizer / "tokenizer_config.json").write_text(
        json.dumps(
            {
                "tokenizer_class": "PreTrainedTokenizerFast",
                "eos_token": "<|im_end|>",
                "pad_token": "<|endoftext|>",
                "chat_template": TEMPLATE,
            }
        ),
        encoding="utf-8",
    )
    return len(rows)


def encode(folder: Path) -> None:
    """In the child: ours."""
    from types import SimpleNamespace

    import numpy as np

    from laras.batches.tokens import split_tokens
    from laras.models.template import ChatTemplate
    from laras.models.tokenizer import Tokenizer

    tokenizer = Tokenizer.from_folder(folder / "tokenizer")
    template = ChatTemplate.from_folder(folder / "tokenizer", tokenizer)
    # What the token cache needs of a model; loading weights is no part of this.
    model: Any = SimpleNamespace(tokenizer=tokenizer, template=template, context=CONTEXT)
    started = cpu_s()
    split = split_tokens(folder / "train.parquet", model, folder / "tokens")
    spent = cpu_s() - started
    rows = [split.tokens[number] for number in range(len(split.tokens))]
    for row in rows:
        row.trained.setflags(write=False)
    np.savez(
        folder / "laras.npz",
        ids=np.concatenate([row.input_ids for row in rows]),
        trained=np.concatenate([row.trained for row in rows]),
        lengths=np.array([len(row) for row in rows]),
    )
    print(json.dumps({"cpu_s": spent, "rows": len(rows), "encoder": split.encoder}))


def cpu_s() -> float:
    """User and system time of this process and its finished children."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def main() -> None:
    """Encode by turns, compare, print; exit code 1 where an id or a mask differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--material", type=Path, default=Path("../shared/material"))
    parser.add_argument("--trainers", help="python of the environment with TRL")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--results", type=Path, default=RESULTS / "training-chat-encoding.json")
    parser.add_argument("--ours", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.ours:
        encode(arguments.ours)
        return
    spent: dict[str, list[float]] = {"laras": [], "trl": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        count = write_inputs(arguments.material, folder)
        for _repeat in range(arguments.repeats):
            subprocess.run(["rm", "-rf", str(folder / "tokens")], check=True)
            ours = _run([sys.executable, __file__, "--ours", name])
            worker = str(HERE / "trl_encoding_worker.py")
            theirs = _run([str(Path(arguments.trainers).absolute()), worker, name])
            spent["laras"].append(ours["cpu_s"])
            spent["trl"].append(theirs["cpu_s"])
            print(f"CPU s: ours {ours['cpu_s']:.2f}, TRL {theirs['cpu_s']:.2f}", flush=True)
        compared = _compared(folder)
    medians = {who: statistics.median(each) for who, each in spent.items()}
    found = {
        "command": command_line(),
        "machine": describe_machine(),
        "rows": count,
        **compared,
        "cpu_s": spent,
        "rows_per_cpu_s": {who: count / each for who, each in medians.items()},
        "ratio": medians["trl"] / medians["laras"],
        "encoder": ours["encoder"],
        "versions": theirs["versions"],
    }
    arguments.results.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(
        f"{count} rows, {compared['tokens']} tokens: ours {medians['laras']:.2f} CPU s, "
        f"TRL {medians['trl']:.2f} CPU s, ratio {found['ratio']:.2f}; rows whose ids differ: "
        f"{compared['rows_with_other_ids']}, whose masks differ: "
        f"{compared['rows_with_other_masks']}"
    )
    if compared["rows_with_other_ids"] or compared["rows_with_other_masks"]:
        raise SystemExit(1)


def _run(command: list[str]) -> dict[str, Any]:
    process = subprocess.run(
        command,
        env={**os.environ, **ENVIRONMENT},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(process.stdout.splitlines()[-1])
    return answer


def _compared(folder: Path) -> dict[str, Any]:
    """Row by row, what both made of the same messages."""
    import numpy as np

    rows: dict[str, list[tuple[Any, Any]]] = {}
    for who in ("laras", "trl"):
        with np.load(folder / f"{who}.npz") as saved:
            ends = np.cumsum(saved["lengths"])[:-1]
            ids, trained = saved["ids"], saved["trained"]
            rows[who] = list(zip(np.split(ids, ends), np.split(trained, ends), strict=True))
    pairs = list(zip(rows["laras"], rows["trl"], strict=True))
    return {
        "tokens": sum(len(ids) for ids, _trained in rows["laras"]),
        "trained_tokens": sum(int(trained.sum()) for _ids, trained in rows["laras"]),
        "rows_with_other_ids": sum(not np.array_equal(one[0], two[0]) for one, two in pairs),
        "rows_with_other_masks": sum(not np.array_equal(one[1], two[1]) for one, two in pairs),
    }


if __name__ == "__main__":
    main()
