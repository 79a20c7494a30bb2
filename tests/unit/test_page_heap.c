/* The page's allocator, natively: what it gives, what it joins again, what it wipes, and where it ends. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <heap.h>

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define MAX_BYTES (16 * 65536)

static unsigned char *arena;
static struct heap heap;
static size_t grown, may_grow;

static int grow(size_t bytes)
{
    if (grown + bytes > may_grow)
        return -1;
    grown += bytes;
    return 0;
}

static int start(void **state)
{
    (void)state;
    arena = aligned_alloc(HEAP_ALIGN_BYTES, MAX_BYTES);
    if (arena != NULL)
        memset(arena, 0, MAX_BYTES);
    grown = 0;
    may_grow = MAX_BYTES;
    heap_init(&heap, arena, MAX_BYTES, grow);
    return arena == NULL;
}

static int stop(void **state)
{
    (void)state;
    free(arena);
    return 0;
}

static size_t bytes_set(void)
{
    size_t count = 0;

    for (size_t i = 0; i < grown; i++)
        count += arena[i] != 0;
    return count;
}

static void pieces_are_aligned_and_do_not_overlap(void **state)
{
    unsigned char *pieces[200];

    (void)state;
    for (size_t i = 0; i < COUNT(pieces); i++) {
        pieces[i] = heap_alloc(&heap, i * 7);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % HEAP_ALIGN_BYTES, 0);
        memset(pieces[i], (int)i, i * 7);
    }
    for (size_t i = 0; i < COUNT(pieces); i++)
        for (size_t b = 0; b < i * 7; b++)
            assert_int_equal(pieces[i][b], i);
}

static void nothing_past_the_cap_is_given(void **state)
{
    size_t given = 0;

    (void)state;
    assert_null(heap_alloc(&heap, MAX_BYTES));
    assert_null(heap_alloc(&heap, SIZE_MAX));
    assert_null(heap_alloc(&heap, SIZE_MAX / 2));
    for (unsigned char *piece; (piece = heap_alloc(&heap, 1000)) != NULL; given++)
        assert_true(piece >= arena && piece + 1000 <= arena + MAX_BYTES);
    assert_int_equal(grown, MAX_BYTES);
    assert_true(given > 900);
}

static void memory_that_does_not_grow_is_the_end(void **state)
{
    (void)state;
    may_grow = 65536;
    assert_non_null(heap_alloc(&heap, 60000));
    assert_null(heap_alloc(&heap, 60000));
    may_grow = MAX_BYTES;
    assert_non_null(heap_alloc(&heap, 60000));
}

static void what_is_freed_is_wiped(void **state)
{
    unsigned char *one = heap_alloc(&heap, 5000), *two = heap_alloc(&heap, 5000);
    size_t before;

    (void)state;
    memset(one, 0xaa, 5000);
    memset(two, 0xbb, 5000);
    assert_true(bytes_set() >= 10000);
    assert_int_equal(heap_free(&heap, one), 0);
    before = bytes_set();
    assert_true(before >= 5000 && before < 5100);
    for (size_t i = 0; i < 5000; i++)
        assert_int_equal(two[i], 0xbb);
    assert_int_equal(heap_free(&heap, two), 0);
    assert_true(bytes_set() < 64);
}

static void freed_neighbours_become_one_again(void **state)
{
    static const size_t ORDERS[][4] = {{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}, {2, 0, 3, 1}};

    (void)state;
    for (size_t order = 0; order < COUNT(ORDERS); order++) {
        void *pieces[4], *whole;

        for (size_t i = 0; i < 4; i++)
            pieces[i] = heap_alloc(&heap, MAX_BYTES / 4 - 64);
        for (size_t i = 0; i < 4; i++)
            assert_int_equal(heap_free(&heap, pieces[ORDERS[order][i]]), 0);
        whole = heap_alloc(&heap, MAX_BYTES - 64);
        assert_non_null(whole);
        assert_int_equal(heap_free(&heap, whole), 0);
    }
}

static void the_first_that_fits_is_taken(void **state)
{
    void *first = heap_alloc(&heap, 1000), *second = heap_alloc(&heap, 1000),
         *third = heap_alloc(&heap, 1000);

    (void)state;
    assert_non_null(third);
    assert_int_equal(heap_free(&heap, first), 0);
    assert_int_equal(heap_free(&heap, NULL), 0);
    assert_ptr_equal(heap_alloc(&heap, 500), first);
    assert_int_equal(heap_free(&heap, second), 0);
    assert_true(heap_alloc(&heap, 1400) > first);
}

static void what_is_not_in_use_cannot_be_freed(void **state)
{
    char *piece = heap_alloc(&heap, 1000);

    (void)state;
    assert_int_equal(heap_free(&heap, piece + 16), -1);
    assert_int_equal(heap_free(&heap, piece), 0);
    assert_int_equal(heap_free(&heap, piece), -1);
}

/* A long row of random steps against a plain account of who owns what. */
static void random_steps_keep_every_piece_whole(void **state)
{
    struct {
        unsigned char *at;
        size_t bytes;
        unsigned char mark;
    } pieces[64] = {{0}};
    uint32_t random = 1;

    (void)state;
    for (int step = 0; step < 20000; step++) {
        size_t i = (random = random * 1664525 + 1013904223) >> 26;

        for (size_t b = 0; b < pieces[i].bytes; b += 97)
            assert_int_equal(pieces[i].at[b], pieces[i].mark);
        assert_int_equal(heap_free(&heap, pieces[i].at), 0);
        pieces[i].bytes = (random >> 8) % 20000;
        pieces[i].mark = (unsigned char)(step | 1);
        pieces[i].at = heap_alloc(&heap, pieces[i].bytes);
        if (pieces[i].at == NULL)
            pieces[i].bytes = 0;
        else
            memset(pieces[i].at, pieces[i].mark, pieces[i].bytes);
    }
    for (size_t i = 0; i < COUNT(pieces); i++)
        assert_int_equal(heap_free(&heap, pieces[i].at), 0);
    assert_true(bytes_set() < 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pieces_are_aligned_and_do_not_overlap, start, stop),
        cmocka_unit_test_setup_teardown(nothing_past_the_cap_is_given, start, stop),
        cmocka_unit_test_setup_teardown(memory_that_does_not_grow_is_the_end, start, stop),
        cmocka_unit_test_setup_teardown(what_is_freed_is_wiped, start, stop),
        cmocka_unit_test_setup_teardown(freed_neighbours_become_one_again, start, stop),
        cmocka_unit_test_setup_teardown(the_first_that_fits_is_taken, start, stop),
        cmocka_unit_test_setup_teardown(what_is_not_in_use_cannot_be_freed, start, stop),
        cmocka_unit_test_setup_teardown(random_steps_keep_every_piece_whole, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
