# Every target sets up what it needs and does nothing twice. `make help` is the menu.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
ARGS   ?=

.DEFAULT_GOAL := help
.PHONY: help demo test check bench crash sandbox charts docs golden lock clean

help: ## Show this menu
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/ready: requirements-dev.lock pyproject.toml
	@echo "setting up $(VENV) (Python environment with the locked dependencies)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 …")'
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip --quiet --disable-pip-version-check install --require-hashes --no-deps -r requirements-dev.lock
	@$(BIN)/python -m pip --quiet --disable-pip-version-check install --no-deps --no-build-isolation --editable .
	@# Compiled once here, so that every start is fast also where Python is told not to write bytecode.
	@$(BIN)/python -m compileall -q chartgen helmkit relman sandbox
	@touch $@

demo: $(VENV)/ready ## Set everything up and run the main job on a disposable control plane
	@$(BIN)/python -m sandbox demo $(ARGS)

test: check ## Set everything up and pass every check and test (what CI runs)
	@$(BIN)/python -m sandbox build --tests
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

check: $(VENV)/ready ## Format, lint, types, import contracts, stale charts (seconds, no cluster)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/chartgen build --check --quiet

bench: $(VENV)/ready ## Measure against helm doing the same work in the same run
	@$(BIN)/python -m sandbox build
	@$(BIN)/python -m tests.bench $(ARGS)

crash: $(VENV)/ready ## Stop relman at every effect on eight services; writes docs/reference/crash-matrix.md
	@$(BIN)/python -m tests.crash $(ARGS)

sandbox: $(VENV)/ready ## Start the disposable control plane and registry (stop: make sandbox ARGS=down)
	@$(BIN)/python -m sandbox $(or $(ARGS),up)

charts: $(VENV)/ready ## Generate charts/ from releases.toml and values/
	@$(BIN)/chartgen build $(ARGS)

docs: $(VENV)/ready ## Generate the reference pages from the programs
	@$(BIN)/python docs/generate.py $(ARGS)

golden: $(VENV)/ready ## Refresh the golden trees of the tests
	@$(BIN)/python -m pytest tests/golden --refresh-golden $(ARGS)

lock: $(VENV)/ready ## Resolve the dependencies again and write the lock files
	@$(BIN)/python -m pip --quiet install uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --group dev pyproject.toml -o requirements-dev.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url pyproject.toml -o requirements.lock

clean: ## Stop the sandbox and remove what was built here (not the shared cache)
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m sandbox down; fi
	@rm -rf $(VENV) dist .demo .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
