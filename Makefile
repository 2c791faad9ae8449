# Everything runs in $(VENV), which the first target that needs it makes. Each installation leaves a
# stamp there, so that the second run installs nothing. Nothing is fetched but pinned packages.

PYTHON ?= python3
VENV   ?= .venv
UV     ?= uv
ARGS   ?=

BIN    := $(VENV)/bin
STAMPS := $(VENV)/.stamps
PIP    := $(BIN)/python -m pip --disable-pip-version-check install --quiet

# The servers' scripts need a Python with pip and the program temporal, both of this environment.
HERE    := $(if $(filter /%,$(BIN)),,$(CURDIR)/)
SERVERS := PYTHON="$(HERE)$(BIN)/python" TEMPORAL_CLI="$(HERE)$(BIN)/temporal" scripts/services/all.sh

# Named by the caller, PYTHON is an order; otherwise any sound environment will do.
REQUIRED := $(if $(filter command environment,$(firstword $(origin PYTHON))),required)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: FORCE help demo test lint format bench services services-down test-services openapi \
	metrics requirements clean

# `make -j clean test` must not install into what it is deleting.
ifneq ($(filter clean requirements,$(MAKECMDGOALS)),)
.NOTPARALLEL:
endif

help: ## Say what there is to make (this text)
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  PYTHON=python3.12   which Python makes the environment; 3.11 or newer"
	@echo "  ARGS='...'          more arguments for demo, test and bench"

demo: $(STAMPS)/package ## See a plan run from decision to outcome, here and now
	@$(BIN)/orq demo $(ARGS)

test: $(STAMPS)/dev ## Run every test, with the coverage of the core and its floor
	@echo "Running the tests."
	@$(BIN)/python -m pytest $(if $(ARGS),$(ARGS),--numprocesses=2 --dist=loadfile --cov --cov-report=term)

test-services: $(STAMPS)/dev ## Run the tests that need real servers or a browser, after installing what is missing
	@$(SERVERS) install
	@echo "Running the tests with real servers and a browser (some minutes)."
	@SERVICES_REQUIRED=1 $(BIN)/python -m pytest -vv $(if $(ARGS),$(ARGS),tests/services tests/browser)

services: $(STAMPS)/dev ## Have every backing service run here, without containers, for .env
	@$(SERVERS) up

services-down: ## Stop what `make services` started; the data stay
	@$(SERVERS) down

lint: $(STAMPS)/dev ## Check style, types and architecture, and report everything at once
	@failed=0; \
	echo "Checking style.";        $(BIN)/ruff check --quiet . || failed=1; \
	echo "Checking format.";       $(BIN)/ruff format --quiet --check . || failed=1; \
	echo "Checking types.";        $(BIN)/python -m mypy || failed=1; \
	echo "Checking architecture."; $(BIN)/lint-imports --no-logo || failed=1; \
	exit $$failed

format: $(STAMPS)/dev ## Put the source in order
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

bench: $(STAMPS)/package ## Measure, and print ratios taken in one run
	@$(BIN)/python -m benchmarks $(ARGS)

openapi: $(STAMPS)/package ## Write docs/openapi.json, the description of the HTTP API, anew
	@$(BIN)/python -m orchestrator_dynamic.api.document > docs/openapi.json.new
	@mv docs/openapi.json.new docs/openapi.json

metrics: $(STAMPS)/package ## Write docs/metrics.md, the operators' page of all metrics, anew
	@$(BIN)/python -m orchestrator_dynamic.observability.metric_page > docs/metrics.md.new
	@mv docs/metrics.md.new docs/metrics.md

requirements: ## Pin what requirements/*.in ask for (ARGS=--upgrade: to the newest); needs uv
	@command -v "$(UV)" >/dev/null || { echo "There is no '$(UV)' here: install uv, or name yours: make requirements UV=/path/to/uv" >&2; exit 1; }
	@for name in build runtime dev; do \
		echo "Pinning requirements/$$name.txt."; \
		"$(UV)" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
			--no-annotate --custom-compile-command "make requirements" $(ARGS) \
			"requirements/$$name.in" --output-file "requirements/$$name.txt" || exit 1; \
	done

clean: ## Delete the environment and everything that tools left behind
	@rm -rf "$(VENV)" build dist htmlcov .coverage .coverage.* .hypothesis .import_linter_cache \
		.mypy_cache .pytest_cache .ruff_cache
	@find src tests benchmarks examples scripts -name __pycache__ -type d -prune \
		-exec rm -rf {} + 2>/dev/null || true

# One after the other, also under -j: pip must not run twice in one environment.
$(STAMPS)/python: FORCE
	@scripts/make_venv.sh "$(PYTHON)" "$(VENV)" $(REQUIRED)

$(STAMPS)/runtime: $(STAMPS)/python requirements/build.txt requirements/runtime.txt
	@echo "Installing what the package needs (the first time may take a minute)."
	@$(PIP) --no-deps --require-hashes -r requirements/build.txt -r requirements/runtime.txt
	@touch $@

$(STAMPS)/package: $(STAMPS)/runtime pyproject.toml
	@echo "Installing the package itself, in place."
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(STAMPS)/dev: $(STAMPS)/package requirements/dev.txt
	@echo "Installing what tests and checks it (the first time may take a minute)."
	@$(PIP) --no-deps --require-hashes -r requirements/dev.txt
	@touch $@
