/* cr_passwd_all DIR OLD NEW same|common|strong: changes the password of everything below DIR, for other programs to open. Prints a line
 * "FAULT TAB path" for each. */
#include "passwd.h"

#include <stdio.h>
#include <string.h>

static const char *const SEALS[] = {
    [STORE_SEAL_SAME] = "same", [STORE_SEAL_COMMON] = "common", [STORE_SEAL_STRONG] = "strong"};

static int find_seal(const char *name, enum store_seal *seal)
{
    for (size_t i = 0; i < sizeof SEALS / sizeof SEALS[0]; i++) {
        if (strcmp(SEALS[i], name) == 0) {
            *seal = (enum store_seal)i;
            return 1;
        }
    }
    return 0;
}

int main(int count, char **arguments)
{
    struct store_list list;
    struct store_passwd change = {.keeps_backup = 0};
    if (count != 5 || !find_seal(arguments[4], &change.seal)) {
        fprintf(stderr, "usage: cr_passwd_all DIR OLD NEW same|common|strong\n");
        return 2;
    }
    change.old_password = arguments[2];
    change.old_length = strlen(arguments[2]);
    change.new_password = arguments[3];
    change.new_length = strlen(arguments[3]);
    if (store_scan(arguments[1], &list) != STORE_OK) {
        fprintf(stderr, "cr_passwd_all: nothing found\n");
        return 1;
    }
    for (size_t i = 0; i < list.count; i++) {
        char detail[STORE_DETAIL_BYTES];
        enum store_fault fault = store_passwd(&list.entries[i], &change, detail);
        printf("%d\t%s\n", (int)fault, list.entries[i].path);
    }
    store_list_free(&list);
    return 0;
}
