/* What arrived certificates meet in the store: said before anything is replaced, and where the replaced ones are afterwards. */
#ifndef PC_CLASH_H
#define PC_CLASH_H

#include <store.h>

struct clash {
    enum store_clash worst; /* SAME only when every one is here already */
    unsigned char is_replaced[CR_CERTS_MAX];
};

/* Looks, and says which certificates here would be replaced, by what, and which of the two is newer. facts are those of the bundle. */
void clash_find(const char *root, const struct cr_bundle *bundle, const struct store_facts *facts,
                struct clash *clash);

/* What to ask before storing (translated), and what an empty answer means. */
const char *clash_question(const struct clash *clash);
int clash_preset(const struct clash *clash);

/* After storing, with store_save's paths: says where the replaced ones are now. */
void clash_backups(const struct clash *clash, char *const *paths);

#endif
