# tiendo57: "make" alone tells what there is.
MAKEFLAGS += --no-print-directory
BIN := .venv/bin
PORT ?= 8000

.DEFAULT_GOAL := help
.PHONY: help env run test check format bench pages fuzz soak asked coverage lock openapi clean

help: ## show this list
	@sed -En 's/^([a-z]+):[^#]*## (.*)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F '|' '{ printf "%-16s %s\n", $$1, $$2 }'

env: ## make the environment .venv from the hashed lock (PYTHON=… chooses the interpreter)
	@scripts/env.sh

run: env ## migrate, load the demonstration into an empty database, serve on PORT (8000) with the portal's simulator
	@exec scripts/run.sh $(PORT)

# What a run does not import need not be compiled.
test: export UV_COMPILE_BYTECODE := 0
test: env ## find or install what the tests need, then run them all, on SQLite and on PostgreSQL
	@scripts/test.sh

check: env ## format, lint, types, import contracts, Dockerfile
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile

format: env ## write the format, and mend what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: env ## measure, in comparison with known ways on this machine
	$(BIN)/python -m benchmarks

pages: env ## measure the day's form in a browser: bytes, paint, typing, sending
	TIENDO57_TEST_CHROMIUM=$$(scripts/find-chromium.sh) $(BIN)/python -m benchmarks.pages

fuzz: env ## the long random runs, and other examples of the properties than the tests try
	$(BIN)/pytest tests -m fuzz
	$(BIN)/pytest tests -m "hypothesis and not fuzz" --hypothesis-profile fuzz

soak: env ## the long endurance runs
	$(BIN)/pytest tests -m soak

asked: env ## run all tests on PostgreSQL, and write the list of those that ask it nothing of their own
	scripts/with-postgresql.sh env TIENDO57_TEST_DATABASE=postgresql $(BIN)/pytest -p tests.support.asked -n 2 \
		-m "not fuzz and not soak" tests/api tests/durability tests/pages

coverage: env ## which lines the tests on SQLite reach, without the browser
	$(BIN)/coverage erase
	TIENDO57_TEST_DATABASE=sqlite $(BIN)/coverage run -m pytest --ignore tests/browser --ignore tests/packaging
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

lock: env ## write requirements.lock anew from pyproject.toml (UPGRADE=--upgrade takes the newest)
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-header --quiet $(UPGRADE) --output-file requirements.lock

openapi: env ## write docs/openapi.json anew from the application
	$(BIN)/tiendo57 openapi >docs/openapi.json.new
	mv docs/openapi.json.new docs/openapi.json

clean: ## remove the environment and all that can be made again (the database under var/ stays)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage .coverage.* build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
