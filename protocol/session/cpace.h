/* CPACE-RISTR255-SHA512 of draft-irtf-cfrg-cpace-21, initiator-responder mode, with the key confirmation of its section on it.
 *
 * Values are the draft's: scalars and points 32 bytes, ISK and tags 64. Nothing here keeps state. */
#ifndef CR_CPACE_H
#define CR_CPACE_H

#include <certrelay/cursor.h>

#include <stddef.h>
#include <stdint.h>

#define CPACE_SCALAR_BYTES 32
#define CPACE_POINT_BYTES 32
#define CPACE_ISK_BYTES 64
#define CPACE_TAG_BYTES 64
#define CPACE_SID_BYTES 16
#define CPACE_PRS_MAX_BYTES 32
#define CPACE_CI_MAX_BYTES 64
#define CPACE_AD_MAX_BYTES 255

struct cpace_bytes {
    const uint8_t *at;
    size_t length;
};

/* prepend_len: LEB128 length, then the string (draft, appendix A). */
void cpace_write_lv(struct cr_writer *out, struct cpace_bytes string);

/* g = calculate_generator. CR_E_LIMIT when an input is longer than the limits above. */
int cpace_generator(uint8_t g[static CPACE_POINT_BYTES], struct cpace_bytes prs, struct cpace_bytes ci,
                    struct cpace_bytes sid);

void cpace_draw_scalar(uint8_t y[static CPACE_SCALAR_BYTES]);

/* Y = y*g. CR_E_MALFORMED when g is no element or Y the identity. */
int cpace_share(uint8_t share[static CPACE_POINT_BYTES], const uint8_t y[static CPACE_SCALAR_BYTES],
                const uint8_t g[static CPACE_POINT_BYTES]);

/* One side's public contribution. */
struct cpace_part {
    uint8_t share[CPACE_POINT_BYTES];
    uint8_t ad[CPACE_AD_MAX_BYTES];
    size_t ad_bytes;
};

/* ISK from our scalar and the peer's share: K by scalar_mult_vfy, then the hash over the initiator-responder transcript.
 * CR_E_MALFORMED when the share is no canonical element or K is the identity. */
int cpace_isk(uint8_t isk[static CPACE_ISK_BYTES], const uint8_t y[static CPACE_SCALAR_BYTES],
              const struct cpace_part *peer, struct cpace_bytes sid, const struct cpace_part *initiator,
              const struct cpace_part *responder);

/* The tag that the sender of part shows: HMAC-SHA-512 under mac_key(sid, ISK) over lv_cat(share, ad). */
void cpace_tag(uint8_t tag[static CPACE_TAG_BYTES], const uint8_t isk[static CPACE_ISK_BYTES],
               struct cpace_bytes sid, const struct cpace_part *part);

#endif
