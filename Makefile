# Open PDMP. Two commands are enough: `make demo` shows it, `make test` tests it.
# Any POSIX system with GNU make and a Python from 3.11 to 3.14; everything else goes into .venv.

.DEFAULT_GOAL := help
SHELL := /bin/sh

# What somebody's shell exports must not reach into our environment.
unexport PYTHONPATH PYTHONHOME

# Workers of pytest: two, which a laptop has. `make test JOBS=8` for a bigger machine.
JOBS ?= 2
PYTEST = .venv/bin/python -m pytest

.PHONY: help .venv demo test test-long check serve docs accept bench clean

help: ## say what each command does
	@echo "Open PDMP: make COMMAND"
	@echo
	@sed -n 's/^\([a-z.][a-z.-]*\):[^#]*## \(.*\)/  \1|\2/p' Makefile | while IFS='|' read -r name text; do printf '  %-11s %s\n' "$${name#  }" "$$text"; done

.venv: ## make or mend the Python environment (the other commands do this first)
	@sh scripts/bootstrap.sh

demo: .venv ## show the main job: files arrive over SFTP, a prescriber reads a report
	@.venv/bin/pdmp demo

test: .venv ## run the tests; within ten minutes on two cores
	@$(PYTEST) -n $(JOBS) --dist worksteal -m "not long and not bench"

test-long: .venv ## run the tests that take longer: kill harness, packaging, fuzzing
	@$(PYTEST) -n $(JOBS) --dist worksteal -m "long and not bench"
	@$(PYTEST) -n $(JOBS) --dist worksteal -m "not long and not bench" --hypothesis-profile=night tests/generative

check: .venv ## check style, types, import contracts, spelling and generated pages
	@.venv/bin/python scripts/check.py

serve: .venv ## run the SFTP door, the worker and the counter until stopped
	@.venv/bin/pdmp serve

docs: .venv ## write the generated pages of docs/reference again
	@.venv/bin/python scripts/docs.py

accept: .venv ## take today's outcomes of the scenarios as the expected ones; read the diff
	@$(PYTEST) -p no:randomly tests/scenarios --accept

bench: .venv ## measure reading, ruling, storing and looking up
	@.venv/bin/python tests/benchmarks/run.py

clean: ## remove the environment and everything that can be made again
	@rm -rf .venv .venv.lock build dist ./*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage* htmlcov demo-home bench-home
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
