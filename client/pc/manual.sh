#!/bin/sh
# Writes what the program prints about itself: manual pages in each language, and completion for shells. manual.sh PROGRAM FOLDER
set -eu

program=$1
folder=$2
unset LANGUAGE
export LC_ALL=C.UTF-8

# certrelay(1) names the pages of all commands.
pages() { "$program" help --man | sed -n 's/^\\fBcertrelay\\-\([a-z]*\)\\fR(1).*/\1/p'; }

write_pages() {
    mkdir -p "$2"
    "$program" --lang "$1" help --man >"$2/certrelay.1"
    for command in $(pages); do
        "$program" --lang "$1" help "$command" --man >"$2/certrelay-$command.1"
    done
}

rm -rf "$folder"
write_pages en "$folder/man/man1"
write_pages ko "$folder/man/ko/man1"
mkdir -p "$folder/completion"
for shell in bash zsh fish; do
    "$program" --lang en help --completion "$shell" >"$folder/completion/certrelay.$shell"
done
touch "$folder/done"
