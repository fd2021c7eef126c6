# Everything starts here. What each target does in detail stands in CONTRIBUTING.md.
CARGO = cargo
DATA ?= roadstead-data
FUZZ_SECONDS ?= 300
LISTEN ?= 127.0.0.1:5000

.PHONY: build plugins serve test lint bench fuzz

build: plugins ## target/release/roadstead, with its plugins inside, compiled
	$(CARGO) build --release --bin roadstead
	target/release/roadstead plugin carry --into target/release/roadstead --cache target/carried

plugins: ## the plugins' components, target/plugins/*.wasm
	plugins/build

serve: build ## a registry on 127.0.0.1:5000, data in ./roadstead-data
	target/release/roadstead serve --listen $(LISTEN) --data $(DATA)

test: plugins ## installs what the tests need, then runs all of them
	tests/setup clients conformance
	plugins/build tests/plugins target/plugins
	$(CARGO) test --release --workspace
	CARGO_TARGET_DIR=target/guests $(CARGO) test --release --manifest-path plugins/Cargo.toml --workspace

lint: plugins ## formatting, lints, docs, licences
	tests/setup deny
	$(CARGO) fmt --all --check
	for guests in plugins plugins/componentize tests/plugins; do \
	    $(CARGO) fmt --all --check --manifest-path $$guests/Cargo.toml || exit 1; done
	$(CARGO) clippy --release --workspace --all-targets -- -D warnings
	CARGO_TARGET_DIR=target/guests $(CARGO) clippy --release --manifest-path plugins/Cargo.toml --workspace --all-targets -- -D warnings
	CARGO_TARGET_DIR=target/guests $(CARGO) clippy --release --manifest-path plugins/Cargo.toml --workspace -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --release --workspace --no-deps --document-private-items
	RUSTDOCFLAGS="-D warnings" CARGO_TARGET_DIR=target/guests $(CARGO) doc --release --manifest-path plugins/Cargo.toml --workspace --all-features --no-deps --document-private-items
	target/tools/cargo-deny/bin/cargo-deny --all-features check bans licenses sources
	target/tools/cargo-deny/bin/cargo-deny --all-features --manifest-path plugins/Cargo.toml --config deny.toml check -A unmatched-skip -A license-not-encountered bans licenses sources

bench: build ## Roadstead and CNCF distribution under the same load, admission, growth; ARGS="--only push"
	tests/setup distribution
	plugins/build tests/plugins target/plugins
	$(CARGO) run --release -p roadstead-bench -- $(ARGS)

fuzz: plugins ## mutations of tests/fuzz/corpus, each target for so long; FUZZ_SECONDS=60 FUZZ_SEED=7
	plugins/build tests/plugins target/plugins
	FUZZ_SECONDS=$(FUZZ_SECONDS) $(CARGO) test --release --test fuzz -- --test-threads 2
	FUZZ_SECONDS=$(FUZZ_SECONDS) CARGO_TARGET_DIR=target/guests $(CARGO) test --release --manifest-path plugins/Cargo.toml --workspace --test fuzz
