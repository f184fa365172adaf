# What a developer runs. `just` alone lists it.

_default:
    @just --list --unsorted

# Format, lints, licences and sources, advisories: everything that runs nothing.
check:
    .ci/check

# Every test, on SQLite and, where its programs are found, on PostgreSQL.
test *ARGS:
    cargo test {{ ARGS }}

# The integration suite on PostgreSQL alone, which then has to be there.
test-pg *ARGS:
    GUILDHALL_TEST_DATABASES=postgres GUILDHALL_TEST_REQUIRE=postgres cargo test --test it {{ ARGS }}

# A server nobody here wrote, posting and following: the interoperability tests, required to run.
peers *ARGS:
    GUILDHALL_TEST_REQUIRE=peers cargo test --test it peers {{ ARGS }}

# A fresh development database in data/seed: two organizations, people, groups, posts; serves them.
seed:
    rm -rf data/seed
    cargo run -- demo --keep data/seed

# Two organizations on loopback, paired, one group shared (`guildhall demo`).
two *ARGS:
    cargo run --release -- demo {{ ARGS }}

# All benchmarks, with the machine's own limits beside them.
bench *ARGS:
    cargo bench --bench guildhall -- {{ ARGS }}

# What kills and stops must not lose, a thousand times on each database. Takes hours.
faults *ARGS:
    GUILDHALL_TEST_KILLS=1000 cargo test --release --test it reliability -- --nocapture --test-threads=1 {{ ARGS }}

# Three organizations and chance: after every step, whether only what was allowed has left. Plays the same again
# for the same seed, on both databases.
simulate SEED="20261130" STEPS="2000" *ARGS:
    GUILDHALL_TEST_SEED={{ SEED }} GUILDHALL_TEST_STEPS={{ STEPS }} \
        cargo test --test it simulation::long -- --ignored --nocapture {{ ARGS }}

# Every fuzz target for so many seconds, guided by the code that inputs reach. What it finds goes into
# `fuzz/corpus`, where the suite tries it ever after.
fuzz SECONDS="60":
    #!/usr/bin/env bash
    set -euo pipefail
    cd fuzz
    host=$(rustc -vV | sed -n 's/^host: //p')
    for target in signature inbox webfinger html markdown; do
        mkdir -p ../target/fuzz/corpus/$target ../target/fuzz/artifacts
        echo "== $target"
        cargo run --release --target "$host" --bin $target -- \
            ../target/fuzz/corpus/$target corpus/$target \
            -artifact_prefix=../target/fuzz/artifacts/$target- \
            -max_total_time={{ SECONDS }} -max_len=65536 -timeout=5 -rss_limit_mb=2048 -print_final_stats=1
    done

# What attacks cost: alone on the machine, so that the times mean something. Whether what is hidden takes
# as long as what never was; how soon too much is refused; 2,000 slow connections; floods of strangers.
attacks *ARGS:
    cargo test --release --test it attacks -- --ignored --nocapture --test-threads=1 {{ ARGS }}

# The gate that a submission passes, as it runs there.
ci:
    .ci/run
