# Each task is a line or two; CI calls the same.
.PHONY: install demo test check crds lock

BIN := .venv/bin

install: .venv/installed
.venv/installed: pyproject.toml constraints.txt
	@if command -v uv >/dev/null; then uv venv -q --allow-existing .venv && UV_COMPILE_BYTECODE=1 uv pip install -q -p .venv -c constraints.txt -e '.[dev]'; \
	 else python3 -m venv .venv && $(BIN)/pip install -q -c constraints.txt -e '.[dev]'; fi
	@touch $@

demo: install
	@$(BIN)/kanaria demo

test: install
	$(BIN)/pytest -n 2

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/architecture tests/api

crds: install
	$(BIN)/kanaria crds crds

lock:
	uv pip compile -q --python-version 3.11 --universal --no-header --no-annotate --extra dev pyproject.toml -o constraints.txt
