# Two commands for a newcomer: make demo, make test. They need Python 3.11 or newer, git and make, and
# the network for packages; no container, no root, no database server.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
# The first of these that is new enough; or say make PYTHON=...
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; done)
PIP_INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check
# The checkout itself: its dependencies and its build backend are there already, by version and hash.
CHECKOUT := --no-deps --no-build-isolation --editable .
# Test processes side by side.
WORKERS ?= 2

.PHONY: help demo test coverage check format bench docs lock clean deploy-check image release-check

help:
	@echo "make demo    an emulated company: 180 days of history, and the report of it"
	@echo "make test    the whole suite on SQLite and PostgreSQL; ARGS='-k name' for less"
	@echo "make coverage the same, with branch coverage: half as long again"
	@echo "make check   lint, types, architecture, generated docs up to date"
	@echo "make format  put the code into the form that make check asks for"
	@echo "make docs    generate the reference pages and what is generated below deploy/, and build the site"
	@echo "make bench   measure size and speed"
	@echo "make image   build the container image soc2-pac with podman, buildah or docker"
	@echo "make deploy-check  hold deploy/ against terraform, cfn-lint, hadolint, zizmor and others, where installed"
	@echo "make release-check  build what a release publishes, twice, and install every extra with every Python"
	@echo "make lock    refresh requirements-*.txt (versions and hashes) and sbom.cdx.json from pyproject.toml"
	@echo "make clean   remove what the others made, .venv too"

# -- the environment: stamps, so that nothing is installed twice ------------------------------------

$(VENV)/stamp-venv:
	@if [ -z "$(PYTHON)" ]; then echo "soc2-pac needs Python 3.11 or newer: none was found" >&2; exit 2; fi
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/stamp-demo: $(VENV)/stamp-venv pyproject.toml requirements-demo.txt
	$(PIP_INSTALL) --require-hashes --requirement requirements-demo.txt
	$(PIP_INSTALL) $(CHECKOUT)
	@touch $@

$(VENV)/stamp-dev: $(VENV)/stamp-venv pyproject.toml requirements-dev.txt
	$(PIP_INSTALL) --require-hashes --requirement requirements-dev.txt
	$(PIP_INSTALL) $(CHECKOUT)
	@touch $@ $(VENV)/stamp-demo

# -- what people ask for ----------------------------------------------------------------------------

demo: $(VENV)/stamp-demo
	$(BIN)/soc2-pac demo

test: $(VENV)/stamp-dev
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

coverage: $(VENV)/stamp-dev
	@$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n $(WORKERS) --dist loadfile $(ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage html --quiet
	@echo "Coverage, branches included: $$($(BIN)/coverage report --format=total)% (by file: htmlcov/index.html)"

check: $(VENV)/stamp-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check --quiet
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tools/gen_docs.py --check
	$(BIN)/python tools/gen_deploy.py --check
	@site=$$(mktemp -d); trap 'rm -rf "$$site"' EXIT; $(BIN)/mkdocs build --strict --quiet --site-dir "$$site"

format: $(VENV)/stamp-dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(VENV)/stamp-dev
	$(BIN)/python tools/gen_docs.py
	$(BIN)/python tools/gen_deploy.py
	$(BIN)/mkdocs build --strict --quiet
	@echo "site/index.html"

bench: $(VENV)/stamp-dev
	@for script in benchmarks/[a-z]*.py; do echo "== $$script"; $(BIN)/python "$$script"; echo; done

deploy-check:
	@bash tools/check_deploy.sh

release-check:
	@$(PYTHON) tools/release_check.py $(ARGS)

IMAGE ?= soc2-pac
BASE ?= python:3.13-slim-bookworm
image:
	@for program in podman buildah docker; do \
		if command -v $$program > /dev/null; then \
			exec $$program build --build-arg BASE=$(BASE) --build-arg REVISION=$$(git rev-parse HEAD) \
				--file Containerfile --tag $(IMAGE) .; \
		fi; \
	done; echo "make image needs podman, buildah or docker: none was found" >&2; exit 2

lock:
	$(PYTHON) tools/lock.py

clean:
	rm -rf $(VENV) .demo .coverage .coverage.* htmlcov site build dist \
		.pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
