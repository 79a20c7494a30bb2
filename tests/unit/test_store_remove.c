/* Removing certificates: never the last copy unawares, nothing readable left, and nothing else touched. */
#include "removal.h"
#include "remove.h"
#include "stage.h"
#include "steps.h"
#include "store_help.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define HERE "NPKI/KICA/USER/cn=a,c=kr"
#define THERE "stick/NPKI/KICA/USER/cn=a,c=kr"

static const char *km(void)
{
    return help_user("kica-univ-km", "s-kica-km");
}

static char *two_places(void)
{
    char *dir = help_temporary();
    help_copy(km(), help_path("%s/" HERE, dir));
    help_copy(km(), help_path("%s/" THERE, dir));
    return dir;
}

static struct store_list scan(const char *dir)
{
    struct store_list list;
    assert_int_equal(store_scan(dir, &list), STORE_OK);
    return list;
}

static int is_there(const char *dir, const char *place)
{
    return access(help_path("%s/%s", dir, place), F_OK) == 0;
}

/* The place of the entry that lies at dir/path. */
static size_t place_at(const struct store_entry *entry, const char *path)
{
    size_t place = 0;
    while (store_place(entry, place) != NULL && strcmp(store_place(entry, place), path) != 0) {
        place++;
    }
    assert_true(place < store_place_count(entry));
    return place;
}

static void one_of_two_places_goes_and_the_other_stays(void **state)
{
    (void)state;
    static const char *const PLACES[] = {HERE, THERE};
    for (size_t i = 0; i < 2; i++) {
        char *dir = two_places();
        struct store_list list = scan(dir);
        assert_int_equal(list.count, 1);
        assert_int_equal(store_place_count(&list.entries[0]), 2);
        assert_null(store_place(&list.entries[0], 2));
        size_t place = place_at(&list.entries[0], help_path("%s/%s", dir, PLACES[i]));
        assert_int_equal(store_remove(&list.entries[0], place, 0), STORE_OK);
        assert_false(is_there(dir, PLACES[i]));
        assert_true(is_there(dir, PLACES[1 - i]));
        assert_int_equal(store_remove(&list.entries[0], place, 0), STORE_NOT_FOUND);
        assert_int_equal(store_remove(&list.entries[0], 1 - place, 0), STORE_LAST_COPY);
        assert_true(is_there(dir, PLACES[1 - i]));
        assert_int_equal(store_remove(&list.entries[0], 1 - place, STORE_REMOVE_LAST), STORE_OK);
        assert_false(is_there(dir, PLACES[1 - i]));
        store_list_free(&list);
        help_remove(dir);
    }
}

static void the_last_copy_is_kept_unless_that_is_said(void **state)
{
    (void)state;
    char *dir = help_temporary();
    help_copy(km(), help_path("%s/" HERE, dir));
    struct store_list list = scan(dir);
    char *before = help_picture(dir);
    assert_int_equal(store_remove(&list.entries[0], 0, 0), STORE_LAST_COPY);
    char *after = help_picture(dir);
    assert_string_equal(before, after);
    assert_int_equal(store_remove(&list.entries[0], 1, STORE_REMOVE_LAST), STORE_NOT_FOUND);
    assert_int_equal(store_remove(&list.entries[0], 0, STORE_REMOVE_LAST), STORE_OK);
    free(before);
    free(after);
    store_list_free(&list);
    help_remove(dir);
}

static void flip(const char *path)
{
    size_t length = 0;
    uint8_t *bytes = help_read(path, &length);
    bytes[length - 1] ^= 1;
    help_write(path, bytes, length);
    free(bytes);
}

