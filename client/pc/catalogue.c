/* Reads a catalogue: two tables of lengths and offsets, the originals sorted, and the strings they name. */
#include "catalogue.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC 0x950412deu
#define HEAD_BYTES 20
#define ENTRY_BYTES 8
#define CATALOGUE_MAX_BYTES (1u << 20)

struct catalogue {
    size_t length;
    uint32_t count, originals, translations; /* how many, and where the two tables are */
    int is_big_endian;
    uint8_t bytes[];
};

static uint32_t number_at(const struct catalogue *catalogue, size_t at)
{
    const uint8_t *b = catalogue->bytes + at;

    if (catalogue->is_big_endian)
        return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    return (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0];
}

static int table_fits(const struct catalogue *catalogue, uint32_t at)
{
    return at <= catalogue->length && catalogue->count <= (catalogue->length - at) / ENTRY_BYTES;
}

static int head_read(struct catalogue *catalogue)
{
    if (catalogue->length < HEAD_BYTES)
        return -1;
    catalogue->is_big_endian = 0;
    catalogue->is_big_endian = number_at(catalogue, 0) != MAGIC;
    if (number_at(catalogue, 0) != MAGIC || number_at(catalogue, 4) >> 16 != 0)
        return -1;
    catalogue->count = number_at(catalogue, 8);
    catalogue->originals = number_at(catalogue, 12);
    catalogue->translations = number_at(catalogue, 16);
    return table_fits(catalogue, catalogue->originals) && table_fits(catalogue, catalogue->translations) ? 0
                                                                                                         : -1;
}

struct catalogue *catalogue_open(const char *path)
{
    FILE *file = fopen(path, "rbe");
    struct catalogue *catalogue = file ? malloc(sizeof(*catalogue) + CATALOGUE_MAX_BYTES) : NULL;
    struct catalogue *smaller;

    if (!catalogue)
        goto out;
    catalogue->length = fread(catalogue->bytes, 1, CATALOGUE_MAX_BYTES, file);
    smaller = realloc(catalogue, sizeof(*catalogue) + catalogue->length);
    if (smaller)
        catalogue = smaller;
    if (head_read(catalogue) != 0) {
        free(catalogue);
        catalogue = NULL;
    }
out:
    if (file)
        fclose(file);
    return catalogue;
}

/* The string that a table's entry names, or NULL when it does not end where it says. */
static const char *string_of(const struct catalogue *catalogue, uint32_t table, uint32_t index)
{
    size_t entry = table + (size_t)index * ENTRY_BYTES;
    uint32_t length = number_at(catalogue, entry), at = number_at(catalogue, entry + 4);

    if (at >= catalogue->length || length >= catalogue->length - at || catalogue->bytes[at + length] != 0)
        return NULL;
    return (const char *)catalogue->bytes + at;
}

const char *catalogue_find(const struct catalogue *catalogue, const char *text)
{
    uint32_t low = 0, high = catalogue ? catalogue->count : 0;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const char *original = string_of(catalogue, catalogue->originals, middle);
        int order = original ? strcmp(text, original) : 0;

        if (!original)
            return NULL;
        if (order == 0)
            return string_of(catalogue, catalogue->translations, middle);
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

void catalogue_close(struct catalogue *catalogue)
{
    free(catalogue);
}
