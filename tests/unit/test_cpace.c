/* CPace against every value of the draft's vectors that this suite and mode uses. */
#include "support.h"

#include "cpace.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define BUFFER_BYTES 512

/* o_cat, transcript_oc, ISK_SY and sid_output_oc belong to the symmetric mode, which the protocol does not have, and
 * sid_output_ir to an output it does not use. */

static json_t *vectors;

struct buffer {
    uint8_t bytes[BUFFER_BYTES];
    size_t length;
};

static struct buffer take(const json_t *group, const char *name)
{
    struct buffer buffer;

    buffer.length = vector_bytes(group, name, buffer.bytes, sizeof buffer.bytes);
    return buffer;
}

static struct cpace_bytes view(const struct buffer *buffer)
{
    return (struct cpace_bytes){buffer->bytes, buffer->length};
}

static struct cpace_bytes text(const char *string)
{
    return (struct cpace_bytes){(const uint8_t *)string, strlen(string)};
}

static void expect_lv_cat(const json_t *group, const char *name, const struct cpace_bytes *strings,
                          size_t count)
{
    struct buffer want = take(group, name);
    uint8_t got[BUFFER_BYTES];
    struct cr_writer out;

    cr_writer_init(&out, got, sizeof got);
    for (size_t i = 0; i < count; i++)
        cpace_write_lv(&out, strings[i]);
    assert_int_equal(out.error, CR_OK);
    assert_int_equal(out.length, want.length);
    assert_memory_equal(got, want.bytes, want.length);
}

static void a_length_stands_in_front_as_the_draft_writes_it(void **state)
{
    const json_t *group = json_object_get(json_object_get(vectors, "string_utilities"), "prepend_len");
    uint8_t bytes[128];

    (void)state;
    for (uint8_t i = 0; i < sizeof bytes; i++)
        bytes[i] = i;
    expect_lv_cat(group, "prepend_len(b'')", &(struct cpace_bytes){bytes, 0}, 1);
    expect_lv_cat(group, "prepend_len(b'1234')", &(struct cpace_bytes){(const uint8_t *)"1234", 4}, 1);
    expect_lv_cat(group, "prepend_len(bytes(range(127)))", &(struct cpace_bytes){bytes, 127}, 1);
    expect_lv_cat(group, "prepend_len(bytes(range(128)))", &(struct cpace_bytes){bytes, 128}, 1);
}

static void a_length_past_two_bytes_has_three(void **state)
{
    static uint8_t zeros[16384], out_bytes[16384 + 3];
    struct cr_writer out;

    (void)state;
    cr_writer_init(&out, out_bytes, sizeof out_bytes);
    cpace_write_lv(&out, (struct cpace_bytes){zeros, sizeof zeros});
    assert_int_equal(out.error, CR_OK);
    assert_int_equal(out.length, sizeof out_bytes);
    assert_memory_equal(out_bytes, "\x80\x80\x01", 3);
    cr_writer_init(&out, out_bytes, sizeof out_bytes - 1);
    cpace_write_lv(&out, (struct cpace_bytes){zeros, sizeof zeros});
    assert_int_equal(out.error, CR_E_LIMIT);
}

static void strings_in_a_row_are_the_drafts(void **state)
{
    const json_t *utilities = json_object_get(vectors, "string_utilities");
    const struct cpace_bytes row[] = {text("1234"), text("5"), text(""), text("678")};
    const struct cpace_bytes first[] = {text("123"), text("PartyA"), text("234"), text("PartyB")};
    const struct cpace_bytes second[] = {text("3456"), text("PartyA"), text("2345"), text("PartyB")};
    const json_t *transcript = json_object_get(utilities, "transcript_ir");

    (void)state;
    expect_lv_cat(json_object_get(utilities, "lv_cat"), "lv_cat(b'1234',b'5',b'',b'678')", row, COUNT(row));
    expect_lv_cat(transcript, "transcript_ir(b'123',b'PartyA',b'234',b'PartyB')", first, COUNT(first));
    expect_lv_cat(transcript, "transcript_ir(b'3456',b'PartyA',b'2345',b'PartyB')", second, COUNT(second));
}

/* generator_string is hashed inside; its hash, mapped, is the generator. */
static void the_generator_is_the_drafts(void **state)
{
    const json_t *group = json_object_get(vectors, "calculate_generator");
    struct buffer prs = take(group, "PRS"), ci = take(group, "CI"), sid = take(group, "sid");
    struct buffer string = take(group, "generator_string(G.DSI,PRS,CI,sid,H.s_in_bytes)");
    struct buffer hash = take(group, "hash result"), want = take(group, "encoded generator g");
    uint8_t g[CPACE_POINT_BYTES], digest[crypto_hash_sha512_BYTES], mapped[CPACE_POINT_BYTES];

    (void)state;
    assert_int_equal(cpace_generator(g, view(&prs), view(&ci), view(&sid)), CR_OK);
    assert_memory_equal(g, want.bytes, want.length);
    crypto_hash_sha512(digest, string.bytes, string.length);
    assert_memory_equal(digest, hash.bytes, hash.length);
    crypto_core_ristretto255_from_hash(mapped, digest);
    assert_memory_equal(mapped, g, sizeof g);
}

