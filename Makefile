# Every target runs from a fresh clone; `make help` lists them. CI runs `make test` and nothing else.
SHELL := /bin/sh
.DEFAULT_GOAL := help

# Long loops (fuzz, differential, kills, soak) are this many times their short length.
SOAK_FACTOR ?= 1
export SOAK_FACTOR

NODE_DIR = $(shell sh scripts/node-dir.sh)
# Evaluated once, after `install` has made sure that Node is there.
run_node = PATH="$(NODE_DIR):$$PATH" node

.PHONY: help install run demo test test-fast lint format types unit cases property conformance fault e2e rego-test \
	bundle docs bench bench-scale bench-pressure bench-full profile alloc-profile soak fuzz pack build clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

install: node_modules/.package-lock.json ## install the pinned packages (and Node where the system's is older)

node_modules/.package-lock.json: package.json package-lock.json
	@sh scripts/install.sh

run: install ## make a demo fleet, start the PDP, ask it about every kind of connection, and stay up
	@$(run_node) src/main.ts demo --stay

demo: install ## the same on free ports, then exit: 0 only if every connection was decided as expected
	@$(run_node) src/main.ts demo

test: install ## everything that CI runs; the last line counts
	@$(run_node) scripts/test.ts

test-fast: install ## types, lint, architecture and unit tests only
	@$(run_node) scripts/test.ts types lint format arch unit rego

types lint format unit cases property conformance fault e2e: install ## one part of `make test`
	@$(run_node) scripts/test.ts $@

rego-test: install ## Rego formatting, strict check and tests
	@$(run_node) scripts/test.ts rego

bundle: install ## compile rego/ into the default bundle that is committed
	@$(run_node) scripts/build-bundle.ts

docs: install ## write what is generated: the pages of reasons, configuration, policy input and performance, and the input's type
	@$(run_node) scripts/docs-reasons.ts
	@$(run_node) scripts/policy-input.ts
	@$(run_node) scripts/docs-config.ts
	@$(run_node) scripts/docs-performance.ts

# A benchmark that missed a goal does not keep the others from running; the last exit code tells of any.
bench: install ## what a decision costs beside other servers, latency at half load, and how far each goal is reached
	@$(run_node) bench/load/run.ts; code=$$?; $(run_node) bench/goals/run.ts; exit $$code

bench-scale: install ## imports, much state, acts and long CRLs, at sizes that take minutes
	@$(run_node) bench/scale/all.ts

bench-pressure: install ## overload with and without Envoy, fairness, a whole fleet that reconnects; some minutes
	@code=0; $(run_node) bench/load/overload.ts || code=1; $(run_node) bench/load/overload.ts --envoy || code=1; \
	$(run_node) bench/load/fair.ts || code=1; $(run_node) bench/load/reconnect.ts || code=1; exit $$code

bench-full: install ## all benchmarks at full size: ten million devices; more than an hour
	@$(run_node) bench/load/run.ts --rounds 15 --calls 8000 --turns 5 --seconds 20; code=$$?; \
	$(run_node) bench/load/audit.ts || code=1; $(MAKE) bench-pressure || code=1; \
	$(run_node) bench/scale/all.ts --full || code=1; $(run_node) bench/goals/run.ts; exit $$code

profile: install ## a flame graph and tables of what a worker does under warm load, in .portreeve/profile
	@$(run_node) bench/profile/run.ts

alloc-profile: install ## the same of what it allocates
	@$(run_node) bench/profile/run.ts --kind alloc

fuzz: install ## the fuzzers at full length
	@SOAK_FACTOR=50 $(run_node) scripts/test.ts property

soak: install ## the loops of property and fault tests at full length
	@SOAK_FACTOR=50 $(run_node) scripts/test.ts property fault

build: install ## compile to dist/
	@sh scripts/build.sh

pack: build ## make the installable package
	@PATH="$(NODE_DIR):$$PATH" npm pack --ignore-scripts

clean: ## remove what was installed, built and made
	rm -rf node_modules .tools .portreeve dist *.tgz
