/* Who may open mailboxes at the front desk of an organisation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "desk.h"

#include <string.h>

static struct phone displayer, typist;
static struct permits *permits;

static struct permits *permits_of(const char *text)
{
    char error[PERMITS_ERROR_BYTES];
    struct permits *made = permits_read(text, strlen(text), error);

    assert_non_null(made);
    return made;
}

static int set_up(void **state)
{
    const struct quota_rules quota = {.address = {.per_minute = {3}}, .all = {.per_minute = {4}}};
    struct office_rules rules = desk_rules();

    (void)state;
    desk_open(&rules, &quota, NULL);
    permits = permits_of("spring-2026\nsummer-2026\n");
    office_permit(desk.office, permits);
    memset(&displayer, 0, sizeof displayer);
    memset(&typist, 0, sizeof typist);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    phone_cut(&displayer);
    phone_cut(&typist);
    desk_close();
    permits_free(permits);
    return 0;
}

static void outsider_connects(struct phone *phone)
{
    phone_cut(phone);
    phone_connect(phone, 1);
    office_restrict(&phone->visitor);
}

static void say_permit(struct phone *phone, uint8_t token, const char *permit)
{
    struct cr_frame frame = {.type = CR_FRAME_ALLOCATE};

    memset(frame.token, token, sizeof frame.token);
    frame.permit = (const uint8_t *)permit;
    frame.permit_bytes = strlen(permit);
    phone_say(phone, &frame);
}

static uint8_t answer_to(uint8_t token, const char *permit)
{
    struct cr_frame frame;

    say_permit(&displayer, token, permit);
    assert_int_equal(phone_fetch(&displayer, &frame), SAY_FRAME);
    return frame.type == CR_FRAME_REFUSED ? frame.code : 0;
}

static void each_permit_opens_a_mailbox(void **state)
{
    (void)state;
    outsider_connects(&displayer);
    assert_int_equal(answer_to(1, "spring-2026"), 0);
    outsider_connects(&displayer);
    assert_int_equal(answer_to(2, "summer-2026"), 0);
}

static void none_or_a_wrong_one_is_forbidden_and_another_may_be_shown(void **state)
{
    struct cr_frame frame;

    (void)state;
    outsider_connects(&displayer);
    assert_int_equal(answer_to(1, ""), CR_REFUSED_FORBIDDEN);
    say_permit(&displayer, 1, "autumn-2026");
    frame = phone_hears(&displayer, CR_FRAME_REFUSED);
    assert_int_equal(frame.code, CR_REFUSED_FORBIDDEN);
    assert_int_equal(frame.seconds, 0);
    assert_int_equal(answer_to(1, "spring-2026"), 0);
    assert_int_equal(desk.refusals[CR_REFUSED_FORBIDDEN], 2);
}

static void who_is_no_outsider_needs_none(void **state)
{
    (void)state;
    phone_connect(&displayer, 1);
    assert_int_equal(answer_to(1, ""), 0);
    phone_cut(&displayer);
    phone_connect(&displayer, 1);
    assert_int_equal(answer_to(2, "autumn-2026"), 0);
}

static void without_permits_an_outsider_opens_nothing_and_joins(void **state)
{
    struct cr_nameplate plate;

    (void)state;
    office_permit(desk.office, NULL);
    plate = phone_allocates(&displayer, 1);
    outsider_connects(&typist);
    say_permit(&typist, 2, "spring-2026");
    assert_int_equal(phone_hears(&typist, CR_FRAME_REFUSED).code, CR_REFUSED_FORBIDDEN);
    say_join(&typist, 3, plate, "hello");
    phone_hears(&typist, CR_FRAME_JOINED);
}

static void a_permit_that_was_withdrawn_is_wrong_and_its_mailboxes_stay(void **state)
{
    struct permits *next = permits_of("summer-2026\nautumn-2026\n");

    (void)state;
    outsider_connects(&displayer);
    assert_int_equal(answer_to(1, "spring-2026"), 0);
    office_permit(desk.office, next);
    permits_free(permits);
    permits = next;
    outsider_connects(&displayer);
    assert_int_equal(answer_to(1, "spring-2026"), 0); /* the same device, which lost its connection */
    desk_pass(40000);
    outsider_connects(&displayer);
    assert_int_equal(answer_to(2, "spring-2026"), CR_REFUSED_FORBIDDEN);
    assert_int_equal(answer_to(2, "autumn-2026"), 0);
}

static void guessing_permits_is_as_slow_as_opening_mailboxes(void **state)
{
    (void)state;
    outsider_connects(&displayer);
    for (int i = 0; i < 3; i++)
        assert_int_equal(answer_to(1, "guess-2026"), CR_REFUSED_FORBIDDEN);
    assert_int_equal(answer_to(1, "spring-2026"), CR_REFUSED_TOO_MANY);
    assert_int_equal(answer_to(1, ""), CR_REFUSED_FORBIDDEN);
    desk_pass(20000);
    outsider_connects(&displayer);
    assert_int_equal(answer_to(1, "spring-2026"), 0);
}

/* Else some addresses of strangers would shut an organisation out of its own relay. */
static void what_strangers_guess_is_not_taken_from_what_all_may_open(void **state)
{
    (void)state;
    for (uint64_t address = 10; address < 13; address++) {
        phone_cut(&displayer);
        phone_connect(&displayer, address);
        office_restrict(&displayer.visitor);
        for (int i = 0; i < 3; i++)
            assert_int_equal(answer_to(1, "guess-2026"), CR_REFUSED_FORBIDDEN);
    }
    outsider_connects(&displayer);
    assert_int_equal(answer_to(1, "spring-2026"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_permit_opens_a_mailbox),
        TEST(none_or_a_wrong_one_is_forbidden_and_another_may_be_shown),
        TEST(who_is_no_outsider_needs_none),
        TEST(without_permits_an_outsider_opens_nothing_and_joins),
        TEST(a_permit_that_was_withdrawn_is_wrong_and_its_mailboxes_stay),
        TEST(guessing_permits_is_as_slow_as_opening_mailboxes),
        TEST(what_strangers_guess_is_not_taken_from_what_all_may_open),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
