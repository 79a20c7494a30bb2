#!/bin/sh
# Format, static analysis, and the size of functions and files.
set -eu

failed=0

sources=$(git ls-files '*.c' '*.h')
# shellcheck disable=SC2086 # file names of ours hold no spaces
clang-format --dry-run --Werror $sources || failed=1
# shellcheck disable=SC2046,SC2086
cppcheck --quiet --enable=warning,portability --inline-suppr --error-exitcode=1 \
    --suppress=missingIncludeSystem -I protocol/contract -I protocol/session $(git ls-files 'protocol/*.c' 'relay/*.c' 'client/*.c') || failed=1
long=$(printf '%s\n' $sources | ctags -L - --languages=C --kinds-C=f --fields=+ne -f - 2>/dev/null |
    awk -F'\t' '{l=0;e=0;for(i=4;i<=NF;i++){if($i~/^line:/)l=substr($i,6);if($i~/^end:/)e=substr($i,5)} if(e-l>60)print $2":"$1, e-l+1, "lines"}')
[ -z "$long" ] || { printf 'Functions over 60 lines:\n%s\n' "$long"; failed=1; }
big=$(printf '%s\n' $sources | xargs wc -l | awk '$1>500 && $2!="total"{print $2, $1, "lines"}')
[ -z "$big" ] || { printf 'Files over 500 lines:\n%s\n' "$big"; failed=1; }

exit $failed
