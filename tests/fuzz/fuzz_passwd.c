/* Feeds arbitrary bytes to the change of a password and to what looks inside opened keys. The first byte chooses: 0 a pair (two bytes of
 * length, the certificate, the key), 1 a PKCS#12, 2 a PEM file, all of them given a new password; 3 an opened key, 4 a certificate,
 * for R, the virtual ID and the chain; else a password. */
#include "chain.h"
#include "reseal.h"
#include "vid.h"
#include "x509.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#define OLD_PASSWORD "npki!Test2026"
#define NEW_PASSWORD "b4ttery:Staple"
#define SLOW_ITERATIONS 4096
#define NOW 1795143600

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As file_read gives them. */
static uint8_t *copy(const uint8_t *bytes, size_t length)
{
    uint8_t *out = OPENSSL_malloc(CR_FILE_MAX_BYTES + 1);
    if (out == NULL) {
        abort();
    }
    memcpy(out, bytes, length);
    return out;
}

static void add(struct cr_cert *cert, enum cr_file_kind kind, const uint8_t *bytes, size_t length)
{
    cert->files[cert->file_count++] = (struct cr_file){kind, (uint32_t)length, copy(bytes, length)};
}

/* What is told to be changed must open by the new password and not by the old. */
static void change(struct cr_cert *cert)
{
    const struct store_passwd wish = {.new_password = NEW_PASSWORD, .new_length = sizeof NEW_PASSWORD - 1};
    struct provider provider;
    struct reseal reseal = {.provider = &provider, .change = &wish};
    char detail[STORE_DETAIL_BYTES] = "";
    if (provider_open(&provider) != STORE_OK) {
        abort();
    }
    spellings_make(OLD_PASSWORD, sizeof OLD_PASSWORD - 1, &reseal.old);
    if (reseal_cert(&reseal, cert, detail) == STORE_OK && cert->file_count > 1 &&
        store_prove(cert, NEW_PASSWORD, sizeof NEW_PASSWORD - 1, detail) != STORE_OK) {
        abort();
    }
    spellings_wipe(&reseal.old);
    provider_close(&provider);
    ERR_clear_error();
    for (size_t i = 0; i < cert->file_count; i++) {
        OPENSSL_clear_free(cert->files[i].bytes, CR_FILE_MAX_BYTES + 1);
    }
}

static void change_pair(const uint8_t *data, size_t size)
{
    struct store_key_form form;
    struct cr_cert cert = {.format = CR_FORMAT_NPKI};
    size_t length = size < 2 ? 0 : (size_t)data[0] << 8 | data[1];
    if (size < 2 || length > size - 2) {
        return;
    }
    enum store_fault fault = store_key_form_read(data + 2 + length, size - 2 - length, &form);
    if (fault == STORE_OK && form.iterations > SLOW_ITERATIONS) {
        return;
    }
    add(&cert, CR_FILE_SIGN_CERT, data + 2, length);
    add(&cert, CR_FILE_SIGN_KEY, data + 2 + length, size - 2 - length);
    change(&cert);
}

static void change_container(enum cr_format format, enum cr_file_kind kind, const uint8_t *data, size_t size)
{
    struct cr_cert cert = {.format = format};
    add(&cert, kind, data, size);
    change(&cert);
}

static void look_into_key(const uint8_t *data, size_t size)
{
    struct vid_random random;
    uint8_t vid[VID_MAX_BYTES];
    const unsigned char *at = data;
    PKCS8_PRIV_KEY_INFO *key = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)size);
    if (key != NULL && vid_random_read(key, &random) == STORE_RANDOM_PRESENT &&
        vid_make(EVP_sha256(), "8001011234567", 13, &random, vid) != 32) {
        abort();
    }
    PKCS8_PRIV_KEY_INFO_free(key);
}

static void look_into_cert(const uint8_t *data, size_t size)
{
    const struct vid_random random = {.bytes = {1}, .length = 20};
    char name[STORE_ISSUER_BYTES];
    struct chain chain;
    X509 *cert = x509_read(data, size);
    if (cert != NULL && chain_open(NOW, &chain) == STORE_OK) {
        (void)vid_check(cert, &random, "800101-1234567", 14);
        chain_add(&chain, cert);
        (void)chain_check(&chain, cert, name);
        chain_close(&chain);
    }
    X509_free(cert);
}

static void spell(const char *password, size_t size)
{
    struct spellings spellings;
    (void)store_password_rule(password, size);
    spellings_make(password, size, &spellings);
    if (spellings.count < 1 || spellings.all[0].length != size) {
        abort();
    }
    struct spelling spelling = spelling_new(password, size, 1);
    spelling_wipe(&spelling);
    spellings_wipe(&spellings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > CR_FILE_MAX_BYTES) {
        return 0;
    }
    switch (data[0]) {
    case 0:
        change_pair(data + 1, size - 1);
        break;
    case 1:
        change_container(CR_FORMAT_PKCS12, CR_FILE_PKCS12, data + 1, size - 1);
        break;
    case 2:
        change_container(CR_FORMAT_PEM, CR_FILE_PEM, data + 1, size - 1);
        break;
    case 3:
        look_into_key(data + 1, size - 1);
        break;
    case 4:
        look_into_cert(data + 1, size - 1);
        break;
    default:
        spell((const char *)data + 1, size - 1);
    }
    ERR_clear_error();
    return 0;
}
