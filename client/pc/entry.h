/* The number, or the link, that a person enters. */
#ifndef PC_ENTRY_H
#define PC_ENTRY_H

#include "address.h"
#include "errors.h"

/* Reads a number, or a pasted link (everything after its '#'). The invite is written only with ERROR_NONE. */
enum error_id entry_read(const char *text, size_t length, const struct address *relay,
                         struct cr_invite *invite);

#endif
