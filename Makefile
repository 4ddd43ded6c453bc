# Every target sets up what it needs by itself; `make help` lists them.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
PORT ?= 8080
WORKER ?= on
N ?= 20000
EXAMPLES ?= 300
ENVIRONMENT ?= development
PYTHON ?= python3
BIN := .venv/bin
TOOLS := .venv-tools/bin
NODE := tools/javascript

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## /{printf "  %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: .venv/.local ## see it work: codes generated, exported and downloaded over HTTP, on this machine [N=100000]
	@$(BIN)/python -m local.demo $(if $(filter file,$(origin N)),,$(N))

.PHONY: serve
serve: .venv/.local ## run the whole stack on this machine until Ctrl-C [PORT=8080 WORKER=off]
	@$(BIN)/python -m local.serve --port $(PORT) --worker $(WORKER)

.PHONY: sam-local
sam-local: .venv/.local .venv-tools/.ready ## the API in Lambda's own image, beside make serve [PORT=3000, ARGS="invoke NAME -e FILE"]
	@$(BIN)/python -m local.sam $(or $(ARGS),start-api --port $(if $(filter file,$(origin PORT)),3000,$(PORT)))

.PHONY: events
events: .venv/.local ## fill .local/events/*.json in for sam local invoke, from what make serve runs
	@$(BIN)/python -m local.events

.PHONY: test
test: .venv/.dev ## everything that must hold: lint, types, template, unit, integration, simulation and stack tests
	@$(MAKE) --no-print-directory --jobs=4 checks pytest-stack pytest-recovery pytest-rest
	@$(MAKE) --no-print-directory pytest-console

.PHONY: checks pytest-stack pytest-recovery pytest-console pytest-rest
checks: lint types template-test javascript
pytest-stack: .venv/.dev build
	$(BIN)/pytest -q tests/stack --ignore=tests/stack/test_recovery.py --ignore=tests/stack/console

# Most of its time it waits for the leases of dead workers.
pytest-recovery: .venv/.dev build
	$(BIN)/pytest -q tests/stack/test_recovery.py

# By themselves: browsers beside three stacks make all of them late. Each process has a stack and a browser of its own.
pytest-console: .venv/.browser build
	$(BIN)/pytest -q -n 2 --dist loadfile tests/stack/console

# Tests that only calculate give way to those that wait for a whole stack, of which some waits have a limit.
pytest-rest: .venv/.dev build
	nice $(BIN)/pytest -q -n 2 --dist worksteal --ignore=tests/stack

.PHONY: quick
quick: .venv/.dev .venv-tools/.ready ## what a change needs before the next: lint, types, template, unit, handlers, some of the simulation
	@$(MAKE) --no-print-directory --jobs=2 checks pytest-quick

# Two processes, one of which shares its core with the checks.
.PHONY: pytest-quick
pytest-quick: .venv/.dev
	HYPOTHESIS_PROFILE=quick SCHEDULES=100 STORY=generate $(BIN)/pytest -q -n 2 --dist worksteal \
		tests/unit tests/template tests/integration tests/simulation/test_schedules.py tests/simulation/test_crashes.py

.PHONY: lint
lint: .venv/.dev ## lint, format and import rules
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	PYTHONPATH=.:cli/src:layers/promotion_jobs/python $(BIN)/lint-imports --no-logo --no-cache

.PHONY: types
types: .venv/.dev ## mypy --strict
	$(BIN)/mypy

# Those who only deploy need no Node, so its absence fails nothing.
.PHONY: javascript
javascript: ## lint and types of the console's modules, where Node is installed
ifeq ($(shell command -v npm),)
	@echo "Node.js is not installed: the console's modules are neither linted nor type-checked"
else
	@$(MAKE) --no-print-directory $(NODE)/.ready
	$(NODE)/node_modules/.bin/oxlint -c tools/javascript/oxlint.json --ignore-pattern '**/vendor/**' functions
	$(NODE)/node_modules/.bin/tsc -p tools/javascript
endif

.PHONY: format
format: .venv/.dev ## format the code and sort the imports
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

.PHONY: template-test
template-test: .venv/.dev .venv-tools/.ready ## lint the template as written and as CloudFormation sees it
	SAM_CLI_TELEMETRY=0 $(TOOLS)/sam validate --lint
	$(BIN)/python -m tests.template.lint_translated template.yaml

# With the tools' own python3 first: a host's may have no pip, by which the layers are built.
.PHONY: build
build: .venv-tools/.ready ## sam build: arm64 artifacts in .aws-sam/, on any host
	PATH="$(CURDIR)/$(TOOLS):$$PATH" SAM_CLI_TELEMETRY=0 $(TOOLS)/sam build --cached --parallel

.PHONY: deploy
deploy: build ## deploy to AWS, as samconfig.toml says [ENVIRONMENT=development, ARGS=--no-execute-changeset]
	SAM_CLI_TELEMETRY=0 $(TOOLS)/sam deploy --config-env $(ENVIRONMENT) $(ARGS)

