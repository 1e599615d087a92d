#!/bin/sh
# Runs one PostgreSQL server for a test process, as the parent that reaps it.
#
# usage: guard.sh <directory> <postgres> [argument…]
#
# Orders come on stdin, one a line, and each is answered with one line:
#   start <port>   starts the server; a file "ended" appears when it ends
#   end <signal>   sends the signal and waits until the server is gone
# When stdin ends, because the test process has closed it or died in whatever
# way, the server is stopped at once and its directory removed.
directory=$1
shift

start() {
	port=$1
	shift
	rm -f "$directory/ended" "$directory/pid"
	(
		"$@" -p "$port" >>"$directory/log" 2>&1 &
		echo $! >"$directory/pid"
		wait $!
		echo "status $?" >"$directory/ended"
	) &
	runner=$!
	while [ ! -s "$directory/pid" ]; do sleep 0.01; done
}

end() {
	[ -z "$runner" ] && return
	if [ ! -e "$directory/ended" ]; then
		pid=$(cat "$directory/pid")
		children=
		# A server that is killed alone leaves its children to finish, and even
		# to commit, what they are at; a machine that dies leaves nobody.
		[ "$1" = KILL ] && children=$(awk -v "parent=$pid" '$4 == parent { print $1 }' /proc/[0-9]*/stat 2>/dev/null)
		kill -s "$1" $pid $children 2>/dev/null
	fi
	wait "$runner"
}

while read -r order argument; do
	case $order in
	start) start "$argument" "$@" ;;
	end) end "$argument" ;;
	esac
	echo done
done
end QUIT
rm -rf "$directory"
