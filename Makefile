# All commands of ml-connector; `make` alone lists them. Needs Python 3.11 (or later) with pip, and make.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PIP_INSTALL = .venv/bin/python -m pip install --quiet --disable-pip-version-check
BIN = .venv/bin
DEVELOPMENT = ENVIRONMENT=development
# Values that production would accept, for checks alone.
AS_IN_PRODUCTION = ENVIRONMENT=production ENV_FILE=/dev/null PUBLIC_URL=https://connector.example.org \
	SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))') \
	FIELD_KEYS=$$($(BIN)/python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())')
# Modules are compiled once and not by each of the many processes that the tests start, whatever is set outside.
unexport PYTHONDONTWRITEBYTECODE
PYTEST = $(BIN)/pytest -n 2 --dist worksteal -m "not browser"

.DEFAULT_GOAL := help
.PHONY: help run demo test test-sqlite test-postgres check lint types migrations settings crash bench browser messages clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- Running ------------------------------------------------------------------------------------------------

run: .venv/ready-to-run ## Run the product on this machine: database, web server and workers
	@$(BIN)/python -m mlconnector.first_env
	@$(BIN)/python manage.py serve

demo: .venv/ready-to-demo ## Show it with simulated Asana and DATEV (ONCE=1: work all off, print a table, end)
	@$(DEVELOPMENT) ENV_FILE=/dev/null $(BIN)/python manage.py demo $(if $(ONCE),--once)

# --- Checking -----------------------------------------------------------------------------------------------

test: test-sqlite test-postgres ## All tests, on SQLite and then on PostgreSQL

test-sqlite: .venv/ready-to-develop
	@echo "Tests on SQLite"
	@TEST_DATABASE=sqlite $(PYTEST)

test-postgres: .venv/ready-to-develop
	@echo "Tests on PostgreSQL (those that touch no database have run above)"
	@TEST_DATABASE=postgres $(PYTEST)

check: lint types migrations settings test ## Everything that must hold before a change is handed in

lint: .venv/ready-to-develop ## Formatting and lint rules
	@$(BIN)/ruff format --check --quiet . || { $(BIN)/ruff format --diff --quiet . ; exit 1; }
	@$(BIN)/ruff check --quiet .
	@echo "Formatting and lint rules hold."

types: .venv/ready-to-develop ## Types of connections and bookings (mypy, strict)
	@$(DEVELOPMENT) ENV_FILE=/dev/null $(BIN)/mypy --no-error-summary
	@echo "Types hold."

migrations: .venv/ready-to-develop
	@$(DEVELOPMENT) ENV_FILE=/dev/null $(BIN)/python manage.py makemigrations --check --dry-run

settings: .venv/ready-to-develop
	@$(AS_IN_PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

crash: .venv/ready-to-develop ## Kill real workers at every point, on SQLite and on PostgreSQL
	@$(BIN)/python -m tests.crash.every

bench: .venv/ready-to-develop ## Measure; one JSON object per line with name, value, unit and goal
	@$(DEVELOPMENT) ENV_FILE=/dev/null $(BIN)/python manage.py bench

browser: .venv/ready-to-develop ## The story in a real Chromium, where there is one
	@$(BIN)/pytest tests -m browser -rs

# --- Working on it ------------------------------------------------------------------------------------------

messages: .venv/ready-to-develop ## Bring the German catalogue up to date with the messages in the code
	@$(DEVELOPMENT) ENV_FILE=/dev/null $(BIN)/python manage.py messages

clean: ## Remove what was built (the environment, caches); data in var/ and .env stay
	@rm -rf .venv .ruff_cache .mypy_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- The environment: built once, brought up to date when the requirements change ------------------------------

.venv/bin/python:
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or later is needed; name it with PYTHON=/path/to/python3.11."; exit 1; }
	@echo "Building the Python environment in .venv"
	@$(PYTHON) -m venv .venv 2>/dev/null \
		|| { $(PYTHON) -m venv --clear --without-pip .venv \
			&& $(PYTHON) -m pip --python .venv/bin/python install --quiet --disable-pip-version-check pip; }

.venv/ready-to-run: requirements.txt | .venv/bin/python
	@$(PIP_INSTALL) -r requirements.txt
	@touch $@

.venv/ready-to-demo: requirements-demo.txt requirements.txt | .venv/bin/python
	@$(PIP_INSTALL) -r requirements-demo.txt
	@touch $@

.venv/ready-to-develop: requirements-dev.txt requirements-demo.txt requirements.txt | .venv/bin/python
	@$(PIP_INSTALL) -r requirements-dev.txt
	@touch $@ .venv/ready-to-run .venv/ready-to-demo
