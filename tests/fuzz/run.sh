#!/bin/sh
# Throws damaged feeds at the parser for HOURS (default 1), a new seed every ten minutes.
set -eu
cd "$(dirname "$0")"
cargo build --release
data=../data/feeds
end=$(($(date +%s) + ${1:-1} * 3600))
while [ "$(date +%s)" -lt "$end" ]; do
    ./target/release/wirewatch-fuzz 600 "$(date +%s)" "$data/captures" "$data/cases" || true
done
ls faults 2>/dev/null || echo "no faults"
