# The few commands people type. Each says what it needs and installs what it can.
.PHONY: run test check types

run: ## start the server on http://localhost:8080
	cargo run --release

types: ## write web/src/protocol from the Rust types
	cargo run --quiet --package call --features typescript --example types

check: ## formatting and lints
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --all-features -- --deny warnings

test: check ## every check and test
	cargo test --workspace --all-features
