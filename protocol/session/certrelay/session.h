/* One key exchange between two devices and the encrypted records after it. PROTOCOL.md section 3.
 *
 * Sans-IO: payloads in, payloads out. Whoever calls brings each payload of the other device exactly once and in
 * order (link.h does) and sends each output the same way. Randomness is libsodium's. An error is final: the session has wiped
 * its keys, what output it left is still to be sent, and nothing else will ever come of it. */
#ifndef CERTRELAY_SESSION_H
#define CERTRELAY_SESSION_H

#include <certrelay/code.h>

CR_C_BEGIN

struct cr_session;

enum cr_side { CR_TYPIST = 1, CR_DISPLAYER = 2 };
enum cr_role { CR_SENDER = 1, CR_RECEIVER = 2 };

struct cr_session_config {
    enum cr_side side;
    enum cr_role role;
    struct cr_nameplate nameplate;
    int has_digits;
    char digits[CR_SECRET_DIGITS];
    int has_long; /* the typist uses it when it has it; the displayer accepts either that it has */
    uint8_t long_secret[CR_LONG_SECRET_BYTES];
};

#define CR_RECORD_MAX_PLAIN_BYTES (CR_PAYLOAD_MAX_BYTES - 1 - 17)

/* The session copies the configuration into locked memory; wipe yours. CR_E_STATE without any secret. The typist's
 * START is ready as output at once. */
int cr_session_new(struct cr_session **session, const struct cr_session_config *config);
void cr_session_free(struct cr_session *session);

/* Takes one payload of the other device. CR_OK, or the error that ended the session (CR_E_CODE: confirmation
 * failed; CR_E_TAMPERED: a record did not open; CR_E_ROLE, CR_E_VERSION, CR_E_MALFORMED, CR_E_STATE). */
int cr_session_input(struct cr_session *session, const uint8_t *payload, size_t length);

/* The next payload to send, borrowed until cr_session_sent; CR_INCOMPLETE when there is none. */
int cr_session_output(const struct cr_session *session, const uint8_t **payload, size_t *length);
void cr_session_sent(struct cr_session *session);

/* Both sides have confirmed, so records may be sent and read. */
int cr_session_is_open(const struct cr_session *session);
/* The code can never be used again: REPLY has left the displayer, or START the typist. */
int cr_session_is_spent(const struct cr_session *session);
/* The peer's FINAL record has been read. */
int cr_session_is_ended(const struct cr_session *session);
/* CR_OK, or the error that ended it. */
int cr_session_error(const struct cr_session *session);

/* Encrypts one record of whole messages (at most CR_RECORD_MAX_PLAIN_BYTES), padded. After is_final nothing more can
 * be sent. CR_E_STATE unless open. */
int cr_session_seal(struct cr_session *session, const uint8_t *messages, size_t length, int is_final);

/* The plaintext of the last record, borrowed until the next input; CR_INCOMPLETE when it brought none. */
int cr_session_record(const struct cr_session *session, const uint8_t **messages, size_t *length);

/* Keying material for a use of the caller's own, bound to this session. At most 255*64 bytes, label at most 64. */
int cr_session_export(const struct cr_session *session, const char *label, uint8_t *out, size_t length);

CR_C_END

#endif
