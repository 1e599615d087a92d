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
		kill -s "$1" "$(cat "$directory/pid")"
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
