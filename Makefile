# make demo               the main job on a procedural phantom (INPUT=/path/to/ct runs it on yours)
# make serve              the workstation in a browser (DATA=/path offers the CTs in a folder)
# make test               all tests
# make lint               ruff, mypy, file lists
# make benchmark          tables of times and memory
#
# Everything is installed into .venv; a Debian package that is missing is installed (root or sudo without password) or named.
PYTHON ?= python3
BIN := .venv/bin
# A CPU build where the package index has one; another torch of yours: make test TORCH=torch==2.9.0, none: make test TORCH=
TORCH ?= torch==2.13.0
MONAI := monai>=1.5,<2
INPUT ?=
OUT ?= output/demo
DATA ?=
PORT ?= 8080
PYTEST_ARGS ?=

.PHONY: demo serve test lint benchmark debian opengl clean

demo: .venv/.run opengl
	$(BIN)/livertumorseg demo $(if $(INPUT),"$(INPUT)") -o "$(OUT)"

serve: .venv/.serve opengl
	$(BIN)/livertumorseg serve --port $(PORT) $(if $(DATA),--data "$(DATA)")

# The tests on the Slicer core run in a process of their own: once it has written a scene, torch's MKL cannot load any more
# ("Cannot load libtorch_cpu.so") and ends the process. The product keeps them apart too (docs/decisions/0009). Those of the
# workstation have a third one: a browser's driver holds the event loop, and trame-slicer's views the factories of Slicer's.
PYTEST := $(BIN)/python -m pytest --jaxtyping-packages=LiverTumorSegLib,beartype.beartype

# Where torch has trained and OpenVINO has run the fetched networks in one process, a signal to it or the start of a child may
# end it with a segmentation fault (in neither's code; we found no reason). The product never does both in one process, so the
# tests of training have a process of their own, and so have those that interrupt themselves.
SIGNALS := Testing/unit/test_runtime.py
TRAINING := Testing/unit/training

test: .venv/.test debian
	$(PYTEST) Testing/mrml Testing/module $(PYTEST_ARGS)
	$(PYTEST) Testing/session Testing/browser $(PYTEST_ARGS)
	$(PYTEST) $(SIGNALS) $(PYTEST_ARGS)
	$(PYTEST) $(TRAINING) $(PYTEST_ARGS)
	$(PYTEST) Testing $(addprefix --ignore=Testing/,mrml module session browser) $(addprefix --ignore=,$(SIGNALS) $(TRAINING)) $(PYTEST_ARGS)

lint: .venv/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python tools/cmake_lists.py --check

benchmark: .venv/.test
	$(BIN)/python Testing/benchmarks/main_job.py
	$(BIN)/python Testing/benchmarks/slicer_module.py
	$(BIN)/python Testing/benchmarks/workstation.py

debian:
	@sh tools/debian_packages.sh

opengl:
	@sh tools/debian_packages.sh picture

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "Found $$($(PYTHON) --version). Expected Python 3.11 to 3.13. Run: make PYTHON=/path/to/python3.12 ..."; exit 2; }
	$(PYTHON) -m venv .venv || \
	  { echo "The venv module is missing or broken. Run: apt-get install python3-venv"; rm -rf .venv; exit 2; }
	$(BIN)/python -m pip install --quiet --upgrade pip

.venv/.run: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable ".[mrml]"
	@touch $@

.venv/.serve: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable ".[web]"
	@touch $@ .venv/.run

.venv/.test: pyproject.toml | .venv/bin/python
	$(if $(TORCH),$(BIN)/python -m pip install --quiet "$(TORCH)")
	$(BIN)/python -m pip install --quiet --editable ".[web,dev]"
	@# What our losses are compared with; without its dependencies, which would bring another torch.
	$(if $(TORCH),$(BIN)/python -m pip install --quiet --no-deps "$(MONAI)")
	@touch $@ .venv/.serve .venv/.run

clean:
	rm -rf .venv output build .pytest_cache .mypy_cache .ruff_cache