static void every_input_changes_the_generator(void **state)
{
    const json_t *group = json_object_get(vectors, "calculate_generator");
    struct buffer inputs[] = {take(group, "PRS"), take(group, "CI"), take(group, "sid")};
    struct buffer right = take(group, "encoded generator g");

    (void)state;
    for (size_t i = 0; i < COUNT(inputs); i++) {
        uint8_t g[CPACE_POINT_BYTES];

        inputs[i].bytes[0] ^= 1;
        assert_int_equal(cpace_generator(g, view(&inputs[0]), view(&inputs[1]), view(&inputs[2])), CR_OK);
        assert_memory_not_equal(g, right.bytes, sizeof g);
        inputs[i].bytes[0] ^= 1;
    }
}

static void inputs_past_their_limits_are_refused(void **state)
{
    static const uint8_t BYTES[CPACE_CI_MAX_BYTES + 1];
    struct cpace_bytes prs = {BYTES, CPACE_PRS_MAX_BYTES}, ci = {BYTES, CPACE_CI_MAX_BYTES};
    struct cpace_bytes sid = {BYTES, CPACE_SID_BYTES};
    uint8_t g[CPACE_POINT_BYTES];

    (void)state;
    assert_int_equal(cpace_generator(g, prs, ci, sid), CR_OK);
    prs.length++;
    assert_int_equal(cpace_generator(g, prs, ci, sid), CR_E_LIMIT);
    prs.length--;
    ci.length++;
    assert_int_equal(cpace_generator(g, prs, ci, sid), CR_E_LIMIT);
    ci.length--;
    sid.length++;
    assert_int_equal(cpace_generator(g, prs, ci, sid), CR_E_LIMIT);
}

static struct cpace_part part_of(const struct buffer *share, const struct buffer *ad)
{
    struct cpace_part part;

    memcpy(part.share, share->bytes, CPACE_POINT_BYTES);
    memcpy(part.ad, ad->bytes, ad->length);
    part.ad_bytes = ad->length;
    return part;
}

static void both_sides_reach_the_drafts_key(void **state)
{
    const json_t *p = json_object_get(vectors, "protocol");
    struct buffer g = take(p, "g"), ya = take(p, "ya"), yb = take(p, "yb"), sid = take(p, "sid");
    struct buffer share_a = take(p, "Ya"), share_b = take(p, "Yb"), ad_a = take(p, "ADa"),
                  ad_b = take(p, "ADb");
    struct buffer k = take(p, "K"), want = take(p, "ISK_IR");
    struct cpace_part a = part_of(&share_a, &ad_a), b = part_of(&share_b, &ad_b);
    uint8_t share[CPACE_POINT_BYTES], isk[CPACE_ISK_BYTES];

    (void)state;
    assert_int_equal(cpace_share(share, ya.bytes, g.bytes), CR_OK);
    assert_memory_equal(share, share_a.bytes, sizeof share);
    assert_int_equal(cpace_share(share, yb.bytes, g.bytes), CR_OK);
    assert_memory_equal(share, share_b.bytes, sizeof share);
    assert_int_equal(cpace_share(share, ya.bytes, b.share), CR_OK);
    assert_memory_equal(share, k.bytes, sizeof share);
    assert_int_equal(cpace_isk(isk, ya.bytes, &b, view(&sid), &a, &b), CR_OK);
    assert_memory_equal(isk, want.bytes, sizeof isk);
    assert_int_equal(cpace_isk(isk, yb.bytes, &a, view(&sid), &a, &b), CR_OK);
    assert_memory_equal(isk, want.bytes, sizeof isk);
    /* who began is part of the key */
    assert_int_equal(cpace_isk(isk, yb.bytes, &a, view(&sid), &b, &a), CR_OK);
    assert_memory_not_equal(isk, want.bytes, sizeof isk);
}

