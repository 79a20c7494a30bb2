/* What numbers and organisations mean: certificate policies and certification authorities. */
#ifndef STORE_TABLES_H
#define STORE_TABLES_H

#include <stddef.h>

struct table_policy {
    const char *oid; /* itself and everything below it */
    const char *ko;
    const char *en;
};

/* The row with the longest matching prefix of whole components; NULL when there is none. */
const struct table_policy *table_policy(const char *oid);

/* All rows, one after the other; NULL past the last. */
const struct table_policy *table_policy_at(size_t index);

struct table_issuer {
    const char *organisation;
    const char *folder;
    const char *ko;
    const char *en;
};

/* By the issuer's O, whatever its letter case; NULL when it is none of the known. */
const struct table_issuer *table_issuer(const char *organisation);

/* All rows, one after the other; NULL past the last. */
const struct table_issuer *table_issuer_at(size_t index);

#endif
