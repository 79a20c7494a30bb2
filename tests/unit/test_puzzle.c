/* The price of a JOIN at the front desk, paid by a real device's link. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "desk.h"

#include "puzzle.h"

#include <certrelay/link.h>

#include <sodium.h>

#include <stdlib.h>
#include <string.h>

#define GUESSER 3 /* addresses */
#define HONEST 4
#define LIMIT 5

static const struct cr_nameplate WRONG = {5, 0};
static struct phone displayer, typist, other;

static int set_up(void **state)
{
    const struct quota_rules quota = {.address = {.per_minute = {0, LIMIT}},
                                      .all = {.per_minute = {0, 2 * LIMIT}}};
    struct office_rules rules = desk_rules();

    (void)state;
    desk_open(&rules, &quota, NULL);
    memset(&displayer, 0, sizeof displayer);
    memset(&typist, 0, sizeof typist);
    memset(&other, 0, sizeof other);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    phone_cut(&displayer);
    phone_cut(&typist);
    phone_cut(&other);
    desk_close();
    return 0;
}

static void token_fill(uint8_t token[static CR_TOKEN_BYTES], uint8_t value)
{
    memset(token, value, CR_TOKEN_BYTES);
}

/* Another implementation searches, since the relay's is slow under sanitizers. */
static int is_solved(const struct puzzle *puzzle, const uint8_t token[static CR_TOKEN_BYTES])
{
    uint8_t text[14 + CR_SALT_BYTES + CR_TOKEN_BYTES + 8], hash[crypto_hash_sha256_BYTES];
    unsigned zeros = 0;

    memcpy(text, "certrelay-join", 14);
    memcpy(text + 14, puzzle->salt, CR_SALT_BYTES);
    memcpy(text + 22, token, CR_TOKEN_BYTES);
    for (int i = 0; i < 8; i++)
        text[38 + i] = (uint8_t)(puzzle->count >> (56 - 8 * i));
    crypto_hash_sha256(hash, text, sizeof text);
    while (zeros < puzzle->bits && (hash[zeros / 8] & 0x80 >> zeros % 8) == 0)
        zeros++;
    return zeros == puzzle->bits;
}

/* What solves it, or the first number that does not. */
static uint64_t answer_of(const struct cr_frame *puzzle, uint8_t token, int is_right)
{
    struct puzzle asked = {.bits = puzzle->code};
    uint8_t bytes[CR_TOKEN_BYTES];

    memcpy(asked.salt, puzzle->salt, CR_SALT_BYTES);
    token_fill(bytes, token);
    while (is_solved(&asked, bytes) != is_right)
        asked.count++;
    assert_int_equal(puzzle_is_solved(&asked, bytes), is_right);
    return asked.count;
}

static void say_proof(struct phone *phone, uint64_t count)
{
    const struct cr_frame frame = {.type = CR_FRAME_PROOF, .count = count};

    phone_say(phone, &frame);
}

static struct cr_frame join_is_priced(struct phone *phone, uint8_t token, struct cr_nameplate plate)
{
    say_join(phone, token, plate, "hello");
    return phone_hears(phone, CR_FRAME_PUZZLE);
}

/* Fails so many times, and pays for it where it must; returns what the last one cost. */
static uint8_t fail_at(struct phone *phone, unsigned times)
{
    uint8_t bits = 0;

    while (times-- > 0) {
        struct cr_frame frame;

        say_join(phone, 7, WRONG, "hello");
        assert_int_equal(phone_fetch(phone, &frame), SAY_FRAME);
        bits = frame.type == CR_FRAME_PUZZLE ? frame.code : 0;
        if (bits > 0) {
            say_proof(phone, answer_of(&frame, 7, 1));
            say_join(phone, 7, WRONG, "hello");
            frame = phone_hears(phone, CR_FRAME_REFUSED);
        }
        assert_int_equal(frame.code, CR_REFUSED_UNAVAILABLE);
    }
    return bits;
}

static void is_shown_out_as_malformed(struct phone *phone)
{
    assert_int_equal(phone_hears(phone, CR_FRAME_REFUSED).code, CR_REFUSED_MALFORMED);
    phone_is_shown_out(phone);
}

static void the_price_doubles_with_what_was_spent_up_to_twenty_bits(void **state)
{
    static const struct {
        unsigned wait;
        uint8_t bits;
    } prices[] = {{0, 0},    {1, 14},   {59, 14},   {60, 15},   {179, 15},  {180, 16},
                  {420, 17}, {900, 18}, {1860, 19}, {3780, 20}, {7620, 20}, {1000000, 20}};

    (void)state;
    for (size_t i = 0; i < sizeof prices / sizeof *prices; i++)
        assert_int_equal(puzzle_bits(prices[i].wait), prices[i].bits);
}

