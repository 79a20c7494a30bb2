/* Exports for the tests alone: the key exchange and the session, below the transfer. Never part of the page. */
#include "export.h"

#include <certrelay/session.h>
#include <cpace.h>

#include <string.h>

static struct cpace_bytes bytes_of(const uint8_t *at, size_t length)
{
    return (struct cpace_bytes){at, length};
}

CORE_EXPORT(test_lv) size_t test_lv(uint8_t *out, size_t capacity, const uint8_t *bytes, size_t length)
{
    struct cr_writer writer;

    cr_writer_init(&writer, out, capacity);
    cpace_write_lv(&writer, bytes_of(bytes, length));
    return writer.error == CR_OK ? writer.length : 0;
}

CORE_EXPORT(test_generator)
int test_generator(uint8_t *g, const uint8_t *prs, size_t prs_bytes, const uint8_t *ci, size_t ci_bytes,
                   const uint8_t *sid, size_t sid_bytes)
{
    return cpace_generator(g, bytes_of(prs, prs_bytes), bytes_of(ci, ci_bytes), bytes_of(sid, sid_bytes));
}

CORE_EXPORT(test_share) int test_share(uint8_t *share, const uint8_t *y, const uint8_t *g)
{
    return cpace_share(share, y, g);
}

static struct cpace_part part_of(const uint8_t *share, const uint8_t *ad, size_t ad_bytes)
{
    struct cpace_part part = {.ad_bytes = ad_bytes};

    memcpy(part.share, share, sizeof part.share);
    memcpy(part.ad, ad, ad_bytes);
    return part;
}

/* is_a: y belongs to the initiator. */
CORE_EXPORT(test_isk)
int test_isk(uint8_t *isk, const uint8_t *y, int is_a, const uint8_t *sid, size_t sid_bytes,
             const uint8_t *share_a, const uint8_t *ad_a, size_t ad_a_bytes, const uint8_t *share_b,
             const uint8_t *ad_b, size_t ad_b_bytes)
{
    struct cpace_part a = part_of(share_a, ad_a, ad_a_bytes), b = part_of(share_b, ad_b, ad_b_bytes);

    return cpace_isk(isk, y, is_a ? &b : &a, bytes_of(sid, sid_bytes), &a, &b);
}

/* secret: seven digits, or 16 bytes. */
CORE_EXPORT(test_session_new)
struct cr_session *test_session_new(int side, int role, uint32_t plate_digits, uint32_t plate,
                                    const uint8_t *secret, size_t secret_bytes)
{
    struct cr_session_config config = {.side = (enum cr_side)side, .role = (enum cr_role)role};
    struct cr_session *session = NULL;

    config.nameplate = (struct cr_nameplate){(uint8_t)plate_digits, plate};
    config.has_digits = secret_bytes == CR_SECRET_DIGITS;
    config.has_long = !config.has_digits;
    if (config.has_digits)
        memcpy(config.digits, secret, sizeof config.digits);
    else
        memcpy(config.long_secret, secret, sizeof config.long_secret);
    cr_session_new(&session, &config);
    return session;
}

CORE_EXPORT(test_session_free) void test_session_free(struct cr_session *session)
{
    cr_session_free(session);
}

CORE_EXPORT(test_session_input)
int test_session_input(struct cr_session *session, const uint8_t *payload, size_t length)
{
    return cr_session_input(session, payload, length);
}

/* Length of the next payload, which is copied to out and counts as sent; 0: none. */
CORE_EXPORT(test_session_output) size_t test_session_output(struct cr_session *session, uint8_t *out)
{
    const uint8_t *payload;
    size_t length;

    if (cr_session_output(session, &payload, &length) != CR_OK)
        return 0;
    memcpy(out, payload, length);
    cr_session_sent(session);
    return length;
}

CORE_EXPORT(test_session_seal)
int test_session_seal(struct cr_session *session, const uint8_t *messages, size_t length, int is_final)
{
    return cr_session_seal(session, messages, length, is_final);
}

/* Length of the plaintext of the last record, which is copied to out; 0: none. */
CORE_EXPORT(test_session_record) size_t test_session_record(const struct cr_session *session, uint8_t *out)
{
    const uint8_t *messages;
    size_t length;

    if (cr_session_record(session, &messages, &length) != CR_OK)
        return 0;
    memcpy(out, messages, length);
    return length;
}

CORE_EXPORT(test_session_export)
int test_session_export(const struct cr_session *session, const char *label, uint8_t *out, size_t length)
{
    return cr_session_export(session, label, out, length);
}
