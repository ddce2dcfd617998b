.PHONY: up test check bench help
.DEFAULT_GOAL := help

PYTHON := $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'pass' >/dev/null 2>&1 && { echo $$p; exit; }; done)

up: ## Start everything: databases, workflows, API and pages, sandboxes
	@$(PYTHON) bootstrap.py run && exec .venv/bin/onhand up

test: ## Run all tests on real servers
	@$(PYTHON) bootstrap.py develop && .venv/bin/python -m pytest

check: ## Format, lint, types, import contracts
	@$(PYTHON) bootstrap.py develop
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy .
	.venv/bin/lint-imports

bench: ## Measure: ratios, printed as tables
	@$(PYTHON) bootstrap.py develop && .venv/bin/python -m bench

help: ## This list
	@sed -n 's/^\([a-z]*\): ## /  make \1	/p' $(MAKEFILE_LIST)
