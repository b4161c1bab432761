# Everything a fresh machine needs is Python 3.11 or newer: `make run`, `make test`.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

# Browsers and caches need a home they may write to; not every machine's account has one.
ifeq ($(shell test -w "$${HOME:-}" && echo yes),)
export HOME := $(CURDIR)/$(VENV)/home
endif
export PLAYWRIGHT_BROWSERS_PATH := $(CURDIR)/$(VENV)/browsers
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help run test check bench pictures clean

help:
	@echo "make run    start the desk here, with demo data on the first start"
	@echo "make test   run the tests, with a real browser"
	@echo "make check  lint, types, import rules"
	@echo "make bench  measure the workloads of bench/README.md"
	@echo "make pictures  take the pictures of the README from a running desk"
	@echo "make clean  remove what was built; the data in .data stays"

run: $(INSTALLED)
	@exec $(BIN)/helpdesk up --leave-with-parent

test: $(INSTALLED)
	@CHROMIUM="$$(.ci/chromium)" || exit 1; export CHROMIUM; $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

bench: $(INSTALLED)
	@$(BIN)/python -m bench $(ARGS)

pictures: $(INSTALLED)
	@CHROMIUM="$$(.ci/chromium)" || exit 1; export CHROMIUM; $(BIN)/python docs/take_pictures.py $(ARGS)

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml | $(BIN)/pip
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $@

$(BIN)/pip:
	@.ci/venv $(VENV)
