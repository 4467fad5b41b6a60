#!/bin/sh
# Installs libchdb for this platform and prints its path. Quick when done; two at once are safe: the second waits.
set -eu
cd "$(dirname "$0")"
done_mark=node_modules/.installed-lock.json # the lock file of the finished install; absent or different means "not done"
guard=.install.guard

library() {
	for file in node_modules/@chdb/*/libchdb.so; do
		if [ -f "$file" ]; then
			echo "$PWD/$file"
			return 0
		fi
	done
	return 1
}

finished() { cmp -s package-lock.json "$done_mark" && library; }

# mkdir is atomic everywhere, flock(1) is not everywhere. A guard whose owner is gone is taken over by renaming it:
# only one waiter's rename succeeds.
acquire() {
	while ! mkdir "$guard" 2>/dev/null; do
		owner=$(cat "$guard/pid" 2>/dev/null || true)
		if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
			mv "$guard" "$guard.$$" 2>/dev/null && rm -rf "$guard.$$"
			continue
		fi
		sleep 0.2
	done
	trap 'rm -rf "$guard"' EXIT
	trap 'exit 1' INT TERM
	echo $$ >"$guard/pid"
}

finished && exit 0
command -v npm >/dev/null || {
	echo "install.sh: npm is missing: install Node.js, or put a clickhouse binary on PATH, or set CHDB_LIB_PATH to a libchdb.so" >&2
	exit 1
}
acquire
finished && exit 0
npm ci --loglevel=error >&2
library >/dev/null || {
	echo "install.sh: libchdb has no package for $(uname -sm): put a clickhouse binary on PATH, or set CHDB_LIB_PATH to a libchdb.so" >&2
	exit 1
}
cp package-lock.json "$done_mark"
library
