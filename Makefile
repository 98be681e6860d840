# What people type. `make` alone lists it.

CARGO ?= cargo
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

.PHONY: help demo build test bench differential scorecard fuzz clean

help:
	@echo 'make demo   build Gridtap, replay the bundled capture, show its alerts'
	@echo 'make test   formatting, lints, all tests, documentation'
	@echo 'make bench  measure each step of the line and the whole of it'
	@echo 'make differential  compare with tshark, message by message, over CAPTURES=FOLDER'
	@echo 'make scorecard  measure detection on simulated sites, decoding and speed; SEEDS=1 ATTACK_SEEDS=1 DAYS=1 to try it'
	@echo 'make fuzz   run each fuzz target for SECONDS=60; TARGETS="NAME..." for some of them'
	@echo 'make build  the release binary, target/release/gridtap'
	@echo 'make clean  remove everything that was built'

demo: build
	@mkdir -p demo-out
	target/release/gridtap replay --format text --alerts demo-out/alerts.jsonl captures/demo.pcap.zst
	@echo
	@echo 'The alerts are saved in demo-out/alerts.jsonl, one JSON object a line.'
	@echo 'What was done to the substation, packet by packet: captures/demo.labels.csv'

build:
	@.ci/need rust cc libpcap
	$(CARGO) build --release --locked

# Tests run with Parquet, which the program is built without by default.
test:
	@.ci/need rust cc libpcap ip tshark python
	@.ci/need parquet-readers
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --features gridtap/parquet,gridtap-tests/parquet --locked -- -D warnings
	$(CARGO) clippy -p gridtap --no-default-features --locked -- -D warnings
	GRIDTAP_PYTHON=target/python/bin/python3 \
	$(CARGO) test --workspace --features gridtap/parquet,gridtap-tests/parquet --locked
	python3 -m unittest discover -s tests/scorecard -q
	RUSTDOCFLAGS='-D warnings' \
	$(CARGO) doc --workspace --features gridtap/parquet --no-deps --document-private-items --locked
	.ci/fuzz --if-there 20

bench:
	@.ci/need rust cc libpcap
	$(CARGO) bench -p gridtap-benches --locked

# Captures to compare over: a folder, by default the shared ones beside the project.
CAPTURES ?= $(or $(GRIDTAP_SHARED),../shared)/captures

differential: build
	@.ci/need tshark
	python3 tests/differential/compare.py --gridtap target/release/gridtap '$(CAPTURES)'

# How much is measured: reporting seeds, and those of attacks, judged benign days of each, and which parts (all, if none
# is named).
SEEDS ?= 3
ATTACK_SEEDS ?= 20
DAYS ?= 7
PARTS ?=

scorecard: build
	@.ci/need tshark
	python3 tests/scorecard/scorecard.py --gridtap target/release/gridtap --captures '$(CAPTURES)' \
		--seeds $(SEEDS) --attack-seeds $(ATTACK_SEEDS) --days $(DAYS) $(PARTS)

# How long each fuzz target runs, and which ones: all, if none is named.
SECONDS ?= 60
TARGETS ?=

fuzz:
	@.ci/need rust cc nightly cargo-fuzz
	.ci/fuzz $(SECONDS) $(TARGETS)

clean:
	$(CARGO) clean
	rm -rf demo-out parsers/fuzz/target
