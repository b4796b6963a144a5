# `make lab` opens the quickstart in JupyterLab, `make test` runs every test; both install what they need first.

PYTHON ?= python3
BIN := .venv/bin
VENV := .venv/.installed
NODE := node_modules/.installed
BUNDLE := draggan_widget/static/widget.js
BROWSER := build/.browser
AUDIT := build/audit
FRONT_END := js/build.mjs $(shell find js/src -type f)
NODE_IS_NEW := node -e "process.exit(+(parseInt(process.versions.node) < 18))"

.PHONY: help lab test test-js test-python test-kernels soak lint format build docs audit notebooks pictures clean
.DELETE_ON_ERROR:
# The steps share two cores and one screen: in order, one at a time.
.NOTPARALLEL:

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

lab: $(VENV) $(BUNDLE) ## open JupyterLab on the quickstart
	$(BIN)/draggan-widget demo --folder build/lab -- $(if $(filter 0,$(shell id -u)),--allow-root)

# The Python tests come last: the closing line of pytest tells the result.
test: lint test-js test-python ## run every check and test

test-js: $(NODE) ## run the tests of the front end
	npm test --silent

test-python: $(VENV) $(BUNDLE) $(BROWSER) ## run the Python tests, those in a browser included
	$(BIN)/python -m pytest $(PYTEST_ARGS)

test-kernels: $(VENV) ## run the tests of real kernels with every supported ipykernel
	$(BIN)/python tools/test_kernels.py $(KERNELS)

soak: $(VENV) $(BUNDLE) $(BROWSER) ## use the widget by chance for half an hour, and see what grows
	SOAK_MINUTES=30 $(BIN)/python -m pytest -p no:rerunfailures tests/browser/test_soak.py

lint: $(VENV) $(NODE) ## check style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	npm run --silent lint
	npm run --silent typecheck

format: $(VENV) $(NODE) ## format and repair what can be repaired
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	npm run --silent format

build: $(VENV) $(BUNDLE) ## build the wheel and the source distribution into dist/
	$(BIN)/python -m hatchling build

docs: $(VENV) $(BUNDLE) ## build the documentation into build/site/; a warning is an error
	$(BIN)/python -m sphinx -W --keep-going -q -c docs/site -d build/site-pages . build/site
	@echo build/site/index.html

# Strict: a package about which nothing can be asked is a failure, not a success.
audit: $(AUDIT)/.installed $(NODE) ## ask PyPI and npm what is known against the pinned packages
	$(AUDIT)/bin/pip-audit --strict --no-deps --disable-pip --requirement constraints.txt
	npm audit

notebooks: $(VENV) $(BUNDLE) ## run the examples and store their pictures anew
	$(BIN)/python tools/refresh_notebooks.py

pictures: notebooks $(BROWSER) ## make the pictures of the README and of the notebooks anew
	$(BIN)/python -m pytest tests/browser/test_lab.py tests/browser/test_inspector.py -k "quickstart or inspector"
	mkdir -p docs/images
	$(BIN)/python tools/make_hero.py docs/images/hero.gif
	cp build/screenshots/quickstart.png docs/images/quickstart.png
	$(BIN)/python -m pytest tests/browser/test_states.py tests/browser/test_screenshots.py -k "contact_sheet or photographed"
	cp build/screenshots/widget-light.webp build/screenshots/widget-dark.webp build/screenshots/widget-narrow.webp docs/images/
	$(BIN)/python -m pytest tests/browser/test_guide.py
	cp build/screenshots/guide-*.webp docs/images/
	cp build/screenshots/states-light.webp build/screenshots/states-dark.webp docs/images/
	cp build/screenshots/inspector.webp build/screenshots/inspector-dark.webp docs/images/

clean: ## remove everything that make has made
	rm -rf .venv node_modules build dist draggan_widget/static .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# Without isolation, so that the build tools are pinned too; without the bundle, which has its own rule.
$(VENV): pyproject.toml constraints.txt
	tools/require.sh '$(PYTHON) -c "import ensurepip, venv"' python3 python3-venv
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt hatchling hatch-jupyter-builder
	SKIP_JUPYTER_BUILDER=1 $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt \
	  --no-build-isolation --editable '.[dev]'
	touch $@

# In an environment of its own: nothing of the package needs it.
$(AUDIT)/.installed: constraints.txt
	tools/require.sh '$(PYTHON) -c "import ensurepip, venv"' python3 python3-venv
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/pip install --quiet --disable-pip-version-check --constraint constraints.txt pip-audit
	touch $@

$(NODE): package.json package-lock.json .npmrc
	tools/require.sh '$(NODE_IS_NEW) && command -v npm' nodejs npm
	npm ci --loglevel=error
	touch $@

$(BUNDLE): $(NODE) $(FRONT_END)
	npm run --silent build

# Debian's Chromium; where apt-get has none (Ubuntu), the one that Playwright downloads.
$(BROWSER): | $(VENV)
	mkdir -p build
	tools/require.sh 'command -v chromium || command -v google-chrome' chromium \
	  || $(BIN)/playwright install --with-deps chromium
	touch $@