/* What the other place was when it was scanned does not count. */
static void another_place_counts_only_as_it_is_now(void **state)
{
    (void)state;
    static const char *const LOST[] = {"signPri.key", "kmPri.key", "kmCert.der"};
    for (size_t i = 0; i < 6; i++) {
        char *dir = two_places();
        struct store_list list = scan(dir);
        size_t place = place_at(&list.entries[0], help_path("%s/" HERE, dir));
        const char *file = help_path("%s/" THERE "/%s", dir, LOST[i % 3]);
        if (i < 3) {
            flip(file);
        } else {
            assert_int_equal(unlink(file), 0);
        }
        assert_int_equal(store_remove(&list.entries[0], place, 0), STORE_LAST_COPY);
        assert_true(is_there(dir, HERE "/signPri.key"));
        store_list_free(&list);
        help_remove(dir);
    }
}

static void what_has_changed_since_the_scan_is_not_removed(void **state)
{
    (void)state;
    char *dir = two_places();
    struct store_list list = scan(dir);
    size_t place = place_at(&list.entries[0], help_path("%s/" HERE, dir));
    flip(help_path("%s/" HERE "/signPri.key", dir));
    char *before = help_picture(dir);
    assert_int_equal(store_remove(&list.entries[0], place, STORE_REMOVE_LAST), STORE_CHANGED);
    char *after = help_picture(dir);
    assert_string_equal(before, after);
    free(before);
    free(after);
    store_list_free(&list);
    help_remove(dir);
}

static int is_zero(int file)
{
    uint8_t bytes[4096];
    ssize_t length = pread(file, bytes, sizeof bytes, 0);
    assert_true(length > 100);
    for (ssize_t i = 0; i < length; i++) {
        if (bytes[i] != 0) {
            return 0;
        }
    }
    return 1;
}

static void the_bytes_are_overwritten_but_for_those_with_a_second_name(void **state)
{
    (void)state;
    char *dir = help_temporary();
    help_copy(km(), help_path("%s/" HERE, dir));
    assert_int_equal(link(help_path("%s/" HERE "/kmPri.key", dir), help_path("%s/kept", dir)), 0);
    int sign = open(help_path("%s/" HERE "/signPri.key", dir), O_RDONLY);
    int kept = open(help_path("%s/kept", dir), O_RDONLY);
    assert_false(is_zero(sign));
    struct store_list list = scan(help_path("%s/NPKI", dir));
    assert_int_equal(store_remove(&list.entries[0], 0, STORE_REMOVE_LAST), STORE_OK);
    assert_true(is_zero(sign));
    assert_false(is_zero(kept));
    close(sign);
    close(kept);
    store_list_free(&list);
    help_remove(dir);
}

/* Only an empty USER goes with it; authorities' certificates, backups and neighbours stay. */
static void what_lies_around_it_stays(void **state)
{
    (void)state;
    char *dir = help_temporary();
    help_copy(km(), help_path("%s/" HERE, dir));
    help_copy(km(), help_path("%s/" HERE ".bak-20261120", dir));
    help_write(help_path("%s/NPKI/KICA/0123456789abcdef_1.der", dir), "x", 1);
    struct store_list list = scan(dir);
    assert_int_equal(store_remove(&list.entries[0], 0, STORE_REMOVE_LAST), STORE_OK);
    assert_false(is_there(dir, HERE));
    assert_true(is_there(dir, HERE ".bak-20261120/signPri.key"));
    store_list_free(&list);
    help_remove(dir);

    dir = help_temporary();
    help_copy(km(), help_path("%s/" HERE, dir));
    help_write(help_path("%s/NPKI/KICA/0123456789abcdef_1.der", dir), "x", 1);
    list = scan(dir);
    assert_int_equal(store_remove(&list.entries[0], 0, STORE_REMOVE_LAST), STORE_OK);
    char *picture = help_picture(dir);
    assert_null(strstr(picture, "USER"));
    assert_non_null(strstr(picture, "/NPKI/KICA/0123456789abcdef_1.der"));
    assert_null(strstr(picture, ".certrelay-"));
    free(picture);
    store_list_free(&list);
    help_remove(dir);
}

