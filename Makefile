# Two commands are enough: `make run` and `make test`. Both work on a machine with Python only.
PYTHON ?= python3
VENV ?= .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif

# What `make run PORT=… DATA_DIR=… DATABASE_URL=…` passes on; all settings also work as environment.
export PORT DATA_DIR DATABASE_URL
ifeq ($(strip $(PORT)),)
unexport PORT
endif
ifeq ($(strip $(DATA_DIR)),)
unexport DATA_DIR
endif
ifeq ($(strip $(DATABASE_URL)),)
unexport DATABASE_URL
endif

.PHONY: run test bench mutants check lock clean

# Made people, and a mailbox that shows every code: on this machine only. `make run DEMO=false`
# is for real use (docs/operations.md).
run: export DEMO ?= true
run: $(VENV)/.installed
	@exec $(BIN)/python main.py serve

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

# Search at four sizes, up to a million listings: half an hour, and 12 GB in a temporary folder.
bench: $(VENV)/.installed-bench
	$(BIN)/python -m bench.country $(ARGS)

# Each rule is broken in two thousand small ways; the rules' tests should notice.
mutants: $(VENV)/.installed-bench
	$(BIN)/mutmut run $(ARGS)
	$(BIN)/mutmut results

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.check_migrations
	$(BIN)/bandit -q -c pyproject.toml -r main.py accounts alembic booking core demo directory
	@mkdir -p build
	$(BIN)/cyclonedx-py environment --no-validate --output-reproducible --pyproject pyproject.toml -o build/sbom.json $(BIN)/python
	$(BIN)/python -m tests.check_licences build/sbom.json requirements.lock

$(VENV)/.installed: requirements.lock
	@echo "Installing (once, about a minute) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-bench: requirements-bench.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@touch $@ $(VENV)/.installed-dev $(VENV)/.installed

# Needs uv; everyone else only installs what it wrote.
lock:
	uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-annotate --no-header pyproject.toml -o requirements.lock
	uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-annotate --no-header --extra dev pyproject.toml -o requirements-dev.lock
	uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-annotate --no-header --extra dev --extra bench pyproject.toml -o requirements-bench.lock

clean:
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis mutants