.PHONY: simulate
simulate: .venv/.dev ## one fault at every call, then random schedules of them [N=20000]
	SCHEDULES=$(N) $(BIN)/pytest -q -s tests/simulation/test_schedules.py tests/simulation/test_crashes.py tests/simulation/test_replay.py

# Another seed each time; one that found something finds it again.
.PHONY: fuzz
fuzz: .venv/.dev ## the API against its own description, by thousands of requests of schemathesis [EXAMPLES=300 SEED=1]
	EVERY=1 EXAMPLES=$(EXAMPLES) SEED=$(or $(SEED),$$(date +%s)) $(BIN)/pytest -q -s tests/stack/test_fuzz.py

.PHONY: bench
bench: .venv/.dev .venv-peers/.ready ## measure it beside its peers: table, bench/results/latest.json, docs/understand/performance.svg [ONLY="growth export"]
	PYTHONPATH=layers/promotion_jobs/python $(BIN)/python -m bench --date $$(date -u +%F) $(ONLY)

.PHONY: bench-quick
bench-quick: .venv/.dev .venv-peers/.ready ## the same in less than three minutes, with rough figures [ONLY="growth export"]
	PYTHONPATH=layers/promotion_jobs/python $(BIN)/python -m bench --quick --date $$(date -u +%F) $(ONLY)

.PHONY: audit
audit: .venv-audit/.ready ## ask PyPI whether a pinned package has a known vulnerability; fails where it cannot be asked
	@failed=; for list in layers/dependencies/requirements.txt requirements/*.txt; do \
		echo "$$list"; \
		.venv-audit/bin/pip-audit --strict --no-deps --disable-pip --progress-spinner off -r $$list || failed=yes; \
	done; test -z "$$failed"

.PHONY: openapi
openapi: .venv/.dev ## write the API's descriptions from the code
	PYTHONPATH=layers/promotion_jobs/python $(BIN)/python -m tools.openapi

.PHONY: client
client: .venv/.local ## create, list or revoke who may call the API [ARGS="create NAME", "--local list", "revoke ID"]
	@PYTHONPATH=layers/promotion_jobs/python $(BIN)/python -m tools.clients $(ARGS)

.PHONY: key
key: .venv/.local ## rotate the key that codes are made with, or list its versions [ARGS="rotate", "--local list"]
	@PYTHONPATH=layers/promotion_jobs/python $(BIN)/python -m tools.keys $(ARGS)

.PHONY: lock
lock: .venv-tools/.ready ## compile the pinned requirements from pyproject.toml
	$(TOOLS)/uv pip compile -q --no-header --python-version 3.13 --python-platform aarch64-manylinux2014 \
		pyproject.toml -o layers/dependencies/requirements.txt
	for group in local dev browser tools peers audit; do \
		$(TOOLS)/uv pip compile -q --no-header --universal --python-version 3.11 \
			$$(case $$group in \
				local | dev) echo pyproject.toml;; \
				browser) echo --constraint requirements/dev.txt;; \
			esac) --group $$group \
			-o requirements/$$group.txt || exit 1; \
	done

.PHONY: package
package: .venv-tools/.ready ## build promojobs, the client and command line: a wheel and a source distribution in dist/
	$(TOOLS)/uv build -q cli --out-dir dist

.PHONY: vendor
vendor: .venv/.local ## fetch the console's libraries anew, as vendor.lock names them
	@$(BIN)/python -m tools.vendor

.PHONY: clean
clean: ## remove everything that the other targets made
	rm -rf dist $(NODE)/node_modules $(NODE)/.ready .venv .venv-tools .venv-peers .venv-audit .local .aws-sam .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# A folder without pip is one that was not finished.
define new-environment
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "Python 3.11 or newer is needed as $(PYTHON); PYTHON=… names another one"; exit 1; }
@test -x $(1)/bin/pip || $(PYTHON) -m venv $(1)
endef

.venv/.local: requirements/local.txt
	$(call new-environment,.venv)
	@echo "Installing the local stack's packages into .venv (once, about a minute)"
	@$(BIN)/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.local
	@echo "Installing the test tools into .venv (once)"
	@$(BIN)/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.venv/.browser: requirements/browser.txt .venv/.dev
	@echo "Installing what drives a browser into .venv (once)"
	@$(BIN)/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.venv-tools/.ready: requirements/tools.txt
	@echo "Installing SAM CLI into .venv-tools (once)"
	$(call new-environment,.venv-tools)
	@$(TOOLS)/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(NODE)/.ready: $(NODE)/package.json
	@echo "Installing what checks the console's modules into $(NODE)/node_modules (once)"
	@cd $(NODE) && npm install --silent --no-audit --no-fund --no-package-lock --ignore-scripts
	@touch $@

.venv-peers/.ready: requirements/peers.txt
	@echo "Installing what the benchmarks compare with into .venv-peers (once)"
	$(call new-environment,.venv-peers)
	@.venv-peers/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.venv-audit/.ready: requirements/audit.txt
	@echo "Installing pip-audit into .venv-audit (once)"
	$(call new-environment,.venv-audit)
	@.venv-audit/bin/pip install --quiet --disable-pip-version-check -r $<
	@touch $@
