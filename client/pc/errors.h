/* The catalogue of failures (client/text/errors.def): what happened, why, what to do, and the exit code. */
#ifndef PC_ERRORS_H
#define PC_ERRORS_H

#include "net.h"

#include <certrelay/code.h>
#include <certrelay/transfer.h>
#include <store.h>

enum error_id {
    ERROR_NONE = 0,
#define ERROR(id, name, exit, what, why, todo) ERROR_##id,
#include "../text/errors.def"
#undef ERROR
    ERROR_COUNT
};

struct error {
    const char *name; /* stable, for machines */
    int exit_code;
    const char *what; /* msgids: translate with _() when not "" */
    const char *why;
    const char *todo;
};

/* Never NULL; ERROR_NONE has empty texts and exit code 0. */
const struct error *error_get(enum error_id id);

/* One entry for every value; ERROR_NONE for the good ones. An unknown value is an internal matter: END_PROTOCOL. */
enum error_id error_of_store(enum store_fault fault);
enum error_id error_of_code(enum cr_code_fault fault);
enum error_id error_of_net(enum net_failure failure);
enum error_id error_of_end(enum cr_end end);

/* What a refusing device gave as its reason, as a msgid. */
const char *error_reason(enum cr_reason reason);

#endif
