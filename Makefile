# Two commands matter: `make demo` and `make test`. Python 3.11+, make and git are all they need.
# Every target prepares what it needs; nothing is installed outside this folder.

PYTHON ?= python3
export PYTHON
RUN := .venv/bin/python
# Rooms whose tests need more than Python: run by targets of their own.
APART := browser services conformance journey chaos clients benchmarks
FAST := tests $(APART:%=--ignore=tests/%)
WORKERS ?= auto
UV := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate
# What `make lock UPGRADE=--upgrade` adds: newer versions, where the ranges in pyproject.toml allow them.
UPGRADE ?=

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test check browser services conformance-clients chaos bench-runs bench-pages bench-eligibility bench-history bench-simulator ci \
	test-fast test-conformance test-journey test-chaos lint types migrations walls audit lock clean reset \
	ready ready-test ready-browser ready-services

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-20s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# --- the two commands --------------------------------------------------------------------------------------------

demo: ready ## the whole console on this machine until Ctrl-C: PORT=8000, PORTAL_HOME=var, DURATIONS=0.05
	@PORT="$(PORT)" DURATIONS="$(DURATIONS)" exec $(RUN) -m scripts.demo

test: test-fast test-conformance test-journey test-chaos ## fast tests, SDK against simulator, portal + worker + simulator, some torture

test-fast: ready-test ## what needs no other process
	$(RUN) -m pytest $(FAST) -n $(WORKERS) --maxprocesses 4 --dist loadfile -q

test-conformance: ready-test ## Microsoft's SDK against the simulator process
	$(RUN) -m pytest tests/conformance -n $(WORKERS) --maxprocesses 4 --dist loadfile -q

test-journey: ready-test ## portal, real worker process and simulator together
	$(RUN) -m pytest tests/journey -q

test-chaos: ready-test ## a slice of the torture
	$(RUN) -m pytest tests/chaos -q

# --- more of the same --------------------------------------------------------------------------------------------

browser: ready-browser ## a real Chromium walks every page: CHROMIUM=/usr/bin/chromium
	@browser=$$($(RUN) -m scripts.chromium) && CHROMIUM="$$browser" $(RUN) -m pytest tests/browser -q

services: ready-services ## the tests again on PostgreSQL and Redis, which it brings along
	$(RUN) -m scripts.services $(RUN) -m pytest tests/services -q
	$(RUN) -m scripts.services $(RUN) -m pytest $(FAST) --ignore=tests/domain --ignore=tests/architecture \
		--ignore=tests/project --ignore=tests/simulator -n $(WORKERS) --maxprocesses 4 --dist loadfile -q

conformance-clients: ready-test ## azure-cli and the JavaScript SDKs against the simulator
	tests/clients/run

chaos: $(if $(filter postgres,$(DATABASE)),ready-services,ready-test) ## the torture: kills and faults at every point (SEED, SHARD, POINTS, MUTANT, DATABASE=postgres)
	$(RUN) -m tests.chaos

bench-runs: ready-test ## a thousand machines against Azure's own limits and the hard rival
	$(RUN) -m tests.benchmarks.runs

bench-pages: ready-test ## every page at ten thousand machines
	$(RUN) -m tests.benchmarks.wizard
	$(RUN) -m tests.benchmarks.pages

bench-eligibility: ready-test ## every documented reason against a fleet of ten thousand with each of them planted
	$(RUN) -m tests.benchmarks.eligibility

bench-history: ready-test ## ninety days of history for ten thousand items: bytes, sweeps, upkeep, the item page
	$(RUN) -m tests.benchmarks.history

bench-simulator: ready-test ## the simulator beside a trivial application
	$(RUN) -m tests.benchmarks.simulator

# --- what a machine can check ------------------------------------------------------------------------------------

check: lint types migrations walls audit ## lint, types, migrations, import rules, known vulnerabilities

lint: ready-test
	$(RUN) -m ruff check .
	$(RUN) -m bandit --quiet --recursive --severity-level medium --configfile pyproject.toml portal replication simulator scripts

types: ready-test
	$(RUN) -m mypy

migrations: ready-test
	$(RUN) manage.py makemigrations --check --dry-run
	PORTAL_HTTPS=1 $(RUN) manage.py check --deploy --fail-level WARNING

walls: ready-test
	$(RUN) -m pytest tests/architecture tests/project -q

audit: ready-test
	@$(RUN) -m scripts.audit requirements.lock

ci: check test browser services conformance-clients ## all of it; what .ci/run calls

# --- upkeep ------------------------------------------------------------------------------------------------------

lock: ## write the lock files from pyproject.toml (needs uv): UPGRADE=--upgrade
	$(UV) $(UPGRADE) pyproject.toml -o requirements.lock
	$(UV) $(UPGRADE) -c requirements.lock --group test pyproject.toml -o requirements-test.lock
	$(UV) $(UPGRADE) -c requirements.lock --group browser pyproject.toml -o requirements-browser.lock
	$(UV) $(UPGRADE) -c requirements.lock --group services pyproject.toml -o requirements-services.lock
	$(UV) $(UPGRADE) tests/clients/azure-cli.in -o tests/clients/azure-cli.lock

clean: ## forget the virtual environment, caches and reports; the demo's data stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis tests/output tests/browser/screenshots
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

reset: ready ## forget the demo's data
	@$(RUN) -m scripts.demo reset

ready:
	@scripts/prepare requirements.lock

ready-test:
	@scripts/prepare requirements-test.lock

ready-browser: ready-test
	@scripts/prepare requirements-browser.lock

ready-services: ready-test
	@scripts/prepare requirements-services.lock
