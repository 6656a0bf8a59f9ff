# The project's commands; each is short enough to type without just.

# the server on SQLite
run:
    cargo run --release

# lint, and the tests that what changed since the last commit can break: under a minute
quick:
    tests/quick

# every test and lint
test:
    tests/all

lint:
    cargo fmt --check
    cargo clippy --all-targets -- -D warnings

# faults only: kill -9, races, a lost Redis, TLS
faults:
    cargo test --test faults

# an empty migration of the same name for both databases
new-migration NAME:
    #!/usr/bin/env bash
    set -eu
    stamp=$(date -u +%Y-%m-%d-%H%M%S)
    for database in sqlite postgres; do
        mkdir "migrations/$database/${stamp}_{{NAME}}"
        touch "migrations/$database/${stamp}_{{NAME}}/"{up,down}.sql
    done

# what the server is deployed by: units, alerts, manifests, image
deploy-checks:
    tests/deploy/run

# the version everywhere, the changelog's date, tests/all, a commit and a tag; pushes nothing
release VERSION:
    deploy/release {{VERSION}}
