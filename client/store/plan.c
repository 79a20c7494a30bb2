/* A store_save before it begins: the places of all certificates and the moves that bring them there. */
#include "plan.h"
#include "files.h"
#include "text.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KOREA_SECONDS (9 * 3600)
#define BACKUPS_MAX 99
#define NUMBER_BYTES 24

void plan_free(struct plan *plan)
{
    if (plan == NULL) {
        return;
    }
    for (size_t i = 0; i < CR_CERTS_MAX; i++) {
        target_wipe(&plan->targets[i]);
    }
    moves_wipe(&plan->moves);
    free(plan);
}

/* A free name beside the old one: NAME.bak-20261120, then NAME.bak-20261120-2... */
static char *backup_name(int dir, const char *name)
{
    char date[16];
    time_t korean = time(NULL) + KOREA_SECONDS;
    struct tm day;
    if (gmtime_r(&korean, &day) == NULL || strftime(date, sizeof date, "%Y%m%d", &day) == 0) {
        return NULL;
    }
    char *backup = text_print("%s.bak-%s", name, date);
    for (int i = 2; backup != NULL && i <= BACKUPS_MAX && entry_type(dir, backup) != ENTRY_MISSING; i++) {
        free(backup);
        backup = text_print("%s.bak-%s-%d", name, date, i);
    }
    return backup;
}

/* The backup's name if something called name is there, else empty text. */
static char *backup_if_needed(const struct roots *roots, const struct target *target, const char *name)
{
    if (target->missing > 0) {
        return strdup("");
    }
    int dir = dir_open(roots_folder(roots, target->base), target->dir, 0);
    if (dir < 0) {
        return NULL;
    }
    char *backup = entry_type(dir, name) == ENTRY_MISSING ? strdup("") : backup_name(dir, name);
    close(dir);
    return backup;
}

static int is_taken(const struct moves *moves, const struct move *wanted)
{
    for (size_t i = 0; i < moves->count; i++) {
        const struct move *other = &moves->all[i];
        if (other->base == wanted->base && text_is_same(other->dir, wanted->dir) &&
            text_is_same(other->name, wanted->name)) {
            return 1;
        }
    }
    return 0;
}

static enum store_fault add_move(const struct roots *roots, struct plan *plan, size_t number, int file)
{
    const struct target *target = &plan->targets[number];
    const char *name = file < 0 ? target->name : target->files[file];
    struct move move = {
        .base = target->base,
        .dir = strdup(target->dir),
        .missing = target->missing,
        .name = strdup(name),
        .backup = backup_if_needed(roots, target, name),
    };
    enum store_fault fault = STORE_OK;
    if (move.dir == NULL || move.name == NULL || move.backup == NULL) {
        fault = STORE_MEMORY;
    } else if (plan->moves.count == MOVES_MAX) {
        fault = STORE_TOO_BIG;
    } else if (is_taken(&plan->moves, &move)) {
        fault = STORE_EXISTS;
    }
    if (fault != STORE_OK) {
        free(move.dir);
        free(move.name);
        free(move.backup);
        return fault;
    }
    plan->sources[plan->moves.count] = (struct source){&plan->bundle->certs[number], target, file};
    plan->moves.all[plan->moves.count++] = move;
    return STORE_OK;
}

static enum store_fault add_moves(const struct roots *roots, struct plan *plan, size_t number,
                                  int may_replace)
{
    const struct target *target = &plan->targets[number];
    if (target->clash == STORE_CLASH_SAME) {
        return STORE_OK;
    }
    if (target->clash != STORE_CLASH_NONE && !may_replace) {
        return STORE_EXISTS;
    }
    if (target->is_folder) {
        return add_move(roots, plan, number, -1);
    }
    enum store_fault fault = STORE_OK;
    for (size_t i = 0; fault == STORE_OK && i < target->file_count; i++) {
        fault = add_move(roots, plan, number, (int)i);
    }
    return fault;
}

enum store_fault plan_make(const struct roots *roots, const struct cr_bundle *bundle, int may_replace,
                           struct plan **out)
{
    struct plan *plan = calloc(1, sizeof *plan);
    *out = plan;
    if (plan == NULL) {
        return STORE_MEMORY;
    }
    plan->bundle = bundle;
    enum store_fault fault = STORE_OK;
    for (size_t i = 0; fault == STORE_OK && i < bundle->cert_count; i++) {
        fault = target_find(roots, &bundle->certs[i], &plan->targets[i]);
        if (fault == STORE_OK) {
            fault = add_moves(roots, plan, i, may_replace);
        }
    }
    return fault;
}

static enum store_fault write_and_compare(int folder, const char *name, const struct cr_file *file)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    if (file_write(folder, name, file->bytes, file->size) != 0) {
        return fault_of_writing();
    }
    int is_same = file_read(folder, name, &bytes, &length) == STORE_OK && length == file->size &&
                  CRYPTO_memcmp(bytes, file->bytes, length) == 0;
    file_free(bytes);
    return is_same ? STORE_OK : STORE_READ_BACK;
}

static enum store_fault stage_folder(int stage, const char *number, const struct source *source)
{
    if (folder_make(stage, number) != 0) {
        return fault_of_writing();
    }
    int folder = folder_open(stage, number);
    if (folder < 0) {
        return fault_of_writing();
    }
    enum store_fault fault = STORE_OK;
    for (size_t i = 0; fault == STORE_OK && i < source->cert->file_count; i++) {
        fault = write_and_compare(folder, source->target->files[i], &source->cert->files[i]);
    }
    if (fault == STORE_OK && folder_sync(folder) != 0) {
        fault = fault_of_writing();
    }
    int saved = errno;
    close(folder);
    errno = saved;
    return fault;
}

enum store_fault plan_stage(const struct plan *plan, int stage)
{
    enum store_fault fault = STORE_OK;
    for (size_t i = 0; fault == STORE_OK && i < plan->moves.count; i++) {
        const struct source *source = &plan->sources[i];
        char number[NUMBER_BYTES];
        snprintf(number, sizeof number, "%zu", i);
        fault = source->file < 0 ? stage_folder(stage, number, source)
                                 : write_and_compare(stage, number, &source->cert->files[source->file]);
    }
    if (fault == STORE_OK && folder_sync(stage) != 0) {
        fault = fault_of_writing();
    }
    return fault;
}
