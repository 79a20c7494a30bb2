/* What the store's tests share: sample sets, files, temporary folders, and a picture of a folder's whole content. */
#ifndef STORE_HELP_H
#define STORE_HELP_H

#include "store.h"

#include <jansson.h>

/* The sample sets there are, NULL-terminated: our own, and the shared one unless it is missing (said aloud). */
const char *const *help_sets(void);
/* The set that has users of the shared manifest, else ours. */
const char *help_best_set(void);
int help_has_shared(void);

json_t *help_manifest(const char *set);
const char *help_string(const json_t *object, const char *name);
/* Noon in Korea of the manifests' day. */
time_t help_now(void);

uint8_t *help_read(const char *path, size_t *length);
void help_write(const char *path, const void *bytes, size_t length);
/* printf into one of many static buffers, each used again after 2,048 calls. */
const char *help_path(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A bundle of what a scan of dir finds; fails the test when there is nothing usable. */
struct cr_bundle *help_load(const char *dir);
/* Adds it to a bundle. */
void help_add(struct cr_bundle *bundle, const char *dir);
/* Adds one NPKI folder's files as they are, whatever is wrong with them. */
void help_add_raw(struct cr_bundle *bundle, const char *dir);

/* A new folder under TMPDIR; removed with all in it by help_remove. */
char *help_temporary(void);
void help_remove(char *dir);
void help_copy(const char *from, const char *to);
/* Every path below dir with its mode and the digest of its content, sorted. Free it. */
char *help_picture(const char *dir);

/* A sample user's folder by the manifest's id; in the shared set when it is there. */
const char *help_user(const char *id, const char *sample_id);

/* Runs the openssl program in silence, the password at descriptor 3. Returns its exit code. */
#define HELP_PASS_FD "fd:3"
int help_openssl(const char *password, const char *const *arguments);
/* Whether it opens the container by the password. */
int help_openssl_opens(const struct cr_cert *cert, const char *password);

#define TEST_PASSWORD "npki!Test2026"

/* A banking certificate: the shared one, else our own. */
const char *help_bank(void);
/* store_save, which must succeed with the bundle's own digest; free *paths. */
void help_save_ok(const char *root, const struct cr_bundle *bundle, int may_replace, char ***paths);
/* store_save, which must fail so. */
void help_save_fails(const char *root, const struct cr_bundle *bundle, int may_replace,
                     enum store_fault fault);

/* Before scenes of kills: temporary folders are in memory from now on, and the clock stands still, since the day is part of a backup's name. Whether
 * two names can be exchanged there; says so when not. */
int help_can_exchange(void);

#endif
