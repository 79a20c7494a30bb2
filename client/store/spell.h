/* A password in the bytes that programs may have made of it. */
#ifndef STORE_SPELL_H
#define STORE_SPELL_H

#include <stddef.h>

#define SPELL_PASSWORD_MAX_BYTES 256

struct spelling {
    char *bytes;
    size_t length;
    int is_cp949;
};

struct spellings {
    struct spelling all[3];
    size_t count;
};

/* As typed, then composed (NFC) as most keyboards would have sent it, then in CP949 as old Windows programs stored it; each once. Of
 * ASCII there is only one. None when memory is short. */
void spellings_make(const char *password, size_t length, struct spellings *spellings);
void spellings_wipe(struct spellings *spellings);

/* The bytes for a new password: CP949 if wanted and it has all characters, else UTF-8 NFC, else as typed. NULL bytes when memory is
 * short. */
struct spelling spelling_new(const char *password, size_t length, int wants_cp949);
void spelling_wipe(struct spelling *spelling);

#endif
