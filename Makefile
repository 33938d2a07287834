# Finds a Python that is new enough; override with make PYTHON=/path/to/python demo
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
PEERS := .peers
# A module of Go, built once for all checkouts; v1.13.11 replaces modules, which go install refuses
LIVEKIT := v1.13.5
LIVEKIT_BIN := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/voicetest-peers/livekit-server-$(LIVEKIT)/server
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt

.PHONY: help install check lint fix test peers demo schemas bench bench-peer soak acoustic-model

help:
	@echo "make demo     install what is needed and run the demo call"
	@echo "make test     install what the tests need and run them"
	@echo "make peers    install what is not ours and is used in tests: Pipecat (600 MB), livekit-server (75 MB), a YAML language server"
	@echo "make check    what CI runs: format, lint, types, layers, generated files, tests"
	@echo "make fix      format and fix what can be fixed"
	@echo "make schemas  write schemas/ and the generated parts of the README anew"
	@echo "make bench    print the figures of tests/benchmarks"
	@echo "make bench-peer  install another tester of voice agents (900 MB), to which make bench then compares live calls"
	@echo "make soak     an hour of 20 calls at once, 2,000 calls, a call of two hours: what grows (SOAK='--minutes 5': shorter)"
	@echo "make acoustic-model  adapt the recogniser's model to espeak's voices again (ten minutes)"

$(VENV)/.runtime: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "voicetest needs Python 3.11 or newer: make PYTHON=/path/to/python $(MAKECMDGOALS)"; exit 1; }
	@echo "setting up $(VENV) (a minute or two, once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime
	@$(PIP) --editable '.[dev]'
	@touch $@

install: $(VENV)/.dev

demo: $(VENV)/.runtime
	@$(BIN)/voicetest run scenarios/billing.yaml

test: $(VENV)/.dev
	@$(BIN)/pytest

# An environment of its own: its versions are not ours
$(PEERS)/pipecat/.installed: tests/peers/requirements-pipecat.txt tests/peers/constraints-pipecat.txt
	@test -x $(PEERS)/pipecat/bin/python || $(PYTHON) -m venv $(PEERS)/pipecat
	@$(PEERS)/pipecat/bin/python -m pip --disable-pip-version-check install --quiet \
		--constraint tests/peers/constraints-pipecat.txt --requirement tests/peers/requirements-pipecat.txt
	@touch $@

# The language server behind the YAML extension of VS Code; without Node.js its tests are skipped
YAML_SERVER := yaml-language-server@1.25.0
$(PEERS)/yaml/.installed-$(YAML_SERVER):
	@mkdir -p $(PEERS)/yaml
	@npm install --silent --no-audit --no-fund --no-save --no-package-lock --prefix $(PEERS)/yaml $(YAML_SERVER)
	@touch $@

$(LIVEKIT_BIN):
	@if command -v livekit-server >/dev/null; then :; \
	elif command -v go >/dev/null; then \
		echo "building livekit-server $(LIVEKIT) (a few minutes, once)" && \
		GOBIN=$(dir $@) go install github.com/livekit/livekit-server/cmd/server@$(LIVEKIT); \
	else echo "no Go: the tests with a livekit-server are skipped"; fi

# Another tester of voice agents, for tests/benchmarks/test_live_calls.py; nothing else needs it
$(PEERS)/scenario/.installed: tests/benchmarks/requirements-scenario.txt tests/benchmarks/constraints-scenario.txt
	@test -x $(PEERS)/scenario/bin/python || $(PYTHON) -m venv $(PEERS)/scenario
	@$(PEERS)/scenario/bin/python -m pip --disable-pip-version-check install --quiet \
		--constraint tests/benchmarks/constraints-scenario.txt --requirement tests/benchmarks/requirements-scenario.txt
	@touch $@

bench-peer: $(PEERS)/scenario/.installed

peers: $(PEERS)/pipecat/.installed $(LIVEKIT_BIN) $(if $(shell command -v npm),$(PEERS)/yaml/.installed-$(YAML_SERVER))

lint: $(VENV)/.dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/voicetest schema --check --readme README.md

check: lint test

fix: $(VENV)/.dev
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

schemas: $(VENV)/.dev
	@$(BIN)/voicetest schema --readme README.md

bench: $(VENV)/.dev
	@$(BIN)/pytest tests/benchmarks -m benchmark -s -q

soak: $(VENV)/.dev
	@$(BIN)/python -m tests.soak $(SOAK)

acoustic-model: $(VENV)/.runtime
	@$(BIN)/python -m voicetest.speech.adaptation
