/* The post of the shared store against a real server: in order and once, or there is a cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "redis_rig.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGES 2000

static struct rig rig;

static int open_one(void **state)
{
    (void)state;
    rig_open(&rig);
    rig_server_start(&rig);
    return 0;
}

static int close_one(void **state)
{
    (void)state;
    rig_close(&rig);
    return 0;
}

/* A message that begins with the number, and is longer the more so. */
static int say(struct rig_node *from, store_node to, uint32_t number)
{
    uint8_t bytes[300] = {0};

    memcpy(bytes, &number, sizeof number);
    return from->store->publish(from->store, to, bytes, sizeof number + number % 256);
}

static size_t wanted;

static int has_heard(void *context)
{
    return ((struct rig_node *)context)->heard_count >= wanted;
}

static void until_heard(struct rig_node *node, size_t count)
{
    wanted = count;
    rig_until(&rig, has_heard, node);
}

static int has_cut(void *context)
{
    return ((struct rig_node *)context)->cuts > 0;
}

static void messages_come_in_order_and_once(void **state)
{
    struct rig_node *one = rig_node(&rig), *other = rig_node(&rig);

    (void)state;
    for (uint32_t i = 0; i < MESSAGES; i++) {
        assert_int_equal(say(one, other->store->self, i), 0);
        assert_int_equal(say(other, one->store->self, i), 0);
        if (i % 100 == 0)
            rig_turn(&rig, 1);
    }
    until_heard(other, MESSAGES);
    until_heard(one, MESSAGES);
    for (uint32_t i = 0; i < MESSAGES; i++) {
        assert_int_equal(other->heard[i], i);
        assert_int_equal(one->heard[i], i);
    }
    rig_turn(&rig, 1300);
    assert_int_equal(other->heard_count, MESSAGES);
    assert_int_equal(one->cuts + other->cuts, 0);
}

static void what_was_read_is_trimmed(void **state)
{
    struct rig_node *one = rig_node(&rig), *other = rig_node(&rig);
    struct store_figures figures;

    (void)state;
    for (uint32_t i = 0; i < 500; i++)
        assert_int_equal(say(one, other->store->self, i), 0);
    until_heard(other, 500);
    rig_turn(&rig, 1500);
    assert_int_equal(rig_say(&rig, "XLEN test:in:%016llx", (unsigned long long)other->store->self), 0);
    assert_int_equal(other->store->state(other->store, &figures), STORE_HERE);
    assert_int_equal(figures.inbox_length, 0);
    assert_int_equal(figures.holes, 0);
    assert_true(figures.round_trip_us > 0);
}

/* Whatever is heard between two cuts follows what was heard before it. */
static void assert_gaps_are_cut(const struct rig_node *node)
{
    uint32_t last = 0;
    int is_cut = 1;

    for (size_t i = 0; i < node->heard_count; i++) {
        if (node->heard[i] == RIG_CUT) {
            is_cut = 1;
            continue;
        }
        if (!is_cut)
            assert_int_equal(node->heard[i], last + 1);
        assert_true(node->heard[i] > last);
        last = node->heard[i];
        is_cut = 0;
    }
}

/* Every connection is ended some times, those of the readers in the midst of reading. */
static void connections_that_are_ended_lose_nothing_unseen(void **state)
{
    struct rig_node *one = rig_node(&rig), *other = rig_node(&rig);
    uint32_t number = 0;

    (void)state;
    one->store->watch(one->store, other->store->self, 1);
    other->store->watch(other->store, one->store->self, 1);
    for (int turn = 0; turn < 6; turn++) {
        for (int i = 0; i < 100; i++) {
            number++;
            (void)say(one, other->store->self, number);
        }
        if (turn % 2 == 0)
            rig_turn(&rig, 3);
        (void)rig_say(&rig, "CLIENT KILL TYPE normal SKIPME yes");
        rig_turn(&rig, 30);
        rig_until_here(one);
        rig_until_here(other);
    }
    number++;
    assert_int_equal(say(one, other->store->self, number), 0);
    while (other->heard[other->heard_count - 1] != number)
        rig_turn(&rig, 10);
    assert_true(other->heard_count > 200);
    assert_gaps_are_cut(other);
    assert_true(one->cuts > 0);
}

