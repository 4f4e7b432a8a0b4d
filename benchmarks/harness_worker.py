"""The harness's side of ``benchmarks/harness_perplexity.py``; run by an interpreter with lm_eval.

Standard input: JSON with ``model`` (a folder), ``texts``, ``add_bos_token`` (null: HFLM's default).
Standard output: JSON with the version, the context, the tokens of each text, and for each the
log-likelihood by ``HFLM.loglikelihood_rolling``, in nats.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version

from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM


def main() -> None:
    """Answer once."""
    task = json.load(sys.stdin)
    model = HFLM(
        pretrained=task["model"],
        device="cpu",
        dtype="float32",
        batch_size=8,
        add_bos_token=task["add_bos_token"],
    )
    requests = [
        Instance(request_type="loglikelihood_rolling", doc={}, arguments=(text,), idx=place)
        for place, text in enumerate(task["texts"])
    ]
    answer = {
        "version": version("lm_eval"),
        "context": model.max_length,
        "tokens": [model.tok_encode(text) for text in task["texts"]],
        "log_likelihoods": model.loglikelihood_rolling(requests, disable_tqdm=True),
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
