"""What the tests of kills, signals and full disks break off: three trainings of one small project,
with something in each that a careless resumption would get wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from broken_off import Work, said
from small_project import small_project
from warm_start import WarmStart

SETTINGS = (
    "tuning.epochs=24",
    "tuning.batch_tokens=192",
    "tuning.micro_batch_tokens=96",  # so that a step has several: gradients are added up
    "tuning.validations_per_epoch=2",
    "tuning.patience=1000",
    "tuning.checkpoint_every_steps=4",
)
KINDS = {
    "full": (
        "tune",
        ("comparison.contenders=[full]", "tuning.embedding_noise=5", "tuning.averaging_decay=0.9"),
    ),
    "lora": ("tune", ("comparison.contenders=[{lora: {dropout: 0.1, rank: 4}}]",)),
    "search": (
        "search",
        (
            "search.trials=6",
            "search.space={tuning.learning_rate: {low: 1e-4, high: 1e-1, log: true}}",
            "tuning.epochs=4",
            "tuning.patience=2",
            "tuning.checkpoint_every_steps=2",
            "comparison.contenders=[{lora: {dropout: 0.1, rank: 4}}]",
        ),
    ),
}


class Projects:
    """The works by kind, and what each comes to when nobody breaks it off; made when asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._recipe = small_project(folder / "project")
        self._unbroken: dict[str, Path] = {}
        self._warm = WarmStart(folder)
        self._prepared = folder / "prepared"
        prepare = Work("prepare", self._recipe, ())
        assert prepare.run(self._prepared) == 0, said(self._prepared)

    def work(self, kind: str) -> Work:
        verb, settings = KINDS[kind]
        given = {each.partition("=")[0]: each for each in (*SETTINGS, *settings)}
        return Work(verb, self._recipe, tuple(given.values()), self._prepared, warm=self._warm)

    def unbroken(self, kind: str) -> Path:
        """The run folder of a training that went through."""
        if kind not in self._unbroken:
            work = replace(self.work(kind), warm=None)  # see warm_start.py
            folder = work.folder(self._folder / f"unbroken-{kind}")
            assert work.run(folder) == 0, said(folder)
            self._unbroken[kind] = folder
        return self._unbroken[kind]

    def evaluating(self) -> Work:
        """The evaluation of what ``full`` has trained, and nothing else."""
        return replace(self.work("full"), verb="evaluate", prepared=self.unbroken("full"))

    def close(self) -> None:
        """Nothing is started any more."""
        self._warm.close()
