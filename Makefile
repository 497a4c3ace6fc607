# Each task is a line or two; CI calls the same.
.PHONY: install demo test check crds chart helm lock simulate mutation

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

N := 1000
simulate: install
	PYTHONPATH=tests $(BIN)/python -m simulation --histories $(N) $(SIMULATE)

mutation: install
	PYTHONPATH=tests $(BIN)/python -m mutation

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/architecture tests/api

crds: install
	$(BIN)/kanaria crds crds
	$(BIN)/kanaria crds charts/kanaria/files/crds

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/kanaria/bin
HELM := $(or $(shell command -v helm),$(CACHE)/helm)
# Built by hand, helm takes itself for one of Kubernetes 1.20 unless it is told otherwise.
BUILT := -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1 -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=33
chart: install $(HELM)
	$(HELM) lint --strict --kube-version 1.31.0 charts/kanaria
	$(BIN)/pytest -q tests/chart
helm: $(HELM)
$(CACHE)/helm:
	@command -v go >/dev/null || { echo "neither helm nor Go is on this machine: install helm 3, then run this again" >&2; exit 1; }
	@echo "building helm, which takes some minutes"; GOBIN=$(CACHE) GOFLAGS=-mod=mod nice -n 10 go install -ldflags "-s -w $(BUILT)" helm.sh/helm/v3/cmd/helm@v3.18.4

lock:
	uv pip compile -q --python-version 3.11 --universal --no-header --no-annotate --extra dev --extra clouds pyproject.toml -o constraints.txt