/* The vector of PROTOCOL.md section 2.2. */
static void the_published_count_is_the_least_that_solves_it(void **state)
{
    struct puzzle puzzle = {.bits = 14, .salt = {0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7}};
    uint8_t token[CR_TOKEN_BYTES];

    (void)state;
    for (uint8_t i = 0; i < CR_TOKEN_BYTES; i++)
        token[i] = i;
    while (!is_solved(&puzzle, token))
        puzzle.count++;
    assert_int_equal(puzzle.count, 12681);
    assert_true(puzzle_is_solved(&puzzle, token));
    puzzle.bits = CR_PUZZLE_MAX_BITS;
    assert_false(puzzle_is_solved(&puzzle, token));
}

static void a_device_that_has_worked_joins(void **state)
{
    struct cr_nameplate plate = phone_allocates(&displayer, 1);
    struct cr_frame puzzle;

    (void)state;
    phone_connect(&other, GUESSER);
    assert_int_equal(fail_at(&other, LIMIT), 0);
    phone_connect(&typist, GUESSER);
    puzzle = join_is_priced(&typist, 2, plate);
    assert_int_equal(puzzle.code, PUZZLE_MIN_BITS);
    phone_hears_nothing(&typist);
    say_proof(&typist, answer_of(&puzzle, 2, 1));
    phone_hears_nothing(&typist);
    say_join(&typist, 2, plate, "hello");
    phone_hears(&typist, CR_FRAME_JOINED);
}

/* Carries what the link wants to say to the desk, and what it is told back. */
static enum cr_link_event_type talk(struct cr_link *link, struct phone *phone)
{
    static uint8_t bytes[CR_FRAME_MAX_BYTES];
    struct cr_link_event event = {.type = CR_LINK_NOTHING};
    const uint8_t *message;
    struct cr_frame frame;
    size_t length;

    while (event.type == CR_LINK_NOTHING) {
        while (cr_link_output(link, &message, &length) == CR_OK) {
            office_hear(&phone->visitor, message, length, desk.now_ms);
            cr_link_sent(link);
        }
        assert_int_equal(phone_fetch(phone, &frame), SAY_FRAME);
        assert_int_equal(cr_frame_encode(&frame, bytes, sizeof bytes, &length), CR_OK);
        assert_int_equal(cr_link_input(link, bytes, length, &event), CR_OK);
        while (cr_link_work(link, 100) == CR_INCOMPLETE)
            assert_int_equal(cr_link_output(link, &message, &length), CR_INCOMPLETE);
    }
    return event.type;
}

static void the_link_of_a_device_pays_by_itself(void **state)
{
    struct cr_nameplate plate = phone_allocates(&displayer, 1);
    struct cr_link *link;

    (void)state;
    phone_connect(&other, GUESSER);
    fail_at(&other, LIMIT);
    phone_connect(&typist, GUESSER);
    assert_int_equal(cr_link_new(&link), CR_OK);
    assert_int_equal(cr_link_join(link, &plate, (const uint8_t *)"start", 5), CR_OK);
    cr_link_connected(link);
    assert_int_equal(talk(link, &typist), CR_LINK_SEATED);
    assert_int_equal(desk.metrics.puzzles, 1);
    assert_int_equal(desk.metrics.proofs[1], 1);
    assert_int_equal(desk.metrics.proofs[0], 0);
    phone_hears(&displayer, CR_FRAME_PEER);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_DELIVER).seq, 1);
    cr_link_free(link);
}

/* The same answer, and nobody at the mailbox hears of it. */
static void before_it_is_paid_nothing_is_looked_up(void **state)
{
    struct cr_nameplate plate = phone_allocates(&displayer, 1);

    (void)state;
    phone_connect(&other, GUESSER);
    fail_at(&other, LIMIT);
    join_is_priced(&other, 9, plate);
    join_is_priced(&other, 9, WRONG);
    phone_hears_nothing(&displayer);
    phone_connect(&typist, HONEST);
    say_join(&typist, 2, plate, "hello");
    phone_hears(&typist, CR_FRAME_JOINED);
    join_is_priced(&other, 2, plate);
}

static void a_wrong_proof_ends_the_connection(void **state)
{
    struct cr_frame puzzle;

    (void)state;
    phone_connect(&other, GUESSER);
    fail_at(&other, LIMIT);
    puzzle = join_is_priced(&other, 7, WRONG);
    say_proof(&other, answer_of(&puzzle, 7, 0));
    say_join(&other, 7, WRONG, "hello");
    is_shown_out_as_malformed(&other);
    assert_int_equal(desk.metrics.proofs[0], 1);
}

