# Every target in one line each; `make help` prints them.
.DEFAULT_GOAL := help
PYTHON ?= python3.11
HOST ?= 127.0.0.1
PORT ?= 8000
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help
help:  ## List every target
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.serve: requirements.lock pyproject.toml | .venv/bin/python
	$(PIP) --requirement requirements.lock
	$(PIP) --no-deps --editable .
	@touch $@

# The exact pin is taken first: anything looser pulls the accelerator build of torch.
.venv/.develop: requirements-dev.lock pyproject.toml | .venv/bin/python
	$(PIP) torch==2.13.0
	$(PIP) --requirement requirements-dev.lock
	$(PIP) --no-deps --editable .
	@touch $@ .venv/.serve

.PHONY: setup
setup: .venv/.develop  ## Install everything for development and training into .venv

.PHONY: serve
serve: .venv/.serve  ## Install what serving needs and serve on 127.0.0.1:8000
	$(BIN)/triage serve --host $(HOST) --port $(PORT)

.PHONY: demo
demo: .venv/.serve  ## Serve a made-up fortnight of messages on 127.0.0.1:8000, to look around in
	$(BIN)/triage demo --replace
	TRIAGE_HOME=.triage/demo $(BIN)/triage serve --host $(HOST) --port $(PORT) --profile tiny

.PHONY: check
check: setup  ## Check format, lint, types and layers
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: fix
fix: setup  ## Repair format and lint where a tool can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# What drives servers and browsers against the clock runs first and alone; the rest on all cores.
.PHONY: test
test: export OMP_NUM_THREADS = 1
test: export TOKENIZERS_PARALLELISM = false
test: setup  ## Run the test suite (slow tests have their own target; ARGS=FILE for a part)
ifdef ARGS
	$(BIN)/pytest -m "not slow" $(ARGS)
else
	$(BIN)/pytest -m "(faults or browser) and not slow"
	$(BIN)/pytest -m "not (slow or faults or browser)" --numprocesses auto --dist loadfile
endif

.PHONY: test-slow
test-slow: setup  ## Run the slow tests: quality floors on real data
	OMP_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false $(BIN)/pytest -m slow $(ARGS)

.PHONY: faults
faults: setup  ## Try to break the service and print what came of it (SHARE=0.2 for a fifth)
	TRIAGE_FAULTS=$(or $(SHARE),full) OMP_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false \
	  $(BIN)/pytest -m faults -q $(ARGS)

.PHONY: quality
quality: setup  ## Print the figures of quality (public sets via TRIAGE_DATASETS)
	$(BIN)/python tests/quality/cleaning.py
	$(BIN)/python tests/quality/language.py
	$(BIN)/python -m tests.quality.run $(ARGS)

.PHONY: train
train: setup  ## Build a bundle from data/ alone and print its figures
	$(BIN)/python -m training.starter --own-data-only

.PHONY: starter
starter: setup  ## Rebuild models/starter from data/ and the public sets of TRIAGE_DATASETS
	$(BIN)/python -m training.starter --out models --name starter --replace

.PHONY: bench
bench: setup  ## Measure speed on this machine, as ratios in one run (needs wrk; ARGS=--quick)
	$(BIN)/python tests/benchmarks/pipeline.py
	$(BIN)/python -m tests.benchmarks.serving $(ARGS)

.PHONY: lock
lock: setup  ## Pin all versions again
	$(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-find-links \
	  --no-emit-options --no-header --output-file requirements.lock pyproject.toml
	$(BIN)/pip-compile --quiet --strip-extras --no-emit-index-url --no-emit-find-links \
	  --no-emit-options --no-header --extra train --extra dev \
	  --output-file requirements-dev.lock pyproject.toml
	sed -i 's/+cpu$$//' requirements-dev.lock

.PHONY: clean
clean:  ## Remove what builds and tests leave behind (not .venv, not .triage)
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
