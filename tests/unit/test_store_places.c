/* Every place where certificates are kept, on every kind of computer and drive; and the authorities' certificates beside them. */
#include "copy.h"
#include "remove.h"
#include "scan.h"
#include "store_help.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char *bank(void)
{
    return help_user("y-bank-115", "s-bank");
}

static void scan_places(const char *dir, struct store_list *list)
{
    struct scan scan = {.list = list, .names_left = 50000};
    memset(list, 0, sizeof *list);
    places_scan(&scan, help_path("%s/home", dir), help_path("%s/system", dir));
    assert_int_equal(scan.fault, STORE_OK);
    free(scan.visited);
}

static const char *const DRIVES[] = {
    "system/media/STICK",
    "system/media/person/STICK",
    "system/run/media/person/STICK",
    "system/Volumes/STICK",
    "system/mnt/c",
    "system/storage/1234-ABCD",
    "system/storage/emulated/0",
};

static const char *const ON_DRIVES[] = {
    "NPKI/yessign/USER/cn=a,c=kr",
    "npki/yessign/User/cn=a,c=kr",
    "NPKI/NPKI/yessign/USER/cn=a,c=kr",
    "NPKI/a new authority/USER/cn=a,c=kr",
    "Program Files/NPKI/yessign/USER/cn=a,c=kr",
    "Program Files (x86)/NPKI/yessign/USER/cn=a,c=kr",
    "Users/person/AppData/LocalLow/NPKI/yessign/USER/cn=a,c=kr",
    "Users/person/AppData/Local/LowiSA/yessign/USER/cn=a,c=kr",
    "Users/person/Documents/NPKI/yessign/USER/cn=a,c=kr",
    "Users/person/Library/Preferences/NPKI/yessign/USER/cn=a,c=kr",
};

static void assert_one(const char *dir, const struct store_list *list, const char *place,
                       enum cr_format format)
{
    assert_int_equal(list->count, 1);
    assert_int_equal(list->entries[0].fault, STORE_OK);
    assert_int_equal(list->entries[0].format, format);
    assert_string_equal(list->entries[0].path, help_path("%s/%s", dir, place));
    assert_null(list->entries[0].other_places);
}

static void every_usual_place_of_every_drive_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof DRIVES / sizeof DRIVES[0]; i++) {
        for (size_t j = 0; j < sizeof ON_DRIVES / sizeof ON_DRIVES[0]; j++) {
            struct store_list list;
            char *dir = help_temporary();
            const char *place = help_path("%s/%s", DRIVES[i], ON_DRIVES[j]);
            help_copy(bank(), help_path("%s/%s", dir, place));
            scan_places(dir, &list);
            assert_one(dir, &list, place, CR_FORMAT_NPKI);
            store_list_free(&list);
            help_remove(dir);
        }
    }
}

static void groups_are_found_in_gpki_and_epki(void **state)
{
    (void)state;
    static const char *const PLACES[] = {
        "system/mnt/c/GPKI/Certificate/class1", "system/mnt/c/GPKI/Certificate/class2",
        "system/mnt/c/EPKI/Certificate/class2", "system/media/person/STICK/GPKI/Certificate/class2",
        "home/GPKI/Certificate/class2",
    };
    for (size_t i = 0; i < sizeof PLACES / sizeof PLACES[0]; i++) {
        struct store_list list;
        char *dir = help_temporary();
        help_copy(help_path("%s/GPKI/Certificate/class2", help_best_set()),
                  help_path("%s/%s", dir, PLACES[i]));
        scan_places(dir, &list);
        assert_one(dir, &list, PLACES[i], CR_FORMAT_GPKI);
        assert_int_equal(list.entries[0].file_count, 4);
        store_list_free(&list);
        help_remove(dir);
    }
}

static void other_folders_of_a_drive_are_not_searched_unasked(void **state)
{
    (void)state;
    struct store_list list;
    char *dir = help_temporary();
    help_copy(bank(), help_path("%s/system/mnt/c/Windows/NPKI/yessign/USER/cn=a", dir));
    help_copy(bank(), help_path("%s/system/mnt/c/Users/person/Pictures/NPKI/yessign/USER/cn=a", dir));
    scan_places(dir, &list);
    assert_int_equal(list.count, 0);
    store_list_free(&list);
    assert_int_equal(store_scan(help_path("%s/system/mnt/c", dir), &list), STORE_OK);
    assert_int_equal(list.count, 1);
    store_list_free(&list);
    help_remove(dir);
}

/* Deeper than a walk from the top would get. */
static void of_a_given_drive_or_home_the_usual_places_are_found_first(void **state)
{
    (void)state;
    static const char *const GIVEN[] = {
        "Users/person/AppData/LocalLow/NPKI/NPKI/yessign/USER/cn=a,c=kr/deeper",
        "Library/Preferences/NPKI/a/b/c/d/yessign/USER/cn=a,c=kr",
        "Documents/NPKI/a/b/c/d/e/yessign/USER/cn=a,c=kr",
    };
    for (size_t i = 0; i < sizeof GIVEN / sizeof GIVEN[0]; i++) {
        struct store_list list;
        char *dir = help_temporary();
        help_copy(bank(), help_path("%s/%s", dir, GIVEN[i]));
        assert_int_equal(store_scan(dir, &list), STORE_OK);
        assert_one(dir, &list, GIVEN[i], CR_FORMAT_NPKI);
        store_list_free(&list);
        help_remove(dir);
    }
}

