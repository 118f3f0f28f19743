# Everything here works on a fresh machine that has Python 3.11 or newer, make and git.

PYTHON ?= python3
JOBS ?= 2
VENV := .venv
BIN := $(VENV)/bin
LOCK := requirements/dev.txt
# Named by content: a checkout changes the times of files, but only another lock needs installing.
STAMP := $(VENV)/installed-$(shell cksum < $(LOCK) | cut -d ' ' -f 1)
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	--group build

.DEFAULT_GOAL := help
.PHONY: help install demo run test faults bench pictures lint types fmt lock clean

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMP) ## Make .venv as the lock says (only when the lock changed)

$(STAMP): | $(LOCK)
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or \
		sys.exit("Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --no-compile --require-hashes --no-deps --requirement $(LOCK)
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: install ## Serve a throw-away program with a year of activity
	$(BIN)/portal demo

run: install ## Serve your own program from ./instance
	$(BIN)/portal init
	$(BIN)/portal serve

test: install ## Lint, types, and every test on SQLite and PostgreSQL (SKIP=pg,browser)
	@$(BIN)/python -m tests.machine
	@$(MAKE) --no-print-directory lint types
	$(BIN)/python -m pytest --numprocesses $(JOBS)

faults: install ## Kill real processes under load; nothing acknowledged may be lost
	$(BIN)/python -m pytest -m faults tests/faults

bench: install ## Measure the tracked click beside a bare redirect, on both databases
	$(BIN)/python -m tests.bench.click

pictures: install ## Take the pictures of docs/tour.md anew, of the demo (needs Chromium)
	$(BIN)/python -m tests.tour

lint: install ## Check style
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: install ## Check types
	$(BIN)/mypy

fmt: install ## Put the code into its form
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: ## Choose versions anew (needs uv); UPGRADE=--upgrade takes newer ones
	$(COMPILE) $(UPGRADE) pyproject.toml --output-file requirements/runtime.txt
	$(COMPILE) $(UPGRADE) --group dev --constraint requirements/runtime.txt pyproject.toml \
		--output-file requirements/dev.txt

clean: ## Remove .venv and what the tools left
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