static void a_folder_lying_anywhere_is_removed_too(void **state)
{
    (void)state;
    char *dir = help_temporary();
    help_copy(km(), help_path("%s/desk/mine", dir));
    struct store_list list = scan(help_path("%s/desk/mine", dir));
    char *root = store_root_of(&list.entries[0], 0);
    assert_string_equal(root, help_path("%s/desk", dir));
    assert_int_equal(store_remove(&list.entries[0], 0, STORE_REMOVE_LAST), STORE_OK);
    assert_false(is_there(dir, "desk/mine"));
    assert_true(is_there(dir, "desk"));
    free(root);
    store_list_free(&list);
    help_remove(dir);
}

static void of_a_gpki_folder_only_the_group_goes(void **state)
{
    (void)state;
    char *dir = help_temporary();
    help_copy(help_path("%s/GPKI/Certificate/class2", help_best_set()), dir);
    help_write(help_path("%s/other_sig.cer", dir), "x", 1);
    struct store_list list = scan(dir);
    assert_int_equal(list.entries[0].format, CR_FORMAT_GPKI);
    assert_int_equal(store_remove(&list.entries[0], 0, STORE_REMOVE_LAST), STORE_OK);
    char *picture = help_picture(dir);
    assert_int_equal(strncmp(picture, "/other_sig.cer ", 15), 0);
    assert_null(strstr(picture + 1, "\n/"));
    free(picture);
    store_list_free(&list);
    help_remove(dir);
}

static void copies_of_a_pkcs12_in_one_folder_are_two_places(void **state)
{
    (void)state;
    char *dir = help_temporary();
    size_t length = 0;
    uint8_t *bytes = help_read(help_path("%s/p12/s-bank.p12", CR_SAMPLES), &length);
    help_write(help_path("%s/a.p12", dir), bytes, length);
    help_write(help_path("%s/b.pfx", dir), bytes, length);
    struct store_list list = scan(dir);
    assert_int_equal(list.count, 1);
    assert_int_equal(store_remove(&list.entries[0], 1, 0), STORE_OK);
    assert_int_equal(store_remove(&list.entries[0], 0, 0), STORE_LAST_COPY);
    assert_true(is_there(dir, "a.p12"));
    assert_false(is_there(dir, "b.pfx"));
    free(bytes);
    store_list_free(&list);
    help_remove(dir);
}

static void what_cannot_be_used_can_be_removed(void **state)
{
    (void)state;
    static const char *const BAD[] = {"no-key", "cert-is-html", "key-truncated"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        char *dir = help_temporary();
        help_copy(help_path("%s/bad/%s", help_best_set(), BAD[i]), help_path("%s/" HERE, dir));
        struct store_list list = scan(dir);
        assert_int_not_equal(list.entries[0].fault, STORE_OK);
        assert_int_equal(store_remove(&list.entries[0], 0, 0), STORE_LAST_COPY);
        assert_int_equal(store_remove(&list.entries[0], 0, STORE_REMOVE_LAST), STORE_OK);
        assert_false(is_there(dir, HERE));
        store_list_free(&list);
        help_remove(dir);
    }
}

/* A stage as another could plant it, with a removal of what lies at dir/name. */
static char *plant(const char *dir, const char *bytes, size_t length, mode_t mode)
{
    const char *stage = help_path("%s/NPKI/.certrelay-00112233445566ff", dir);
    help_write(help_path("%s/removal", stage), bytes, length);
    help_write(help_path("%s/stage", stage), "certrelay stage 1\n", 18);
    assert_int_equal(chmod(stage, mode), 0);
    return help_picture(dir);
}

#define FIELD(text) text "\0"
#define PRINT_A "ffffffffffffffffffffffffffffffff"

