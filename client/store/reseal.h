/* The files of a certificate under a new password, made in memory from those under the old. */
#ifndef STORE_RESEAL_H
#define STORE_RESEAL_H

#include "container.h"
#include "passwd.h"
#include "spell.h"

struct reseal {
    const struct provider *provider;
    const struct store_passwd *change;
    struct spellings old; /* of the old password */
};

/* Replaces the bytes of every key, or of the container, in cert, whose files are as file_read reads them: all of it opened, compared with its certificates, encrypted, opened
 * again and compared to the last byte. The files it leaves alone stay as they are. When it fails some may be replaced: cert is then
 * of no more use. detail says which file. */
enum store_fault reseal_cert(const struct reseal *reseal, struct cr_cert *cert,
                             char detail[static STORE_DETAIL_BYTES]);

/* Gives the file these bytes instead of its own, as file_read would have read them. */
enum store_fault reseal_put(struct cr_file *file, const uint8_t *bytes, size_t length);

/* Each for its own file, by spellings of both passwords that are known to be right. *out is freed by OPENSSL_free. */
enum store_fault reseal_pkcs12(const struct reseal *reseal, const struct cr_file *file,
                               const struct spelling *old, const struct spelling *new, uint8_t **out,
                               size_t *length);
enum store_fault reseal_pem(const struct reseal *reseal, const struct cr_file *file,
                            const struct spelling *old, const struct spelling *new, uint8_t **out,
                            size_t *length);

#endif
