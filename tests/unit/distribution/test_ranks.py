"""A process by itself, the errors that cross over from a rank, and who may have how many."""

from __future__ import annotations

import sys

import pytest
import torch

from laras.distribution.elastic import _error, as_facts
from laras.distribution.processes import Processes
from laras.distribution.ranks import Ranks
from laras.errors import GuardStopped, Interrupted, LarasError, StorageFailed, UsageError


def test_a_process_by_itself_is_given_back_what_it_gives() -> None:
    ranks = Ranks()
    assert ranks.main
    assert ranks.sum(0.1, 2.0) == [0.1, 2.0]
    assert ranks.any(True, False) == [True, False]
    assert ranks.told_by_main("gamelan") == "gamelan"
    tensor = torch.arange(3.0)
    assert dict(ranks.each_of_main({"a": tensor}, tensor.device))["a"] is tensor
    weight = torch.nn.Parameter(torch.ones(2))
    ranks.sum_gradients([weight])
    assert weight.grad is None
    with ranks.main_first("anything"):
        pass


def test_a_process_by_itself_goes_on_drawing_random_numbers() -> None:
    before = torch.get_rng_state()
    Ranks().draw_anew(seed=1, step=2)
    assert torch.equal(torch.get_rng_state(), before)


def test_each_rank_and_step_draws_numbers_of_its_own_and_the_same_every_time() -> None:
    with torch.random.fork_rng(devices=[]):
        drawn = []
        for rank, step in [(0, 1), (1, 1), (0, 2), (0, 1)]:
            Ranks(rank, 2).draw_anew(seed=2**63 - 1, step=step)
            drawn.append(torch.rand(4))
    assert torch.equal(drawn[0], drawn[3])
    assert not torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


@pytest.mark.parametrize("kind", [GuardStopped, Interrupted, StorageFailed, LarasError])
def test_an_error_of_a_rank_is_the_same_error_for_who_waits(kind: type[LarasError]) -> None:
    error = kind("room.name", "What", where="where", hint="hint")
    again = _error(as_facts(error))
    assert type(again) is kind
    assert str(again) == str(error)
    assert again.identifier == "room.name"


def test_no_more_processes_than_gpus_where_there_are_any() -> None:
    Processes(1).refuse_impossible(gpus=0)
    Processes(2).refuse_impossible(gpus=0)
    Processes(2).refuse_impossible(gpus=2)
    with pytest.raises(UsageError, match="as many GPUs"):
        Processes(2).refuse_impossible(gpus=1)


@pytest.mark.parametrize(
    "said", [Processes(restarts=0), Processes(timeout_s=1.0), Processes(shard="always")]
)
def test_what_is_said_of_several_processes_is_refused_where_there_is_one(said: Processes) -> None:
    with pytest.raises(UsageError, match="several processes"):
        said.refuse_impossible(gpus=0)


def test_windows_trains_in_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    Processes(1).refuse_impossible(gpus=0)
    with pytest.raises(UsageError, match="Linux"):
        Processes(2).refuse_impossible(gpus=0)
