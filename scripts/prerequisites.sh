#!/usr/bin/env bash
# Installs the Debian packages that the tests need and that are missing; says
# by name what it could not install. Called by `make test`, and with "bench" by
# `make bench`; may be called at any time.
#
# It exits with 1 if something is missing and CI=true. Elsewhere it exits with
# 0, and the tests that need what is missing skip themselves.
set -euo pipefail

# Every run of the tests pays for these probes: they only look for files.
has_program() { command -v "$1" >/dev/null; }
has_file() { compgen -G "$1" >/dev/null; }
# Debian keeps it where only root's PATH leads.
has_exim() { has_program exim4 || has_file /usr/sbin/exim4; }

missing=()
need() { # package, what for, probe…
	local package=$1 reason=$2
	shift 2
	"$@" || missing+=("$package ($reason)")
}

look() {
	missing=()
	need make "the targets of the Makefile" has_program make
	need postgresql-15 "tests on PostgreSQL" has_file '/usr/lib/postgresql/*/bin/initdb'
	need chromium "tests of the pages" has_program chromium
	need exim4-daemon-light "tests of e-mail with a foreign server" has_exim
	need fonts-dejavu-core "screenshots of the pages" has_file '/usr/share/fonts/truetype/dejavu/*.ttf'
	if [ "$purpose" = bench ]; then
		need libpwquality-dev "the comparison with libpwquality" has_file /usr/include/pwquality.h
	fi
}

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

can_install() {
	has_program apt-get || return 1
	[ "$(id -u)" = 0 ] || { has_program sudo && sudo -n true 2>/dev/null; }
}

# The tests start servers of their own. Debian would make one more, listening
# on the standard port, unless it is told not to while it installs.
no_cluster=/etc/postgresql-common/createcluster.d/cardinal-tests.conf

# It would also start Exim on port 25, unless a policy says no.
no_start=/usr/sbin/policy-rc.d

keep_exim_quiet() {
	[ -e "$no_start" ] && return
	trap 'as_root rm -f "$no_cluster" "$no_start"' EXIT
	printf '#!/bin/sh\nexit 101\n' | as_root tee "$no_start" >/dev/null
	as_root chmod 755 "$no_start"
}

# --no-remove: where another mail server is installed, it stays, and the tests
# go without Exim.
install_packages() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q=2 -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 \
		install --yes --no-install-recommends --no-remove "$@" </dev/null
}

install_missing() {
	local package others=() exim=() failed=0
	echo "Installing ${missing[*]%% *}"
	as_root mkdir -p "${no_cluster%/*}"
	echo 'create_main_cluster = false' | as_root tee "$no_cluster" >/dev/null
	trap 'as_root rm -f "$no_cluster"' EXIT
	as_root apt-get -q=2 -o Acquire::Retries=3 update </dev/null
	for package in "${missing[@]%% *}"; do
		case $package in
		exim*) exim+=("$package") ;;
		*) others+=("$package") ;;
		esac
	done
	[ ${#others[@]} = 0 ] || install_packages "${others[@]}" || failed=1
	if [ ${#exim[@]} != 0 ]; then
		keep_exim_quiet
		install_packages "${exim[@]}" || failed=1
	fi
	return $failed
}

purpose=${1:-test}
look
if [ ${#missing[@]} -gt 0 ] && can_install; then
	install_missing || echo "apt-get could not install everything." >&2
	look
fi
for what in "${missing[@]}"; do
	echo "Missing: $what" >&2
done
if [ ${#missing[@]} -gt 0 ] && [ "${CI:-}" = true ]; then
	echo "With CI=true everything must be there." >&2
	exit 1
fi
