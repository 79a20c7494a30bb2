/* Certificates of other kinds (VPN, Wi-Fi, servers' clients): PEM and PKCS#12 of any name, and keys in clear. */
#include "convert.h"
#include "store_help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct store_wish wish_for(enum cr_format format, const char *password)
{
    return (struct store_wish){.format = format, .password = password, .length = strlen(password)};
}

static enum store_fault convert(const struct cr_cert *cert, const struct store_wish *wish,
                                struct cr_bundle *bundle)
{
    char detail[STORE_DETAIL_BYTES];
    return store_convert(cert, wish, bundle, detail);
}

/* A client certificate as servers' people hand it out, made by the openssl program. */
static const char *make_client(const char *dir, int is_plain, const char *name)
{
    const char *key = help_path("%s/key", dir);
    const char *cert = help_path("%s/cert", dir);
    const char *path = help_path("%s/%s", dir, name);
    const char *const plain[] = {
        "openssl", "req",   "-x509", "-newkey", "ec",           "-pkeyopt", "ec_paramgen_curve:P-256",
        "-nodes",  "-days", "90",    "-subj",   "/CN=vpn user", "-keyout",  key,
        "-out",    cert,    NULL};
    const char *const sealed[] = {
        "openssl",  "req",        "-x509", "-newkey", "ec",    "-pkeyopt",     "ec_paramgen_curve:P-256",
        "-passout", HELP_PASS_FD, "-days", "90",      "-subj", "/CN=vpn user", "-keyout",
        key,        "-out",       cert,    NULL};
    assert_int_equal(help_openssl(TEST_PASSWORD, is_plain ? plain : sealed), 0);
    size_t cert_length = 0;
    size_t key_length = 0;
    uint8_t *cert_bytes = help_read(cert, &cert_length);
    uint8_t *key_bytes = help_read(key, &key_length);
    uint8_t *both = malloc(cert_length + key_length);
    memcpy(both, cert_bytes, cert_length);
    memcpy(both + cert_length, key_bytes, key_length);
    help_write(path, both, cert_length + key_length);
    unlink(key);
    unlink(cert);
    free(both);
    free(cert_bytes);
    free(key_bytes);
    return path;
}

static void a_client_certificate_of_any_name_is_listed_stored_and_converted(void **state)
{
    (void)state;
    char detail[STORE_DETAIL_BYTES];
    uint8_t digest[CR_DIGEST_BYTES];
    char **paths = NULL;
    char *dir = help_temporary();
    struct cr_bundle *bundle = help_load(make_client(dir, 0, "client.crt"));
    assert_int_equal(bundle->certs[0].format, CR_FORMAT_PEM);
    assert_string_equal(bundle->certs[0].owner, "vpn user");
    assert_int_equal(store_save(help_path("%s/there", dir), bundle, 0, digest, &paths), STORE_OK);
    struct cr_bundle *again = help_load(paths[0]);
    assert_int_equal(store_prove(&again->certs[0], TEST_PASSWORD, sizeof TEST_PASSWORD - 1, detail),
                     STORE_OK);
    struct store_wish wish = wish_for(CR_FORMAT_PKCS12, TEST_PASSWORD);
    assert_int_equal(convert(&again->certs[0], &wish, again), STORE_OK);
    assert_true(help_openssl_opens(&again->certs[1], TEST_PASSWORD));
    help_write(help_path("%s/backup.bin", dir), again->certs[1].files[0].bytes,
               again->certs[1].files[0].size);
    struct cr_bundle *last = help_load(help_path("%s/backup.bin", dir));
    assert_int_equal(last->certs[0].format, CR_FORMAT_PKCS12);
    wish.format = CR_FORMAT_PEM;
    assert_int_equal(convert(&last->certs[0], &wish, last), STORE_OK);
    assert_int_equal(store_prove(&last->certs[1], TEST_PASSWORD, sizeof TEST_PASSWORD - 1, detail), STORE_OK);
    store_paths_free(paths);
    cr_bundle_free(bundle);
    cr_bundle_free(again);
    cr_bundle_free(last);
    help_remove(dir);
}

static void assert_refused(const char *path)
{
    struct store_list list;
    struct cr_bundle *bundle = cr_bundle_new();
    assert_int_equal(store_scan(path, &list), STORE_OK);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.entries[0].fault, STORE_PLAIN_KEY);
    assert_int_equal(store_load(&list.entries[0], bundle), STORE_PLAIN_KEY);
    assert_int_equal(bundle->cert_count, 0);
    store_list_free(&list);
    cr_bundle_free(bundle);
}

static void a_private_key_in_clear_is_listed_but_neither_sent_nor_converted(void **state)
{
    (void)state;
    char *dir = help_temporary();
    const char *path = make_client(dir, 1, "client.pem");
    const char *pkcs12 = help_path("%s/client.p12", dir);
    const char *const wrap[] = {"openssl", "pkcs12", "-export", "-keypbe",  "NONE",       "-in",
                                path,      "-out",   pkcs12,    "-passout", HELP_PASS_FD, NULL};
    const struct store_wish wish = wish_for(CR_FORMAT_PKCS12, TEST_PASSWORD);
    struct cr_bundle *bundle = cr_bundle_new();
    size_t length = 0;
    uint8_t *bytes = help_read(path, &length);
    assert_refused(path);
    bundle->cert_count = 1;
    bundle->certs[0].format = CR_FORMAT_PEM;
    assert_int_equal(cr_bundle_add_file(bundle, CR_FILE_PEM, bytes, length), CR_OK);
    assert_int_equal(store_check(bundle, NULL), STORE_PLAIN_KEY);
    assert_int_equal(convert(&bundle->certs[0], &wish, bundle), STORE_PLAIN_KEY);
    assert_int_equal(help_openssl(TEST_PASSWORD, wrap), 0);
    assert_refused(pkcs12);
    free(bytes);
    cr_bundle_free(bundle);
    help_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_certificate_of_any_name_is_listed_stored_and_converted),
        cmocka_unit_test(a_private_key_in_clear_is_listed_but_neither_sent_nor_converted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
