# One target for each thing one does here; `make help` lists them.
# Everything is installed into $(VENV), from the versions in constraints.txt.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check --no-input
# Installed first and alone: its build (CPU or CUDA) is the index's choice, not the resolver's.
TORCH := torch==2.13.0

.DEFAULT_GOAL := help
.PHONY: help install develop demo test test-all test-faults fuzz lint format types bench bench-sources bench-duplicates bench-preparation bench-material bench-training bench-curves bench-harness bench-statistics bench-engine bench-machine bench-forecast bench-search bench-checkpointing bench-faults bench-decoding bench-evidence bench-gpu bench-starter docs messages starter-data clean

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  \1: /p' $(MAKEFILE_LIST)

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Laras needs Python 3.11 or later; '$(PYTHON)' is older or absent." \
	       "Name another with: make PYTHON=python3.12 ..." >&2; exit 2; }
	@echo "Making $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.torch: $(VENV)/.python
	@echo "Installing $(TORCH)"
	@$(PIP) install '$(TORCH)'
	@touch $@

$(VENV)/.laras: $(VENV)/.torch pyproject.toml constraints.txt
	@echo "Installing Laras"
	@$(PIP) install -c constraints.txt -e .
	@touch $@

$(VENV)/.develop: $(VENV)/.torch pyproject.toml constraints.txt
	@echo "Installing Laras and its development tools"
	@$(PIP) install -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/.laras

# What some tests of `test-all` need beside; left out of `test`, where every start would load it.
$(VENV)/.quantised: $(VENV)/.develop
	@$(PIP) install -c constraints.txt -e '.[dev,quantised]'
	@touch $@

install: $(VENV)/.laras  ## Laras in .venv

develop: $(VENV)/.develop  ## Laras and its development tools in .venv

demo: $(VENV)/.laras  ## install, then tune and judge the starter model on the starter data
	@$(BIN)/laras demo

# Files are shared out among this many processes; most tests compute in one thread.
TESTERS ?= 2

test: lint types  ## what must pass before a change goes in
	@$(BIN)/python -m pytest -m "not slow" -n $(TESTERS) --dist loadfile

test-all: lint types $(VENV)/.quantised  ## the same with the tests that take minutes
	@$(BIN)/python -m pytest

test-faults: $(VENV)/.develop  ## every fault that Laras is to survive, and docs/faults.md from it
	@$(BIN)/python scripts/faults_table.py --write docs/faults.md -n $(TESTERS) --dist loadfile

lint: $(VENV)/.develop  ## style and layout
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(VENV)/.develop  ## mend what lint finds, where it can be mended
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(VENV)/.develop  ## mypy, strict
	@$(BIN)/mypy

# Real data that does not ship with Laras; each script says what it expects there.
MATERIAL ?= ../shared/material

bench: $(VENV)/.develop  ## the figures in the docs, measured again
	@$(BIN)/python benchmarks/real_inputs.py --material $(MATERIAL) --runs runs/bench

# What others make of the same files, in an environment of its own: nothing of it is ours.
PEERS ?= .venv-bench

$(PEERS)/.peers: benchmarks/constraints-peers.txt $(VENV)/.python
	@echo "Making $(PEERS)"
	@$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip -qq --disable-pip-version-check --no-input install --no-deps \
	  -r benchmarks/constraints-peers.txt
	@touch $@

bench-sources: $(VENV)/.develop $(PEERS)/.peers  ## texts of real files beside markitdown's: F1, CPU time
	@$(BIN)/python benchmarks/sources.py --material $(MATERIAL) \
	  --peer-python $(PEERS)/bin/python --results benchmarks/results

bench-duplicates: $(VENV)/.develop $(PEERS)/.peers  ## planted near-duplicates beside datasketch; leaks in public data
	@$(BIN)/python benchmarks/duplicates.py --peer-python $(PEERS)/bin/python \
	  --results benchmarks/results
	@$(BIN)/python benchmarks/leaks.py --material $(MATERIAL) --results benchmarks/results

bench-material: $(VENV)/.develop  ## three kinds of sources in one recipe, recounted; personal data found and missed
	@$(BIN)/python benchmarks/three_sources.py --material $(MATERIAL) --run runs/bench/three-sources
	@$(BIN)/python benchmarks/personal_data.py

bench-preparation: $(VENV)/.develop $(PEERS)/.peers  ## CPU time and memory beside datasets.map; three engines, one outcome
	@$(BIN)/python benchmarks/preparation.py --peer $(PEERS)/bin/python \
	  --tokenizers $(MATERIAL)/tokenizers --real $(MATERIAL)/pretrain
	@$(BIN)/python benchmarks/engines.py

# Other trainers, each in an environment of its own: the versions that they allow don't go together.
TRAINERS := trainers llamafactory litgpt axolotl
TRAINER_PYTHONS := $(foreach each,$(TRAINERS),--$(each) .venv-bench-$(each)/bin/python)
# What is measured, for example CELLS=M-lora; all of it takes more than an hour.
CELLS ?= S-full,S-lora,M-full,M-lora

.venv-bench-%/.peers: benchmarks/constraints-%.txt $(VENV)/.python
	@echo "Making .venv-bench-$*"
	@$(PYTHON) -m venv .venv-bench-$*
	@.venv-bench-$*/bin/python -m pip -qq --disable-pip-version-check --no-input install '$(TORCH)'
	@.venv-bench-$*/bin/python -m pip -qq --disable-pip-version-check --no-input install --no-deps \
	  -r benchmarks/constraints-$*.txt
	@touch $@

