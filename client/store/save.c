/* Stores a whole bundle or nothing of it: stage, journal, moves, read back. */
#include "carry.h"
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum store_clash store_clash(const char *root, const struct cr_cert *cert)
{
    struct roots roots;
    struct target target = {0};
    int made = 0;
    enum store_clash clash = STORE_CLASH_NONE;
    if (roots_open(root, 0, &roots, &made) == STORE_OK && target_find(&roots, cert, &target) == STORE_OK) {
        clash = target.clash;
    }
    target_wipe(&target);
    roots_close(&roots);
    return clash;
}

enum store_clash store_clash_all(const char *root, const struct cr_bundle *bundle)
{
    struct roots roots;
    int made = 0;
    enum store_clash clash = STORE_CLASH_NONE;
    if (roots_open(root, 0, &roots, &made) == STORE_OK) {
        clash = plan_clash(&roots, bundle);
    }
    roots_close(&roots);
    return clash;
}

void store_paths_free(char **paths)
{
    names_free(paths);
}

static char **name_places(const struct roots *roots, const struct plan *plan)
{
    char **paths = calloc(plan->bundle->cert_count + 1U, sizeof *paths);
    for (size_t i = 0; paths != NULL && i < plan->bundle->cert_count; i++) {
        paths[i] = target_path(roots, &plan->targets[i]);
        if (paths[i] == NULL) {
            names_free(paths);
            return NULL;
        }
    }
    return paths;
}

/* Reads everything from its final place, and compares with what was to be stored. context: the digest. */
static enum store_fault read_back(const struct roots *roots, const struct plan *plan, void *context)
{
    uint8_t *digest = context;
    uint8_t wanted[CR_DIGEST_BYTES];
    struct cr_bundle *there = cr_bundle_new();
    if (there == NULL) {
        return STORE_MEMORY;
    }
    enum store_fault fault = STORE_OK;
    for (size_t i = 0; fault == STORE_OK && i < plan->bundle->cert_count; i++) {
        there->cert_count++;
        there->certs[i].format = plan->bundle->certs[i].format;
        fault = target_read(roots, &plan->targets[i], &plan->bundle->certs[i], there);
    }
    if (fault == STORE_OK &&
        (cr_bundle_digest(there, digest) != CR_OK || cr_bundle_digest(plan->bundle, wanted) != CR_OK ||
         memcmp(digest, wanted, sizeof wanted) != 0)) {
        fault = STORE_READ_BACK;
    }
    cr_bundle_free(there);
    return fault;
}

static enum store_fault save_locked(const struct roots *roots, const struct cr_bundle *bundle,
                                    int may_replace, uint8_t digest[static CR_DIGEST_BYTES], char ***paths)
{
    struct plan *plan = NULL;
    enum store_fault fault = plan_make(roots, bundle, may_replace, &plan);
    if (fault == STORE_OK) {
        *paths = name_places(roots, plan);
        fault = *paths == NULL ? STORE_MEMORY : STORE_OK;
    }
    if (fault == STORE_OK) {
        fault = plan->moves.count == 0 ? read_back(roots, plan, digest)
                                       : carry_out(roots, plan, read_back, digest);
    }
    int saved = errno;
    if (fault != STORE_OK) {
        store_paths_free(*paths);
        *paths = NULL;
    }
    plan_free(plan);
    errno = saved;
    return fault;
}

enum store_fault store_save(const char *root, const struct cr_bundle *bundle, int may_replace,
                            uint8_t digest[static CR_DIGEST_BYTES], char ***paths)
{
    struct roots roots;
    int made = 0;
    *paths = NULL;
    enum store_fault fault = store_check(bundle, NULL);
    if (fault != STORE_OK) {
        return fault;
    }
    fault = roots_open(root, 1, &roots, &made);
    if (fault == STORE_OK) {
        fault = roots_lock(&roots, 1);
    }
    if (fault == STORE_OK) {
        recover_locked(&roots);
        fault = save_locked(&roots, bundle, may_replace, digest, paths);
    }
    if (fault != STORE_OK && fault != STORE_BUSY && made) {
        int saved = errno;
        (void)folder_remove(AT_FDCWD, roots.root_path);
        errno = saved;
    }
    roots_close(&roots);
    return fault;
}
