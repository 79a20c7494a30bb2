/* The list of what was found: which copies are one certificate, and what it costs to tell. */
#include "steps.h"
#include "store_help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MANY 60

static const char *bank(void)
{
    return help_user("y-bank-115", "s-bank");
}

static const char *kica(void)
{
    return help_user("kica-univ-km", "s-kica-km");
}

/* Another key, as far as can be told without a password. */
static void change_key(const char *path, uint8_t by)
{
    size_t length = 0;
    uint8_t *bytes = help_read(path, &length);
    bytes[length - 1] ^= by;
    help_write(path, bytes, length);
    free(bytes);
}

static void plant_many(const char *dir, uint8_t step)
{
    const char *from = bank();
    for (uint8_t i = 0; i < MANY; i++) {
        help_copy(from, help_path("%s/%03d", dir, i));
        change_key(help_path("%s/%03d/signPri.key", dir, i), (uint8_t)(i * step));
    }
}

static void each_file_is_read_once_however_many_keys_one_certificate_has(void **state)
{
    (void)state;
    struct store_list list;
    char *dir = help_temporary();
    plant_many(dir, 1);
    store_reads = 0;
    assert_int_equal(store_scan(dir, &list), STORE_OK);
    assert_int_equal(store_reads, 2 * MANY);
    assert_int_equal(list.count, MANY);
    for (size_t i = 0; i < list.count; i++) {
        assert_null(list.entries[i].other_places);
    }
    store_list_free(&list);
    help_remove(dir);
}

static void each_file_is_read_once_however_many_copies_there_are(void **state)
{
    (void)state;
    struct store_list list;
    size_t places = 0;
    char *dir = help_temporary();
    plant_many(dir, 0);
    store_reads = 0;
    assert_int_equal(store_scan(dir, &list), STORE_OK);
    assert_int_equal(store_reads, 2 * MANY);
    assert_int_equal(list.count, 1);
    while (list.entries[0].other_places[places] != NULL) {
        places++;
    }
    assert_int_equal(places, MANY - 1);
    store_list_free(&list);
    help_remove(dir);
}

/* What a copy lacks is no difference; what both have must be equal, of each kind. */
static void copies_differ_by_any_file_that_both_have(void **state)
{
    (void)state;
    static const char *const KEYS[] = {"signPri.key", "kmPri.key"};
    for (size_t i = 0; i < 2; i++) {
        struct store_list list;
        char *dir = help_temporary();
        help_copy(kica(), help_path("%s/1", dir));
        help_copy(kica(), help_path("%s/2", dir));
        help_copy(kica(), help_path("%s/3", dir));
        change_key(help_path("%s/2/%s", dir, KEYS[i]), 1);
        unlink(help_path("%s/3/%s", dir, "kmPri.key"));
        assert_int_equal(store_scan(dir, &list), STORE_OK);
        assert_int_equal(list.count, 2);
        assert_string_equal(list.entries[0].other_places[0], help_path("%s/3", dir));
        assert_null(list.entries[0].other_places[1]);
        assert_string_equal(list.entries[1].path, help_path("%s/2", dir));
        assert_null(list.entries[1].other_places);
        store_list_free(&list);
        help_remove(dir);
    }
}

/* The fuller copy leads, and what comes after is held against its files. */
static void a_copy_is_held_against_the_fuller_one(void **state)
{
    (void)state;
    struct store_list list;
    char *dir = help_temporary();
    for (char name = '1'; name <= '4'; name++) {
        help_copy(kica(), help_path("%s/%c", dir, name));
    }
    unlink(help_path("%s/1/kmPri.key", dir));
    change_key(help_path("%s/3/kmPri.key", dir), 1);
    assert_int_equal(store_scan(dir, &list), STORE_OK);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.entries[0].path, help_path("%s/2", dir));
    assert_string_equal(list.entries[0].other_places[0], help_path("%s/1", dir));
    assert_string_equal(list.entries[0].other_places[1], help_path("%s/4", dir));
    assert_null(list.entries[0].other_places[2]);
    assert_string_equal(list.entries[1].path, help_path("%s/3", dir));
    store_list_free(&list);
    help_remove(dir);
}

/* Every other one is faulty: both kinds stay in the order found. */
static void usable_and_faulty_entries_each_keep_their_order(void **state)
{
    (void)state;
    struct store_list list;
    char *dir = help_temporary();
    plant_many(dir, 1);
    for (int i = 0; i < MANY; i += 2) {
        unlink(help_path("%s/%03d/signPri.key", dir, i));
    }
    assert_int_equal(store_scan(dir, &list), STORE_OK);
    assert_int_equal(list.count, MANY);
    for (int i = 0; i < MANY; i++) {
        int number = i < MANY / 2 ? 2 * i + 1 : 2 * (i - MANY / 2);
        assert_int_equal(list.entries[i].fault, i < MANY / 2 ? STORE_OK : STORE_NO_KEY);
        assert_string_equal(list.entries[i].path, help_path("%s/%03d", dir, number));
    }
    store_list_free(&list);
    help_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_file_is_read_once_however_many_keys_one_certificate_has),
        cmocka_unit_test(each_file_is_read_once_however_many_copies_there_are),
        cmocka_unit_test(copies_differ_by_any_file_that_both_have),
        cmocka_unit_test(a_copy_is_held_against_the_fuller_one),
        cmocka_unit_test(usable_and_faulty_entries_each_keep_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
