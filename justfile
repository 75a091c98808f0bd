# What is done often. `just` lists it; each recipe is a command or two that can be typed by hand as well.

export PATH := justfile_directory() / ".tools/bin:" + env("PATH")

# Every crate by its short name, and the binary.
crates := replace(`ls crates`, "\n", " ") + " belfort"
# Those with a pure form, which `postgres` adds the storage to.
storage := replace(`grep -l '^postgres = ' crates/*/Cargo.toml | cut -d/ -f2`, "\n", " ")

[private]
default:
    @just --list --unsorted

# test each crate, pure and with its storage; or one: just test rbac
test crate="" *flags:
    @for name in {{ if crate == "" { crates } else { crate } }}; do {{ just_executable() }} _test $name {{ flags }} || exit; done

_test name *flags:
    cargo test -p {{ if name == "belfort" { name } else { "belfort-" + name } }} {{ flags }}
    {{ if " " + storage + " " =~ " " + name + " " { "cargo test -p belfort-" + name + " --features postgres " + flags } else { "" } }}

# devpg, tenancy, the keyring and hardening on the Postgres that ./run and ./test fetch where none is installed
test-fetched:
    scripts/fetch -f postgres
    BELFORT_PG_BIN="$PWD/.tools/postgres/bin" cargo test -p belfort-devpg
    BELFORT_PG_BIN="$PWD/.tools/postgres/bin" cargo test -p belfort-tenancy --features postgres --tests
    BELFORT_PG_BIN="$PWD/.tools/postgres/bin" cargo test -p belfort-crypto --features postgres --tests
    BELFORT_PG_BIN="$PWD/.tools/postgres/bin" cargo test -p belfort --test cli external

# formatting, lints and documentation, with no warning left
check:
    cargo fmt --all --check
    cargo clippy --lib {{ replace_regex(storage, '(\w+)', '-p belfort-$1') }} -- -D warnings
    cargo clippy --workspace --all-targets --features postgres -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --features postgres

# the same for the feature `tls`; builds OpenSSL, which takes minutes
check-tls:
    cargo clippy --all-targets -p belfort -p belfort-tenancy -p belfort-mail --features tls -- -D warnings
    cargo build -p belfort --features tls

# who may know whom, in our crates and in what they bring along; dependencies that nobody uses; misspellings
fences:
    scripts/fetch typos cargo-shear cargo-deny
    typos
    @found=$(cargo shear 2>&1) || { echo "$found"; exit 1; } # its warnings know no doctest of a README
    @for name in {{ storage }}; do {{ just_executable() }} _without diesel $name || exit; done
    @for name in $(ls crates | grep -vx -e api -e openapi); do {{ just_executable() }} _without actix-web $name --all-features || exit; done
    cargo deny check licenses bans sources
    if cargo deny fetch db; then cargo deny check advisories; else echo "the advisory database is out of reach: not checked"; fi
    cargo test -p belfort-testkit --test architecture

_without package name *features:
    @tree=$(cargo tree -p belfort-{{ name }} -e normal,build --prefix none {{ features }}) && ! echo "$tree" | grep '^{{ package }} ' || { echo "belfort-{{ name }} must not depend on {{ package }}: see docs/ARCHITECTURE.md"; exit 1; }

# a development server
run *arguments:
    ./run {{ arguments }}

# a workspace with people, tasks and time entries
demo *arguments:
    ./run demo {{ arguments }}

# writes docs/openapi.json anew, from the handlers; a test compares it
openapi:
    cargo run -q -p belfort -- openapi > target/openapi.json
    mv target/openapi.json docs/openapi.json

# the micro-benchmarks
bench *flags:
    cargo bench --workspace --features postgres --bench '*' {{ flags }}

# the README's tour, run as it stands there
tour *arguments:
    cargo test -p belfort --test tour -- {{ arguments }}

# what CI runs
ci: test check fences test-fetched
