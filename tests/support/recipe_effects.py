"""What a recipe comes to, stage by stage, without what differs from one time to the next."""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from unittest.mock import patch

import pyarrow.parquet as pq
import torch
from huggingface_hub import constants

from chat_server import chat_server
from judge_server import judge_server, longer
from laras import workflow
from laras.batches.encode import encode_example
from laras.endpoints import client, kept
from laras.errors import LarasError
from laras.models.load import load_model, resolve_model
from laras.planning.hyperparameters import resolve
from laras.recipe.endpoint import Access
from laras.recipe.load import LoadedRecipe
from laras.records import Example, Message
from laras.report.facts import read_facts
from laras.report.sections.samples import samples
from laras.runs.faults import armed
from laras.runs.hashing import file_sha256
from laras.sources.read import read_source
from laras.tuning import stepper

Observe = Callable[[LoadedRecipe, Path], object]
_TIMES = ("t", "seconds", "tokens_per_s", "eta_s", "bytes")


def merged(loaded: LoadedRecipe, folder: Path) -> object:
    """The recipe, apart from the preset's name."""
    return loaded.recipe.model_dump(exclude={"preset"})


def read(loaded: LoadedRecipe, folder: Path) -> object:
    """Records and rejections of all sources."""
    data = loaded.recipe.data
    return [
        record for source in data.sources for record in read_source(source, loaded.folder, data)
    ]


def prepared(loaded: LoadedRecipe, folder: Path) -> object:
    """Splits and ledger, or the refusal."""
    try:
        workflow.prepare(loaded, run_folder=folder)
    except LarasError as error:
        return error.identifier
    names = ("train", "validation", "test", "ledger")
    return {name: pq.read_table(folder / f"data/{name}.parquet").to_pylist() for name in names}


def encoded(loaded: LoadedRecipe, folder: Path) -> object:
    """The tokens of a conversation that is too long for some contexts."""
    model = load_model(loaded.recipe.model, loaded.folder)
    messages = (
        Message("system", "Be brief.", False),
        *(Message("user", "Which one? " * 4, False), Message("assistant", "This.", True)) * 3,
    )
    windows, rejections = encode_example(
        Example("e", "chat", messages, "g"), model.tokenizer, model.template, model.context
    )
    return [window.input_ids.tolist() for window in windows], rejections


def found_model(loaded: LoadedRecipe, folder: Path) -> object:
    """The snapshot, from a cache with two revisions of one model, and what the hub was asked."""
    cache = folder / "cache" / "models--owner--cached"
    for name, commit in {"main": "1" * 40, "v2": "2" * 40}.items():
        (cache / "snapshots" / commit).mkdir(parents=True, exist_ok=True)
        (cache / "snapshots" / commit / "config.json").write_text("{}", encoding="utf-8")
        (cache / "refs").mkdir(exist_ok=True)
        (cache / "refs" / name).write_text(commit, encoding="utf-8")
    with (
        _empty_hub() as (address, asked),
        patch.multiple(
            constants, ENDPOINT=address, HF_HUB_CACHE=str(cache.parent), HF_HUB_OFFLINE=False
        ),
    ):
        try:
            found = resolve_model(loaded.recipe.model, loaded.folder).name
        except LarasError as error:
            found = error.identifier
    return found, asked


