# The two commands that matter: `make learn` and `make test`.

VENV := .venv
BIN := $(VENV)/bin
REDIS ?=
# How many processes run the tests.
JOBS ?= 2
# The first Python of 3.11 to 3.13 that runs; PYTHON=… chooses another.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null && { echo $$p; break; }; done)

.PHONY: help learn test build lint bench mutants clean check-style lock

help:
	@echo "make learn   open the course (REDIS=docker or REDIS=redis://… for another Redis)"
	@echo "make test    everything that keeps the course true"
	@echo "make build   notebooks/ and the generated parts of syllabus.md from solutions/"
	@echo "make bench   the benchmarks"
	@echo "make mutants changes every solution a little and sees whether its checks notice"
	@echo "make clean   remove what can be made again (not your answers)"

learn: $(VENV)/.learn
	@$(BIN)/course learn $(if $(REDIS),--redis $(REDIS)) $(ARGS)

build: $(VENV)/.learn
	@$(BIN)/course build

lint: $(VENV)/.dev
	@$(BIN)/course lint

test: $(VENV)/.dev check-style
	$(BIN)/course build --check
	$(BIN)/course lint
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

check-style: $(VENV)/.dev
	$(BIN)/ruff format --check -q .
	$(BIN)/ruff check -q .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev
	$(BIN)/python bench/check_latency.py
	$(BIN)/python bench/resp_reader.py
	$(BIN)/python bench/wire.py
	$(BIN)/python bench/races.py
	$(BIN)/python bench/race_exercises.py
	$(BIN)/python bench/scan_latency.py
	$(BIN)/python bench/miniredis.py
	$(BIN)/python bench/neighbours.py
	$(BIN)/python bench/growth.py

mutants: $(VENV)/.dev
	@$(BIN)/python -m grader.authoring.mutants $(ARGS)

# Needs uv. The files hold hashes and no address of a registry.
lock:
	uv pip compile -q --universal --generate-hashes --no-header --extra build pyproject.toml -o requirements.lock
	uv pip compile -q --universal --generate-hashes --no-header --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find grader tests solutions bench -name __pycache__ -type d -prune -exec rm -rf {} +

# Locked and hashed. uv does it in a few seconds where it is installed, pip does it anywhere.
define install
	@test -n "$(PYTHON)" || { echo "No Python 3.11, 3.12 or 3.13 was found. Install one, or say PYTHON=/path/to/python."; exit 1; }
	@echo "Setting up $(VENV) with $(PYTHON): a minute or so the first time."
	@if command -v uv >/dev/null 2>&1; then \
		{ test -x $(BIN)/python || uv venv -q --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" $(VENV); } && \
		uv pip install -q --python $(BIN)/python --require-hashes -r $(1) && \
		uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .; \
	else \
		{ test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
			{ echo "Python cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv"; rm -rf $(VENV); exit 1; }; } && \
		$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r $(1) && \
		$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .; \
	fi
endef

$(VENV)/.learn: requirements.lock pyproject.toml
	$(call install,requirements.lock)
	@touch $@

$(VENV)/.dev: requirements-dev.lock requirements.lock pyproject.toml
	$(call install,requirements-dev.lock)
	@touch $(VENV)/.learn $@
