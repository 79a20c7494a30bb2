/* All that one certificate says: its facts, its key-management certificate, and how its keys are encrypted. */
#ifndef PC_DETAIL_H
#define PC_DETAIL_H

#include "describe.h"

struct detail_key {
    int is_there;
    enum store_fault fault;
    struct store_key_form form;
};

struct detail {
    struct detail_key sign;
    struct detail_key km;
    struct store_facts km_facts; /* all zero without a key-management certificate */
};

/* Reads the entry's files. What cannot be read is left out, or carries its fault. */
void detail_read(const struct store_entry *entry, struct detail *detail);
void detail_wipe(struct detail *detail);

/* The name of a key's form, for people. */
const char *detail_form(const char *name);

/* Prints it as lines "label  value", to standard output. */
void detail_print(const struct store_entry *entry, const struct detail *detail, size_t number, time_t now);

/* describe_json and all that detail adds. The caller owns it; NULL without memory. */
json_t *detail_json(const struct store_entry *entry, const struct detail *detail, size_t number, time_t now);

/* That revocation was not looked up, and why: talk. */
void detail_say_revocation(void);

#endif
