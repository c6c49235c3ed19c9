# make install   .venv with everything (about two minutes, no compiler)
# make demo      render shelves, train, evaluate, draw: work_dirs/demo/
# make ablation  two rows, two seeds, a table and a report: work_dirs/ablation/
# make test      the test suite, under ten minutes
# make test-all  the same and the trainings of the small systems
# make lint      ruff: rules and format
# make types     mypy on utils, models and evaluation
# make bench     every script in benchmarks/, each prints its ratios
# make gpu       what a GPU can tell, nine minutes (GPU_ARGS=--dry: on the CPU)
# make parity    portable_ops against compiled mmcv (MMCV_WHEEL=its wheel)
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
OPS_STAMP := $(VENV)/.portable_ops
PIP := PIP_CONSTRAINT=$(CURDIR)/constraints.txt $(BIN)/python -m pip \
	--disable-pip-version-check
OPS_FILES := $(shell find projects/portable_ops -name '*.py' \
	-not -path '*/build/*') projects/portable_ops/pyproject.toml
MMCV_WHEEL ?=
PARITY := .venv-parity
PARITY_STAMP := $(PARITY)/.installed
PYTEST_ARGS ?=
GPU_ARGS ?=
WORKERS ?= 2
# Threads that wait for each other should sleep, not spin: where another
# process needs a core, spinning made a training step on the CPU far slower.
export OMP_WAIT_POLICY ?= PASSIVE

.PHONY: install demo ablation test test-all lint types bench gpu parity \
	clean
install: $(STAMP) $(OPS_STAMP)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; \
	sys.exit(0 if (3, 10) <= v <= (3, 14) else \
	f"Python must be 3.10-3.14, but {sys.executable} is " \
	f"{v[0]}.{v[1]}. Run: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	@echo 'export OMP_WAIT_POLICY="$${OMP_WAIT_POLICY:-PASSIVE}"' \
	  >> $(BIN)/activate  # for what is started by hand

# timm is what SENet154 is tested against; its own requirements (torchvision,
# the hub's client) would bring a second build of torch and are not needed.
$(STAMP): $(VENV)/bin/python requirements.txt constraints.txt pyproject.toml \
		setup.py
	$(PIP) install -e '.[dev]'
	$(PIP) install --no-deps timm
	@touch $@

# A real (not an editable) install: its wheel lays mmcv/_ext.py beside
# mmcv-lite. It is made again whenever a source file changes.
$(OPS_STAMP): $(STAMP) $(OPS_FILES)
	$(PIP) install --no-deps --force-reinstall ./projects/portable_ops
	@rm -rf projects/portable_ops/build projects/portable_ops/src/*.egg-info
	@touch $@

# Two processes of one thread each: most tests keep one core busy, and the
# slow files wait for other processes. `make test WORKERS=0` runs them in one.
test test-all: export OMP_NUM_THREADS ?= 1
test: install
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(PYTEST_ARGS)

test-all: install
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile -m '' $(PYTEST_ARGS)

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .

types: install
	$(BIN)/mypy

demo: install
	$(BIN)/python tools/demo.py

# Small scenes, few of them: the chain, and not what the rows are worth.
ablation: export SHELVES_ROOT := data/shelves-ablation
ablation: install
	$(BIN)/dense-scene render-shelves $(SHELVES_ROOT) --train 64 --val 16 \
	  --size 320 --objects 20 60
	$(BIN)/dense-scene ablation run smoke --jobs-per-device 2
	$(BIN)/dense-scene ablation run smoke --measure
	$(BIN)/dense-scene ablation table smoke
	$(BIN)/dense-scene ablation report smoke

# Compiled mmcv needs a venv of its own: it and mmcv-lite are one package.
# portable_ops comes by PYTHONPATH; its src/mmcv has no __init__.py, so the
# compiled package wins the name.
$(PARITY_STAMP): constraints.txt $(MMCV_WHEEL)
	$(PYTHON) -m venv $(PARITY)
	PIP_CONSTRAINT=$(CURDIR)/constraints.txt $(PARITY)/bin/python -m pip \
	  --disable-pip-version-check install torch $(MMCV_WHEEL) \
	  'mmdet>=3.3,<3.4' pytest 'setuptools<81'
	@touch $@

ifeq ($(MMCV_WHEEL),)
parity:
	@echo 'SKIPPED parity: no compiled mmcv; give its wheel with' \
	  'make parity MMCV_WHEEL=/path/to/mmcv-2.1.0-....whl'
else
parity: $(PARITY_STAMP)
	PYTHONPATH=projects/portable_ops/src $(PARITY)/bin/python -m pytest \
	  -m parity --confcutdir=tests/test_portable_ops $(PYTEST_ARGS) \
	  tests/test_portable_ops
endif

bench: install $(if $(MMCV_WHEEL),$(PARITY_STAMP))
	@set -e; for script in benchmarks/*.py; do \
	  echo "== $$script"; $(BIN)/python $$script; done

# The script needs no .venv: `python3 benchmarks/gpu.py` runs from a checkout.
gpu: install
	$(BIN)/python benchmarks/gpu.py $(GPU_ARGS)

clean:
	rm -rf $(VENV) $(PARITY) work_dirs/demo work_dirs/ablation/smoke \
	  data/shelves data/shelves-ablation