static void readers_end(void)
{
    redisReply *list = redisCommand(rig.talk, "CLIENT LIST"), *ended;
    char *rest = NULL;

    assert_non_null(list);
    for (char *line = strtok_r(list->str, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        if (strstr(line, " cmd=xread ") == NULL)
            continue;
        ended = redisCommand(rig.talk, "CLIENT KILL ID %lu", strtoul(line + 3, NULL, 10));
        assert_true(ended != NULL && ended->type == REDIS_REPLY_INTEGER);
        freeReplyObject(ended);
    }
    freeReplyObject(list);
}

/* Only the reader's connection: nothing is lost, and nobody notices. */
static void a_reader_that_reconnects_goes_on_where_it_was(void **state)
{
    struct rig_node *one = rig_node(&rig), *other = rig_node(&rig);

    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(say(one, other->store->self, i), 0);
        if (i % 50 != 0)
            continue;
        rig_turn(&rig, 2);
        readers_end();
    }
    until_heard(other, 1000);
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(other->heard[i], i);
    assert_int_equal(one->cuts + other->cuts, 0);
}

static void a_message_that_is_missing_is_noticed(void **state)
{
    struct rig_node *one = rig_node(&rig), *other = rig_node(&rig);
    struct store_figures figures;

    (void)state;
    assert_int_equal(say(one, other->store->self, 1), 0);
    until_heard(other, 1);
    rig_server_signal(&rig, SIGSTOP);
    assert_int_equal(say(one, other->store->self, 2), 0);
    assert_int_equal(say(one, other->store->self, 3), 0);
    rig_server_signal(&rig, SIGCONT);
    until_heard(other, 3);
    assert_int_equal(other->cuts, 0);
    /* As if trimming had taken number 4: 5 comes. */
    (void)rig_say(&rig, "EVAL %s 1 test:in:%016llx",
                  "local e = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1][2][2] "
                  "local n = string.byte(e, 17) return redis.call('XADD', KEYS[1], '*', 'e', "
                  "string.sub(e, 1, 16) .. string.char(n + 2) .. 'five')",
                  (unsigned long long)other->store->self);
    until_heard(other, 5);
    assert_int_equal(other->heard[3], RIG_CUT);
    assert_int_equal(other->cut_last, one->store->self);
    other->store->state(other->store, &figures);
    assert_int_equal(figures.holes, 1);
    assert_int_equal(figures.cuts, 1);
}

static void the_same_message_twice_comes_once(void **state)
{
    struct rig_node *one = rig_node(&rig), *other = rig_node(&rig);

    (void)state;
    assert_int_equal(say(one, other->store->self, 1), 0);
    until_heard(other, 1);
    (void)rig_say(&rig, "EVAL %s 1 test:in:%016llx",
                  "local e = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1][2][2] "
                  "return redis.call('XADD', KEYS[1], '*', 'e', e)",
                  (unsigned long long)other->store->self);
    assert_int_equal(say(one, other->store->self, 2), 0);
    until_heard(other, 2);
    assert_int_equal(other->heard[1], 2);
    assert_int_equal(other->cuts, 0);
}

static void who_writes_to_a_dead_node_is_told(void **state)
{
    struct rig_node *one = rig_node(&rig), *other = rig_node(&rig);
    store_node gone = other->store->self;

    (void)state;
    rig_node_end(other);
    (void)rig_say(&rig, "DEL test:node:%016llx", (unsigned long long)gone);
    assert_int_equal(say(one, gone, 1), 0);
    assert_int_equal(say(one, gone, 2), 0);
    rig_until(&rig, has_cut, one);
    rig_turn(&rig, 100);
    assert_int_equal(one->cuts, 1);
    assert_int_equal(one->cut_last, gone);
    assert_int_equal(rig_say(&rig, "EXISTS test:in:%016llx", (unsigned long long)gone), 0);
}

