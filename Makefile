# Every target is one script of scripts/, which says at its head what it does.
# Settings: PORTAL_DIR, CKAN_VERSION, PORTAL_PORT, DEMO_HARVEST, POSTGRES_URL, REDIS_URL, SOLR_URL, PYTHON
# (docs/installation.md).

.PHONY: help portal stop clean-portal test test-engine fuzz bench bench-harvest golden-update i18n lint format

help:
	@echo "make portal         a portal with fictional budgets, from a bare machine"
	@echo "                    (DEMO_HARVEST=1: also harvested from a stand-in of the national sources)"
	@echo "make stop           stops it (data are kept); make clean-portal forgets it"
	@echo "make test           every test; CKAN_VERSION=2.11.6 for the other supported line"
	@echo "make test-engine    the tests that need no CKAN, in seconds"
	@echo "make fuzz N=20000   N damaged documents through the engine"
	@echo "make bench          speed and memory of the engine"
	@echo "make bench-harvest  a region harvested from a stand-in, beside plain CKAN (SMALL=1: a sample)"
	@echo "make golden-update  writes the expected files anew (then read git diff)"
	@echo "make i18n           brings the French catalogue up to date"
	@echo "make lint / format  ruff, pyright / ruff format"

portal:
	@scripts/portal.sh

stop:
	@scripts/stop.sh

clean-portal:
	@scripts/clean.sh

test:
	@scripts/test.sh

test-engine:
	@scripts/test-engine.sh

fuzz:
	@scripts/fuzz.sh $(or $(N),2000)

bench:
	@scripts/bench.sh

bench-harvest:
	@scripts/bench-harvest.sh

golden-update:
	@scripts/golden-update.sh

i18n:
	@scripts/i18n.sh

lint:
	@scripts/lint.sh

format:
	@scripts/format.sh
