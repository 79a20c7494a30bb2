/* In which order a device is told what the other did: PEER between ACKED, the frames and CLOSED. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "desk.h"

#include <string.h>

static struct phone displayer, typist;

static int set_up(void **state)
{
    struct office_rules rules = desk_rules();

    (void)state;
    desk_open(&rules, NULL, NULL);
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
    return 0;
}

static void who_is_away_is_told_after_the_acknowledgement_and_all_that_it_has_sent(void **state)
{
    (void)state;
    desk_pair(&displayer, &typist);
    say_send(&displayer, 1, "one");
    phone_catch_up(&typist);
    say_send(&typist, 2, "two");
    say_ack(&typist, 1);
    say_send(&typist, 3, "three");
    phone_cut(&typist);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_ACKED).seq, 1);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_DELIVER).seq, 2);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_DELIVER).seq, 3);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_PEER).code, CR_PEER_AWAY);
    phone_hears_nothing(&displayer);
}

static void a_join_is_told_before_the_first_frame_also_when_the_typist_has_left_again(void **state)
{
    struct cr_nameplate plate = phone_allocates(&displayer, 1);

    (void)state;
    phone_connect(&typist, 2);
    say_join(&typist, 2, plate, "hello");
    say_send(&typist, 2, "two");
    phone_cut(&typist);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_PEER).code, CR_PEER_HERE);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_DELIVER).seq, 1);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_DELIVER).seq, 2);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_PEER).code, CR_PEER_AWAY);
    phone_hears_nothing(&displayer);
}

static void who_left_and_is_back_before_anybody_looked_is_here(void **state)
{
    (void)state;
    desk_pair(&displayer, &typist);
    say_send(&typist, 2, "two");
    phone_cut(&typist);
    phone_connect(&typist, 2);
    say_resume(&typist, 2, 0);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_PEER).code, CR_PEER_HERE);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_DELIVER).seq, 2);
    phone_hears_nothing(&displayer);
}

static void an_answer_tells_where_the_other_is_before_the_frames_and_only_once(void **state)
{
    (void)state;
    desk_pair(&displayer, &typist);
    phone_cut(&displayer);
    phone_connect(&displayer, 1);
    say_resume(&displayer, 1, 0);
    phone_cut(&typist);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_RESUMED).code, CR_PEER_AWAY);
    phone_hears(&displayer, CR_FRAME_ACKED);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_PEER).code, CR_PEER_AWAY);
    assert_int_equal(phone_hears(&displayer, CR_FRAME_DELIVER).seq, 1);
    phone_hears_nothing(&displayer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(who_is_away_is_told_after_the_acknowledgement_and_all_that_it_has_sent),
        TEST(a_join_is_told_before_the_first_frame_also_when_the_typist_has_left_again),
        TEST(who_left_and_is_back_before_anybody_looked_is_here),
        TEST(an_answer_tells_where_the_other_is_before_the_frames_and_only_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
