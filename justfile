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

# Whether what is hidden takes as long as what never was: alone on the machine, so that the times mean something.
attacks *ARGS:
    cargo test --release --test it attacks -- --ignored --nocapture --test-threads=1 {{ ARGS }}

# The gate that a submission passes, as it runs there.
ci:
    .ci/run
