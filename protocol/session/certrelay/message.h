/* The messages inside records: who speaks, what is offered, the files, and how it ended. PROTOCOL.md section 3.3. */
#ifndef CERTRELAY_MESSAGE_H
#define CERTRELAY_MESSAGE_H

#include <certrelay/cursor.h>
#include <certrelay/session.h>

CR_C_BEGIN

#define CR_NAME_MAX_BYTES 128
#define CR_TEXT_MAX_BYTES 256
#define CR_CERTS_MAX 32
#define CR_FILES_MAX 8
#define CR_FILE_MAX_BYTES 65536
#define CR_BUNDLE_MAX_BYTES 655360
#define CR_DATA_MAX_BYTES 32768
#define CR_DIGEST_BYTES 32

enum cr_message_type {
    CR_MESSAGE_HELLO = 1,
    CR_MESSAGE_OFFER = 2,
    CR_MESSAGE_DATA = 3,
    CR_MESSAGE_SAVED = 4,
    CR_MESSAGE_REFUSE = 5,
    CR_MESSAGE_BYE = 6,
    CR_MESSAGE_OPTIONAL = 0x80, /* from here up: skipped when unknown */
};

enum cr_format { CR_FORMAT_NPKI = 1, CR_FORMAT_PKCS12 = 2, CR_FORMAT_GPKI = 3, CR_FORMAT_PEM = 4 };

enum cr_file_kind {
    CR_FILE_SIGN_CERT = 1,
    CR_FILE_SIGN_KEY = 2,
    CR_FILE_KM_CERT = 3,
    CR_FILE_KM_KEY = 4,
    CR_FILE_PKCS12 = 5,
    CR_FILE_PEM = 6,
};

enum cr_reason {
    CR_REASON_DECLINED = 1,
    CR_REASON_NO_SPACE = 2,
    CR_REASON_NOT_WRITABLE = 3,
    CR_REASON_DAMAGED = 4,
    CR_REASON_EXISTS = 5,
    CR_REASON_OTHER = 6,
};

struct cr_hello {
    enum cr_role role;
    char name[CR_NAME_MAX_BYTES + 1]; /* the peer's text, not yet made printable */
    char platform[CR_NAME_MAX_BYTES + 1];
    char program[CR_NAME_MAX_BYTES + 1];
};

struct cr_file {
    enum cr_file_kind kind;
    uint32_t size;
    uint8_t *bytes; /* owned by the bundle; NULL in an offer whose data has not come */
};

struct cr_cert {
    enum cr_format format;
    char owner[CR_TEXT_MAX_BYTES + 1];
    char issuer[CR_TEXT_MAX_BYTES + 1];
    char use[CR_TEXT_MAX_BYTES + 1];
    int64_t not_before; /* seconds since 1970 */
    int64_t not_after;
    uint8_t file_count;
    struct cr_file files[CR_FILES_MAX];
};

/* What is carried. Files' bytes are secret: the bundle's free wipes them. To add a certificate, count it (cert_count), fill
 * format, texts and times of certs[cert_count - 1], then add its files. */
struct cr_bundle {
    uint8_t cert_count;
    struct cr_cert certs[CR_CERTS_MAX];
};

struct cr_bundle *cr_bundle_new(void);
void cr_bundle_free(struct cr_bundle *bundle);

/* Copies bytes into the next file of the last certificate. CR_E_LIMIT, CR_E_MALFORMED (empty, kind twice), CR_E_MEMORY. */
int cr_bundle_add_file(struct cr_bundle *bundle, enum cr_file_kind kind, const uint8_t *bytes, size_t length);
/* Checks all limits of PROTOCOL.md 3.3. */
int cr_bundle_check(const struct cr_bundle *bundle);
/* SHA-256 over kind, size and bytes of every file in order (PROTOCOL.md 3.4 step 3). All bytes must be there. */
int cr_bundle_digest(const struct cr_bundle *bundle, uint8_t digest[CR_AT_LEAST(CR_DIGEST_BYTES)]);

struct cr_data {
    uint8_t cert;
    uint8_t file;
    uint32_t offset;
    const uint8_t *bytes;
    size_t length;
};

/* Writers append one whole message to the cursor; its error tells whether it fitted. */
void cr_message_write_hello(struct cr_writer *out, const struct cr_hello *hello);
void cr_message_write_offer(struct cr_writer *out, const struct cr_bundle *bundle);
void cr_message_write_data(struct cr_writer *out, const struct cr_data *data);
void cr_message_write_saved(struct cr_writer *out, const uint8_t digest[CR_AT_LEAST(CR_DIGEST_BYTES)]);
void cr_message_write_refuse(struct cr_writer *out, enum cr_reason reason);
void cr_message_write_bye(struct cr_writer *out);

/* The next message of a record: type and its value (borrowed). CR_INCOMPLETE at the end or at proper padding. */
int cr_message_next(struct cr_reader *record, uint8_t *type, struct cr_reader *value);

int cr_message_read_hello(struct cr_reader *value, struct cr_hello *hello);
/* Fills a new bundle whose files have no bytes yet. */
int cr_message_read_offer(struct cr_reader *value, struct cr_bundle *bundle);
int cr_message_read_data(struct cr_reader *value, struct cr_data *data);
int cr_message_read_saved(struct cr_reader *value, uint8_t digest[CR_AT_LEAST(CR_DIGEST_BYTES)]);
int cr_message_read_refuse(struct cr_reader *value, enum cr_reason *reason);

CR_C_END

#endif
