#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What people overlook: banned calls, missing licence lines, headers that say nothing, long lines, layout.
set -u
bad=0
say() {
	echo "lint: $1"
	echo "$2"
	bad=1
}
files=$(git ls-files '*.c' '*.h')
hits=$(grep -nE '\b(strcpy|strcat|sprintf|vsprintf|strncpy|strncat|strtok|atoi|atol|sscanf|gets|alloca|setjmp|longjmp)[[:space:]]*\(' $files)
[ -z "$hits" ] || say 'banned calls' "$hits"
hits=$(grep -L 'SPDX-License-Identifier: GPL-3.0-or-later' $files $(git ls-files '*.py' '*.sh'))
[ -z "$hits" ] || say 'no licence line' "$hits"
hits=$(for h in $(git ls-files '*.h'); do sed -n 2p "$h" | grep -q '^/\*' || echo "$h"; done)
[ -z "$hits" ] || say 'a header opens with its purpose' "$hits"
hits=$(grep -nE '\b(TODO|FIXME|XXX)\b' $files)
[ -z "$hits" ] || say 'unfinished' "$hits"
if command -v clang-format >/dev/null; then
	hits=$(clang-format --dry-run -Werror $files 2>&1 | grep error: | head -n 20)
	[ -z "$hits" ] || say 'layout (clang-format -i FILE)' "$hits"
fi
[ "$bad" -eq 0 ] && echo "lint: $(echo "$files" | wc -l) files"
exit $bad