static void a_share_multiplies_as_the_draft_says_and_invalid_ones_are_refused(void **state)
{
    const json_t *group = json_object_get(vectors, "scalar_mult"), *valid = json_object_get(group, "Valid");
    struct buffer s = take(valid, "s"), x = take(valid, "X"),
                  want = take(valid, "G.scalar_mult(s,decode(X))");
    struct buffer vfy = take(valid, "G.scalar_mult_vfy(s,X)");
    struct buffer bad[] = {take(group, "Invalid Y1"), take(group, "Invalid Y2")}, none = {.length = 0};
    struct cpace_part own = part_of(&x, &none);
    uint8_t got[CPACE_POINT_BYTES], isk[CPACE_ISK_BYTES];

    (void)state;
    assert_int_equal(cpace_share(got, s.bytes, x.bytes), CR_OK);
    assert_memory_equal(got, want.bytes, sizeof got);
    assert_memory_equal(got, vfy.bytes, sizeof got);
    assert_int_equal(cpace_isk(isk, s.bytes, &own, view(&none), &own, &own), CR_OK);
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct cpace_part peer = part_of(&bad[i], &none);

        assert_int_equal(cpace_share(got, s.bytes, peer.share), CR_E_MALFORMED);
        assert_int_equal(cpace_isk(isk, s.bytes, &peer, view(&none), &own, &peer), CR_E_MALFORMED);
    }
}

/* p = 2^255 - 19 and what lies past it, negative and high-bit encodings: the same element may have only one text. */
static void encodings_that_are_not_canonical_are_refused(void **state)
{
    static const char *const BAD[] = {
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /* p, another zero */
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000000", /* odd: negative */
    };
    const json_t *valid = json_object_get(json_object_get(vectors, "scalar_mult"), "Valid");
    struct buffer s = take(valid, "s"), x = take(valid, "X"), none = {.length = 0};
    struct cpace_part own = part_of(&x, &none);

    (void)state;
    for (size_t i = 0; i < COUNT(BAD); i++) {
        struct cpace_part peer = {.ad_bytes = 0};
        uint8_t isk[CPACE_ISK_BYTES];

        assert_int_equal(unhex(BAD[i], peer.share, sizeof peer.share), CPACE_POINT_BYTES);
        assert_int_equal(cpace_isk(isk, s.bytes, &peer, view(&none), &own, &peer), CR_E_MALFORMED);
    }
}

/* libsodium 1.0.18 masks that bit away instead of refusing it. */
static void a_share_with_the_highest_bit_set_is_refused(void **state)
{
    const json_t *valid = json_object_get(json_object_get(vectors, "scalar_mult"), "Valid");
    struct buffer s = take(valid, "s"), x = take(valid, "X"), none = {.length = 0};
    struct cpace_part own = part_of(&x, &none), peer = own;
    uint8_t isk[CPACE_ISK_BYTES];

    (void)state;
    assert_int_equal(cpace_isk(isk, s.bytes, &peer, view(&none), &own, &peer), CR_OK);
    peer.share[31] |= 0x80;
    assert_int_equal(cpace_isk(isk, s.bytes, &peer, view(&none), &own, &peer), CR_E_MALFORMED);
}

static void a_tag_depends_on_key_session_share_and_data(void **state)
{
    struct cpace_part part = {.share = {1}, .ad = {2}, .ad_bytes = 1};
    uint8_t isk[CPACE_ISK_BYTES] = {3}, sid[CPACE_SID_BYTES] = {4};
    uint8_t *const inputs[] = {part.share, part.ad, isk, sid};
    struct cpace_bytes session = {sid, sizeof sid};
    uint8_t right[CPACE_TAG_BYTES], tag[CPACE_TAG_BYTES];

    (void)state;
    cpace_tag(right, isk, session, &part);
    for (size_t i = 0; i < COUNT(inputs); i++) {
        inputs[i][0] ^= 0x80;
        cpace_tag(tag, isk, session, &part);
        assert_memory_not_equal(tag, right, sizeof tag);
        inputs[i][0] ^= 0x80;
    }
    cpace_tag(tag, isk, session, &part);
    assert_memory_equal(tag, right, sizeof tag);
}

static int load(void **state)
{
    (void)state;
    vectors = vectors_load(CR_VECTORS "/cpace.json");
    return sodium_init() < 0;
}

static int unload(void **state)
{
    (void)state;
    json_decref(vectors);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_length_stands_in_front_as_the_draft_writes_it),
        cmocka_unit_test(a_length_past_two_bytes_has_three),
        cmocka_unit_test(strings_in_a_row_are_the_drafts),
        cmocka_unit_test(the_generator_is_the_drafts),
        cmocka_unit_test(every_input_changes_the_generator),
        cmocka_unit_test(inputs_past_their_limits_are_refused),
        cmocka_unit_test(both_sides_reach_the_drafts_key),
        cmocka_unit_test(a_share_multiplies_as_the_draft_says_and_invalid_ones_are_refused),
        cmocka_unit_test(encodings_that_are_not_canonical_are_refused),
        cmocka_unit_test(a_share_with_the_highest_bit_set_is_refused),
        cmocka_unit_test(a_tag_depends_on_key_session_share_and_data),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
