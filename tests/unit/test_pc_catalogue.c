/* The reader of translated texts: what it finds, and catalogues that are none. */
#include "catalogue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT 3
#define STRINGS (20 + COUNT * 16)

static const struct {
    const char *original, *translation;
    size_t original_bytes;
} texts[COUNT] = {
    {"%d day\0%d days", "%d\xec\x9d\xbc", 14},
    {"No", "\xec\x95\x84\xeb\x8b\x88\xec\x98\xa4", 2},
    {"Yes", "\xec\x98\x88", 3},
};

struct made {
    uint8_t bytes[256];
    size_t length;
};

static void number_put(struct made *made, size_t at, uint32_t value, int is_big_endian)
{
    for (size_t i = 0; i < 4; i++)
        made->bytes[at + i] = (uint8_t)(value >> 8 * (is_big_endian ? 3 - i : i));
}

static void string_put(struct made *made, size_t entry, const char *text, size_t length, int is_big_endian)
{
    number_put(made, entry, (uint32_t)length, is_big_endian);
    number_put(made, entry + 4, (uint32_t)made->length, is_big_endian);
    memcpy(made->bytes + made->length, text, length + 1);
    made->length += length + 1;
}

static struct made make(int is_big_endian)
{
    const uint32_t head[] = {0x950412de, 0, COUNT, 20, 20 + COUNT * 8};
    struct made made = {.length = STRINGS};

    for (size_t i = 0; i < sizeof head / sizeof head[0]; i++)
        number_put(&made, 4 * i, head[i], is_big_endian);
    for (size_t i = 0; i < COUNT; i++) {
        string_put(&made, 20 + 8 * i, texts[i].original, texts[i].original_bytes, is_big_endian);
        string_put(&made, 20 + 8 * (COUNT + i), texts[i].translation, strlen(texts[i].translation),
                   is_big_endian);
    }
    return made;
}

static struct catalogue *opened(const struct made *made)
{
    char path[] = "/tmp/catalogue-XXXXXX";
    int fd = mkstemp(path);
    struct catalogue *catalogue;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, made->bytes, made->length), made->length);
    close(fd);
    catalogue = catalogue_open(path);
    unlink(path);
    return catalogue;
}

static void every_text_is_found_in_either_byte_order(void **state)
{
    (void)state;
    for (int is_big_endian = 0; is_big_endian < 2; is_big_endian++) {
        const struct made made = make(is_big_endian);
        struct catalogue *catalogue = opened(&made);

        assert_non_null(catalogue);
        for (size_t i = 0; i < COUNT; i++)
            assert_string_equal(catalogue_find(catalogue, texts[i].original), texts[i].translation);
        catalogue_close(catalogue);
    }
}

static void a_text_that_is_not_there_is_not_found(void **state)
{
    const struct made made = make(0);
    struct catalogue *catalogue = opened(&made);

    (void)state;
    assert_null(catalogue_find(catalogue, "Y"));
    assert_null(catalogue_find(catalogue, "Yes!"));
    assert_null(catalogue_find(catalogue, "A"));
    assert_null(catalogue_find(NULL, "Yes"));
    catalogue_close(catalogue);
}

static void what_is_no_catalogue_is_refused(void **state)
{
    struct made made = make(0);

    (void)state;
    assert_null(catalogue_open("/nonexistent"));
    made.bytes[0] ^= 1;
    assert_null(opened(&made));
    made = make(0);
    number_put(&made, 8, UINT32_MAX, 0);
    assert_null(opened(&made));
    made = make(0);
    number_put(&made, 12, 250, 0);
    assert_null(opened(&made));
}

static void a_catalogue_that_is_cut_gives_whole_texts_or_none(void **state)
{
    const struct made whole = make(0);

    (void)state;
    for (size_t length = 0; length < whole.length; length++) {
        struct made made = whole;
        struct catalogue *catalogue;

        made.length = length;
        catalogue = opened(&made);
        assert_int_equal(catalogue != NULL, length >= STRINGS);
        for (size_t i = 0; i < COUNT; i++) {
            const char *found = catalogue_find(catalogue, texts[i].original);

            if (found != NULL)
                assert_string_equal(found, texts[i].translation);
        }
        catalogue_close(catalogue);
    }
}

static void a_text_that_points_outside_or_does_not_end_is_none(void **state)
{
    struct made made = make(0);
    struct catalogue *catalogue;

    (void)state;
    number_put(&made, 20 + 8 * (COUNT + 2), 1, 0);
    number_put(&made, 20 + 8 * COUNT + 4, UINT32_MAX, 0);
    number_put(&made, 20 + 8 * (COUNT + 1), UINT32_MAX, 0);
    catalogue = opened(&made);
    for (size_t i = 0; i < COUNT; i++)
        assert_null(catalogue_find(catalogue, texts[i].original));
    catalogue_close(catalogue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_text_is_found_in_either_byte_order),
        cmocka_unit_test(a_text_that_is_not_there_is_not_found),
        cmocka_unit_test(what_is_no_catalogue_is_refused),
        cmocka_unit_test(a_catalogue_that_is_cut_gives_whole_texts_or_none),
        cmocka_unit_test(a_text_that_points_outside_or_does_not_end_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