@contextmanager
def _empty_hub() -> Iterator[tuple[str, list[str]]]:
    """Address of a hub that has nothing, and what it is asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_facts: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


def written(loaded: LoadedRecipe, folder: Path) -> object:
    """What an endpoint was asked for pairs, by how many at once, and what was made of it."""
    with _writer() as (port, asked):
        recipe = loaded.recipe
        if (section := recipe.preparation.generation) is not None:
            address = re.sub(r":\d+/", f":{port}/", section.endpoint)
            section = section.model_copy(update={"endpoint": address})
            preparation = recipe.preparation.model_copy(update={"generation": section})
            loaded = replace(loaded, recipe=recipe.model_copy(update={"preparation": preparation}))
        with patch.dict(os.environ, {"WRITER_KEY": "key"}), patch.object(client, "ATTEMPTS", 1):
            outcome = prepared(loaded, folder)
    most = max((at_once for *_request, at_once in asked), default=0)
    return outcome, sorted(request for *request, _at_once in asked), most > 1


@contextmanager
def _writer() -> Iterator[tuple[int, list[tuple[str, str, str, int]]]]:
    """The port of an endpoint that answers with the passage's words, and the requests: path,
    authorization, body, how many were under way."""
    asked: list[tuple[str, str, str, int]] = []
    lock = threading.Lock()
    under_way = 0

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            nonlocal under_way
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            with lock:
                under_way += 1
                asked.append((self.path, self.headers.get("authorization", ""), body, under_way))
            time.sleep(0.15)
            passage = json.loads(body)["messages"][-1]["content"].split("\n\n", 1)[1]
            pairs = [
                {"question": f"Apa nomor {n}?", "answer": " ".join(passage.split()[n : n + 4])}
                for n in range(2)
            ]
            pairs.append({"question": "Yang lain?", "answer": "tidak ada di sana sama sekali"})
            answer = {"choices": [{"message": {"content": json.dumps(pairs)}}]}
            with lock:
                under_way -= 1
            with suppress(OSError):  # who asked may have stopped waiting
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_facts: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port, asked
        finally:
            server.shutdown()
            thread.join()


def planned(loaded: LoadedRecipe, folder: Path) -> object:
    """The first contender's hyperparameters."""
    recipe = loaded.recipe
    return asdict(resolve(recipe.tuning, recipe.comparison.contenders[0], 1_000_000)[0])


def tuned(loaded: LoadedRecipe, folder: Path) -> object:
    """Weights, what happened in the last training, checkpoints that are left, forward passes."""
    error = None
    with _forward_passes(folder):
        try:
            workflow.tune(loaded, run_folder=folder)
        except LarasError as raised:
            error = raised.identifier
    models = folder.glob("contenders/*/model/*.safetensors")
    left = folder.glob("contenders/*/checkpoints/*")
    return {
        "error": error,
        "weights": {str(path.relative_to(folder)): file_sha256(path) for path in models},
        "events": _last_training(folder),
        "checkpoints": sorted(path.name for path in left),
        "passes": _passes(folder),
    }


def exhausted(loaded: LoadedRecipe, folder: Path) -> object:
    """The same, where the first step runs out of memory, once."""
    with patch.object(stepper, "fault_point", armed("step@1:oom")):
        return tuned(loaded, folder)


def prompted(loaded: LoadedRecipe, folder: Path) -> object:
    """The prompts that were tried, and the one that competes."""
    workflow.tune(loaded, run_folder=folder)
    return [
        json.loads((folder / f"contenders/asked/{name}.json").read_text(encoding="utf-8"))
        for name in ("prompt", "prompts")
    ]


def searched(loaded: LoadedRecipe, folder: Path) -> object:
    """Whose settings were searched, what was tried, and what came of it."""
    record = workflow.search(loaded, run_folder=folder).record
    return record.contender, [(trial.values, trial.state, trial.loss) for trial in record.trials]


def judged(loaded: LoadedRecipe, folder: Path) -> object:
    """Figures and answers of each contender, the metric that decides, what is shown of them."""
    with _forward_passes(folder):
        workflow.evaluate(loaded, run_folder=folder)
    verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    names = [contender["name"] for contender in verdict["contenders"]]
    return {
        "primary": verdict["primary"]["metric"],
        "figures": {name: _metrics(folder / "contenders" / name) for name in names},
        "answers": {
            name: pq.read_table(folder / f"contenders/{name}/predictions.parquet").to_pylist()
            for name in names
        },
        "shown": samples(read_facts(folder)),
        "passes": _passes(folder),
    }


