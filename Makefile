# Needs only make and python3 (3.11 or newer). The work is in dev.py: `python3 dev.py demo` does the same without make.
PYTHON ?= python3

.PHONY: setup demo test test-all check bench clean-demo

setup:      ## virtual environment and locked install
	@$(PYTHON) dev.py setup
demo:       ## set-up, demo organisation, server; PORT=8123 make demo; a second run keeps the data
	@$(PYTHON) dev.py demo
test:       ## the suite on SQLite, then on PostgreSQL
	@$(PYTHON) dev.py test
test-all:   ## with the slow tests
	@$(PYTHON) dev.py test-all
check:      ## format, lint, types, layers, templates, migrations, deployment, translations, vendored files, audit
	@$(PYTHON) dev.py check
bench:      ## how fast the hot paths are beside a floor, in one run; `python -m bench --full` for all rounds
	@$(PYTHON) dev.py bench
clean-demo: ## wipe the demo organisation
	@$(PYTHON) dev.py clean-demo
