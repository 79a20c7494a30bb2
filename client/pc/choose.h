/* Which certificates are meant: by words behind the command, --cert and --all, or by asking. */
#ifndef PC_CHOOSE_H
#define PC_CHOOSE_H

#include "app.h"
#include "errors.h"

#include <store.h>

struct choice {
    size_t numbers[OPTIONS_CERTS_MAX]; /* indexes into the list */
    size_t count;
};

/* Finds the certificates of --store, or of the usual places. 0, or an exit code after it was said why. */
int choose_scan(const struct app *app, struct store_list *list);

/* 0, or an exit code after it was said why. */
int choose(const struct app *app, const struct store_list *list, struct choice *choice);

/* The same where just one is wanted: its index in the list. */
int choose_one(const struct app *app, const struct store_list *list, size_t *index);

/* Adds what one word names: a number of the list, the start of an identity (4 digits or more), or part of the owner's or
 * subject's name. ERROR_NO_MATCH, ERROR_AMBIGUOUS, ERROR_TOO_MANY. */
enum error_id choose_word(const struct store_list *list, const char *word, struct choice *choice);

#endif
