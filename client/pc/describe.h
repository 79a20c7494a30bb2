/* A certificate in words: for lists, for questions, and as JSON. */
#ifndef PC_DESCRIBE_H
#define PC_DESCRIBE_H

#include <jansson.h>
#include <store.h>
#include <time.h>

#define DESCRIBE_BYTES 128

/* "2027-08-12", the Korean date on which this time falls. */
void describe_date(int64_t when, char text[static DESCRIBE_BYTES]);
/* "2027-08-12 23:59:59", Korean time. */
void describe_moment(int64_t when, char text[static DESCRIBE_BYTES]);
/* The person's language; "-" where the certificate says nothing. Borrowed from facts. */
const char *describe_use(const struct store_facts *facts);
const char *describe_issuer(const struct store_facts *facts);
/* The owner, or the file's name where that is all there is: never empty. Caller frees; NULL without memory. */
char *describe_owner(const struct store_entry *entry);
/* "265 days left", "expires today", "EXPIRED", "valid from 2026-12-01", or what is wrong with the files. */
void describe_state(const struct store_entry *entry, time_t now, char text[static DESCRIBE_BYTES]);
/* The same for facts alone. */
void describe_validity(const struct store_facts *facts, time_t now, char text[static DESCRIBE_BYTES]);

/* False for a PKCS#12 that nobody has opened yet: it does not say until when it is valid. */
int describe_is_dated(const struct store_facts *facts);

/* Prints entries as a table with numbers from 1, to standard output or as talk; with two lines an entry when the screen has fewer
 * columns (0: no matter). */
void describe_table(const struct store_list *list, time_t now, int screen, void (*print)(const char *row));
/* The same with only these entries, which keep their numbers in the list. */
void describe_rows(const struct store_list *list, const size_t *indexes, size_t count, time_t now, int screen,
                   void (*print)(const char *row));

/* One certificate as several lines of talk that --quiet does not silence. */
void describe_facts(const struct store_facts *facts, time_t now);

/* Members for say_json; the caller owns it. NULL without memory. */
json_t *describe_json(const struct store_entry *entry, size_t number, time_t now);
json_t *describe_facts_json(const struct store_facts *facts, time_t now);

#endif
