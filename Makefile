# The few commands people type. Each says what it needs and installs what it can.
.PHONY: help run test check e2e types screenshots voice bench load networks

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' Makefile | expand -t 14

run: ## start the server on http://localhost:8080
	cargo run --release

test: ## every check and test, browsers included
	scripts/test

check: ## formatting, lints, types, documentation, dependencies: everything but the tests
	scripts/test check

e2e: ## the browser stories alone; `make e2e STORY=chat` runs one file
	scripts/test e2e $(STORY)

types: ## write web/src/protocol from the Rust types
	cargo run --quiet --package call --features typescript --example types

screenshots: ## take a picture of every view into web/test-results/screenshots and docs/images
	scripts/screenshots

voice: ## measure speech through bad networks (an hour and a half, as root), write docs/voice-quality.md; `make voice ROW=clean` measures one row
	scripts/voice $(ROW)

bench: ## measure what relaying voice costs, beside coturn (four minutes), write the table of docs/relay.md
	scripts/bench

load: ## measure what a crowd and a flood do to those who talk (five minutes), write docs/load.md
	scripts/load

networks: ## play a call between every two kinds of network (two minutes, as root), write docs/networks.md
	scripts/networks $(CALLS)
