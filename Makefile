# Accord's own commands. `make` alone explains them. Nothing here needs more than Python 3.11, pip, make and git.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup demo test check bars bench clean

VENV := .venv
STAMP := $(VENV)/ok
BIN := $(VENV)/bin
# More words for the command behind a target: make demo ARGS="--once", make test ARGS="tests/seal -x".
ARGS ?=

# The first interpreter that answers and is new enough; say `make setup PYTHON=/path/to/python` to choose another.
PYTHON ?= $(shell for candidate in python3.11 python3; do \
	"$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v "$$candidate"; break; }; done)

help:  ## say what can be done here
	@echo 'Accord: what leaves a member leaves lawfully, and both sides can prove it.'
	@echo
	@echo 'First time here?'
	@echo '  make demo     three members on this machine play the story, then serve their pages'
	@echo '  make test     the tests; green on a fresh clone'
	@echo
	@echo 'All targets:'
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r target says; do printf '%-15s %s\n' "$$target" "$$says"; done
	@echo
	@echo 'ARGS goes to the command behind the target:'
	@echo '  make demo ARGS="--once"            play the story and stop'
	@echo '  make test ARGS="tests/seal -x"     the tests of one room, to the first failure'
	@echo '  $(BIN)/accord --help               everything else that a node can do'

setup: $(STAMP)  ## virtual environment in .venv with what the locks pin, nothing outside the project

# The lock names versions and hashes, no addresses: pip takes the files from wherever this machine is told to (or from PIP_FIND_LINKS, offline).
$(STAMP): requirements-dev.lock pyproject.toml
	@if [ -z "$(PYTHON)" ]; then \
		echo 'Accord needs Python 3.11 or newer; neither python3.11 nor python3 here is one.' >&2; \
		echo 'Install it (Debian, Ubuntu: apt-get install python3 python3-venv) or name it: make setup PYTHON=/path/to/python' >&2; \
		exit 1; fi
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo 'This Python comes without venv and pip (Debian, Ubuntu: apt-get install python3-venv).' >&2; exit 1; }
	@echo "setting up $(VENV) with $$("$(PYTHON)" --version), once; this takes about half a minute"
	@rm -rf $(VENV)
	@"$(PYTHON)" -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP)  ## three members, each with its own node, play the story; then their pages are served
	@$(BIN)/accord demo $(ARGS)

test: $(STAMP)  ## the everyday tests, under ten minutes
	@$(BIN)/python -m pytest $(ARGS)

check: $(STAMP)  ## style, types, floors, dead code and the house rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/vulture
	$(BIN)/python -m pytest tests/house -q

bars: $(STAMP)  ## the long properties, fault runs and corpora, with their figures
	@$(BIN)/python -m pytest -s $(or $(ARGS),bars)

bench: $(STAMP)  ## the measured goals, each beside its limit
	@$(BIN)/python -m benchmarks $(ARGS)

clean:  ## remove what was built here; records and keys of nodes are elsewhere and stay
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find src tests bars benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