static void a_proof_for_another_token_is_wrong(void **state)
{
    struct cr_frame puzzle;
    struct puzzle asked = {0};
    uint8_t mine[CR_TOKEN_BYTES], others[CR_TOKEN_BYTES];

    (void)state;
    phone_connect(&other, GUESSER);
    fail_at(&other, LIMIT);
    puzzle = join_is_priced(&other, 7, WRONG);
    token_fill(mine, 7);
    token_fill(others, 8);
    asked.bits = puzzle.code;
    memcpy(asked.salt, puzzle.salt, CR_SALT_BYTES);
    while (!is_solved(&asked, mine) || is_solved(&asked, others))
        asked.count++;
    say_proof(&other, asked.count);
    say_join(&other, 8, WRONG, "hello");
    is_shown_out_as_malformed(&other);
}

static void a_proof_is_good_for_one_join(void **state)
{
    struct cr_frame puzzle;
    uint64_t count;

    (void)state;
    phone_connect(&other, GUESSER);
    fail_at(&other, LIMIT);
    puzzle = join_is_priced(&other, 7, WRONG);
    count = answer_of(&puzzle, 7, 1);
    say_proof(&other, count);
    say_join(&other, 7, WRONG, "hello");
    assert_int_equal(phone_hears(&other, CR_FRAME_REFUSED).code, CR_REFUSED_UNAVAILABLE);
    join_is_priced(&other, 7, WRONG);
    phone_cut(&other);
    phone_connect(&other, GUESSER);
    say_proof(&other, count);
    is_shown_out_as_malformed(&other);
}

static void the_answer_to_an_older_puzzle_is_wrong(void **state)
{
    struct cr_frame first, second;
    struct puzzle asked = {0};
    uint8_t token[CR_TOKEN_BYTES];

    (void)state;
    phone_connect(&other, GUESSER);
    fail_at(&other, LIMIT);
    first = join_is_priced(&other, 7, WRONG);
    second = join_is_priced(&other, 7, WRONG);
    assert_memory_not_equal(first.salt, second.salt, CR_SALT_BYTES);
    token_fill(token, 7);
    asked.bits = second.code;
    memcpy(asked.salt, second.salt, CR_SALT_BYTES);
    asked.count = answer_of(&first, 7, 1);
    assert_false(puzzle_is_solved(&asked, token));
    say_proof(&other, asked.count);
    say_join(&other, 7, WRONG, "hello");
    is_shown_out_as_malformed(&other);
}

static void a_proof_that_was_not_asked_for_is_malformed(void **state)
{
    (void)state;
    phone_connect(&other, HONEST);
    say_proof(&other, 1);
    is_shown_out_as_malformed(&other);
    desk_pair(&displayer, &typist);
    say_proof(&typist, 1);
    is_shown_out_as_malformed(&typist);
}

static void two_proofs_for_one_puzzle_are_malformed(void **state)
{
    struct cr_frame puzzle;

    (void)state;
    phone_connect(&other, GUESSER);
    fail_at(&other, LIMIT);
    puzzle = join_is_priced(&other, 7, WRONG);
    say_proof(&other, answer_of(&puzzle, 7, 1));
    say_proof(&other, answer_of(&puzzle, 7, 1));
    is_shown_out_as_malformed(&other);
}

static void who_was_given_a_puzzle_may_be_silent_for_a_minute_and_no_longer(void **state)
{
    (void)state;
    phone_connect(&other, GUESSER);
    fail_at(&other, LIMIT);
    join_is_priced(&other, 7, WRONG);
    desk_pass(CR_PUZZLE_SECONDS * 1000 - 1000);
    assert_false(other.is_dropped);
    desk_pass(2000);
    assert_true(other.is_dropped);
}

static void the_price_rises_until_the_address_is_refused_and_comes_back_to_it(void **state)
{
    struct cr_frame frame;

    (void)state;
    phone_connect(&other, GUESSER);
    assert_int_equal(fail_at(&other, LIMIT), 0);
    assert_int_equal(fail_at(&other, 1), PUZZLE_MIN_BITS);
    assert_int_equal(fail_at(&other, 2 * LIMIT), PUZZLE_MIN_BITS + 1); /* three times the limit, and a bit */
    quota_spend(desk.quota, GUESSER, TALLY_FAILED_JOIN, 5 * LIMIT - 1, desk.now_ms);
    say_join(&other, 7, WRONG, "hello");
    frame = phone_hears(&other, CR_FRAME_REFUSED);
    assert_int_equal(frame.code, CR_REFUSED_TOO_MANY);
    assert_int_equal(frame.seconds, 12);
    desk_pass(12000);
    phone_cut(&other);
    phone_connect(&other, GUESSER);
    join_is_priced(&other, 7, WRONG);
}

