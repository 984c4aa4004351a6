# The tutorial's commands. All that they make lies in .venv and build; git is not needed.

PYTHON ?= python3.13 python3.12 python3.11 python3 python
python := .venv/bin/python

help: ## list these targets (what `make` alone does)
	@sed -n 's/^\([a-z]*\):.*## /  make \1@/p' Makefile | awk -F@ '{ printf "%-17s%s\n", $$1, $$2 }'

run: .venv/ready ## get the data, execute the lessons, write HTML (EPOCHS=2: a quick version; SEED=1)
	@$(python) -m tools.notebooks.run $(if $(EPOCHS),epochs='$(EPOCHS)') $(if $(SEED),seed='$(SEED)')

solutions: .venv/ready ## the same for the solutions of the exercises (EPOCHS, SEED as for `make run`)
	@$(python) -m tools.notebooks.run solutions $(if $(EPOCHS),epochs='$(EPOCHS)') $(if $(SEED),seed='$(SEED)')

test: lint ## check the style, then run every test (PYTEST_ARGS='-k data' narrows it)
	@$(python) -m pytest --numprocesses=2 --dist=loadfile $(PYTEST_ARGS)

lint: .venv/ready ## check the style, and who imports whom
	@$(python) -m ruff check . && $(python) -m ruff format --check .
	@.venv/bin/lint-imports --no-logo --no-cache

format: .venv/ready ## mend the style
	@$(python) -m ruff check --fix . && $(python) -m ruff format .

lab: .venv/ready ## open the first notebook in JupyterLab (LAB_ARGS=--no-browser adds options)
	@$(python) -m nbformat.sign notebooks/*.ipynb notebooks/*/*.ipynb >/dev/null  # as jupyter trust
	@JUPYTER_PATH="$(CURDIR)/tools/notebooks/lab$${JUPYTER_PATH:+:$$JUPYTER_PATH}" $(python) -m jupyterlab \
	  --ServerApp.root_dir=. --KernelManager.transport_encryption=auto $(LAB_ARGS) \
	  notebooks/00_faces.ipynb

site: .venv/ready ## write the website to build/site (REPOSITORY=owner/name adds links to Binder)
	@$(python) -m tools.website.build $(if $(REPOSITORY),--repository '$(REPOSITORY)')

reproduce: .venv/ready ## train the runs that the text quotes once more, and compare
	@$(python) -m vaelib reproduce

stress: .venv/ready ## break trainings in many ways and print what was lost: nothing
	@$(python) -m tools.checks.stress

study: .venv/ready ## add what runs/models.csv lacks, or is stale there (hours; AGAIN=2: two rows anew)
	@$(python) -m tools.tables.$(if $(AGAIN),again --rows '$(AGAIN)',fill --kernels 2)
	@$(if $(AGAIN),,$(python) -m tools.tables.planes)

forecast: .venv/ready ## the same for runs/forecast.csv, with Frey faces and CIFAR-10 (hours)
	@$(python) -m tools.tables.fill forecast --kernels 2

paper: .venv/ready ## train what others published numbers for, and compare (hours; resumable)
	@$(python) -m tools.tables.paper $(if $(EPOCHS),--epochs '$(EPOCHS)')

bench: .venv/ready ## measure what a reader waits for, side by side (minutes, on a quiet machine)
	@$(python) -m tools.checks.bench

lock: .venv/ready ## write the lock and both environment.yml from pyproject.toml (UPGRADE=1: newest)
	@$(python) -m tools.environment.lock $(if $(UPGRADE),--upgrade)

clean: ## remove what these commands made; downloaded data stay in your cache
	@rm -rf .venv build .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -prune -exec rm -rf {} +

# The environment, made once. A vanished base Python, or newer pins, make it stale.
.venv/ready: requirements.lock pyproject.toml .venv/bin/python
	@for python in $(PYTHON); do \
	  "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	    && exec "$$python" tools/environment/install.py; \
	done; \
	echo "Python 3.11, 3.12 or 3.13 is needed, and none was found among: $(PYTHON)." \
	  "Install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1

.venv/bin/python: ;

.DEFAULT:
	@echo "There is no target '$@': 'make help' lists those there are." >&2; exit 1

.PHONY: help run solutions test lint format lab site reproduce stress study forecast paper bench lock clean
