/* The handshake: CPace with the typist proving first, then keys for both directions. PROTOCOL.md section 3.1. */
#include "session_state.h"

#include <string.h>

enum { ABORT_VERSION = 1, ABORT_SAME_ROLE = 2, ABORT_MALFORMED = 3 };
enum { SECRET_DIGITS = 1, SECRET_LONG = 2 };
enum { VERSION = 0x01, SUITE = 0x01 };

#define STREAM_KEY_BYTES crypto_secretstream_xchacha20poly1305_KEYBYTES
#define HANDSHAKE_MAX_BYTES (3 + CPACE_SID_BYTES + CPACE_POINT_BYTES + 1 + CPACE_AD_MAX_BYTES)

static uint8_t opposite(enum cr_role role)
{
    return role == CR_SENDER ? CR_RECEIVER : CR_SENDER;
}

static struct cpace_bytes sid_bytes(const struct cr_session *s)
{
    return (struct cpace_bytes){s->sid, sizeof s->sid};
}

/* CI: protocol, version, suite, nameplate and both roles, typist's first. */
static void write_channel(const struct cr_session *s, struct cr_writer *out)
{
    static const uint8_t NAME[] = {'c', 'e', 'r', 't', 'r', 'e', 'l', 'a', 'y'};
    const struct cr_nameplate *plate = &s->config.nameplate;
    uint8_t version = VERSION, suite = SUITE, digits[CR_NAMEPLATE_MAX_DIGITS];
    uint8_t own = (uint8_t)s->config.role, peer = opposite(s->config.role);
    int is_typist = s->config.side == CR_TYPIST;
    uint32_t value = plate->value;

    for (size_t i = plate->digits; i > 0; i--, value /= 10)
        digits[i - 1] = (uint8_t)('0' + value % 10);
    cpace_write_lv(out, (struct cpace_bytes){NAME, sizeof NAME});
    cpace_write_lv(out, (struct cpace_bytes){&version, 1});
    cpace_write_lv(out, (struct cpace_bytes){&suite, 1});
    cpace_write_lv(out, (struct cpace_bytes){digits, plate->digits});
    cpace_write_lv(out, (struct cpace_bytes){is_typist ? &own : &peer, 1});
    cpace_write_lv(out, (struct cpace_bytes){is_typist ? &peer : &own, 1});
}

/* Draws y and computes the own share for the secret of this kind. */
static int make_share(struct cr_session *s, int kind)
{
    uint8_t ci[CPACE_CI_MAX_BYTES], g[CPACE_POINT_BYTES];
    struct cpace_bytes prs = {(const uint8_t *)s->config.digits, CR_SECRET_DIGITS};
    struct cr_writer out;
    int error;

    if (kind == SECRET_LONG)
        prs = (struct cpace_bytes){s->config.long_secret, CR_LONG_SECRET_BYTES};
    cr_writer_init(&out, ci, sizeof ci);
    write_channel(s, &out);
    error = cpace_generator(g, prs, (struct cpace_bytes){ci, out.length}, sid_bytes(s));
    cpace_draw_scalar(s->y);
    if (error == CR_OK)
        error = cpace_share(s->own.share, s->y, g);
    sodium_memzero(g, sizeof g);
    return error;
}

/* Keeps the peer's part and computes ISK; refuses non-points, K = identity and our own share sent back. */
static int take_share(struct cr_session *s)
{
    int is_typist = s->config.side == CR_TYPIST;

    if (sodium_memcmp(s->own.share, s->peer.share, CPACE_POINT_BYTES) == 0)
        return CR_E_MALFORMED;
    return cpace_isk(s->isk, s->y, &s->peer, sid_bytes(s), is_typist ? &s->own : &s->peer,
                     is_typist ? &s->peer : &s->own);
}

static int send_handshake(struct cr_session *s, const struct cr_writer *message)
{
    if (message->error != CR_OK)
        return message->error;
    keys_transcript_add(&s->transcript, message->bytes, message->length);
    return session_queue(s, message->bytes, message->length);
}

