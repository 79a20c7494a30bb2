/* A password in the bytes that programs may have made of it. */
#include "spell.h"
#include "text.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

static int is_ascii(const char *password, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)password[i] >= 0x80) {
            return 0;
        }
    }
    return 1;
}

static struct spelling copy(const char *password, size_t length)
{
    struct spelling spelling = {malloc(length + 1), length, 0};
    if (spelling.bytes != NULL) {
        memcpy(spelling.bytes, password, length);
    }
    return spelling;
}

void spelling_wipe(struct spelling *spelling)
{
    if (spelling->bytes != NULL) {
        OPENSSL_cleanse(spelling->bytes, spelling->length);
        free(spelling->bytes);
    }
    memset(spelling, 0, sizeof *spelling);
}

void spellings_wipe(struct spellings *spellings)
{
    for (size_t i = 0; i < spellings->count; i++) {
        spelling_wipe(&spellings->all[i]);
    }
    spellings->count = 0;
}

/* Takes over what is given, unless it is NULL or there already. */
static void add(struct spellings *spellings, struct spelling spelling)
{
    int is_new = spelling.bytes != NULL;
    for (size_t i = 0; is_new && i < spellings->count; i++) {
        const struct spelling *known = &spellings->all[i];
        is_new = known->length != spelling.length ||
                 CRYPTO_memcmp(known->bytes, spelling.bytes, spelling.length) != 0;
    }
    if (is_new) {
        spellings->all[spellings->count++] = spelling;
    } else {
        spelling_wipe(&spelling);
    }
}

void spellings_make(const char *password, size_t length, struct spellings *spellings)
{
    memset(spellings, 0, sizeof *spellings);
    add(spellings, copy(password, length));
    if (is_ascii(password, length)) {
        return;
    }
    struct spelling composed = {0};
    struct spelling old = {.is_cp949 = 1};
    composed.bytes = text_nfc(password, length, &composed.length);
    if (composed.bytes != NULL) {
        old.bytes = text_encode_cp949(composed.bytes, composed.length, &old.length);
    }
    add(spellings, composed);
    add(spellings, old);
}

struct spelling spelling_new(const char *password, size_t length, int wants_cp949)
{
    struct spelling spelling = {0};
    struct spelling composed = {0};
    if (is_ascii(password, length)) {
        return copy(password, length);
    }
    composed.bytes = text_nfc(password, length, &composed.length);
    if (composed.bytes == NULL) {
        return copy(password, length);
    }
    if (wants_cp949) {
        spelling.bytes = text_encode_cp949(composed.bytes, composed.length, &spelling.length);
        spelling.is_cp949 = spelling.bytes != NULL;
    }
    if (spelling.bytes == NULL) {
        return composed;
    }
    spelling_wipe(&composed);
    return spelling;
}
