/* A store_save before it begins: the places of all certificates and the moves that bring them there. */
#include "plan.h"
#include "files.h"
#include "scan.h"
#include "steps.h"
#include "text.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KOREA_SECONDS (9 * 3600)
#define BACKUPS_MAX 99

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

/* Whether a certificate of the bundle will be there, under this name. */
static const struct move *find_move(const struct plan *plan, const struct target *target, const char *name)
{
    for (size_t i = 0; i < plan->moves.count; i++) {
        const struct move *move = &plan->moves.all[i];
        if (move->base == target->base && text_is_same(move->dir, target->dir) &&
            text_is_same(move->name, name)) {
            return move;
        }
    }
    return NULL;
}

static int is_backup_planned(const struct plan *plan, const struct target *target, const char *name)
{
    for (size_t i = 0; i < plan->moves.count; i++) {
        const struct move *move = &plan->moves.all[i];
        if (move->base == target->base && text_is_same(move->dir, target->dir) &&
            text_is_same(move->backup, name)) {
            return 1;
        }
    }
    return 0;
}

/* dir is -1 when it is not there yet. */
static int is_taken(const struct plan *plan, const struct target *target, int dir, const char *name)
{
    return (dir >= 0 && entry_type(dir, name) != ENTRY_MISSING) || is_backup_planned(plan, target, name) ||
           find_move(plan, target, name) != NULL;
}

/* A free name beside name: NAME.bak-20261120, then NAME.bak-20261120-2... */
static char *backup_name(const struct plan *plan, const struct target *target, int dir, const char *name)
{
    char date[16];
    time_t korean = (store_time != 0 ? store_time : time(NULL)) + KOREA_SECONDS;
    struct tm day;
    if (gmtime_r(&korean, &day) == NULL || strftime(date, sizeof date, "%Y%m%d", &day) == 0) {
        return NULL;
    }
    char *backup = text_print("%s" SCAN_BACKUP_MARK "%s", name, date);
    for (int i = 2; backup != NULL && i <= BACKUPS_MAX && is_taken(plan, target, dir, backup); i++) {
        free(backup);
        backup = text_print("%s" SCAN_BACKUP_MARK "%s-%d", name, date, i);
    }
    return backup;
}

/* Over what is called so now, which gets a backup's name. */
static void move_over(const struct plan *plan, const struct target *target, int dir, const char *name,
                      struct move *move)
{
    int is_there = dir >= 0 && entry_type(dir, name) != ENTRY_MISSING;
    move->name = strdup(name);
    move->backup = is_there ? backup_name(plan, target, dir, name) : strdup("");
    if (is_there) {
        fingerprint_take(dir, name, move->replaced);
    }
}

/* Beside what is or will be called so, under a backup's name. */
static void move_beside(const struct plan *plan, const struct target *target, int dir, const char *name,
                        struct move *move)
{
    move->name = backup_name(plan, target, dir, name);
    move->backup = strdup("");
}

typedef void choose_names(const struct plan *plan, const struct target *target, int dir, const char *name,
                          struct move *move);

static enum store_fault add_move(const struct roots *roots, struct plan *plan, size_t number, int file,
                                 choose_names *choose)
{
    const struct target *target = &plan->targets[number];
    int dir = -1;
    if (plan->moves.count == MOVES_MAX) {
        return STORE_TOO_BIG;
    }
    if (target->missing == 0) {
        dir = dir_open(roots_folder(roots, target->base), target->dir, 0);
        if (dir < 0) {
            return STORE_NOT_WRITABLE;
        }
    }
    struct move move = {.base = target->base, .dir = strdup(target->dir), .missing = target->missing};
    choose(plan, target, dir, file < 0 ? target->name : target->files[file], &move);
    if (dir >= 0) {
        close(dir);
    }
    plan->sources[plan->moves.count] = (struct source){&plan->bundle->certs[number], target, file};
    plan->moves.all[plan->moves.count++] = move;
    return move.dir == NULL || move.name == NULL || move.backup == NULL ? STORE_MEMORY : STORE_OK;
}

enum store_fault plan_replace(const struct roots *roots, struct plan *plan, size_t number, int file,
                              int drops_old)
{
    enum store_fault fault = add_move(roots, plan, number, file, move_over);
    if (fault != STORE_OK || !drops_old) {
        return fault;
    }
    char **backup = &plan->moves.all[plan->moves.count - 1].backup;
    free(*backup);
    *backup = strdup(MOVE_DROPPED);
    return *backup == NULL ? STORE_MEMORY : STORE_OK;
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
        return add_move(roots, plan, number, -1, move_over);
    }
    enum store_fault fault = STORE_OK;
    for (size_t i = 0; fault == STORE_OK && i < target->file_count; i++) {
        fault = add_move(roots, plan, number, (int)i, move_over);
    }
    return fault;
}

static int is_same_place(const struct target *one, const struct target *other)
{
    return one->base == other->base && one->is_folder == other->is_folder &&
           text_is_same(one->dir, other->dir) && text_is_same(one->name, other->name);
}