static void write_part(struct cr_writer *out, const struct cpace_part *part)
{
    cr_write_bytes(out, part->share, CPACE_POINT_BYTES);
    cr_write_u8(out, (uint8_t)part->ad_bytes);
    cr_write_bytes(out, part->ad, part->ad_bytes);
}

/* Share and associated data, the last fields of START and REPLY. */
static int read_part(struct cr_reader *in, struct cpace_part *part, size_t ad_min)
{
    cr_read_copy(in, part->share, CPACE_POINT_BYTES);
    part->ad_bytes = cr_read_u8(in);
    cr_read_copy(in, part->ad, part->ad_bytes);
    if (cr_reader_end(in) != CR_OK || part->ad_bytes < ad_min)
        return CR_E_MALFORMED;
    return part->ad[0] == CR_SENDER || part->ad[0] == CR_RECEIVER ? CR_OK : CR_E_MALFORMED;
}

int handshake_send_start(struct cr_session *s)
{
    int kind = s->config.has_long ? SECRET_LONG : SECRET_DIGITS, error;
    uint8_t bytes[HANDSHAKE_MAX_BYTES];
    struct cr_writer out;

    randombytes_buf(s->sid, sizeof s->sid);
    s->own.ad[0] = (uint8_t)s->config.role;
    s->own.ad[1] = (uint8_t)kind;
    s->own.ad_bytes = 2;
    error = make_share(s, kind);
    if (error != CR_OK)
        return error;
    cr_writer_init(&out, bytes, sizeof bytes);
    cr_write_u8(&out, FRAME_START);
    cr_write_u8(&out, VERSION);
    cr_write_u8(&out, SUITE);
    cr_write_bytes(&out, s->sid, sizeof s->sid);
    write_part(&out, &s->own);
    s->is_spent = 1;
    s->state = EXPECT_REPLY;
    return send_handshake(s, &out);
}

static int send_reply(struct cr_session *s)
{
    uint8_t bytes[HANDSHAKE_MAX_BYTES];
    struct cr_writer out;

    cr_writer_init(&out, bytes, sizeof bytes);
    cr_write_u8(&out, FRAME_REPLY);
    write_part(&out, &s->own);
    s->is_spent = 1;
    s->state = EXPECT_CONFIRM;
    return send_handshake(s, &out);
}

static int send_confirm(struct cr_session *s)
{
    uint8_t bytes[1 + CPACE_TAG_BYTES + STREAM_HEADER_BYTES], tag[CPACE_TAG_BYTES];
    struct cr_writer out;

    cpace_tag(tag, s->isk, sid_bytes(s), &s->own);
    randombytes_buf(s->own_header, sizeof s->own_header);
    cr_writer_init(&out, bytes, sizeof bytes);
    cr_write_u8(&out, FRAME_CONFIRM);
    cr_write_bytes(&out, tag, sizeof tag);
    cr_write_bytes(&out, s->own_header, sizeof s->own_header);
    return send_handshake(s, &out);
}

static int send_abort(struct cr_session *s, int reason, int error)
{
    uint8_t bytes[2] = {FRAME_ABORT, (uint8_t)reason};

    (void)session_queue(s, bytes, sizeof bytes);
    return error;
}

/* Keys for both directions once all four handshake messages are in the transcript. */
static int open_streams(struct cr_session *s)
{
    static const char TYPIST[] = "certrelay 1 typist", DISPLAYER[] = "certrelay 1 displayer";
    uint8_t salt[crypto_hash_sha512_BYTES], typist[STREAM_KEY_BYTES], displayer[STREAM_KEY_BYTES];
    int is_typist = s->config.side == CR_TYPIST;

    crypto_hash_sha512_final(&s->transcript, salt);
    keys_extract(s->prk, salt, sizeof salt, s->isk, sizeof s->isk);
    (void)keys_expand(s->prk, (const uint8_t *)TYPIST, strlen(TYPIST), typist, sizeof typist);
    (void)keys_expand(s->prk, (const uint8_t *)DISPLAYER, strlen(DISPLAYER), displayer, sizeof displayer);
    /* a push state is what a pull state with the same header and key is; so the header can be drawn before the key */
    crypto_secretstream_xchacha20poly1305_init_pull(&s->push, s->own_header, is_typist ? typist : displayer);
    crypto_secretstream_xchacha20poly1305_init_pull(&s->pull, s->peer_header, is_typist ? displayer : typist);
    sodium_memzero(typist, sizeof typist);
    sodium_memzero(displayer, sizeof displayer);
    sodium_memzero(s->isk, sizeof s->isk);
    sodium_memzero(s->y, sizeof s->y);
    sodium_memzero(s->config.digits, sizeof s->config.digits);
    sodium_memzero(s->config.long_secret, sizeof s->config.long_secret);
    s->state = OPEN;
    return CR_OK;
}

