"""Make the starter model: tokenizer, pretraining from random weights, packaged files.

    python scripts/pretrain_starter.py --texts FOLDER --novels FOLDER --work FOLDER

``--texts`` holds UTF-8 files whose documents are parted by a line ``<|doc|>``; in dialogues, lines
begin with ``User: `` or ``Assistant: ``. Training runs through the engine's own objective and
checkpoints, so the same command continues what was interrupted. The result goes to
``src/laras/models/starter``.

Texts under share-alike licences are left out, so that the weights can be used under this
project's own licence; docs/starter.md names every source that is used.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM

from laras.adapters.prepare import prepare_for
from laras.batches.cache import TokenCache, write_cache
from laras.batches.encode import encode_example
from laras.batches.token_batch import EncodedExample
from laras.engine.precision import choose
from laras.models.template import ChatTemplate
from laras.models.tokenizer import Tokenizer as LarasTokenizer
from laras.objectives.objective import objectives
from laras.planning.hyperparameters import resolve
from laras.recipe.schema import Contender, TuningSection
from laras.records import Example, Message
from laras.runs.folder import Run
from laras.runs.hashing import content_hash
from laras.tuning.loop import Training
from laras.tuning.training_data import TrainingData

STARTER = Path(__file__).parents[1] / "src" / "laras" / "models" / "starter"

# How often each text is read. Everyday and human text in both languages counts most; technical
# help and machine-translated text would otherwise set the style by its size.
PASSES = {
    "id_tatoeba": 3.0,
    "id_xpersona_chat": 2.0,
    "id_chatterbot": 4.0,
    "id_gnome_help": 2.0,
    "id_opensource_guide": 3.0,
    "id_ethereum_org": 1.0,
    "id_tensorflow_docs": 2.0,
    "id_ms_edgeai_for_beginners": 1.0,
    "id_ms_azd_for_beginners": 1.0,
    "id_ms_alchemy_insights": 0.5,
    "id_ms_customer_insights": 0.3,
    "id_law_regulations": 0.1,
    "iden_tatoeba_pairs": 1.5,
    "en_tatoeba": 2.0,
    "en_xpersona_chat": 1.0,
    "en_chatterbot": 3.0,
    "en_gnome_help": 2.0,
    "en_opensource_guide": 2.0,
    "en_ethereum_org": 0.5,
    "en_ms_edgeai_for_beginners": 0.6,
    "en_ms_azd_for_beginners": 0.6,
    "en_african_storybook": 2.0,
    "en_pratham_books": 2.0,
}
NOVEL_CHARACTERS = 2_000_000

VOCABULARY = 6144
CONTROL = {
    "bos_token": "<|begin|>",
    "eos_token": "<|end|>",
    "pad_token": "<|pad|>",
}
ROLES = ["<|system|>", "<|user|>", "<|assistant|>"]
CHAT_TEMPLATE = (
    "{{ bos_token }}"
    "{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>' + message['content'] + eos_token }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
# Words with their leading space, numbers by up to three digits, runs of signs, line ends.
SPLIT = r" ?\p{L}+| ?\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s*\n+|\s+(?!\S)|\s+"

SHAPE = {
    "hidden_size": 256,
    "intermediate_size": 704,
    "num_hidden_layers": 6,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "max_position_embeddings": 1024,
    "rope_theta": 10_000.0,
    "rms_norm_eps": 1e-5,
}


@dataclass(frozen=True)
class Text:
    """One document and the file it is from."""

    name: str
    content: str


def read_documents(path: Path) -> list[str]:
    """The documents of one file, exact repeats left out."""
    parts = path.read_text("utf-8").split("\n<|doc|>\n")
    cleaned = (part.replace("<|doc|>", "").strip() for part in parts)
    return list(dict.fromkeys(part for part in cleaned if part))


def read_mix(texts: Path, novels: Path | None, seed: int) -> list[Text]:
    """All documents, each as often as its file is to be read, in a fixed shuffled order."""
    generator = random.Random(seed)
    mix: list[Text] = []
    for name, passes in PASSES.items():
        documents = read_documents(texts / f"{name}.txt")
        for whole in range(int(passes)):
            mix += [Text(f"{name}-{whole}", document) for document in documents]
        share = generator.sample(documents, round((passes - int(passes)) * len(documents)))
        mix += [Text(f"{name}-part", document) for document in share]
    if novels is not None:
        mix += list(_novel_passages(novels, generator))
    generator.shuffle(mix)
    return mix


def _novel_passages(folder: Path, generator: random.Random) -> Iterator[Text]:
    """Passages of whole paragraphs from every novel, the same number of characters of each."""
    paths = sorted(folder.rglob("*.txt"))
    for path in paths:
        text = path.read_text("utf-8-sig", "replace")
        # Some files part paragraphs by a blank line, some by a line end alone.
        paragraphs = text.split("\n\n" if "\n\n" in text else "\n")
        wanted = NOVEL_CHARACTERS // len(paths)
        start = generator.randrange(max(1, len(paragraphs) // 2))
        passage: list[str] = []
        for paragraph in paragraphs[start:]:
            passage.append(" ".join(paragraph.split()))
            if sum(map(len, passage)) > 3000:
                yield Text(path.stem, "\n\n".join(passage))
                wanted -= sum(map(len, passage))
                passage = []
            if wanted <= 0:
                break


def train_tokenizer(mix: list[Text], folder: Path) -> None:
    """Byte-level BPE on the mix, saved as any transformers tokenizer is."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[*CONTROL.values(), *ROLES],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator((text.content for text in mix), trainer)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        **CONTROL,
        "additional_special_tokens": ROLES,
        "chat_template": CHAT_TEMPLATE,
        "clean_up_tokenization_spaces": False,
        "model_max_length": SHAPE["max_position_embeddings"],
        "tokenizer_class": "PreTrainedTokenizerFast",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=1) + "\n", "utf-8")


