#!/usr/bin/env bash
# Runs every test and ends with one line: N passed, N failed, N skipped.
# Sub-tests count, and so does a package that fails without a failing test of
# its own (it does not build, or its process died). Arguments go to `go test`.
set -uo pipefail
cd "$(dirname "$0")/.."

record=$(mktemp)
trap 'rm -f "$record"' EXIT

go tool -modfile=tools/go.mod gotestsum --format pkgname --format-hide-empty-pkg \
	--jsonfile "$record" -- -timeout 18m "$@" ./...
status=$?

# A quotation mark inside printed output stands escaped, so these match only
# the record's own fields.
awk '
	function field(name) {
		return match($0, "\"" name "\":\"[^\"]*\"") ? substr($0, RSTART + length(name) + 4, RLENGTH - length(name) - 5) : ""
	}
	{ action = field("Action") }
	action != "pass" && action != "fail" && action != "skip" { next }
	{ package = field("Package") }
	field("Test") != "" { count[action]++; if (action == "fail") blamed[package] = 1; next }
	action == "fail" && !(package in blamed) { count["fail"]++ }
	END { printf "%d passed, %d failed, %d skipped\n", count["pass"], count["fail"], count["skip"] }
' "$record"
exit "$status"