/* Which certificate gets the place of this one. */
static size_t find_heir(const struct plan *plan, size_t number)
{
    size_t heir = number;
    for (size_t i = 0; i < plan->bundle->cert_count; i++) {
        int64_t begin = plan->targets[i].not_before;
        int64_t best = plan->targets[heir].not_before;
        if (is_same_place(&plan->targets[i], &plan->targets[number]) &&
            (begin > best || (begin == best && i < heir))) {
            heir = i;
        }
    }
    return heir;
}

static int is_same_cert(const struct cr_cert *one, const struct cr_cert *other)
{
    int is_same = one->format == other->format && one->file_count == other->file_count;
    for (size_t i = 0; is_same && i < one->file_count; i++) {
        const struct cr_file *a = &one->files[i];
        const struct cr_file *b = &other->files[i];
        is_same = a->kind == b->kind && a->size == b->size && CRYPTO_memcmp(a->bytes, b->bytes, a->size) == 0;
    }
    return is_same;
}

/* The same certificate earlier in the bundle, or itself. */
static size_t find_twin(const struct plan *plan, size_t number)
{
    size_t twin = 0;
    while (twin < number && !is_same_cert(&plan->bundle->certs[twin], &plan->bundle->certs[number])) {
        twin++;
    }
    return twin;
}

static enum store_fault rename_target(char **name, const char *new_name)
{
    char *copy = strdup(new_name);
    if (copy == NULL) {
        return STORE_MEMORY;
    }
    free(*name);
    *name = copy;
    return STORE_OK;
}

/* One file of it (or its folder, -1) goes beside the heir's. When it is what lies there now, the heir's move takes it there. */
static enum store_fault put_beside(const struct roots *roots, struct plan *plan, size_t number, int file)
{
    struct target *target = &plan->targets[number];
    char **name = file < 0 ? &target->name : &target->files[file];
    if (target->clash == STORE_CLASH_SAME) {
        const struct move *over = find_move(plan, target, *name);
        return over == NULL ? STORE_OK : rename_target(name, over->backup);
    }
    enum store_fault fault = add_move(roots, plan, number, file, move_beside);
    return fault == STORE_OK ? rename_target(name, plan->moves.all[plan->moves.count - 1].name) : fault;
}

static enum store_fault share_place(struct target *target, const struct target *twin)
{
    enum store_fault fault = rename_target(&target->name, twin->name);
    for (size_t i = 0; fault == STORE_OK && i < target->file_count; i++) {
        fault = rename_target(&target->files[i], twin->files[i]);
    }
    return fault;
}

static enum store_fault settle_beside(const struct roots *roots, struct plan *plan, size_t number)
{
    struct target *target = &plan->targets[number];
    size_t twin = find_twin(plan, number);
    if (twin < number) {
        return share_place(target, &plan->targets[twin]);
    }
    if (target->is_folder) {
        return put_beside(roots, plan, number, -1);
    }
    enum store_fault fault = STORE_OK;
    for (size_t i = 0; fault == STORE_OK && i < target->file_count; i++) {
        fault = put_beside(roots, plan, number, (int)i);
    }
    return fault;
}

static enum store_fault find_targets(const struct roots *roots, struct plan *plan)
{
    enum store_fault fault = STORE_OK;
    for (size_t i = 0; fault == STORE_OK && i < plan->bundle->cert_count; i++) {
        fault = target_find(roots, &plan->bundle->certs[i], &plan->targets[i]);
    }
    return fault;
}

/* Heirs are known before any name changes, and placed before what goes beside them. */
enum store_fault plan_make(const struct roots *roots, const struct cr_bundle *bundle, int may_replace,
                           struct plan **out)
{
    size_t heirs[CR_CERTS_MAX];
    struct plan *plan = calloc(1, sizeof *plan);
    *out = plan;
    if (plan == NULL) {
        return STORE_MEMORY;
    }
    plan->bundle = bundle;
    enum store_fault fault = find_targets(roots, plan);
    for (size_t i = 0; fault == STORE_OK && i < bundle->cert_count; i++) {
        heirs[i] = find_heir(plan, i);
        fault = heirs[i] == i ? add_moves(roots, plan, i, may_replace) : STORE_OK;
    }
    for (size_t i = 0; fault == STORE_OK && i < bundle->cert_count; i++) {
        fault = heirs[i] == i ? STORE_OK : settle_beside(roots, plan, i);
    }
    return fault;
}

enum store_clash plan_clash(const struct roots *roots, const struct cr_bundle *bundle)
{
    enum store_clash worst = STORE_CLASH_NONE;
    struct plan *plan = calloc(1, sizeof *plan);
    if (plan != NULL) {
        plan->bundle = bundle;
        (void)find_targets(roots, plan);
        for (size_t i = 0; i < bundle->cert_count; i++) {
            const struct target *target = &plan->targets[i];
            if (target->name != NULL && find_heir(plan, i) == i && target->clash > worst) {
                worst = target->clash;
            }
        }
    }
    plan_free(plan);
    return worst;
}