def as_example(text: Text, index: int) -> Example:
    """A dialogue in the chat template, so that its tokens mean something; all else as text."""
    name = f"{text.name}-{index}"
    turns = _turns(text.content)
    if turns is None:
        return Example(name, "text", (Message("text", text.content, True),), group=name)
    messages = tuple(Message(role, content, True) for role, content in turns)
    return Example(name, "chat", messages, group=name)


def _turns(content: str) -> list[tuple[str, str]] | None:
    """The turns of a document that is a dialogue throughout, else None."""
    turns: list[tuple[str, str]] = []
    for line in filter(None, content.splitlines()):
        for prefix, role in (("User: ", "user"), ("Assistant: ", "assistant")):
            if line.startswith(prefix):
                turns.append((role, line.removeprefix(prefix)))
                break
        else:
            return None
    alternating = all(turn[0] == ("user", "assistant")[i % 2] for i, turn in enumerate(turns))
    return turns if len(turns) >= 2 and alternating else None


def encode(mix: list[Text], folder: Path, cache: Path) -> TokenCache:
    """All examples in tokens, windows of the model's whole context."""
    tokenizer = LarasTokenizer.from_folder(folder)
    template = ChatTemplate.from_folder(folder, tokenizer)
    context = int(SHAPE["max_position_embeddings"])
    encoded: list[EncodedExample] = []
    for index, text in enumerate(mix):
        windows, _ledger = encode_example(as_example(text, index), tokenizer, template, context)
        encoded += windows
    return write_cache(cache, encoded)


