/* The store that goes on alone: which of the two a question goes to, while the shared one is here, away, or late with its answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake_store.h"
#include "mailbox.h"
#include "store_either.h"

#include <string.h>

struct heard {
    enum store_result result;
    struct store_record record;
    int count;
};

static uint64_t dice = 1;
static struct fake_store *shared;
static struct store *store;
static int news_alone, news_shared;
static struct cr_nameplate shared_plate = {.digits = 4, .value = 1234},
                           alone_plate = {.digits = STORE_ALONE_DIGITS, .value = 1234};

static uint32_t draw(void *context)
{
    (void)context;
    dice = dice * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(dice >> 32);
}

static void on_news(void *context, int is_alone)
{
    assert_ptr_equal(context, &dice);
    news_alone += is_alone;
    news_shared += !is_alone;
}

static int set_up(void **state)
{
    (void)state;
    news_alone = news_shared = 0;
    shared = fake_store_new(draw);
    store = store_either_new(&shared->store, store_memory_new(600000, STORE_ALONE_DIGITS, draw, NULL),
                             on_news, &dice);
    return store == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    if (store != NULL)
        store->close(store);
    return 0;
}

static void hear(void *context, enum store_result result, const struct store_record *record)
{
    struct heard *heard = context;

    heard->result = result;
    heard->count++;
    assert_int_equal(record != NULL, result == STORE_FOUND || result == STORE_NEW);
    if (record != NULL)
        heard->record = *record;
}

static const uint8_t *token(uint8_t number)
{
    static uint8_t bytes[256][CR_TOKEN_BYTES];

    memset(bytes[number], number, CR_TOKEN_BYTES);
    return bytes[number];
}

static struct heard allocate(uint8_t number, void *local)
{
    struct heard heard = {0};

    store->allocate(store, token(number), local, 1000, 0, hear, &heard);
    assert_int_equal(heard.count, 1);
    return heard;
}

static struct heard claim(struct cr_nameplate plate, uint8_t number)
{
    struct heard heard = {0};

    store->claim(store, &plate, token(number), 1000, hear, &heard);
    assert_int_equal(heard.count, 1);
    return heard;
}

static struct heard find(uint8_t number)
{
    struct heard heard = {0};

    store->find(store, token(number), hear, &heard);
    assert_int_equal(heard.count, 1);
    return heard;
}

static uint64_t alone_count(void)
{
    struct store_figures figures;

    store->state(store, &figures);
    assert_int_equal(figures.lost, 5);
    return figures.alone;
}

static void a_new_mailbox_is_shared_while_the_engine_is_here(void **state)
{
    int here;
    struct heard made = allocate(1, &here);

    (void)state;
    assert_int_equal(made.result, STORE_NEW);
    assert_int_equal(made.record.nameplate.digits, 4);
    assert_int_equal(made.record.owner, FAKE_SELF);
    assert_int_equal(claim(made.record.nameplate, 2).result, STORE_NEW);
    assert_int_equal(alone_count(), 0);
    assert_int_equal(news_alone + news_shared, 0);
}

static void a_new_mailbox_is_this_nodes_alone_while_the_engine_is_away(void **state)
{
    int here;
    struct heard made;

    (void)state;
    shared->is_away = 1;
    made = allocate(1, &here);
    assert_int_equal(made.result, STORE_NEW);
    assert_int_equal(made.record.nameplate.digits, STORE_ALONE_DIGITS);
    assert_int_equal(made.record.owner, FAKE_SELF);
    assert_ptr_equal(made.record.local, &here);
    assert_int_equal(claim(made.record.nameplate, 2).result, STORE_NEW);
    assert_int_equal(claim(made.record.nameplate, 3).result, STORE_NOTHING);
    assert_int_equal(find(1).record.seat, SEAT_DISPLAYER);
    assert_int_equal(find(2).record.seat, SEAT_TYPIST);
    assert_ptr_equal(find(2).record.local, &here);
    assert_int_equal(alone_count(), 1);
}

static void a_shared_mailbox_is_not_spoken_for_while_the_engine_is_away(void **state)
{
    int here;
    struct heard made = allocate(1, &here);

    (void)state;
    shared->is_away = 1;
    assert_int_equal(find(1).result, STORE_AWAY);
    assert_int_equal(find(9).result, STORE_AWAY);
    assert_int_equal(claim(made.record.nameplate, 2).result, STORE_AWAY);
    assert_int_equal(claim(alone_plate, 2).result, STORE_NOTHING);
    assert_int_equal(store->state(store, NULL), STORE_AWAY_NOW);
    shared->is_away = 0;
    assert_int_equal(find(1).result, STORE_FOUND);
    assert_int_equal(store->state(store, NULL), STORE_HERE);
}

static void when_the_engine_is_back_both_kinds_live_side_by_side(void **state)
{
    int rooms[3];
    struct heard alone, again;

    (void)state;
    allocate(1, &rooms[0]);
    shared->is_away = 1;
    alone = allocate(2, &rooms[1]);
    shared->is_away = 0;
    assert_int_equal(allocate(3, &rooms[2]).record.nameplate.digits, 4);
    again = allocate(2, &rooms[2]);
    assert_int_equal(again.result, STORE_FOUND);
    assert_ptr_equal(again.record.local, &rooms[1]);
    assert_int_equal(claim(alone.record.nameplate, 4).result, STORE_NEW);
    assert_ptr_equal(find(1).record.local, &rooms[0]);
    assert_ptr_equal(find(4).record.local, &rooms[1]);
    assert_int_equal(find(9).result, STORE_NOTHING);
    store->release(store, &alone.record.nameplate, 0);
    assert_int_equal(shared->released, 0);
    assert_int_equal(find(2).result, STORE_NOTHING);
    assert_int_equal(find(4).result, STORE_NOTHING);
    assert_int_equal(claim(alone.record.nameplate, 5).result, STORE_NOTHING);
    assert_int_equal(find(1).result, STORE_FOUND);
}

static void a_token_of_a_mailbox_here_claims_no_shared_one(void **state)
{
    int rooms[2];
    struct heard shared_one = allocate(1, &rooms[0]);

    (void)state;
    shared->is_away = 1;
    allocate(2, &rooms[1]);
    shared->is_away = 0;
    assert_int_equal(claim(shared_one.record.nameplate, 2).result, STORE_NOTHING);
    assert_int_equal(claim(shared_one.record.nameplate, 3).result, STORE_NEW);
}

static void it_is_told_when_it_begins_and_when_it_ends(void **state)
{
    int room;

    (void)state;
    shared->is_away = 1;
    allocate(1, &room);
    allocate(1, &room);
    allocate(2, &room);
    assert_int_equal(news_alone, 1);
    assert_int_equal(news_shared, 0);
    assert_int_equal(alone_count(), 2);
    shared->is_away = 0;
    allocate(2, &room);
    assert_int_equal(news_shared, 0);
    allocate(3, &room);
    allocate(4, &room);
    assert_int_equal(news_alone, 1);
    assert_int_equal(news_shared, 1);
    shared->is_away = 1;
    allocate(5, &room);
    assert_int_equal(news_alone, 2);
}

static struct fake_late *ask_late(uint8_t number, void *local, struct heard *heard)
{
    shared->is_late = 1;
    store->allocate(store, token(number), local, 1000, 0, hear, heard);
    shared->is_late = 0;
    assert_int_equal(heard->count, 0);
    return &shared->late[shared->late_count - 1];
}

static void an_engine_that_goes_before_it_answers_is_not_waited_for(void **state)
{
    int rooms[2];
    struct heard first = {0}, same = {0}, other = {0};
    struct fake_late *late[3] = {ask_late(1, &rooms[0], &first), ask_late(1, &rooms[1], &same),
                                 ask_late(2, &rooms[1], &other)};

    (void)state;
    late[0]->answer(late[0]->context, STORE_AWAY, NULL);
    assert_int_equal(first.count, 1);
    assert_int_equal(first.result, STORE_NEW);
    assert_int_equal(first.record.nameplate.digits, STORE_ALONE_DIGITS);
    late[1]->answer(late[1]->context, STORE_AWAY, NULL);
    assert_int_equal(same.result, STORE_FOUND);
    assert_ptr_equal(same.record.local, &rooms[0]);
    late[2]->answer(late[2]->context, STORE_FULL, NULL);
    assert_int_equal(other.count, 1);
    assert_int_equal(other.result, STORE_FULL);
    assert_int_equal(alone_count(), 1);
}

static void who_leaves_makes_no_mailbox_any_more(void **state)
{
    int room;
    struct heard heard = {0};
    struct fake_late *late = ask_late(1, &room, &heard);

    (void)state;
    store->leave(store);
    assert_true(shared->is_left);
    late->answer(late->context, STORE_AWAY, NULL);
    assert_int_equal(heard.result, STORE_AWAY);
    assert_int_equal(allocate(2, &room).result, STORE_AWAY);
    assert_int_equal(alone_count(), 0);
}

static void no_answer_comes_after_close(void **state)
{
    int room;
    struct heard first = {0}, second = {0};

    (void)state;
    ask_late(1, &room, &first);
    ask_late(2, &room, &second);
    store->close(store);
    store = NULL;
    assert_int_equal(first.count + second.count, 0);
}

static void hear_result(void *context, enum store_result result, const struct store_record *record)
{
    assert_null(record);
    *(enum store_result *)context = result;
}

static void what_is_told_of_a_mailbox_goes_to_its_own_store(void **state)
{
    enum store_result result = STORE_FULL;

    (void)state;
    store->adopt(store, &alone_plate, &result);
    store->disown(store, &alone_plate);
    store->note(store, &alone_plate, 1, 1);
    store->closed(store, &alone_plate, SEAT_TYPIST, CR_MOOD_DONE, hear_result, &result);
    store->release(store, &alone_plate, 0);
    assert_int_equal(result, STORE_FOUND);
    assert_int_equal(shared->adopted + shared->disowned + shared->noted + shared->closed + shared->released,
                     0);
    store->adopt(store, &shared_plate, &result);
    store->disown(store, &shared_plate);
    store->note(store, &shared_plate, 1, 1);
    store->closed(store, &shared_plate, SEAT_TYPIST, CR_MOOD_DONE, hear_result, &result);
    store->release(store, &shared_plate, 0);
    assert_int_equal(result, STORE_AWAY);
    assert_int_equal(shared->adopted, 1);
    assert_int_equal(shared->disowned, 1);
    assert_int_equal(shared->noted, 1);
    assert_int_equal(shared->closed, 1);
    assert_int_equal(shared->released, 1);
}

static char told[3];

static void on_deliver(void *context, store_node from, const uint8_t *bytes, size_t length, uint64_t now_ms)
{
    (void)now_ms;
    assert_ptr_equal(context, told);
    assert_int_equal(from, 3);
    assert_memory_equal(bytes, "post", length);
    told[0]++;
}

static void on_cut(void *context, store_node node, uint64_t now_ms)
{
    (void)now_ms;
    assert_ptr_equal(context, told);
    assert_int_equal(node, 4);
    told[1]++;
}

static void on_lost(void *context, void *local, uint64_t now_ms)
{
    (void)now_ms;
    assert_ptr_equal(context, told);
    assert_ptr_equal(local, &told[2]);
    told[2]++;
}

static void the_post_is_the_shared_stores(void **state)
{
    const struct store_sink *sink = &shared->store.sink;

    (void)state;
    assert_true(store->is_shared);
    assert_int_equal(store->self, FAKE_SELF);
    store->sink = (struct store_sink){on_deliver, on_cut, on_lost, told};
    sink->deliver(sink->context, 3, (const uint8_t *)"post", 4, 0);
    sink->cut(sink->context, 4, 0);
    sink->lost(sink->context, &told[2], 0);
    assert_memory_equal(told, "\1\1\1", 3);
    assert_int_equal(store->publish(store, 3, (const uint8_t *)"post", 4), -1);
    store->watch(store, 3, 1);
    assert_int_equal(shared->published, 1);
    assert_int_equal(shared->watched, 1);
}

static void half_a_store_is_none(void **state)
{
    (void)state;
    assert_null(store_either_new(&fake_store_new(draw)->store, NULL, on_news, &dice));
    assert_null(store_either_new(NULL, store_memory_new(0, STORE_ALONE_DIGITS, draw, NULL), on_news, &dice));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_mailbox_is_shared_while_the_engine_is_here),
        TEST(a_new_mailbox_is_this_nodes_alone_while_the_engine_is_away),
        TEST(a_shared_mailbox_is_not_spoken_for_while_the_engine_is_away),
        TEST(when_the_engine_is_back_both_kinds_live_side_by_side),
        TEST(a_token_of_a_mailbox_here_claims_no_shared_one),
        TEST(it_is_told_when_it_begins_and_when_it_ends),
        TEST(an_engine_that_goes_before_it_answers_is_not_waited_for),
        TEST(who_leaves_makes_no_mailbox_any_more),
        TEST(no_answer_comes_after_close),
        TEST(what_is_told_of_a_mailbox_goes_to_its_own_store),
        TEST(the_post_is_the_shared_stores),
        TEST(half_a_store_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
