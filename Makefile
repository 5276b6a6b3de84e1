# make run: the product with demo data.  make test: everything checked, browser included.
# make bench: its speed beside the database's limit and other packages, on SQLite and the database of DATABASE_URL.
# Needs Python 3.11 or later and make; all else is brought into .venv from the locks.

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes --only-binary :all:

.PHONY: run test stress bench lint format messages lock clean

run: $(VENV)/.run
	@exec $(BIN)/python -u manage.py start

# Three at once, even on two processors: many tests wait for processes that they watch.
test: $(VENV)/.dev $(VENV)/.browser lint
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

bench: $(VENV)/.dev $(VENV)/.bench
	$(BIN)/python -m tests.benchmarks --out docs/speed.md $(BENCH_ARGS)

# Deaths, faults and load by the hundred, on SQLite and on the PostgreSQL that STRESS_DATABASE_URL names;
# prints a table of what was lost and doubled. make stress STRESS_ARGS="-k at_once --markdown table.md"
stress: $(VENV)/.dev
	@$(BIN)/python -m tests.stress $(STRESS_ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: $(VENV)/.dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Collects the sentences into locale/ and compiles what is translated; needs the gettext package of the system.
messages: $(VENV)/.run
	$(BIN)/python manage.py makemessages --locale el --no-obsolete --no-wrap --add-location file --ignore .venv --ignore data --ignore tests
	$(BIN)/python manage.py compilemessages --ignore .venv

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later with its venv module is needed and was not found. Install it, or name it: make PYTHON=/path/to/python3"; exit 1; }
	@echo "Making .venv with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

# The stamps are only touched when an installation ended well, so that an interrupted one is done again.
$(VENV)/.run: requirements.lock | $(VENV)/bin/python
	@echo "Installing the requirements (once)"
	@$(PIP) -r requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock | $(VENV)/bin/python
	@echo "Installing the requirements and the development tools (once)"
	@$(PIP) -r requirements-dev.lock
	@touch $@ $(VENV)/.run

$(VENV)/.bench: requirements-bench.lock | $(VENV)/bin/python
	@echo "Installing the requirements and what to measure beside (once)"
	@$(PIP) -r requirements-bench.lock
	@touch $@

$(VENV)/.browser: | $(VENV)/.dev
	@$(BIN)/python tests/bring_browser.py
	@$(BIN)/python tests/bring_office.py
	@touch $@

lock:
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes $(UPGRADE) pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes $(UPGRADE) --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes $(UPGRADE) --extra bench -c requirements.lock pyproject.toml -o requirements-bench.lock

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis staticfiles
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