/* As sticks written by old Windows programs hold them. */
static void a_folder_of_undecodable_name_is_copied_and_removed(void **state)
{
    (void)state;
    struct store_list list;
    char **paths = NULL;
    char *dir = help_temporary();
    const char *place = help_path("%s/from/NPKI/\xc7\xd1\xb1\xdb/USER/cn=\xc8\xab\xb1\xe6\xb5\xbf", dir);
    help_copy(bank(), place);
    assert_int_equal(store_scan(help_path("%s/from", dir), &list), STORE_OK);
    assert_string_equal(list.entries[0].path, place);
    const struct store_entry *entry = &list.entries[0];
    assert_int_equal(store_copy(&entry, 1, help_path("%s/NPKI", dir), 0, &paths), STORE_OK);
    assert_int_equal(store_remove(entry, 0, STORE_REMOVE_LAST), STORE_OK);
    assert_int_equal(access(place, F_OK), -1);
    store_paths_free(paths);
    store_list_free(&list);
    help_remove(dir);
}

static X509 *parse(const struct store_authority *authority)
{
    const unsigned char *at = authority->der;
    X509 *cert = d2i_X509(NULL, &at, (long)authority->length);
    assert_non_null(cert);
    assert_ptr_equal(at, authority->der + authority->length);
    return cert;
}

static void the_authorities_beside_are_told_once_each_and_are_no_entries(void **state)
{
    (void)state;
    for (const char *const *set = help_sets(); *set != NULL; set++) {
        struct store_list list;
        char *dir = help_temporary();
        help_copy(help_path("%s/NPKI", *set), help_path("%s/a/NPKI", dir));
        help_copy(help_path("%s/NPKI", *set), help_path("%s/b/NPKI", dir));
        assert_int_equal(store_scan(dir, &list), STORE_OK);
        assert_true(list.authority_count >= 3);
        for (size_t i = 0; i < list.authority_count; i++) {
            X509 *cert = parse(&list.authorities[i]);
            assert_int_equal(X509_check_ca(cert), 1);
            X509_free(cert);
            for (size_t j = 0; j < i; j++) {
                assert_false(list.authorities[i].length == list.authorities[j].length &&
                             memcmp(list.authorities[i].der, list.authorities[j].der,
                                    list.authorities[i].length) == 0);
            }
        }
        for (size_t i = 0; i < list.count; i++) {
            assert_int_equal(list.entries[i].fault, STORE_OK);
        }
        store_list_free(&list);
        help_remove(dir);
    }
}

static X509 *read_cert(const char *path)
{
    size_t length = 0;
    uint8_t *bytes = help_read(path, &length);
    const unsigned char *at = bytes;
    X509 *cert = d2i_X509(NULL, &at, (long)length);
    assert_non_null(cert);
    free(bytes);
    return cert;
}

/* Writes both certificates as programs bundle them. */
static void write_bundle(BIO *out, const char *form, X509 *one, X509 *other)
{
    if (strcmp(form, "der") == 0) {
        assert_true(i2d_X509_bio(out, one) && i2d_X509_bio(out, other));
    } else if (strcmp(form, "pem") == 0) {
        assert_true(PEM_write_bio_X509(out, one) && PEM_write_bio_X509(out, other));
    } else {
        PKCS7 *message = PKCS7_new();
        assert_true(PKCS7_set_type(message, NID_pkcs7_signed) && PKCS7_content_new(message, NID_pkcs7_data) &&
                    PKCS7_add_certificate(message, one) && PKCS7_add_certificate(message, other) &&
                    i2d_PKCS7_bio(out, message));
        PKCS7_free(message);
    }
}

static void bundles_of_authorities_are_read_in_every_form(void **state)
{
    (void)state;
    static const char *const FORMS[][2] = {{"der", "CaPubs"}, {"pem", "ca.crt"}, {"p7b", "CaPubs1"}};
    struct store_list all;
    assert_int_equal(store_scan(help_path("%s/NPKI", CR_SAMPLES), &all), STORE_OK);
    X509 *person = read_cert(help_path("%s/signCert.der", help_user("y-bank-115", "s-bank")));
    X509 *authority = parse(&all.authorities[0]);
    for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++) {
        struct store_list list;
        char *bytes = NULL;
        char *dir = help_temporary();
        BIO *out = BIO_new(BIO_s_mem());
        write_bundle(out, FORMS[i][0], person, authority);
        long length = BIO_get_mem_data(out, &bytes);
        help_write(help_path("%s/%s", dir, FORMS[i][1]), bytes, (size_t)length);
        assert_int_equal(store_scan(dir, &list), STORE_NOT_FOUND);
        assert_int_equal(list.authority_count, 1);
        assert_memory_equal(list.authorities[0].der, all.authorities[0].der, all.authorities[0].length);
        assert_string_equal(list.authorities[0].path, help_path("%s/%s", dir, FORMS[i][1]));
        BIO_free(out);
        store_list_free(&list);
        help_remove(dir);
    }
    X509_free(person);
    X509_free(authority);
    store_list_free(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_usual_place_of_every_drive_is_found),
        cmocka_unit_test(groups_are_found_in_gpki_and_epki),
        cmocka_unit_test(other_folders_of_a_drive_are_not_searched_unasked),
        cmocka_unit_test(of_a_given_drive_or_home_the_usual_places_are_found_first),
        cmocka_unit_test(a_folder_of_undecodable_name_is_copied_and_removed),
        cmocka_unit_test(the_authorities_beside_are_told_once_each_and_are_no_entries),
        cmocka_unit_test(bundles_of_authorities_are_read_in_every_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
