/* The page's files, as they were at the start: names, kinds and contents, and nothing that a request could change. */
#ifndef RELAY_SITE_H
#define RELAY_SITE_H

#include <stddef.h>
#include <stdint.h>

#define SITE_FILES_MAX 64
#define SITE_BYTES_MAX 4194304 /* of all files together, each in all its codings */
#define SITE_NAME_BYTES 128
#define SITE_TAG_BYTES 24

enum coding { CODING_PLAIN, CODING_GZIP, CODING_BROTLI, CODINGS };

struct body {
    uint8_t *bytes; /* NULL: there is none in this coding */
    size_t length;
    char tag[SITE_TAG_BYTES]; /* with its quotes */
};

struct site_file {
    char name[SITE_NAME_BYTES]; /* without a leading slash */
    const char *type;
    int is_lasting; /* its name holds a hash of its content, so it never changes */
    struct body bodies[CODINGS];
};

struct site {
    unsigned holds;
    size_t count, bytes;
    int has_tls;
    char relay[256]; /* wss://HOST[:PORT] of a relay elsewhere, or "" */
    struct site_file files[SITE_FILES_MAX];
};

/* Held once. NULL when out of memory. */
struct site *site_new(void);
struct site *site_hold(struct site *site);
/* Frees it with the last hold. NULL is fine. */
void site_release(struct site *site);

/* Only letters, digits, '.', '-', '_' and single slashes between; no part begins with '.'. */
int site_name_is_valid(const char *name);
/* NAME.br and NAME.gz are NAME in another coding. Takes bytes over, also when it fails. Returns NULL, or what is wrong with the file. */
const char *site_add(struct site *site, const char *name, uint8_t *bytes, size_t length);
/* When all are added: forgets codings of files that are not there. */
void site_settle(struct site *site);

const struct site_file *site_find(const struct site *site, const char *name, size_t length);

#endif
