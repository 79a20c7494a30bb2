#!/bin/sh
# Every command has a manual page in each language, which names exactly the options that its --help prints, and nothing that certrelay does
# not know; the pages of the relay name all its options and keys. No page makes a formatter complain. manual.sh CERTRELAY CERTRELAYD SOURCES SCRATCH
set -eu

program=$1
relay=$2
sources=$3
scratch=$4/manual.$$
export LC_ALL=C.UTF-8
unset LANGUAGE
failed=0
count=0
mkdir -p "$scratch"
trap 'rm -rf "$scratch"' EXIT

say() {
    echo "$1" >&2
    failed=1
}

sh "$sources/client/pc/manual.sh" "$program" "$scratch/pc"
sh "$sources/relay/manual.sh" "$relay" "$scratch/relay"

# "  -s, --store FOLDER  ..." and "      --qr ...": the options of a table, sorted.
of_help() { sed -n 's/^  \(-.,\|   \) \(--[a-z-]*\).*/\2/p' | sort -u; }
plain() { sed -e 's/\\f[A-Z]//g' -e 's/\\-/-/g' "$@"; }
# Options stand alone at the start of a line, after .TP.
of_page() { plain "$1" | sed -n '/^\.TP/{n;s/^\(-., \)\?\(--[a-z-]*\).*/\2/p}' | sort -u; }

compare() {
    [ -n "$2" ] || say "$1: no options found"
    [ "$2" = "$3" ] || say "$1: the page and --help differ in their options:
$2
--help:
$3"
    count=$((count + 1))
}

"$program" --lang en --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' >"$scratch/commands"
for page in "$scratch"/pc/man/man1 "$scratch"/pc/man/ko/man1; do
    compare "$page/certrelay.1" "$(of_page "$page/certrelay.1")" "$("$program" --help | of_help)"
    while read -r command; do
        [ -f "$page/certrelay-$command.1" ] || { say "certrelay-$command.1 is missing"; continue; }
        compare "$page/certrelay-$command.1" "$(of_page "$page/certrelay-$command.1")" "$("$program" "$command" --help | of_help)"
    done <"$scratch/commands"
done
[ "$count" -gt 10 ] || say "only $count pages"

# What the sentences name exists, and every command has sentences.
while read -r command; do "$program" "$command" --help; done <"$scratch/commands" | of_help >"$scratch/known"
for page in "$scratch"/pc/man/man1/*.1; do
    plain "$page" | grep -o -e '--[a-z][a-z-]*' | sort -u | grep -vxF -f "$scratch/known" && say "$page names unknown options"
    sed -n '/^\.SH "DESCRIPTION"/,/^\.SH "OPTIONS"/p' "$page" | grep -q '^[A-Z]' || say "$page describes nothing"
done
grep -q '니다\.$' "$scratch"/pc/man/ko/man1/certrelay.1 || say "certrelay(1) is not translated"

# Every exit code of an error is explained.
sed -n 's/^ERROR([A-Z_]*, "[a-z-]*", \([0-9]*\),.*/\1/p' "$sources/client/text/errors.def" | sort -un >"$scratch/codes"
while read -r code; do
    sed -n '/^\.SH "EXIT STATUS"/,/^\.SH "FILES"/p' "$scratch"/pc/man/man1/certrelay.1 | grep -qF "\\fB$code\\fR" || say "certrelay(1): exit code $code is not explained"
done <"$scratch/codes"

keys() { awk '/^  KEY/ { seen = 1; next } seen && /^$/ { exit } seen { print $1 }' | sort; }
[ "$(sed -n '/^\.SH KEYS/,/^\.SH REMARKS/s/^\\fB\([a-z_]*\)\\fR$/\1/p' "$scratch"/relay/man5/certrelayd.ini.5 | sort)" = "$("$relay" --help | keys)" ] ||
    say "certrelayd.ini(5) has other keys than --help"
compare certrelayd.8 "$(of_page "$scratch"/relay/man8/certrelayd.8)" "$("$relay" --help | sed -n 's/^  \(--[a-z-]*\).*/\1/p' | sort)"

lint() { # formatters' complaints, without that about a date, which would differ from build to build
    if command -v mandoc >/dev/null; then mandoc -Tlint -Wwarning "$1" | grep -v 'missing date' || true; fi
    if command -v groff >/dev/null; then groff -ww -k -man -Tutf8 -z "$1" 2>&1; fi
}
command -v groff >/dev/null || command -v mandoc >/dev/null || echo "SKIP the formatters: neither groff nor mandoc is installed"
find "$scratch" -name '*.[158]' >"$scratch/pages"
while read -r page; do
    complaints=$(lint "$page")
    [ -z "$complaints" ] || say "$complaints"
done <"$scratch/pages"

exit $failed