def refereed(loaded: LoadedRecipe, folder: Path) -> object:
    """What the verdict has of a judge, and what that was asked, here or where the folder was copied
    from; whether several calls were under way."""
    noted = folder / "asked.json"
    with (
        judge_server() as server,
        _served_at(server.address),
        patch.dict(os.environ, {"REFEREE_KEY": "a secret key"}),
        patch.object(client, "ATTEMPTS", 1),
    ):
        server.plays, server.slow_s = longer, 0.05
        verdict = workflow.evaluate(loaded, run_folder=folder)
    if server.requests:
        bodies = (json.dumps(request, sort_keys=True) for request in server.requests)
        requests = sorted(zip(server.paths, server.keys, bodies, strict=True))
        noted.write_text(json.dumps([requests, server.most_at_once > 1]), encoding="utf-8")
    return verdict["judge"], noted.read_text(encoding="utf-8") if noted.exists() else None


@contextmanager
def _served_at(address: str) -> Iterator[None]:
    """Send what is asked of an endpoint, whatever its port, to the one at ``address``."""
    port = address.split(":")[2].split("/")[0]

    def endpoint(section: Access, where: str) -> client.Endpoint:
        made = client.Endpoint(section, where)
        made._address = re.sub(r":\d+/", f":{port}/", made._address)
        return made

    with patch.object(kept, "Endpoint", endpoint):
        yield


def retrained(loaded: LoadedRecipe, folder: Path) -> object:
    """With which seeds and on which shares contenders were trained, and what came of it."""
    verdict = workflow.evaluate(loaded, run_folder=folder)
    return [
        {name: value for name, value in entry.items() if name != "cost"}
        for told in ("seeds", "learning_curve")
        for entry in verdict[told] or ()
    ]


def answered(loaded: LoadedRecipe, folder: Path) -> object:
    """What an endpoint was asked by a contender behind it, here or where the folder was copied
    from; whether several calls were under way; who is unfinished and what it cost, or the refusal.
    """
    noted = folder / "asked.json"
    with (
        chat_server() as server,
        _served_at(server.address),
        patch.dict(os.environ, {"BIG_KEY": "a secret key"}),
        patch.object(client, "ATTEMPTS", 1),
    ):
        server.slow_s = 0.05
        try:
            verdict = workflow.evaluate(loaded, run_folder=folder)
        except LarasError as error:
            return error.identifier
    if server.requests:
        bodies = (json.dumps(request, sort_keys=True) for request in server.requests)
        requests = sorted(zip(server.paths, server.keys, bodies, strict=True))
        noted.write_text(json.dumps([requests, server.most_at_once > 1]), encoding="utf-8")
    costs = [
        (cost["currency"], (cost["per_1000_answers"] or {}).get("money"))
        for cost in verdict["cost"]
    ]
    return verdict["unfinished"], costs, noted.read_text(encoding="utf-8")


def gated(loaded: LoadedRecipe, folder: Path) -> object:
    """What the gates say of the verdict."""
    return workflow.evaluate(loaded, run_folder=folder)["gates"]


def _metrics(folder: Path) -> object:
    return json.loads((folder / "scores.json").read_text(encoding="utf-8"))["metrics"]


def _last_training(folder: Path) -> list[dict[str, object]]:
    """The events of the training that was done last, here or where the folder was copied from."""
    lines = (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    begun = max(at for at, event in enumerate(events) if event["kind"] == "training_planned")
    kinds = ("step_done", "step_skipped", "validation_done", "checkpoint_saved")
    return [
        {name: value for name, value in event.items() if name not in _TIMES}
        for event in events[begun:]
        if event["kind"] in kinds
    ]


@contextmanager
def _forward_passes(folder: Path) -> Iterator[None]:
    """Note the tokens of each forward pass in ``folder``, unless there was none."""
    sizes: list[int] = []

    def note(module: torch.nn.Module, arguments: tuple[torch.Tensor, ...]) -> None:
        if isinstance(module, torch.nn.Embedding):
            sizes.append(arguments[0].numel())

    handle = torch.nn.modules.module.register_module_forward_pre_hook(note)
    try:
        yield
    finally:
        handle.remove()
    if sizes:
        (folder / "passes.json").write_text(json.dumps(sizes), encoding="utf-8")


def _passes(folder: Path) -> object:
    return json.loads((folder / "passes.json").read_text(encoding="utf-8"))
