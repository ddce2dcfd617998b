.PHONY: up test campaigns check bench record help
.DEFAULT_GOAL := help

# Any Python 3 may run bootstrap.py; it finds the newest of 3.13, 3.12 and 3.11 by itself.
PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import json; exit(str is bytes)' >/dev/null 2>&1 && { echo $$p; exit; }; done; echo no-python)
# Tests start many processes: each would compile everything anew.
unexport PYTHONDONTWRITEBYTECODE
BOOTSTRAP = @command -v $(PYTHON) >/dev/null \
	|| { echo 'Onhand needs Python 3.13, 3.12 or 3.11; found here: none.' >&2; exit 1; }; \
	$(PYTHON) bootstrap.py

up: ## Start everything: databases, workflows, API and pages, sandboxes
	$(BOOTSTRAP) run && exec .venv/bin/onhand up

# Two at a time: with more, whole stacks starve each other on two cores.
test: ## Run the tests on real servers, with a sample of each campaign
	$(BOOTSTRAP) develop && exec .venv/bin/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

campaigns: ## Run what tests take a sample of in full: every page, every bad value, every request
	$(BOOTSTRAP) develop && exec .venv/bin/python -m pytest -n 2 --dist load --maxschedchunk 1 -m campaign

check: ## Format, lint, types, import contracts, translations, no outside hosts
	$(BOOTSTRAP) develop
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy .
	.venv/bin/lint-imports
	.venv/bin/onhand check-pages

bench: ## Measure: ratios, printed as tables
	$(BOOTSTRAP) develop && exec .venv/bin/python -m bench

record: ## Save a workflow history of each story for the replay test
	$(BOOTSTRAP) develop && exec .venv/bin/python -m tests.replay.record

help: ## This list
	@sed -n 's/^\([a-z]*\): ## /  make \1	/p' $(MAKEFILE_LIST)