bench-training: $(VENV)/.develop $(TRAINERS:%=.venv-bench-%/.peers)  ## tuning on the CPU beside five trainers: speed, memory, start, profile, length
	@$(BIN)/python benchmarks/training/campaign.py $(TRAINER_PYTHONS) --only $(CELLS) \
	  --kinds speed,defaults,start,memory,settings,gains
	@$(BIN)/python benchmarks/training/peak.py
	@$(BIN)/python benchmarks/training/length.py

bench-harness: $(VENV)/.develop .venv-bench-harness/.peers  ## perplexity beside lm-evaluation-harness, same model and texts
	@$(BIN)/python benchmarks/harness_perplexity.py --harness .venv-bench-harness/bin/python \
	  --model $(MATERIAL)/models/stories260K --text $(MATERIAL)/pretrain/heldout/en_simple.txt \
	  --results benchmarks/results

bench-curves: $(VENV)/.develop .venv-bench-trainers/.peers  ## loss curves and chat rows in tokens, both compared with TRL's
	@$(BIN)/python benchmarks/training/curves.py --trainers .venv-bench-trainers/bin/python
	@$(BIN)/python benchmarks/training/chat_encoding.py --material $(MATERIAL) \
	  --trainers .venv-bench-trainers/bin/python

# The data feed counts seconds of the processor: with one thread, since waiting ones count, too.
bench-engine: $(VENV)/.develop  ## the engine's parts: elementwise steps, attention, the data feed
	@$(BIN)/python benchmarks/kernels.py
	@$(BIN)/python benchmarks/attention.py
	@OMP_NUM_THREADS=1 $(BIN)/python benchmarks/data_feed.py --results benchmarks/results/data-feed.json

bench-machine: $(VENV)/.develop  ## threads and allocator, each setting apart, alone and beside another process
	@$(BIN)/python benchmarks/machine.py --out benchmarks/results/machine.json

bench-statistics: $(VENV)/.develop  ## simulated test sets: intervals that hold the truth, tests that cry wolf
	@$(BIN)/python benchmarks/intervals.py --results benchmarks/results/intervals.json

bench-forecast: $(VENV)/.develop  ## six runs, planned and done: memory and time as forecast and as measured
	@$(BIN)/python benchmarks/forecast.py --results benchmarks/results/forecast.json

bench-search: $(VENV)/.develop  ## twelve trials on the starter, unbroken and killed twice
	@$(BIN)/python benchmarks/search.py

bench-checkpointing: $(VENV)/.develop  ## what a checkpoint a minute costs full tuning of 135 million parameters
	@$(BIN)/python benchmarks/checkpointing.py

bench-faults: $(VENV)/.develop .venv-bench-trainers/.peers .venv-bench-llamafactory/.peers  ## what is left of a run after a fault: Laras, TRL, LLaMA-Factory
	@$(BIN)/python benchmarks/faults_peers.py --trainers .venv-bench-trainers/bin/python \
	  --llamafactory .venv-bench-llamafactory/bin/python

bench-decoding: $(VENV)/.develop  ## greedy answers beside model.generate: seconds, and the same answers
	@$(BIN)/python benchmarks/decoding.py --results benchmarks/results/decoding.json

bench-evidence: $(VENV)/.develop  ## prompt or tune, on banking77, SmSA and service dialogues: three recipes, three verdicts
	@$(BIN)/python benchmarks/evidence.py --material $(MATERIAL)

# The folder of the starter's pretraining (its --work); the first version that shipped, from git.
STARTER_WORK ?= runs/starter
STARTER_FIRST := runs/starter-first

$(STARTER_FIRST)/config.json:
	@mkdir -p $(STARTER_FIRST)
	@git archive "$$(git log --reverse --format=%H -- src/laras/models/starter/model.safetensors | head -n 1)" \
	  src/laras/models/starter | tar -x --strip-components=4 -C $(STARTER_FIRST)

bench-starter: $(VENV)/.develop $(STARTER_FIRST)/config.json  ## the starter: held-out text beside a 5-gram model, probes, continuations, demo
	@$(BIN)/python benchmarks/starter_heldout.py --heldout $(MATERIAL)/pretrain/heldout \
	  --work $(STARTER_WORK)
	@$(BIN)/python benchmarks/starter_probes.py
	@$(BIN)/python benchmarks/starter_samples.py
	@$(BIN)/python benchmarks/starter_demo.py --first $(STARTER_FIRST)
	@$(BIN)/python scripts/starter_page.py

# Runs on machines where nothing can be installed: their own Python, torch and transformers.
GPU_PYTHON ?= python3
GPU_RESULTS ?= benchmarks/results/gpu.json

bench-gpu:  ## training on one GPU beside a peer, under 10 minutes; the ceiling of its products
	@$(GPU_PYTHON) benchmarks/gpu.py --results $(GPU_RESULTS)

# For each of seven targets; findings are kept in fuzz-findings/.
MINUTES ?= 10

fuzz: $(VENV)/.develop  ## changed files to all that reads what others wrote
	@$(BIN)/python tests/faults/fuzz.py --minutes $(MINUTES)

docs: $(VENV)/.develop  ## the documentation, into site/
	@$(BIN)/python scripts/recipe_reference.py
	@$(BIN)/mkdocs build --quiet --strict

messages: $(VENV)/.develop  ## extract, update and compile the message catalogues
	@$(BIN)/python scripts/messages.py

starter-data: $(VENV)/.develop  ## write the starter data again
	@$(BIN)/python scripts/make_starter_data.py

clean:  ## all that can be made again, .venv too
	rm -rf $(VENV) $(PEERS) $(TRAINERS:%=.venv-bench-%) .venv-bench-harness site build dist .pytest_cache .ruff_cache .mypy_cache
