/* A running relay from the inside. Private to the files relay*.c. */
#ifndef RELAY_RELAY_PARTS_H
#define RELAY_RELAY_PARTS_H

#include "listen.h"
#include "loop.h"
#include "metrics.h"
#include "murmur.h"
#include "notify.h"
#include "office.h"
#include "quota.h"
#include "relay.h"
#include "secret.h"
#include "watch_door.h"
#include "wire.h"

#include <sys/stat.h>

/* What tells one version of a file from the next. */
struct file_mark {
    dev_t device;
    ino_t node;
    off_t bytes;
    struct timespec changed;
};

/* What the log was told of the engine, and how it is. */
struct engine_news {
    struct murmur gone, odd;
    enum { ENGINE_TOLD_NOTHING, ENGINE_TOLD_AWAY, ENGINE_TOLD_HERE } told;
    int is_known, is_away, is_denied;
    struct murmur alone; /* new mailboxes are this relay's alone */
    int is_told_alone;
};

struct relay {
    const struct config *config;
    const struct handed *handed;
    struct notify *notify; /* NULL: nobody is told */
    struct networks trusted, allowed;
    struct permits *permits; /* NULL: none are asked for */
    int is_permits_open;     /* others of this machine can read them */
    struct loop *loop;
    struct wheel *wheel;
    struct quota *quota;
    struct secret *secret; /* the engine's; NULL: none */
    struct store *store;
    struct engine_news engine;
    struct office *office;
    struct wire *wire;
    struct listeners *listeners;
    struct timer deadline;
    struct file_mark marks[2];      /* of certificate and key, as they were loaded */
    struct file_mark marks_seen[2]; /* as they were when last looked at */
    int64_t expires;                /* when the certificate does, in seconds since 1970; 0: not known */
    struct murmur disbelieved, unnamed;
    struct metrics metrics;
    struct watch_door *watch_door; /* NULL: nobody watches */
    int64_t started;               /* in seconds since 1970 */
    int is_pair_bad;               /* the TLS files, as they are now, cannot be used */
    uint32_t peak;
    int is_draining;
    int is_over;
    char error[CONFIG_ERROR_BYTES]; /* why it cannot start */
};

/* Keeps the sentence in error; returns code. */
int relay_fail(struct relay *relay, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
void relay_stop(struct relay *relay);

/* relay_make.c: everything but the wire's start, and then the wire. Each returns 0, or an exit code with a sentence in error. */
int relay_make_process(struct relay *relay);
int relay_make_logic(struct relay *relay);
int relay_make_wire(struct relay *relay);
/* A random number of the system. */
uint32_t relay_draw(void *context);

/* relay_engine.c: the password, if there is one: 0, or an exit code with a sentence in error; and the store, or NULL without memory. */
int relay_engine_check(struct relay *relay);
struct store *relay_store_make(struct relay *relay, random_draw *draw);
/* Whether relays can share the configured engine, asked of itself: 0, or an exit code with a sentence in error; what is to be known besides is
 * added to warning. */
int relay_engine_try(struct relay *relay, char warning[static CONFIG_ERROR_BYTES]);
int relay_engine_is_away(const struct relay *relay);

/* relay_load.c: the page, if there is one: 0, or an exit code with a sentence in error. */
int relay_load_page(struct relay *relay);
/* The permits, if there are any: 0, or an exit code with a sentence in error; those before stay then. */
int relay_load_permits(struct relay *relay);
/* 1, with a sentence in warning, when others can read them. */
int relay_warns_of_permits(const struct relay *relay, char warning[static CONFIG_ERROR_BYTES]);
/* All files again, and the log told of it. */
void relay_reload(struct relay *relay);
/* The TLS files are loaded, as they are now. */
void relay_mark_pair(struct relay *relay);
/* Loads the TLS files again when they have changed and rest. */
void relay_watch_pair(struct relay *relay);
int relay_fail_pair(struct relay *relay);

/* relay_life.c: the sockets that were handed over. 0, or an exit code with a sentence in error. */
int relay_listen_handed(struct relay *relay);
/* The configured user, for good. 0, or an exit code with a sentence in error; warning is "" or what that user cannot read. */
int relay_become_user(struct relay *relay, char warning[static CONFIG_ERROR_BYTES]);
/* The same, and no system calls but those on the list. */
int relay_confine(struct relay *relay);
/* What the service manager is told. */
void relay_tell_ready(struct relay *relay);
void relay_beat(struct relay *relay);
void relay_reload_told(struct relay *relay);
void relay_drain(struct relay *relay, uint64_t now_ms);

/* relay_watch.c: the private door, if there is one. Each returns 0, or an exit code with a sentence in error. */
int relay_watch_check(struct relay *relay);
int relay_watch_open(struct relay *relay);
void relay_watch_close(struct relay *relay);

/* relay_door.c: the sinks of listeners and wire. */
struct listen_sink relay_door(struct relay *relay);
struct wire_sink relay_wire_sink(struct relay *relay);
void relay_refused(void *context, const char *reason);

#endif
