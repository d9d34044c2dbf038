# Everything a newcomer needs is `make help`. Only Python 3.11+ and make are assumed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CRM ?= salesforce
ERP ?= netsuite

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show the targets and what they do
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(VENV)/.runtime: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked dependencies (about a minute the first time) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --compile -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo "Installing what tests and checks need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --compile -r requirements-dev.lock
	@touch $@

.PHONY: install
install: $(VENV)/.runtime ## Create .venv and install the locked dependencies

.PHONY: demo
demo: $(VENV)/.runtime ## A company's business day from won deals to cash (CRM=odoo_crm ERP=odoo: another pair)
	@$(BIN)/crmerp demo --crm $(CRM) --erp $(ERP)

.PHONY: dev
dev: $(VENV)/.runtime ## Sandboxes, Dagster webserver and daemon stay up (Ctrl-C stops them)
	@$(BIN)/crmerp dev --crm $(CRM) --erp $(ERP)

.PHONY: test
test: $(VENV)/.dev ## Run every test
	@POLARS_MAX_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(TESTS)

.PHONY: check
check: $(VENV)/.dev ## Format, lint, types, import contracts, unused dependencies, dead code
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/deptry crmerp_assets
	@$(BIN)/vulture
	@$(BIN)/crmerp mapping lint

.PHONY: format
format: $(VENV)/.dev ## Format the code and mend what the linter can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: bench
bench: $(VENV)/.dev ## Measure every stage and write docs/benchmarks.md (ten minutes; PART=burst: that only)
	@$(BIN)/python -m crmerp_assets_tests.bench $(PART)

.PHONY: throttle
throttle: $(VENV)/.dev ## 20,000 changed records at the limits of HubSpot, NetSuite and Salesforce; the sandboxes say how full they were
	@rm -f $(CURDIR)/.crmerp-bench-throttle
	@CRMERP_THROTTLE=$(CURDIR)/.crmerp-bench-throttle $(BIN)/python -m pytest -q -p no:cacheprovider -o timeout=3600 crmerp_assets_tests/connectors/test_hubspot_limits.py crmerp_assets_tests/connectors/test_netsuite_limits.py crmerp_assets_tests/flow/test_daily_quota.py
	@cat $(CURDIR)/.crmerp-bench-throttle

.PHONY: bench-matching
bench-matching: $(VENV)/.dev .crmerp-bench/.splink ## Measure matching at a million records a side beside Splink; write docs/matching.md
	@$(BIN)/python -m crmerp_assets_tests.bench_matching $(RECORDS)

.crmerp-bench/.splink: Makefile
	@$(BIN)/python -m venv .crmerp-bench/splink
	@.crmerp-bench/splink/bin/python -m pip install --quiet --disable-pip-version-check splink==5.0.0 $$($(BIN)/python -m pip freeze --disable-pip-version-check | grep -iE '^(duckdb|pyarrow|sqlglot|numpy|polars|polars-runtime-32)==')
	@touch $@

.PHONY: test-spark
test-spark: $(VENV)/.dev ## Compare our links with those of Splink on a local Spark (downloads PySpark; needs Java 17)
	@test -d .crmerp-bench/spark || $(BIN)/python -m venv .crmerp-bench/spark
	@.crmerp-bench/spark/bin/python -m pip install --quiet --disable-pip-version-check 'pyspark>=4.2,<5'
	@PYTHONPATH=$$(.crmerp-bench/spark/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))') $(BIN)/python -m pytest -p no:cacheprovider crmerp_assets_tests/matching/test_splink.py

.PHONY: matching-models
matching-models: $(VENV)/.dev ## Learn the weights that ship with the package from generated populations (minutes)
	@$(BIN)/python -m crmerp_assets_tests.bench_matching.models

.PHONY: story
story: $(VENV)/.dev ## Tell random stories of people, faults and restarts until a law breaks (about an hour)
	@CRMERP_STORIES=$${CRMERP_STORIES:-100x80} $(BIN)/python -m pytest -x crmerp_assets_tests/flow/test_story.py

.PHONY: kills
kills: $(VENV)/.dev ## Kill a sync of 150 deals at CRMERP_KILLS random moments (20 unless said; ten minutes)
	@CRMERP_KILLS=$${CRMERP_KILLS:-20} $(BIN)/python -m pytest -x crmerp_assets_tests/flow/test_killed_pushes.py

.PHONY: faults
faults: $(VENV)/.dev ## Every fault in every form of writing, for every pair of CRM and ERP (twenty minutes)
	@CRMERP_FAULTS=all POLARS_MAX_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder crmerp_assets_tests/flow/test_faults_*.py

.PHONY: soak
soak: $(VENV)/.dev ## Daemon, people and faults for ten minutes; both sides agree, nothing grows without bound
	@$(BIN)/python -m crmerp_assets_tests.soak $(MINUTES)

.PHONY: lock
lock: ## Rewrite the lock files from pyproject.toml, without any address of a package index
	@$(PYTHON) -m venv .venv-lock && .venv-lock/bin/pip install --quiet pip-tools
	@CUSTOM_COMPILE_COMMAND="make lock" .venv-lock/bin/pip-compile --quiet --strip-extras --extra dev --extra build --output-file requirements-dev.lock pyproject.toml
	@CUSTOM_COMPILE_COMMAND="make lock" .venv-lock/bin/pip-compile --quiet --strip-extras --extra build --constraint requirements-dev.lock --output-file requirements.lock pyproject.toml
	@sed -i '/^--/d' requirements.lock requirements-dev.lock
	@rm -rf .venv-lock

.PHONY: clean
clean: ## Remove the working state (.crmerp), not the installation
	@rm -rf .crmerp .crmerp-*
