#!/usr/bin/env python3
"""How fast wirewatch reads feeds beside feedparser (pip install feedparser), over the same files in one run.

usage: beside_feedparser.py WIREWATCH FILE...

WIREWATCH is the release binary. Its time is that of `feeds show`, process start included; feedparser's is that of
`feedparser.parse` alone, inside this process, so the printed ratio is the least one.
"""
import subprocess
import sys
import time

import feedparser


def main():
    binary, files = sys.argv[1], sys.argv[2:]
    ours = theirs = 0.0
    for file in files:
        with open(file, "rb") as handle:
            document = handle.read()
        started = time.perf_counter()
        feedparser.parse(document)
        theirs += time.perf_counter() - started
        started = time.perf_counter()
        subprocess.run([binary, "feeds", "show", "--json", file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        ours += time.perf_counter() - started
    print(f"{len(files)} files: feedparser {theirs:.2f} s, wirewatch {ours:.2f} s, ratio {theirs / ours:.1f}")


if __name__ == "__main__":
    main()
