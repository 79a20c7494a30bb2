/* Who asks too much in vain pays by work; who pays is served like anybody else. */
#include "toll.h"

#include "room.h"

#include <string.h>

/* So many times its limit an address may fail for a price; a network, and all together, may without end: there others would be shut out. */
#define TIMES_FOR_A_PRICE 8
#define MINUTE_SECONDS 60

unsigned toll_wait(const struct office *office, uint64_t address, uint64_t now_ms)
{
    const unsigned for_a_price = (TIMES_FOR_A_PRICE - 1) * MINUTE_SECONDS;
    unsigned wait = quota_wait_of(office->quota, QUOTA_ADDRESS, address, TALLY_FAILED_JOIN, 1, now_ms);

    return wait > for_a_price ? wait - for_a_price : 0;
}

static void salt_draw(struct office *office, uint8_t salt[static CR_SALT_BYTES])
{
    for (size_t i = 0; i < CR_SALT_BYTES; i += sizeof(uint32_t)) {
        uint32_t drawn = office->draw(office->draw_context);

        memcpy(salt + i, &drawn, sizeof drawn);
    }
}

static void toll_ask(struct visitor *visitor, uint8_t bits, uint64_t now_ms)
{
    struct office *office = visitor->office;

    memset(&visitor->puzzle, 0, sizeof visitor->puzzle);
    visitor->puzzle.bits = bits;
    salt_draw(office, visitor->puzzle.salt);
    quota_count_hit(office->quota, visitor->address, TALLY_FAILED_JOIN, 1, now_ms);
    metrics_puzzle_asked(office->sink.metrics);
    visitor_give_time(visitor, CR_PUZZLE_SECONDS * 1000, now_ms);
    office->sink.wake(visitor);
}

/* Right or wrong, it is used up. */
static int proof_take(struct visitor *visitor, const struct cr_frame *join, uint64_t now_ms)
{
    int is_right = puzzle_is_solved(&visitor->puzzle, join->token);

    memset(&visitor->puzzle, 0, sizeof visitor->puzzle);
    metrics_proof_heard(visitor->office->sink.metrics, is_right);
    if (!is_right)
        visitor_refuse(visitor, CR_REFUSED_MALFORMED, 0, now_ms);
    return is_right;
}

int toll_pass(struct visitor *visitor, const struct cr_frame *join, uint64_t now_ms)
{
    struct quota *quota = visitor->office->quota;
    uint8_t bits;

    if (visitor->puzzle.has_proof)
        return proof_take(visitor, join, now_ms);
    bits = puzzle_bits(quota_wait(quota, visitor->address, TALLY_FAILED_JOIN, 1, now_ms));
    if (bits > 0)
        toll_ask(visitor, bits, now_ms);
    return bits == 0;
}

void toll_hear(struct visitor *visitor, const struct cr_frame *proof, uint64_t now_ms)
{
    struct puzzle *puzzle = &visitor->puzzle;

    if (visitor->room != NULL || visitor->distant != NULL || puzzle->bits == 0 || puzzle->has_proof) {
        visitor_refuse(visitor, CR_REFUSED_MALFORMED, 0, now_ms);
        return;
    }
    puzzle->count = proof->count;
    puzzle->has_proof = 1;
}

int toll_has_words(const struct visitor *visitor)
{
    return visitor->puzzle.bits > 0 && !visitor->puzzle.is_told;
}

int toll_speak(struct visitor *visitor, struct cr_frame *frame)
{
    if (!toll_has_words(visitor))
        return 0;
    memset(frame, 0, sizeof *frame);
    frame->type = CR_FRAME_PUZZLE;
    frame->code = visitor->puzzle.bits;
    memcpy(frame->salt, visitor->puzzle.salt, CR_SALT_BYTES);
    visitor->puzzle.is_told = 1;
    return 1;
}
