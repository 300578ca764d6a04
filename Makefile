# `make run` serves the portal on this machine; `make test` checks everything. Both need Python 3.11 and make.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
EXAMPLES ?= yes
export PORT EXAMPLES

.PHONY: run test bench lint chromium

run: .venv/installed
	@exec .venv/bin/python -m oiep.local

test: lint chromium
	.venv/bin/python manage.py makemigrations --check --dry-run
	.venv/bin/python manage.py check --fail-level WARNING
	.venv/bin/python -m pytest -n logical

# The figures of the large and the long, which take many minutes.
bench: .venv/installed
	.venv/bin/python -m pytest -s -o python_files='bench_*.py' tests/benchmarks

lint: .venv/installed
	.venv/bin/python -m ruff check .
	.venv/bin/python -m ruff format --check .

# Packages are installed again only when the lists of them change.
.venv/installed: requirements.txt requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "The portal needs Python 3.11 or newer. Install it, or name one: make PYTHON=/path/to/python3.11 run"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' || \
		{ echo "Python's venv module is not whole here. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "Setting up .venv; this takes a minute or two the first time."
	@[ -x .venv/bin/python ] || $(PYTHON) -m venv .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

# The browser tests need Chromium. It is installed where that asks for no password; elsewhere the tests say what to do.
chromium:
	@[ -n "$(CHROMIUM)" ] || command -v chromium >/dev/null || command -v chromium-browser >/dev/null || \
		command -v google-chrome >/dev/null || { \
		[ "$$(id -u)" = 0 ] && sudo= || sudo="sudo -n"; \
		command -v apt-get >/dev/null && $$sudo true 2>/dev/null && $$sudo apt-get -qq update && \
		$$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends chromium >/dev/null; \
	} || true
