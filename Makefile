# Every target is one line of intent; plain `make` lists them. TESTS=pattern narrows test and integration.

PYTHON ?= $(firstword $(foreach p,python3.11 python3.12 python3.13 python3.14 python3,$(shell command -v $(p))))
VENV := .venv
BIN := $(VENV)/bin
SERVERS := .cache/integration-servers
READY := $(VENV)/.installed
PYTEST := $(BIN)/python -m pytest $(if $(TESTS),-k "$(TESTS)")

.DEFAULT_GOAL := help
.PHONY: help demo dev lint format types test search integration servers bench bench-interception bench-indexes differential real-builds real-locks pip-suite generate check-generated lock docs package clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo:  ## install safepip in an environment of its own and watch it install and refuse
	@$(PYTHON) -m tasks.demo

dev: $(READY)  ## make .venv from the hashed lock, safepip installed editable

lint: $(READY)  ## style, banned calls, layers, budgets, links in the documentation
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/python -m tasks.check_layers
	$(BIN)/python -m tasks.check_budgets
	$(BIN)/python -m tasks.check_docs

format: $(READY)  ## put the code in its form
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

types: $(READY)  ## mypy, strict
	$(BIN)/mypy

test: $(READY)  ## every test that needs nothing but this environment
	$(PYTEST) -n 2 tests

search: $(READY)  ## the property tests with ten times as many examples, new ones each time
	$(PYTEST) -n 2 -m hypothesis --hypothesis-profile=searching tests

integration: $(READY) servers  ## real servers: nginx, devpi, pypiserver, a hostile one
	PATH="$$PATH:/usr/sbin" SAFEPIP_SERVERS="$(SERVERS)" $(PYTEST) -n 2 --dist loadfile integration

servers: $(SERVERS)/.installed
	@PATH="$$PATH:/usr/sbin" command -v nginx >/dev/null || { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends nginx-light; }

bench: $(READY)  ## cold and warm installs against pip, in alternating runs; one index against three at 30 ms
	PATH="$$PATH:/usr/sbin" $(BIN)/python -m tasks.bench $(BENCH)
	$(BIN)/python -m tasks.bench_indexes

bench-indexes: $(READY)  ## one index against three at 30 ms
	$(BIN)/python -m tasks.bench_indexes

bench-interception: $(READY)  ## what reading and judging 2,000 requirement lines costs
	$(BIN)/python -m tasks.bench_interception $(BENCH)

differential: $(READY)  ## the same answers as pip, on the machine's own index
	$(BIN)/python -m tasks.differential

real-builds: $(READY)  ## real projects from source, on the machine's own index: needs a C compiler and libpq-dev
	$(BIN)/python -m tasks.real_builds

real-locks: $(READY) $(SERVERS)/.installed  ## jupyterlab and apache-airflow for six environments, installed by safepip, pip and uv: Linux x86-64
	$(BIN)/python -m tasks.real_locks

pip-suite: $(READY)  ## pip's own tests with safepip in pip's place: PIP=/path/to/checkout, FILES="list show"
	$(BIN)/python -m integration.pip_suite $(PIP) $(FILES)

generate: $(READY)  ## option table and rule pages, from pip and from the rules
	$(BIN)/python -m tasks.generate_options
	$(BIN)/python -m tasks.generate_rules

check-generated: $(READY)  ## fail when a generated file is stale
	$(BIN)/python -m tasks.generate_options --check
	$(BIN)/python -m tasks.generate_rules --check

lock: $(READY)  ## write requirements/*.txt anew
	$(BIN)/python -m tasks.lock_dev

docs: $(READY)  ## check the documentation: links, commands, rule pages
	$(BIN)/python -m tasks.check_docs

package: $(READY)  ## wheel and sdist in dist/, the same bytes for the same commit
	$(BIN)/python -m tasks.package

clean:  ## remove what was built, keep .venv
	rm -rf build dist .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(READY): requirements/dev.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "no Python found: install Python 3.11 or newer, or say PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; say PYTHON=/path/to/python")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --only-binary :all: --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-index --no-deps --no-build-isolation -e .
	@touch $@

$(SERVERS)/.installed: requirements/integration.txt
	test -x $(SERVERS)/bin/python || $(PYTHON) -m venv $(SERVERS)
	$(SERVERS)/bin/python -m pip install -q --disable-pip-version-check --only-binary :all: --require-hashes -r requirements/integration.txt
	@touch $@
