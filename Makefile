# The tutorial's commands. They do not need git.

PYTHON ?= python3.13 python3.12 python3.11 python3 python
python := .venv/bin/python

help: ## list these targets, like `make` without a target
	@sed -n 's/^\([a-z-]*\):.*## /  make \1@/p' Makefile | awk -F@ '{ printf "%-20s%s\n", $$1, $$2 }'

run: .venv/ready ## get the data, execute the core course, write HTML (LESSONS=all or LESSONS='04 07'; EPOCHS=2, SEED=1)
	@$(python) -m tools.run $(if $(LESSONS),lessons='$(LESSONS)') \
	  $(if $(EPOCHS),epochs='$(EPOCHS)') $(if $(SEED),seed='$(SEED)')

solutions: .venv/ready ## execute the solutions of the exercises (LESSONS, EPOCHS, and SEED as for `make run`)
	@$(python) -m tools.run solutions $(if $(LESSONS),lessons='$(LESSONS)') \
	  $(if $(EPOCHS),epochs='$(EPOCHS)') $(if $(SEED),seed='$(SEED)')

pytest = $(python) -m pytest --numprocesses=2 --dist=loadfile --no-loadscope-reorder

test: lint ## check the style, then run the tests that protect readers (PYTEST_ARGS='-k data' selects some)
	@$(pytest) -m 'not slow' $(PYTEST_ARGS)

test-all: lint ## check the style, then run all tests (PYTEST_ARGS='-m slow': those that `make test` leaves out)
	@$(pytest) $(PYTEST_ARGS)

test-oldest: .venv/ready-for-tests ## run tests with the oldest versions that pyproject.toml allows
	@$(python) -m tools.environment.oldest $(PYTEST_ARGS)

unit: .venv/ready ## print how long 2,400 training steps take here, to compare times between machines
	@$(python) -m tools.checks.unit

lint: .venv/ready-for-tests ## check the style and the imports between modules
	@$(python) -m ruff check --no-cache . && $(python) -m ruff format --no-cache --check .
	@.venv/bin/lint-imports --no-logo --no-cache

format: .venv/ready-for-tests ## correct the style where this can be done automatically
	@$(python) -m ruff check --fix . && $(python) -m ruff format .

lab: .venv/ready ## open the first notebook in JupyterLab (for example LAB_ARGS=--no-browser)
	@$(python) -m tools.run lab $(LAB_ARGS)

site: .venv/ready-for-tests ## write the website to build/site (REPOSITORY=owner/name adds links to Binder and Colab)
	@$(python) -m tools.website.build $(if $(REPOSITORY),--repository '$(REPOSITORY)')

reproduce: .venv/ready ## train the runs that the text quotes again, and compare the results
	@$(python) -m vaelib reproduce

stress: .venv/ready-for-tests ## interrupt and damage training runs, and print what was lost
	@$(python) -m tools.checks.stress

study: .venv/ready ## add the rows that a table of the study lacks (hours; TABLE=forecast)
	@$(python) -m study.make_rows $(or $(TABLE),models) --processes 2

study-check: .venv/ready ## train and measure random rows of the study again, and compare (ROWS=3 TABLE=noise)
	@$(python) -m study.check --table '$(or $(TABLE),models)' --rows '$(or $(ROWS),3)'

published: .venv/ready ## train models with published results, and compare (hours; can be resumed)
	@$(python) -m study.make_published $(if $(EPOCHS),--epochs '$(EPOCHS)')

bench: .venv/ready-for-tests ## measure how long things take (minutes; on an otherwise idle machine)
	@$(python) -m tools.checks.bench

lock: .venv/ready-for-tests ## write the lock and both environment.yml (UPGRADE=1: newest versions)
	@$(python) -m tools.environment.lock $(if $(UPGRADE),--upgrade)

clean: ## remove .venv, build, and caches of tools; keep data, trained runs, and tables
	@rm -rf .venv build .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -prune -exec rm -rf {} +

# The environment is created once, and again if its Python disappears or the pins change. It has what
# readers need, and for `make test` what tests need, too.
.venv/ready .venv/ready-for-tests: requirements.lock pyproject.toml .venv/bin/python
	@for python in $(PYTHON); do \
	  "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	    && exec "$$python" -m tools.environment.install $(if $(findstring tests,$@),all); \
	done; \
	echo "Python 3.11, 3.12 or 3.13 is needed, but none was found among: $(PYTHON)." \
	  "Install one, or set its path: make PYTHON=/path/to/python3.12" >&2; exit 1

.venv/bin/python: ;

.DEFAULT:
	@echo "There is no target '$@'. 'make help' lists the targets." >&2; exit 1

.PHONY: help run solutions test test-all test-oldest unit lint format lab site reproduce stress study study-check published bench lock clean