def new_model(tokenizer: LarasTokenizer) -> LlamaForCausalLM:
    """A Llama of our shape with random weights."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        bos_token_id=tokenizer.bos_id,
        eos_token_id=tokenizer.eos_id,
        pad_token_id=tokenizer.pad_id,
        tie_word_embeddings=True,
        **SHAPE,
    )
    return LlamaForCausalLM(config)


class Printed:
    """Progress in a log: one line now and then."""

    def __init__(self) -> None:
        self.last = 0.0

    def stage(self, name: str, total: int | None = None) -> None:
        print(name, total or "", flush=True)

    def advance(self, done: int, **facts: object) -> None:
        if time.monotonic() - self.last > 15:
            self.last = time.monotonic()
            print(
                {key: facts[key] for key in ("step", "steps", "loss", "tokens_per_s", "eta_s")},
                flush=True,
            )

    def note(self, message: str) -> None:
        print(message, flush=True)

    def finish(self) -> None:
        print("done", flush=True)


def main() -> None:
    """Tokenizer, pretraining, packaging; each step is skipped where its result stands."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--novels", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--share", type=float, default=1.0, help="share of the mix to train on")
    parser.add_argument("--learning-rate", type=float, default=4e-3)
    parser.add_argument("--batch-tokens", type=int, default=4096)
    options = parser.parse_args()

    mix = read_mix(options.texts, options.novels, seed=0)
    folder = options.work / "model"
    if not (folder / "tokenizer_config.json").exists():
        train_tokenizer(mix, folder)
    tokenizer = LarasTokenizer.from_folder(folder)
    mix = mix[: round(options.share * len(mix))]
    cache = options.work / "tokens.arrow"
    data = TokenCache(cache) if cache.exists() else encode(mix, folder, cache)
    print(f"{len(mix)} documents, {int(data.lengths.sum())} tokens", flush=True)

    usual, _reasons = resolve(TuningSection(), Contender(kind="full", name="starter"), 0)
    chosen = replace(
        usual, epochs=1.0, learning_rate=options.learning_rate, batch_tokens=options.batch_tokens,
        optimizer="muon", weight_decay=0.05, warmup_share=0.04, schedule="linear",
        patience=10_000, validations_per_epoch=4, checkpoint_every_s=120.0, keep_checkpoints=1,
    )  # fmt: skip
    held_back = 100  # the last examples of the shuffled mix; repeats make this a smoke test only
    lengths = data.lengths[: len(data) - held_back]
    validation = [data[index] for index in range(len(data) - held_back, len(data))]
    model = prepare_for(new_model(tokenizer), chosen)
    with Run.open(options.work / "run") as run:
        result = Training(
            model=model,
            data=TrainingData(data, lengths, validation),
            chosen=chosen,
            objective=objectives.get("next_token"),
            run=run,
            contender="starter",
            precision=choose("auto", torch.device("cpu")),
            key=content_hash("starter", SHAPE, PASSES, vars(options)),
            progress=Printed(),
        ).run()
    print(result, flush=True)
    package(model, folder)
    write_credits(options.texts)


def write_credits(texts: Path) -> None:
    """The authors whom the licences of the texts ask to name, beside the model."""
    rows = ["source\ttitle\tauthor\tlicence"]
    for line in (texts / "STORY_CREDITS.tsv").read_text("utf-8").splitlines()[1:]:
        source, _file, title, author, licence = line.split("\t")
        rows.append("\t".join((source, title, author, licence)))
    for line in (texts / "TATOEBA_CONTRIBUTORS.txt").read_text("utf-8").splitlines():
        name, _tab, count = line.partition("\t")
        if count:
            rows.append(f"Tatoeba\t{count} sentences\t{name}\tCC BY 2.0 FR")
    (STARTER / "CREDITS.tsv").write_text("\n".join(rows) + "\n", "utf-8")


def package(model: torch.nn.Module, tokenizer_folder: Path) -> None:
    """Weights in bfloat16 and the tokenizer's files, as plain transformers loads them."""
    STARTER.mkdir(parents=True, exist_ok=True)
    weights = {
        name: part.detach().to(torch.bfloat16).contiguous()
        for name, part in model.state_dict().items()
        if name != "lm_head.weight"  # tied to the embeddings
    }
    save_file(weights, STARTER / "model.safetensors", metadata={"format": "pt"})
    (STARTER / "model.safetensors").chmod(0o644)  # safetensors keeps it from other users
    assert isinstance(model, LlamaForCausalLM)
    model.config.dtype = torch.bfloat16
    model.config.architectures = ["LlamaForCausalLM"]
    model.config.save_pretrained(STARTER)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(tokenizer_folder / name, STARTER / name)


if __name__ == "__main__":
    main()