static int is_secret_known(const struct cr_session *s, int kind)
{
    return (kind == SECRET_DIGITS && s->config.has_digits) || (kind == SECRET_LONG && s->config.has_long);
}

int handshake_start(struct cr_session *s, struct cr_reader *in, const uint8_t *payload, size_t length)
{
    uint8_t version = cr_read_u8(in), suite = cr_read_u8(in);
    int error;

    if (in->error == CR_OK && (version != VERSION || suite != SUITE))
        return send_abort(s, ABORT_VERSION, CR_E_VERSION);
    cr_read_copy(in, s->sid, sizeof s->sid);
    if (read_part(in, &s->peer, 2) != CR_OK)
        return send_abort(s, ABORT_MALFORMED, CR_E_MALFORMED);
    if (s->peer.ad[0] == (uint8_t)s->config.role)
        return send_abort(s, ABORT_SAME_ROLE, CR_E_ROLE);
    if (!is_secret_known(s, s->peer.ad[1]))
        return send_abort(s, ABORT_MALFORMED, CR_E_MALFORMED);
    keys_transcript_add(&s->transcript, payload, length);
    s->own.ad[0] = (uint8_t)s->config.role;
    s->own.ad_bytes = 1;
    error = make_share(s, s->peer.ad[1]);
    if (error == CR_OK)
        error = take_share(s);
    return error == CR_OK ? send_reply(s) : error;
}

int handshake_abort(struct cr_reader *in)
{
    uint8_t reason = cr_read_u8(in);

    if (cr_reader_end(in) != CR_OK)
        return CR_E_MALFORMED;
    if (reason == ABORT_VERSION)
        return CR_E_VERSION;
    return reason == ABORT_SAME_ROLE ? CR_E_ROLE : CR_E_MALFORMED;
}

int handshake_reply(struct cr_session *s, struct cr_reader *in, const uint8_t *payload, size_t length)
{
    int error = read_part(in, &s->peer, 1);

    if (error != CR_OK)
        return error;
    if (s->peer.ad[0] == (uint8_t)s->config.role)
        return CR_E_ROLE;
    keys_transcript_add(&s->transcript, payload, length);
    error = take_share(s);
    if (error != CR_OK)
        return error;
    s->state = EXPECT_CONFIRM;
    return send_confirm(s);
}

int handshake_confirm(struct cr_session *s, struct cr_reader *in, const uint8_t *payload, size_t length)
{
    uint8_t expected[CPACE_TAG_BYTES], tag[CPACE_TAG_BYTES];
    int error;

    cr_read_copy(in, tag, sizeof tag);
    cr_read_copy(in, s->peer_header, sizeof s->peer_header);
    if (cr_reader_end(in) != CR_OK)
        return CR_E_MALFORMED;
    cpace_tag(expected, s->isk, sid_bytes(s), &s->peer);
    error = sodium_memcmp(expected, tag, sizeof tag) == 0 ? CR_OK : CR_E_CODE;
    sodium_memzero(expected, sizeof expected);
    if (error != CR_OK)
        return error;
    keys_transcript_add(&s->transcript, payload, length);
    if (s->config.side == CR_DISPLAYER)
        error = send_confirm(s);
    return error == CR_OK ? open_streams(s) : error;
}
