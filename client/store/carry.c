/* Carries out a plan, or nothing of it: stage, journal, moves, a look at the result. */
#include "carry.h"
#include "files.h"
#include "stage.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* Before the journal any failure just removes the stage; after it the moves are put back first. */
enum store_fault carry_out(const struct roots *roots, struct plan *plan, carry_check *check, void *context)
{
    int stage = -1;
    char *name = stage_make(roots, &stage);
    if (name == NULL) {
        return fault_of_writing();
    }
    enum store_fault fault = stage_fill(stage, plan);
    if (fault == STORE_OK) {
        fault = folder_sync(roots->root) == 0 ? journal_write(stage, &plan->moves) : fault_of_writing();
    }
    int is_undone = 1;
    if (fault == STORE_OK) {
        fault = moves_apply(roots, stage, &plan->moves);
        if (fault == STORE_OK) {
            fault = check(roots, plan, context);
        }
        is_undone = fault == STORE_OK || moves_undo(roots, stage, &plan->moves) == 0;
    }
    if (is_undone) {
        stage_remove(roots, stage, name);
    }
    int saved = errno;
    close(stage);
    free(name);
    errno = saved;
    return fault;
}
