#!/bin/sh
# Every text of the programs is translated, none is fuzzy or left over, and the format specifiers agree. texts.sh CLIENT SCRATCH
set -eu
client=$1
scratch=$2/texts.$$
mkdir -p "$scratch"
trap 'rm -rf "$scratch"' EXIT

cd "$client"
xgettext --language=C --from-code=UTF-8 -k_ -kN_ -kngettext:1,2 -o "$scratch/all.pot" text/errors.def pc/*.c pc/*.h
sed -i 's/CHARSET/UTF-8/' "$scratch/all.pot"
for po in text/po/*.po; do
    msgfmt --check-format --check-domain -o /dev/null "$po"
    msgcmp "$po" "$scratch/all.pot" 2>"$scratch/said" || { cat "$scratch/said"; exit 1; }
    if grep 'not used' "$scratch/said"; then
        exit 1
    fi
done