static void a_planted_removal_removes_nothing(void **state)
{
    (void)state;
    static const char OUT[] = FIELD("certrelay removal 1") FIELD("..") FIELD("kept") FIELD(PRINT_A) "end";
    static const char UP[] = FIELD("certrelay removal 1") FIELD("KICA") FIELD("../x") FIELD(PRINT_A) "end";
    static const char ROOT[] = FIELD("certrelay removal 1") FIELD("/etc") FIELD("x") FIELD(PRINT_A) "end";
    static const char CUT[] = FIELD("certrelay removal 1") FIELD("KICA/USER") FIELD("cn=a,c=kr");
    static const char OTHER[] =
        FIELD("certrelay removal 1") FIELD("KICA/USER") FIELD("cn=a,c=kr") FIELD(PRINT_A) "end";
    static const struct {
        const char *bytes;
        size_t length;
    } PLANTS[] = {
        {OUT, sizeof OUT}, {UP, sizeof UP}, {ROOT, sizeof ROOT}, {CUT, sizeof CUT}, {OTHER, sizeof OTHER}};
    for (size_t i = 0; i < sizeof PLANTS / sizeof PLANTS[0]; i++) {
        char *dir = help_temporary();
        help_copy(km(), help_path("%s/" HERE, dir));
        help_write(help_path("%s/kept", dir), "x", 1);
        char *before = plant(dir, PLANTS[i].bytes, PLANTS[i].length, 0700);
        store_recover(help_path("%s/NPKI", dir));
        char *after = help_picture(dir);
        assert_true(is_there(dir, HERE "/signPri.key"));
        assert_true(is_there(dir, "kept"));
        /* The last is well formed, but what lies there is something else: it is done with. */
        assert_int_equal(strcmp(before, after) == 0, i + 1 < sizeof PLANTS / sizeof PLANTS[0]);
        free(before);
        free(after);
        help_remove(dir);
    }
}

/* The true one, so that only the stage's mode stands against it. */
static char *true_removal(const char *dir, size_t *length)
{
    char print[FINGERPRINT_BYTES];
    int user = open(help_path("%s/NPKI/KICA/USER", dir), O_RDONLY | O_DIRECTORY);
    fingerprint_take(user, "cn=a,c=kr", print);
    close(user);
    char *bytes = calloc(1, 256);
    const char *const fields[] = {"certrelay removal 1", "KICA/USER", "cn=a,c=kr", print, "end"};
    *length = 0;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        strcpy(bytes + *length, fields[i]);
        *length += strlen(fields[i]) + 1;
    }
    return bytes;
}

static void a_mark_is_believed_only_where_no_modes_are_kept(void **state)
{
    (void)state;
    for (int lacks = 0; lacks < 2; lacks++) {
        char *dir = help_temporary();
        size_t length = 0;
        help_copy(km(), help_path("%s/" HERE, dir));
        char *bytes = true_removal(dir, &length);
        free(plant(dir, bytes, length, 0755));
        store_lacks_modes = lacks;
        store_recover(help_path("%s/NPKI", dir));
        store_lacks_modes = 0;
        assert_int_equal(is_there(dir, HERE "/signPri.key"), !lacks);
        char *picture = help_picture(dir);
        assert_int_equal(strstr(picture, ".certrelay-") != NULL, !lacks);
        free(picture);
        free(bytes);
        help_remove(dir);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_of_two_places_goes_and_the_other_stays),
        cmocka_unit_test(the_last_copy_is_kept_unless_that_is_said),
        cmocka_unit_test(another_place_counts_only_as_it_is_now),
        cmocka_unit_test(what_has_changed_since_the_scan_is_not_removed),
        cmocka_unit_test(the_bytes_are_overwritten_but_for_those_with_a_second_name),
        cmocka_unit_test(what_lies_around_it_stays),
        cmocka_unit_test(a_folder_lying_anywhere_is_removed_too),
        cmocka_unit_test(of_a_gpki_folder_only_the_group_goes),
        cmocka_unit_test(copies_of_a_pkcs12_in_one_folder_are_two_places),
        cmocka_unit_test(what_cannot_be_used_can_be_removed),
        cmocka_unit_test(a_planted_removal_removes_nothing),
        cmocka_unit_test(a_mark_is_believed_only_where_no_modes_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
