# One target for each thing one does here; `make help` lists them.
# Everything is installed into $(VENV), from the versions in constraints.txt.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check --no-input
# Installed first and alone: its build (CPU or CUDA) is the index's choice, not the resolver's.
TORCH := torch==2.13.0

.DEFAULT_GOAL := help
.PHONY: help install develop demo test test-all lint format types bench bench-sources bench-duplicates bench-preparation bench-material docs messages starter-data clean

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

install: $(VENV)/.laras  ## Laras in .venv

develop: $(VENV)/.develop  ## Laras and its development tools in .venv

demo: $(VENV)/.laras  ## install, then tune and judge the starter model on the starter data
	@$(BIN)/laras demo

test: lint types  ## what must pass before a change goes in
	@$(BIN)/python -m pytest -m "not slow"

test-all: lint types  ## the same with the tests that take minutes
	@$(BIN)/python -m pytest

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
	@$(BIN)/python benchmarks/starter_heldout.py --heldout $(MATERIAL)/pretrain/heldout
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

docs: $(VENV)/.develop  ## the documentation, into site/
	@$(BIN)/python scripts/recipe_reference.py
	@$(BIN)/mkdocs build --quiet --strict

messages: $(VENV)/.develop  ## extract, update and compile the message catalogues
	@$(BIN)/python scripts/messages.py

starter-data: $(VENV)/.develop  ## write the starter data again
	@$(BIN)/python scripts/make_starter_data.py

clean:  ## all that can be made again, .venv too
	rm -rf $(VENV) $(PEERS) site build dist .pytest_cache .ruff_cache .mypy_cache
