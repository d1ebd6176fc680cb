# Two commands are all a newcomer needs: `make run` and `make test`. Each makes its own .venv when it is missing.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help run install test check format bench soak pins clean

help:
	@echo "make run     take news in and publish feeds, until Ctrl-C"
	@echo "make install put the program in .venv, as make run does first"
	@echo "make test    the tests"
	@echo "make check   style, types, layers, docs"
	@echo "make bench   the benchmarks, each beside its yardstick"
	@echo "make soak    kill the service 110 times at work and count what was lost (ten minutes)"
	@echo "make format  put the code in the house style"
	@echo "make pins    renew the pinned requirements from requirements/*.in"
	@echo "make clean   remove what make made (never a database, never feeds)"

run: $(VENV)/.run inbox
	$(BIN)/syndicator run

# A newcomer's first article: it is taken in at once, and moved to inbox/done/.
inbox:
	mkdir inbox
	cp samples/*.txt inbox/

install: $(VENV)/.run

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n 3

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_layers.py tests/test_docs.py

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev
	for bench in bench/bench_*.py; do echo "== $$bench"; $(BIN)/python $$bench || exit 1; done

soak: $(VENV)/.dev
	$(BIN)/python tests/soak.py $(SOAK)

pins: $(VENV)/.dev
	$(BIN)/pip install --quiet uv
	for part in run dev; do $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
		--generate-hashes --no-header requirements/$$part.in -o requirements/$$part.txt || exit 1; done

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Syndicator needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12 run"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# dev.txt holds all of run.txt, so a .venv made for the tests also runs the service.
$(VENV)/.run: requirements/run.txt pyproject.toml | $(VENV)/bin/python
	@test -e $(VENV)/.dev || $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
