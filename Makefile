# `make run` serves the portal on this machine; `make test` checks everything. Both need Python 3.11 and make.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
EXAMPLES ?= yes
export PORT EXAMPLES

# What is read at run time is compiled from the translations that are kept.
TRANSLATIONS = $(wildcard locale/*/LC_MESSAGES/django.po)
COMPILED = $(TRANSLATIONS:.po=.mo)
BABEL = .venv/bin/python -m babel.messages.frontend -q

.PHONY: run test bench fuzz scan lint audit chromium messages translations

run: .venv/installed $(COMPILED)
	@exec .venv/bin/python -m oiep.local

test: lint chromium $(COMPILED)
	.venv/bin/python manage.py makemigrations --check --dry-run
	.venv/bin/python manage.py check --fail-level WARNING
	.venv/bin/python -m pytest -n logical --dist worksteal

# The figures of the large and the long, which take many minutes.
bench: .venv/installed
	.venv/bin/python -m pytest -s -o python_files='bench_*.py' tests/benchmarks

# The API asked a hundred times as much as in the tests. FUZZ_EXAMPLES says how much.
fuzz: .venv/installed
	FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-300} .venv/bin/python -m pytest -s tests/oiep/test_api.py -k schemathesis

# Scanners against the code and against the site as production serves it, which takes half an hour. They need nginx,
# Node.js, Java and Chromium. SCAN names one file: make scan SCAN=tests/scans/scan_code.py
SCAN ?= tests/scans
scan: .venv/installed .local/scan/installed $(COMPILED)
	.venv/bin/python -m pytest -v -o python_files='scan_*.py' $(SCAN)

.local/scan/installed: tests/scans/requirements.txt tests/scans/package.json
	$(PYTHON) -m venv .local/scan
	.local/scan/bin/pip install --quiet --disable-pip-version-check -r tests/scans/requirements.txt
	cp tests/scans/package.json .local/scan
	cd .local/scan && npm install --ignore-scripts --no-package-lock --no-fund --no-audit --loglevel=error
	echo '{}' > .local/scan/node_modules/@mdn/mdn-http-observatory/conf/hsts-preload.json
	@touch $@

# The packages against the advisories of the package index. It is a tool of its own, beside what the site runs on.
audit: .local/audit/installed
	.local/audit/bin/pip-audit --strict --disable-pip --no-deps -r requirements.txt

.local/audit/installed:
	$(PYTHON) -m venv .local/audit
	.local/audit/bin/pip install --quiet --disable-pip-version-check pip-audit==2.10.1
	@touch $@

lint: .venv/installed
	.venv/bin/python -m ruff check .
	.venv/bin/python -m ruff format --check .

translations: $(COMPILED)

%.mo: %.po | .venv/installed
	@.venv/bin/python -m oiep.catalogues $<

# Reads the words to translate anew; what is new is to be translated in locale/, and what is gone is dropped.
messages: .venv/installed
	@mkdir -p .local
	$(BABEL) extract -F babel.cfg -k "_now gettext_lazy ngettext_lazy:1,2 pgettext_lazy:1c,2 npgettext_lazy:1c,2,3" \
		--add-location=file --sort-by-file --no-wrap --project="The Charter" -o .local/messages.pot .
	for file in $(TRANSLATIONS); do \
		$(BABEL) update -i .local/messages.pot -o $$file --no-fuzzy-matching --ignore-obsolete --no-wrap --ignore-pot-creation-date \
			-l $$(basename $$(dirname $$(dirname $$file))) || exit 1; \
	done

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
