"""All of it within a minute, on texts of the repository: what proves that a rerun is the same."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

from laras.runs.folder import Run
from starter.shape import Shape
from starter.steps import Places, falling_of, material_of
from starter.training import Material, Settings, train_decay, train_stable

DATA = Path(__file__).parents[2] / "src" / "laras" / "starter" / "data"
SHAPE = Shape(
    vocabulary=640, layers=2, hidden=64, intermediate=128, heads=2, key_value_heads=1, context=128
)
# In float32, so that another processor comes to the same but for rounding.
SETTINGS = Settings(batch_tokens=1024, warmup_steps=4, rounds_in_course=8, precision="float32")
STABLE_TOKENS, DECAY_TOKENS = 24_000, 8_000
# The same sentences in both languages, under the names that real ones have in the mix.
_WHO = (("Tom", "Tom"), ("My sister", "Adik saya"), ("The teacher", "Guru itu"), ("Mary", "Mary"))
_DOES = (("reads", "membaca"), ("likes", "menyukai"), ("buys", "membeli"), ("has", "mempunyai"))
_WHAT = (
    ("a book", "sebuah buku"),
    ("this letter", "surat ini"),
    ("the red bag", "tas merah itu"),
    ("two new pictures of the old house", "dua gambar baru dari rumah tua itu"),
)
_PASSES = {
    "en_xpersona_chat": 1.0,
    "en_xpersona_chat (chat)": 1.0,
    "id_xpersona_chat": 1.0,
    "id_xpersona_chat (chat)": 1.0,
    "en_gnome_help": 2.0,
    "id_gnome_help": 2.0,
    "en_tatoeba": 2.0,
    "id_tatoeba": 2.0,
    "iden_tatoeba_pairs": 1.0,
    "translations (made)": 1.0,
    "questions (made)": 1.0,
    "labels (made)": 1.0,
    "formats (made)": 1.0,
}
_FALLING = {**_PASSES, "labels (made)": 2.0, "look-ups (made)": 2.0}


def train_small(work: Path) -> float:
    """Texts, preparation, tokens, both stages; returns the validation loss in nats a token."""
    material, falling = material_in(work)
    with Run.open(work / "run") as run:
        train_stable(
            material,
            SHAPE,
            SETTINGS,
            run,
            most_tokens=10 * STABLE_TOKENS,
            validate_every=10,
            minutes=None,
            tokens=STABLE_TOKENS,
        )
        _name, result, _model = train_decay(
            material,
            SHAPE,
            SETTINGS,
            run,
            falling=falling,
            decay_tokens=DECAY_TOKENS,
            validate_every=10,
        )
    return result.validation_losses[-1]


def material_in(work: Path) -> tuple[Material, Material]:
    """What both stages read."""
    texts = work / "raw"
    _write_texts(texts)
    _write_heldout(work / "heldout")
    places = Places(texts, None, work / "heldout", work, _PASSES, _FALLING)
    material = material_of(places, SHAPE, SETTINGS.seed)
    return material, falling_of(material, places, SHAPE, SETTINGS.seed)


def _write_texts(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    pairs = [
        (f"{who} {does} {what}.", f"{wer} {tut} {was}.")
        for (who, wer), (does, tut), (what, was) in itertools.product(_WHO, _DOES, _WHAT)
    ]
    _write(folder, "en_tatoeba", _blocks([english for english, _indonesian in pairs]))
    _write(folder, "id_tatoeba", _blocks([indonesian for _english, indonesian in pairs]))
    _write(folder, "iden_tatoeba_pairs",
           _blocks([f"English: {en}\nIndonesia: {id_}" for en, id_ in pairs]))  # fmt: skip
    for language in ("en", "id"):
        pages = sorted((DATA / "handbook").glob(f"*.{language}.[mt][dx]*"))
        parts = [page.read_text("utf-8").split("\n# ") for page in pages]
        _write(folder, f"{language}_gnome_help", [part for page in parts for part in page])
        lines = (DATA / "conversations" / f"train_{language}.jsonl").read_text("utf-8").splitlines()
        _write(folder, f"{language}_xpersona_chat", [_dialogue(line) for line in lines[:200]])


def _write_heldout(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    pages = sorted((DATA / "test" / "handbook").glob("*.md"))
    _write(folder, "handbook", [page.read_text("utf-8") for page in pages])


def _blocks(lines: list[str]) -> list[str]:
    return ["\n".join(lines[start : start + 4]) for start in range(0, len(lines), 4)]


def _dialogue(line: str) -> str:
    messages = json.loads(line)["messages"]
    return "\n".join(
        f"{each['role'].capitalize()}: {' '.join(each['content'].split())}" for each in messages
    )


def _write(folder: Path, name: str, documents: list[str]) -> None:
    (folder / f"{name}.txt").write_text("\n<|doc|>\n".join(documents) + "\n", "utf-8")
