/* What the tests of passwords share: stores of one sample, changes of its password, and what is inside afterwards. */
#ifndef PASSWD_HELP_H
#define PASSWD_HELP_H

#include "passwd.h"
#include "plain.h"
#include "verify.h"

#define NEW_PASSWORD "b4ttery:Staple"

/* The first entry below dir; the list to be freed. */
const struct store_entry *passwd_first(const char *dir, struct store_list *list);
enum store_fault passwd_change_to(const char *dir, const char *old, const char *new, enum store_seal seal,
                                  int keeps_backup, char *detail);
enum store_fault passwd_change(const char *dir, const char *old, const char *new, enum store_seal seal);
struct store_verdict passwd_see(const char *dir, const char *password);

/* What is inside a key of the first certificate below dir, by the bytes of the password; empty when it has no such key. */
struct plain passwd_inside(const char *dir, enum cr_file_kind kind, const char *password, size_t length);
/* Wipes both. */
void passwd_assert_same(struct plain *one, struct plain *other);
/* All names below dir. Free it. */
char *passwd_names(const char *dir);
/* The sample of that name, alone in a store of its own; to be removed by help_remove. */
char *passwd_store(const char *id, const char *sample_id);
/* The change must fail so, name this file, and leave everything as it was. */
void passwd_refuse(const char *dir, const char *old, const char *new, enum store_fault wanted,
                   const char *file);

#endif