static void the_death_of_a_node_that_is_watched_is_told(void **state)
{
    struct rig_node *one = rig_node(&rig), *other = rig_node(&rig), *third = rig_node(&rig);
    store_node gone = other->store->self;

    (void)state;
    one->store->watch(one->store, gone, 1);
    third->store->watch(third->store, gone, 1);
    third->store->watch(third->store, gone, 0);
    rig_node_end(other);
    rig_until(&rig, has_cut, one); /* its lease runs out by itself */
    assert_int_equal(one->cut_last, gone);
    rig_turn(&rig, 1200);
    assert_int_equal(one->cuts, 1);
    assert_int_equal(third->cuts, 0);
}

static void what_is_for_everybody_reaches_all_others(void **state)
{
    struct rig_node *one = rig_node(&rig), *other = rig_node(&rig), *third = rig_node(&rig);

    (void)state;
    rig_turn(&rig, 1300); /* until the next beat, a node knows only those that were there before */
    assert_int_equal(say(one, other->store->self, 1), 0);
    assert_int_equal(say(one, STORE_EVERYBODY, 7), 0);
    assert_int_equal(say(one, other->store->self, 2), 0);
    until_heard(other, 3);
    until_heard(third, 1);
    assert_int_equal(other->heard[1], 7);
    assert_int_equal(third->heard[0], 7);
    rig_turn(&rig, 50);
    assert_int_equal(one->heard_count, 0);
    assert_int_equal(other->cuts + third->cuts + one->cuts, 0);
}

static void a_node_that_is_cut_off_begins_anew_with_all(void **state)
{
    struct rig_node *one = rig_node(&rig), *other = rig_node(&rig);

    (void)state;
    assert_int_equal(say(one, other->store->self, 1), 0);
    assert_int_equal(say(other, one->store->self, 1), 0);
    until_heard(other, 1);
    until_heard(one, 1);
    rig_node_cut_off(one);
    rig_until(&rig, has_cut, one);
    assert_int_equal(one->cuts_of_all, 1);
    assert_int_equal(say(one, other->store->self, 2), 0);
    until_heard(other, 3);
    assert_int_equal(other->heard[1], RIG_CUT);
    assert_int_equal(other->heard[2], 2);
    assert_int_equal(say(other, one->store->self, 2), 0);
    until_heard(one, 3);
    assert_int_equal(one->heard[2], 2);
    assert_int_equal(one->cuts, 1);
}

static void more_than_fits_is_refused_and_nothing_is_lost_unseen(void **state)
{
    struct rig_node *one = rig_node(&rig), *other = rig_node(&rig);
    static uint8_t bytes[60000];
    size_t sent = 0;
    uint32_t number = 1;

    (void)state;
    rig_server_signal(&rig, SIGSTOP);
    for (; sent < 5000; sent++, number++) {
        memcpy(bytes, &number, sizeof number);
        if (one->store->publish(one->store, other->store->self, bytes, sizeof bytes) != 0)
            break;
    }
    assert_in_range(sent, 10, 200);
    rig_server_signal(&rig, SIGCONT);
    until_heard(other, sent);
    number++;
    assert_int_equal(say(one, other->store->self, number), 0);
    until_heard(other, sent + 2);
    assert_int_equal(other->heard[sent], RIG_CUT);
    assert_int_equal(other->heard[sent + 1], number);
}

int main(void)
{
#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, open_one, close_one)
    const struct CMUnitTest tests[] = {
        WITH_SERVER(messages_come_in_order_and_once),
        WITH_SERVER(what_was_read_is_trimmed),
        WITH_SERVER(connections_that_are_ended_lose_nothing_unseen),
        WITH_SERVER(a_reader_that_reconnects_goes_on_where_it_was),
        WITH_SERVER(a_message_that_is_missing_is_noticed),
        WITH_SERVER(the_same_message_twice_comes_once),
        WITH_SERVER(who_writes_to_a_dead_node_is_told),
        WITH_SERVER(the_death_of_a_node_that_is_watched_is_told),
        WITH_SERVER(what_is_for_everybody_reaches_all_others),
        WITH_SERVER(a_node_that_is_cut_off_begins_anew_with_all),
        WITH_SERVER(more_than_fits_is_refused_and_nothing_is_lost_unseen),
    };

    return rig_can() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
