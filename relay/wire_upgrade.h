/* The check of an upgrade, before the library acts on it. Private to wire_link.c. */
#ifndef RELAY_WIRE_UPGRADE_H
#define RELAY_WIRE_UPGRADE_H

struct lws;

enum {
    UPGRADE_OURS = 0,
    UPGRADE_FOREIGN =
        -1 /* the library would act on it with memory that it has freed: end it without an answer */
};

/* For the connection's CONFIRM_UPGRADE: one of the above, or the HTTP status to refuse it with. */
int upgrade_status(struct lws *wsi, const char *path);

#endif
