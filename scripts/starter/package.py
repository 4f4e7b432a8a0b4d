"""The model as a folder that plain transformers loads, and who is to be named for its texts."""

from __future__ import annotations

import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import LlamaForCausalLM

MOST_BYTES = 24_000_000
CREDITS = ("STORY_CREDITS.tsv", "TATOEBA_CONTRIBUTORS.txt")  # beside the texts


def package(model: torch.nn.Module, tokenizer_folder: Path, texts: Path, folder: Path) -> None:
    """Weights in bfloat16 and the tokenizer's files, with the credits that ``texts`` ask for.

    Raises ValueError where they take more than :data:`MOST_BYTES`."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {
        name: part.detach().to(torch.bfloat16).contiguous()
        for name, part in model.state_dict().items()
        if name != "lm_head.weight"  # tied to the embeddings
    }
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)  # safetensors keeps it from other users
    if (size := (folder / "model.safetensors").stat().st_size) > MOST_BYTES:
        raise ValueError(f"the model takes {size} bytes, more than {MOST_BYTES}")
    assert isinstance(model, LlamaForCausalLM)
    model.config.dtype = torch.bfloat16
    model.config.architectures = ["LlamaForCausalLM"]
    model.config.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(tokenizer_folder / name, folder / name)
    write_credits(texts, folder)


def write_credits(texts: Path, folder: Path) -> None:
    """The authors whom the licences of the texts ask to name, beside the model."""
    rows = ["source\ttitle\tauthor\tlicence"]
    stories, sentences = (texts / name for name in CREDITS)
    for line in stories.read_text("utf-8").splitlines()[1:]:
        source, _file, title, author, licence = line.split("\t")
        rows.append("\t".join((source, title, author, licence)))
    for line in sentences.read_text("utf-8").splitlines():
        name, _tab, count = line.partition("\t")
        if count:
            rows.append(f"Tatoeba\t{count} sentences\t{name}\tCC BY 2.0 FR")
    (folder / "CREDITS.tsv").write_text("\n".join(rows) + "\n", "utf-8")
