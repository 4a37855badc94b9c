# What a change needs before it is sent: format, clippy, tests, licences and sources.
ready: format clippy test deny

# Lists the recipes.
list:
    @just --list

# Formats the code.
format:
    cargo fmt --all

# Lints every target; a warning is an error, as in CI.
clippy:
    cargo clippy --all-targets -- -D warnings

# Runs all tests, or those whose name contains FILTER.
test FILTER="":
    cargo test {{FILTER}}

# Kills larder at, and fails, every system call that changes the disk: minutes; needs strace.
sweep:
    cargo test --test larder whole_sweep -- --ignored --nocapture

# Fuzzes a parser of what others wrote (`fuzz/targets` has them), or each of them for a moment.
fuzz *TARGET:
    bash fuzz/run {{TARGET}}

# Checks licences, banned crates and sources; needs cargo-deny, which `.ci/run` installs where it is missing.
deny:
    PATH="${XDG_CACHE_HOME:-$HOME/.cache}/larder-ci/bin:$PATH" cargo deny --offline --workspace check bans licenses sources

# Asks the advisory database; needs github.com.
audit:
    PATH="${XDG_CACHE_HOME:-$HOME/.cache}/larder-ci/bin:$PATH" cargo deny --workspace check advisories

# Builds larder and takes the storefront fixture through sync, run and list, without a network.
demo:
    ./demo

# Times the phases that need no network (solve, locks, manifests) on made-up data, or those whose name contains FILTER.
phases FILTER="":
    cargo bench -- {{FILTER}}

# Times the commands of larder on the storefront fixture: a smoke test of speed, not a measurement.
bench RUNS="20":
    cargo build --release
    fixtures/storefront/bench.sh {{RUNS}}

# Writes the storefront fixture's registries anew.
fixtures:
    python3 fixtures/storefront/generate.py

# Everything that CI does.
ci:
    bash .ci/run

# Makes what larder is given away as (tarball, .deb, wheel, npm, OCI, checksums, bill of materials) from a built binary.
dist BINARY="target/release/larder" OUT="target/dist":
    [ -e {{BINARY}} ] && [ -e "$(dirname {{BINARY}})/larder-monitor" ] || cargo build --release --locked --package larder --package larder-monitor
    packaging/dist {{BINARY}} {{OUT}}

# Installs each of them into an empty place and runs it; makes them again and compares.
dist-try BINARY="target/release/larder" OUT="target/dist":
    packaging/try {{OUT}}
    packaging/dist {{BINARY}} {{OUT}}.again >/dev/null && diff -r {{OUT}} {{OUT}}.again && echo "made twice: the same"
