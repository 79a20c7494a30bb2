/* A short table of files, found by their exact names. */
#include "site.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const suffixes[CODINGS] = {[CODING_GZIP] = ".gz", [CODING_BROTLI] = ".br"};

static const struct {
    const char *suffix, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".wasm", "application/wasm"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".webp", "image/webp"},
    {".ico", "image/x-icon"},
    {".webmanifest", "application/manifest+json"},
    {".woff2", "font/woff2"},
    {".txt", "text/plain; charset=utf-8"},
};

struct site *site_new(void)
{
    struct site *site = calloc(1, sizeof *site);

    if (site != NULL)
        site->holds = 1;
    return site;
}

struct site *site_hold(struct site *site)
{
    site->holds++;
    return site;
}

static void file_wipe(struct site_file *file)
{
    for (int i = 0; i < CODINGS; i++)
        free(file->bodies[i].bytes);
}

void site_release(struct site *site)
{
    if (site == NULL || --site->holds > 0)
        return;
    for (size_t i = 0; i < site->count; i++)
        file_wipe(&site->files[i]);
    free(site);
}

int site_name_is_valid(const char *name)
{
    size_t length = strlen(name);

    if (length == 0 || length >= SITE_NAME_BYTES || name[length - 1] == '/')
        return 0;
    for (size_t i = 0; i < length; i++) {
        int is_start = i == 0 || name[i - 1] == '/';

        if (is_start && (name[i] == '.' || name[i] == '/'))
            return 0;
        if (!isalnum((unsigned char)name[i]) && strchr("._-/", name[i]) == NULL)
            return 0;
    }
    return 1;
}

static int ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);

    return length > tail && strcmp(text + length - tail, end) == 0;
}

static const char *type_of(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (ends_with(name, types[i].suffix))
            return types[i].type;
    }
    return "application/octet-stream";
}

/* Bundlers write NAME-HASH.js or NAME.HASH.js: eight or more of one case's letters and digits, as in base 32 or base 16. */
static int is_hashed(const char *name)
{
    const char *dot = strrchr(name, '.'), *at = dot;
    size_t lower, upper;

    if (dot == NULL)
        return 0;
    while (at > name && isalnum((unsigned char)at[-1]))
        at--;
    if (at == name || strchr("-.", at[-1]) == NULL || dot - at < 8)
        return 0;
    lower = strspn(at, "0123456789abcdef");
    upper = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
    return at + lower == dot || at + upper == dot;
}

/* FNV-1a over the content: it tells versions apart for caches, and protects nothing. */
static void body_tag(struct body *body)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < body->length; i++)
        hash = (hash ^ body->bytes[i]) * UINT64_C(0x100000001b3);
    snprintf(body->tag, sizeof body->tag, "\"%016llx\"", (unsigned long long)hash);
}

const struct site_file *site_find(const struct site *site, const char *name, size_t length)
{
    for (size_t i = 0; i < site->count; i++) {
        if (strlen(site->files[i].name) == length && memcmp(site->files[i].name, name, length) == 0)
            return &site->files[i];
    }
    return NULL;
}

static struct site_file *file_make(struct site *site, const char *name)
{
    struct site_file *file;

    for (size_t i = 0; i < site->count; i++) {
        if (strcmp(site->files[i].name, name) == 0)
            return &site->files[i];
    }
    if (site->count == SITE_FILES_MAX)
        return NULL;
    file = &site->files[site->count++];
    memset(file, 0, sizeof *file);
    strcpy(file->name, name);
    file->type = type_of(name);
    file->is_lasting = is_hashed(name);
    return file;
}

static enum coding coding_cut(char *name)
{
    for (int i = CODING_GZIP; i < CODINGS; i++) {
        if (!ends_with(name, suffixes[i]))
            continue;
        name[strlen(name) - strlen(suffixes[i])] = '\0';
        return (enum coding)i;
    }
    return CODING_PLAIN;
}

/* Returns NULL, or what is wrong; then bytes are still the caller's. */
static const char *body_add(struct site *site, const char *name, uint8_t *bytes, size_t length)
{
    char base[SITE_NAME_BYTES];
    struct site_file *file;
    enum coding coding;

    if (!site_name_is_valid(name))
        return "a name may hold only letters, digits, '.', '-' and '_'";
    if (length > SITE_BYTES_MAX - site->bytes)
        return "the files are larger than 4 MiB together";
    strcpy(base, name);
    coding = coding_cut(base);
    file = file_make(site, base);
    if (file == NULL)
        return "there are more than 64 files";
    if (file->bodies[coding].bytes != NULL)
        return "the page has a file of this name already";
    file->bodies[coding].bytes = bytes;
    file->bodies[coding].length = length;
    body_tag(&file->bodies[coding]);
    site->bytes += length;
    return NULL;
}

const char *site_add(struct site *site, const char *name, uint8_t *bytes, size_t length)
{
    const char *wrong = body_add(site, name, bytes, length);

    if (wrong != NULL)
        free(bytes);
    return wrong;
}

void site_settle(struct site *site)
{
    for (size_t i = site->count; i-- > 0;) {
        if (site->files[i].bodies[CODING_PLAIN].bytes != NULL)
            continue;
        file_wipe(&site->files[i]);
        site->files[i] = site->files[--site->count];
    }
}
