# Two commands do everything on a fresh machine: `make demo` and `make test`. `make test-more` runs
# the tests that need more than Python (a browser, a cluster, a database server, a C++ compiler,
# torchvision and timm, the real images, a built package), those that draw hundreds of inputs or
# studies or kill at random, and those that type in the pages and run the benchmarks in small.
PYTHON ?= python3
BIN := .venv/bin
NUM_TEST_PROCESSES ?= 2
# Where it is set, each of the many processes of tests would compile all modules again, 1 s each.
unexport PYTHONDONTWRITEBYTECODE
MORE := browser or ray or postgresql or compiler or zoo or images or draws or kills or docs or \
	package or benchmarks

.PHONY: demo test test-more check lint types suite fix docs bench zoo clean

demo: .venv/installed
	$(BIN)/actwise demo

# Beside the tests, which wait for other processes a sixth of their time.
test: lint
	$(MAKE) --no-print-directory --jobs=2 types suite

suite: .venv/installed
	$(BIN)/python -m pytest -n $(NUM_TEST_PROCESSES) --dist worksteal -m "not ($(MORE))"

test-more: .venv/installed
	$(BIN)/python -m pytest -m "$(MORE)"

check: lint types

lint: .venv/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: .venv/installed
	$(BIN)/mypy

fix: .venv/installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: .venv/installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: .venv/installed
	$(BIN)/python -m benchmarks.engine.engine
	$(BIN)/python -m benchmarks.engine.study

zoo: .venv/installed
	$(BIN)/python -m benchmarks.zoo.zoo

clean:
	rm -rf site .venv .mypy_cache .ruff_cache .pytest_cache

# One command names torch's bound for everything: extras installed alone would replace torch.
.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python scripts/install.py dev
	touch $@
