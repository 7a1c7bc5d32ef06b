#!/bin/sh
# Throws damaged feeds at the parser, and random queries at theirs and at the matcher, for HOURS (default 1): a new seed every
# half hour.
set -eu
cd "$(dirname "$0")"
cargo build --release
data=../data/feeds
end=$(($(date +%s) + ${1:-1} * 3600))
while [ "$(date +%s)" -lt "$end" ]; do
    ./target/release/queries parse 600 "$(date +%s)" || true
    ./target/release/queries match 600 "$(date +%s)" || true
    ./target/release/wirewatch-fuzz 600 "$(date +%s)" "$data/captures" "$data/cases" || true
done
ls faults 2>/dev/null || echo "no faults"
