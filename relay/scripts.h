/* What the engine does in one step, in its own language; each says in relay/lua what it takes and answers. */
#ifndef RELAY_SCRIPTS_H
#define RELAY_SCRIPTS_H

enum script {
    SCRIPT_ALLOCATE,
    SCRIPT_CLAIM,
    SCRIPT_FIND,
    SCRIPT_NOTE,
    SCRIPT_CLOSED,
    SCRIPT_RELEASE,
    SCRIPT_DISOWN,
    SCRIPT_RESTORE,
    SCRIPT_BEAT,
    SCRIPT_POST,
    SCRIPT_LEAVE,
    SCRIPTS
};

/* What the scripts on records answer with first. */
enum script_result {
    SCRIPT_SAYS_NOTHING,
    SCRIPT_SAYS_FOUND,
    SCRIPT_SAYS_NEW,
    SCRIPT_SAYS_FULL,
    SCRIPT_SAYS_DONE,
    SCRIPT_SAYS_MISSING,
    SCRIPT_SAYS_LOST,
    SCRIPT_SAYS_UNKNOWN,  /* nothing is there, which an engine says that has forgotten */
    SCRIPT_SAYS_FORGOTTEN /* the same, and not even the asking node is */
};

extern const char *const scripts[SCRIPTS];
/* engine_check.c's alone. */
extern const char *const script_check[1];

#endif
