#!/bin/sh
# Throws damaged feeds at the parser, and random queries at theirs and at the matcher, for HOURS (default 1): a new seed every
# half hour. Prints every fault, keeps the documents that show one in `faults/`, and exits 1 if there was any.
set -eu
cd "$(dirname "$0")"
cargo build --release
built="${CARGO_TARGET_DIR:-target}/release"
data=../data/feeds
end=$(($(date +%s) + ${1:-1} * 3600))
faulty=0
while [ "$(date +%s)" -lt "$end" ]; do
    "$built/queries" parse 600 "$(date +%s)" || faulty=1
    "$built/queries" match 600 "$(date +%s)" || faulty=1
    "$built/wirewatch-fuzz" 600 "$(date +%s)" "$data/captures" "$data/cases" || faulty=1
done
exit "$faulty"
