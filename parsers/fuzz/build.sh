#!/bin/bash -eu
# Builds the fuzz targets as OSS-Fuzz wants them: into $OUT go the programs, and for each its seeds, its dictionary and
# its options. OSS-Fuzz runs it in $SRC/gridtap; by hand, in the root of the repository: OUT=FOLDER parsers/fuzz/build.sh

cd parsers/fuzz
. ./options.sh

# The builder's own Rust is a nightly; elsewhere it has to be asked for.
cargo $([ -n "${SRC:-}" ] || echo +nightly) fuzz build --fuzz-dir . -O --debug-assertions

for source in fuzz_targets/*.rs; do
    target=$(basename -s .rs "$source")
    cp target/*/release/"$target" "$OUT/"
    zip -q -j "$OUT/${target}_seed_corpus.zip" seeds/"$target"/*
    {
        echo '[libfuzzer]'
        echo "max_len = $(max_len "$target")"
        echo "malloc_limit_mb = $(malloc_limit_mb "$target")"
        echo 'timeout = 10'
        dictionary=$(dictionary "$target")
        if [ -n "$dictionary" ]; then
            echo "dict = $dictionary.dict"
        fi
    } >"$OUT/$target.options"
done
cp dict/*.dict "$OUT/"
