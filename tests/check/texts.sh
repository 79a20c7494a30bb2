#!/bin/sh
# Every text of the programs and of the page is translated, none is fuzzy or left over, and the format specifiers agree.
# texts.sh CLIENT SCRATCH
set -eu
client=$1
scratch=$2/texts.$$
mkdir -p "$scratch"
trap 'rm -rf "$scratch"' EXIT

# compare POT PO...
compare() {
    pot=$1
    shift
    sed -i 's/CHARSET/UTF-8/' "$pot"
    for po in "$@"; do
        msgfmt --check-format --check-domain -o /dev/null "$po"
        msgcmp "$po" "$pot" 2>"$scratch/said" || { cat "$scratch/said"; exit 1; }
        if grep 'not used' "$scratch/said"; then
            exit 1
        fi
    done
}

cd "$client"
xgettext --language=C --from-code=UTF-8 -k_ -kN_ -kngettext:1,2 -o "$scratch/all.pot" text/errors.def pc/*.c pc/*.h
compare "$scratch/all.pot" text/po/??.po

xgettext --language=C --from-code=UTF-8 -kN_ -o "$scratch/failures.pot" text/page.def
find phone/page -name '*.js' | LC_ALL=C sort >"$scratch/modules"
xgettext --language=JavaScript --from-code=UTF-8 -kt -f "$scratch/modules" -o "$scratch/modules.pot"
msgcat --use-first -o "$scratch/page.pot" "$scratch/failures.pot" "$scratch/modules.pot"
compare "$scratch/page.pot" text/po/page.??.po

# Placeholders of the page, {name}, are written as Python's are, so that msgfmt can compare them.
for po in text/po/page.??.po; do
    sed '/^#, python-brace-format/d; s/^msgid "/#, python-brace-format\n&/' "$po" | msgfmt --check-format -o /dev/null -
done