/* Many addresses, each within its limit, spend what all together may. */
static void all_together_are_asked_for_a_price_and_never_refused(void **state)
{
    struct cr_nameplate plate = phone_allocates(&displayer, 1);
    struct cr_frame puzzle;

    (void)state;
    for (uint64_t address = 100; address < 112; address++) {
        phone_connect(&other, address);
        fail_at(&other, LIMIT);
        phone_cut(&other);
    }
    phone_connect(&typist, HONEST);
    puzzle = join_is_priced(&typist, 2, plate);
    assert_int_equal(puzzle.code, PUZZLE_MIN_BITS + 2); /* six times their limit */
    say_proof(&typist, answer_of(&puzzle, 2, 1));
    say_join(&typist, 2, plate, "hello");
    phone_hears(&typist, CR_FRAME_JOINED);
}

static void what_is_owed_is_no_more_than_an_hours_worth(void **state)
{
    const struct quota_rules rules = {.all = {.per_minute = {0, 1}}};
    struct quota *quota = quota_new(&rules, 100, 1);

    (void)state;
    assert_null(quota_connect(quota, HONEST, 0));
    for (int i = 0; i < 1000; i++)
        quota_spend(quota, HONEST, TALLY_FAILED_JOIN, 1, 0);
    assert_int_equal(quota_wait(quota, HONEST, TALLY_FAILED_JOIN, 1, 0), TALLY_DEBT_MINUTES * 60);
    assert_int_equal(quota_wait_of(quota, QUOTA_ADDRESS, HONEST, TALLY_FAILED_JOIN, 1, 0), 0);
    assert_int_equal(puzzle_bits(TALLY_DEBT_MINUTES * 60), PUZZLE_MAX_BITS);
    quota_free(quota);
}

static void hold_all(struct phone *phone)
{
    for (size_t bytes = 8192; office_hold(&phone->visitor, bytes) != CR_OK;)
        bytes--;
}

/* Messages of other connections fill the relay for a moment. */
static void a_proof_whose_join_found_no_room_is_still_good(void **state)
{
    const struct quota_rules quota = {.address = {.per_minute = {0, LIMIT}}};
    struct office_rules rules = desk_rules();
    struct cr_nameplate plate;
    struct cr_frame puzzle;

    (void)state;
    desk_close();
    rules.mailbox.budget.max = 8192;
    desk_open(&rules, &quota, NULL);
    plate = phone_allocates(&displayer, 1);
    phone_connect(&other, GUESSER);
    fail_at(&other, LIMIT);
    puzzle = join_is_priced(&other, 2, plate);
    say_proof(&other, answer_of(&puzzle, 2, 1));
    phone_connect(&typist, HONEST);
    hold_all(&typist);
    hold_all(&displayer);
    say_join(&other, 2, plate, "hello");
    assert_int_equal(phone_hears(&other, CR_FRAME_REFUSED).code, CR_REFUSED_BUSY);
    assert_int_equal(office_hold(&typist.visitor, 0), CR_OK);
    assert_int_equal(office_hold(&displayer.visitor, 0), CR_OK);
    say_join(&other, 2, plate, "hello");
    phone_hears(&other, CR_FRAME_JOINED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_price_doubles_with_what_was_spent_up_to_twenty_bits),
        TEST(the_published_count_is_the_least_that_solves_it),
        TEST(a_device_that_has_worked_joins),
        TEST(the_link_of_a_device_pays_by_itself),
        TEST(before_it_is_paid_nothing_is_looked_up),
        TEST(a_wrong_proof_ends_the_connection),
        TEST(a_proof_for_another_token_is_wrong),
        TEST(a_proof_is_good_for_one_join),
        TEST(the_answer_to_an_older_puzzle_is_wrong),
        TEST(a_proof_that_was_not_asked_for_is_malformed),
        TEST(two_proofs_for_one_puzzle_are_malformed),
        TEST(who_was_given_a_puzzle_may_be_silent_for_a_minute_and_no_longer),
        TEST(the_price_rises_until_the_address_is_refused_and_comes_back_to_it),
        TEST(all_together_are_asked_for_a_price_and_never_refused),
        TEST(what_is_owed_is_no_more_than_an_hours_worth),
        TEST(a_proof_whose_join_found_no_room_is_still_good),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
