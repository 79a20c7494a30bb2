/* A store_save before it begins: the places of all certificates and the moves that bring them there. */
#ifndef STORE_PLAN_H
#define STORE_PLAN_H

#include "move.h"

struct plan {
    const struct cr_bundle *bundle;
    struct target targets[CR_CERTS_MAX];
    struct moves moves;
    /* Per move: which certificate, and which of its files; -1 for a folder with all of them. */
    struct source {
        const struct cr_cert *cert;
        const struct target *target;
        int file;
    } sources[MOVES_MAX];
};

/* Decides everything, changes nothing. STORE_EXISTS when something is in the way and may not be replaced. Of certificates of
 * the bundle with the same place the newest gets it, of equally new ones the first; the others go beside it as its backups. The same
 * certificate twice is stored once. plan_free also after a failure. */
enum store_fault plan_make(const struct roots *roots, const struct cr_bundle *bundle, int may_replace,
                           struct plan **plan);
void plan_free(struct plan *plan);

/* Adds the move of file number file of certificate number number, or of its folder (-1), over what has its name now. drops_old:
 * that one gets no backup. For plans made by hand: bundle and targets[number] are filled. */
enum store_fault plan_replace(const struct roots *roots, struct plan *plan, size_t number, int file,
                              int drops_old);

/* The worst clash of those that get their places. */
enum store_clash plan_clash(const struct roots *roots, const struct cr_bundle *bundle);

#endif
