# `make demo` and `make test` set everything up by themselves; see README.md.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA := $(wildcard ../shared/data)
export BEARS_DATA ?= $(if $(DATA),$(CURDIR)/$(DATA))
# Some shells and containers switch compiled modules off: each of some hundred processes would compile torch and fastai once more, for 15 s.
export PYTHONDONTWRITEBYTECODE :=
# Notebooks and tests run without the network: only this machine answers. The folder's name may hold a blank.
OFFLINE := PYTHONPATH="$(CURDIR)/tests/offline" HF_HUB_OFFLINE=1

# While working: what a change is most likely to break, in a few minutes. `make test` is what counts.
QUICK := hygiene package words tables photos folders folder_swap journal linear_probe feature_cache models light

.PHONY: demo test slow quick lab check notebooks export types clean

demo: $(VENV)/.demo
	$(BIN)/bears-demo demo

# Two processes for two cores: with more threads they would wait for each other.
test: $(VENV)/.dev check notebooks types
	MPLBACKEND=agg OMP_NUM_THREADS=1 $(OFFLINE) $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not slow" --durations=40 tests

# What takes long and seldom breaks, with the reason for each in tests/conftest.py; CI runs it after `make test`.
slow: $(VENV)/.dev
	OMP_NUM_THREADS=1 $(OFFLINE) $(BIN)/nbdev-test --n-workers 2 --timing nbs/solutions
	MPLBACKEND=agg OMP_NUM_THREADS=1 $(OFFLINE) $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m slow --durations=40 tests

quick: $(VENV)/.dev check types
	MPLBACKEND=agg $(OFFLINE) $(BIN)/python -m pytest -n 2 -m "not browser" $(QUICK:%=tests/test_%.py)

check: $(VENV)/.dev
	PATH="$(CURDIR)/$(BIN):$$PATH" bash tools/check_clean.sh

# Two notebooks at a time, each on a core of its own, without data, as most learners have them. Each lesson runs once, as the learner's copy;
# `make slow` runs the same lessons with their solutions and with data, and the course's own cell by cell in a kernel of a fresh clone.
notebooks: $(VENV)/.dev
	BEARS_DATA= OMP_NUM_THREADS=1 $(OFFLINE) $(BIN)/nbdev-test --n-workers 2 --timing --skip-folder-re '^[_.]|^solutions$$'

types: $(VENV)/.dev
	$(BIN)/mypy

lab: $(VENV)/.dev
	$(BIN)/jupyter lab nbs/index.ipynb

export: $(VENV)/.dev
	$(BIN)/nbdev-export

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(VENV)/bin/python settings.ini setup.py pyproject.toml
	$(BIN)/pip install -q --no-compile -c constraints.txt -e .
	touch $@

$(VENV)/.dev: $(VENV)/.demo
	$(BIN)/pip install -q --no-compile -c constraints.txt -e ".[dev]"
	touch $@

clean:
	rm -rf $(VENV) _proc _docs dist build *.egg-info

.PHONY: docs
docs: $(VENV)/.dev
	$(BIN)/python tools/build_docs.py

.PHONY: constraints
constraints: $(VENV)/.dev
	$(BIN)/python tools/write_constraints.py

.PHONY: study
study: $(VENV)/.dev
	$(BIN)/python tools/study_copies.py

# The pictures of pages that the course shows: make figures, or for one of them: python tools/take_figures.py report
.PHONY: figures
figures: $(VENV)/.dev
	$(OFFLINE) $(BIN)/python tools/take_figures.py

# Each kind of page at three widths in both themes, to look at: _shots/
.PHONY: shots
shots: docs
	$(BIN)/python tools/take_shots.py
