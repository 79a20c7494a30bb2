/* Broken sets, each broken in one way. */
#include "sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CERT "signCert.der"
#define KEY "signPri.key"

/* Where things are in a key of form .1.15 with a salt of 8 bytes: 30820510 301a 0608<oid> 300e 0408<salt> 0202<iterations>. */
#define AT_OID_END 15
#define AT_PARAMETERS 16
#define AT_COUNT 28
#define AT_COUNT_BYTES 30
#define HEADER 36

static uint8_t *copy(const uint8_t *bytes, size_t length)
{
    uint8_t *out = malloc(length + 2);
    sample_need(out != NULL, "memory");
    memcpy(out, bytes, length);
    return out;
}

/* Puts a count of four bytes in place of one of two. */
static uint8_t *with_huge_count(const uint8_t *key, size_t length)
{
    static const uint8_t HUGE_COUNT[] = {0x02, 0x04, 0x7f, 0xff, 0xff, 0xff};
    uint8_t *out = copy(key, length);
    memmove(out + AT_COUNT + 6, key + AT_COUNT + 4, length - AT_COUNT - 4);
    memcpy(out + AT_COUNT, HUGE_COUNT, sizeof HUGE_COUNT);
    out[3] = (uint8_t)(out[3] + 2);
    out[5] = (uint8_t)(out[5] + 2);
    out[AT_PARAMETERS + 1] = (uint8_t)(out[AT_PARAMETERS + 1] + 2);
    return out;
}

static void folder(char *out, size_t size, const char *dir, const char *name)
{
    snprintf(out, size, "%s/bad/%s", dir, name);
}

struct good {
    const char *dir;
    const uint8_t *cert;
    size_t cert_length;
    const uint8_t *key;
    size_t key_length;
};

static void write_set(const struct good *good, const char *name, const uint8_t *key, size_t key_length)
{
    char path[1024];
    folder(path, sizeof path, good->dir, name);
    sample_write(path, CERT, good->cert, good->cert_length);
    if (key != NULL) {
        sample_write(path, KEY, key, key_length);
    }
}

static void bad_keys(const struct good *good)
{
    size_t length = good->key_length;
    uint8_t *key = copy(good->key, length);
    write_set(good, "key-truncated", key, length - 40);
    write_set(good, "key-empty", key, 0);
    key[length] = 0;
    key[length + 1] = 0;
    write_set(good, "key-trailing", key, length + 2);
    key[HEADER + 100] ^= 1;
    write_set(good, "key-bitflip", key, length);
    key[HEADER + 100] ^= 1;
    key[AT_COUNT_BYTES] = 0;
    key[AT_COUNT_BYTES + 1] = 0;
    write_set(good, "key-iter-zero", key, length);
    memcpy(key, good->key, length);
    key[AT_OID_END] = 99;
    write_set(good, "key-unknown-oid", key, length);
    free(key);
    key = with_huge_count(good->key, length);
    write_set(good, "key-iter-huge", key, length + 2);
    free(key);
}

static void bad_certs(const struct good *good)
{
    static const char HTML[] = "<html>404</html>\r\n";
    char path[1024];
    folder(path, sizeof path, good->dir, "cert-truncated");
    sample_write(path, CERT, good->cert, good->cert_length - 100);
    sample_write(path, KEY, good->key, good->key_length);
    folder(path, sizeof path, good->dir, "cert-is-html");
    sample_write(path, CERT, (const uint8_t *)HTML, sizeof HTML - 1);
    sample_write(path, KEY, good->key, good->key_length);
    folder(path, sizeof path, good->dir, "no-cert");
    sample_write(path, KEY, good->key, good->key_length);
    write_set(good, "no-key", NULL, 0);
}

void sample_bad_sets(const char *dir, const uint8_t *cert, size_t cert_length, const uint8_t *key,
                     size_t key_length, const uint8_t *other_key, size_t other_length)
{
    const struct good good = {dir, cert, cert_length, key, key_length};
    bad_keys(&good);
    bad_certs(&good);
    write_set(&good, "pair-mismatch", other_key, other_length);
}
