/* CPace over ristretto255; libsodium does the group and the hash. */
#include "cpace.h"

#include <sodium.h>
#include <string.h>

static const char DSI[] = "CPaceRistretto255";
static const char DSI_ISK[] = "CPaceRistretto255_ISK";
static const char DSI_MAC[] = "CPaceMac";

#define SHA512_BLOCK_BYTES 128
#define PART_MAX_BYTES (1 + CPACE_POINT_BYTES + 2 + CPACE_AD_MAX_BYTES)
#define ISK_TEXT_MAX_BYTES (64 + CPACE_SID_BYTES + CPACE_POINT_BYTES + 2 * PART_MAX_BYTES)
#define GENERATOR_MAX_BYTES \
    (SHA512_BLOCK_BYTES + CPACE_PRS_MAX_BYTES + CPACE_CI_MAX_BYTES + CPACE_SID_BYTES + 16)

void cpace_write_lv(struct cr_writer *out, struct cpace_bytes string)
{
    size_t length = string.length;

    do {
        uint8_t low = length & 0x7f;

        length >>= 7;
        cr_write_u8(out, (uint8_t)(length > 0 ? low | 0x80 : low));
    } while (length > 0);
    cr_write_bytes(out, string.at, string.length);
}

static struct cpace_bytes text_bytes(const char *text)
{
    return (struct cpace_bytes){(const uint8_t *)text, strlen(text)};
}

static void write_part(struct cr_writer *out, const struct cpace_part *part)
{
    cpace_write_lv(out, (struct cpace_bytes){part->share, CPACE_POINT_BYTES});
    cpace_write_lv(out, (struct cpace_bytes){part->ad, part->ad_bytes});
}

/* Fills up so that DSI, PRS and padding make exactly one block of SHA-512 (draft, generator_string). */
static void write_padding(struct cr_writer *out)
{
    static const uint8_t ZEROS[SHA512_BLOCK_BYTES];
    size_t used = out->length, count = used + 1 < SHA512_BLOCK_BYTES ? SHA512_BLOCK_BYTES - 1 - used : 0;

    cpace_write_lv(out, (struct cpace_bytes){ZEROS, count});
}

int cpace_generator(uint8_t g[static CPACE_POINT_BYTES], struct cpace_bytes prs, struct cpace_bytes ci,
                    struct cpace_bytes sid)
{
    uint8_t string[GENERATOR_MAX_BYTES], hash[crypto_hash_sha512_BYTES];
    struct cr_writer out;

    if (prs.length > CPACE_PRS_MAX_BYTES || ci.length > CPACE_CI_MAX_BYTES || sid.length > CPACE_SID_BYTES)
        return CR_E_LIMIT;
    cr_writer_init(&out, string, sizeof string);
    cpace_write_lv(&out, text_bytes(DSI));
    cpace_write_lv(&out, prs);
    write_padding(&out);
    cpace_write_lv(&out, ci);
    cpace_write_lv(&out, sid);
    if (out.error == CR_OK) {
        crypto_hash_sha512(hash, string, out.length);
        crypto_core_ristretto255_from_hash(g, hash);
    }
    sodium_memzero(string, sizeof string);
    sodium_memzero(hash, sizeof hash);
    return out.error;
}

void cpace_draw_scalar(uint8_t y[static CPACE_SCALAR_BYTES])
{
    crypto_core_ristretto255_scalar_random(y);
}

int cpace_share(uint8_t share[static CPACE_POINT_BYTES], const uint8_t y[static CPACE_SCALAR_BYTES],
                const uint8_t g[static CPACE_POINT_BYTES])
{
    return crypto_scalarmult_ristretto255(share, y, g) == 0 ? CR_OK : CR_E_MALFORMED;
}

int cpace_isk(uint8_t isk[static CPACE_ISK_BYTES], const uint8_t y[static CPACE_SCALAR_BYTES],
              const struct cpace_part *peer, struct cpace_bytes sid, const struct cpace_part *initiator,
              const struct cpace_part *responder)
{
    uint8_t k[CPACE_POINT_BYTES], text[ISK_TEXT_MAX_BYTES];
    struct cr_writer out;
    int error = CR_OK;

    cr_writer_init(&out, text, sizeof text);
    /* libsodium refuses the identity only here: is_valid_point would let it pass; and 1.0.18 ignores the highest bit */
    if (peer->share[CPACE_POINT_BYTES - 1] & 0x80 || crypto_scalarmult_ristretto255(k, y, peer->share) != 0) {
        error = CR_E_MALFORMED;
        goto out;
    }
    cpace_write_lv(&out, text_bytes(DSI_ISK));
    cpace_write_lv(&out, sid);
    cpace_write_lv(&out, (struct cpace_bytes){k, sizeof k});
    write_part(&out, initiator);
    write_part(&out, responder);
    error = out.error;
    if (error == CR_OK)
        crypto_hash_sha512(isk, text, out.length);
out:
    sodium_memzero(k, sizeof k);
    sodium_memzero(text, sizeof text);
    return error;
}

void cpace_tag(uint8_t tag[static CPACE_TAG_BYTES], const uint8_t isk[static CPACE_ISK_BYTES],
               struct cpace_bytes sid, const struct cpace_part *part)
{
    uint8_t key[crypto_hash_sha512_BYTES], text[PART_MAX_BYTES];
    crypto_hash_sha512_state hash;
    crypto_auth_hmacsha512_state mac;
    struct cr_writer out;

    crypto_hash_sha512_init(&hash);
    crypto_hash_sha512_update(&hash, (const uint8_t *)DSI_MAC, strlen(DSI_MAC));
    crypto_hash_sha512_update(&hash, sid.at, sid.length);
    crypto_hash_sha512_update(&hash, isk, CPACE_ISK_BYTES);
    crypto_hash_sha512_final(&hash, key);

    cr_writer_init(&out, text, sizeof text);
    write_part(&out, part);

    crypto_auth_hmacsha512_init(&mac, key, sizeof key);
    crypto_auth_hmacsha512_update(&mac, text, out.length);
    crypto_auth_hmacsha512_final(&mac, tag);
    sodium_memzero(key, sizeof key);
    sodium_memzero(&hash, sizeof hash);
    sodium_memzero(&mac, sizeof mac);
}
