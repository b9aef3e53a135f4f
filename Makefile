# Two commands do everything on a fresh machine: `make demo` and `make test`. `make test-more` runs
# the tests that need more than Python: a browser, a cluster, a built package.
PYTHON ?= python3
BIN := .venv/bin
NUM_TEST_PROCESSES ?= 2
MORE := browser or ray or docs or package

.PHONY: demo test test-more check fix bench zoo clean

demo: .venv/installed
	$(BIN)/actwise demo

test: check
	$(BIN)/python -m pytest -n $(NUM_TEST_PROCESSES) --dist worksteal -m "not ($(MORE))"

# Named file by file: to collect all others would take longer than these tests.
test-more: .venv/installed
	$(BIN)/python -m pytest -m "$(MORE)" \
		$$(grep -rlE 'pytest\.mark\.($(subst $() or ,|,$(MORE)))\b' tests --include='test_*.py')

check: .venv/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

fix: .venv/installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/installed
	$(BIN)/python -m benchmarks.engine.engine
	$(BIN)/python -m benchmarks.engine.study

zoo: .venv/installed
	$(BIN)/python -m benchmarks.zoo.zoo

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache

# One command names torch's bound for everything: extras installed alone would replace torch.
.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@
