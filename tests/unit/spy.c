/* The store of two nodes of which the test is one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "spy.h"

#include <string.h>

struct phone displayer, typist;
const struct cr_nameplate FOREIGN = {4, 4321};
struct spy spy;

static int spy_publish(struct store *store, store_node to, const uint8_t *bytes, size_t length)
{
    (void)store;
    if (spy.is_full)
        return -1;
    memcpy(spy.posted.bytes, bytes, length);
    spy.posted.to = to;
    assert_int_equal(envelope_decode(spy.posted.bytes, length, &spy.posted.envelope), CR_OK);
    spy.counts[spy.posted.envelope.type]++;
    return 0;
}

/* The mailbox with the foreign nameplate is there; everything else is here. */
static void spy_claim(struct store *store, const struct cr_nameplate *nameplate,
                      const uint8_t token[static CR_TOKEN_BYTES], uint64_t life_ms, store_answer *answer,
                      void *context)
{
    const struct store_record record = {
        .nameplate = FOREIGN, .owner = THERE, .era = 7, .seat = SEAT_TYPIST, .is_joined = 1};

    (void)store;
    if (nameplate->value == FOREIGN.value)
        answer(context, STORE_NEW, &record);
    else
        spy.inner->claim(spy.inner, nameplate, token, life_ms, answer, context);
}

static void spy_allocate(struct store *store, const uint8_t token[static CR_TOKEN_BYTES], void *local,
                         uint64_t life_ms, uint64_t now_ms, store_answer *answer, void *context)
{
    (void)store;
    spy.inner->allocate(spy.inner, token, local, life_ms, now_ms, answer, context);
}

static void spy_find(struct store *store, const uint8_t token[static CR_TOKEN_BYTES], store_answer *answer,
                     void *context)
{
    (void)store;
    if (spy.record.nameplate.digits == 0) {
        spy.inner->find(spy.inner, token, answer, context);
        return;
    }
    spy.record.owner = spy.face.self;
    spy.record.seat = token[0] == 2 ? SEAT_TYPIST : SEAT_DISPLAYER;
    answer(context, STORE_FOUND, &spy.record);
}

static void spy_adopt(struct store *store, const struct cr_nameplate *nameplate, void *local)
{
    (void)store;
    assert_int_equal(nameplate->value, spy.record.nameplate.value);
    assert_non_null(local);
    spy.record.local = local;
}

static void spy_release(struct store *store, const struct cr_nameplate *nameplate, uint64_t now_ms)
{
    (void)store;
    spy.inner->release(spy.inner, nameplate, now_ms);
}

static void spy_disown(struct store *store, const struct cr_nameplate *nameplate)
{
    (void)store;
    (void)nameplate;
    spy.disowned++;
}

static void spy_watch(struct store *store, store_node node, int is_on)
{
    (void)store;
    assert_int_equal(node, THERE);
    spy.watches += is_on ? 1 : -1;
    assert_in_range(spy.watches, 0, 1);
}

static enum store_state spy_state(const struct store *store, struct store_figures *figures)
{
    (void)store;
    (void)figures;
    return spy.state;
}

static void spy_close(struct store *store)
{
    (void)store;
    spy.inner->close(spy.inner);
}

static struct store *spy_new(struct store *inner)
{
    memset(&spy, 0, sizeof spy);
    spy.inner = inner;
    spy.face = *inner;
    spy.face.is_shared = 1;
    spy.face.allocate = spy_allocate;
    spy.face.claim = spy_claim;
    spy.face.find = spy_find;
    spy.face.release = spy_release;
    spy.face.adopt = spy_adopt;
    spy.face.disown = spy_disown;
    spy.face.publish = spy_publish;
    spy.face.watch = spy_watch;
    spy.face.state = spy_state;
    spy.face.close = spy_close;
    return &spy.face;
}

static void open_with(uint32_t max_mailboxes)
{
    const struct quota_rules quota = {.network = {0, {0, 3}}};
    struct office_rules rules = desk_rules();

    rules.max_mailboxes = max_mailboxes;
    desk_open(&rules, &quota, spy_new);
    memset(&displayer, 0, sizeof displayer);
    memset(&typist, 0, sizeof typist);
}

void spy_open(void)
{
    open_with(100);
}

void spy_open_small(void)
{
    open_with(1);
}

void spy_end(void)
{
    phone_cut(&displayer);
    phone_cut(&typist);
    desk_close();
}

void deliver_from(store_node from, struct envelope envelope)
{
    static uint8_t bytes[ENVELOPE_MAX_BYTES];
    size_t length = envelope_encode(&envelope, bytes, sizeof bytes);

    assert_true(length > 0);
    spy.face.sink.deliver(spy.face.sink.context, from, bytes, length, desk.now_ms);
}

void deliver(struct envelope envelope)
{
    deliver_from(THERE, envelope);
}

void flush(void)
{
    office_flush(desk.office, desk.now_ms);
}

int count(enum envelope_type type)
{
    int posted = spy.counts[type];

    spy.counts[type] = 0;
    return posted;
}

/* What the owner says to a device. */
void say_frame(uint64_t link, struct cr_frame frame)
{
    static uint8_t bytes[CR_FRAME_MAX_BYTES];
    struct envelope say = {.type = ENVELOPE_SAY, .link = link, .payload = bytes};

    assert_int_equal(cr_frame_encode(&frame, bytes, sizeof bytes, &say.payload_bytes), CR_OK);
    deliver(say);
}

void hear_frame(uint64_t link, struct cr_frame frame)
{
    static uint8_t bytes[CR_FRAME_MAX_BYTES];
    struct envelope hear = {.type = ENVELOPE_HEAR, .link = link, .payload = bytes};

    assert_int_equal(cr_frame_encode(&frame, bytes, sizeof bytes, &hear.payload_bytes), CR_OK);
    deliver(hear);
}

/* The next frame that this node, as an owner, has said to a carried device. */
struct cr_frame last_said(void)
{
    struct cr_frame frame;

    assert_int_equal(spy.posted.envelope.type, ENVELOPE_SAY);
    assert_int_equal(cr_frame_decode(CR_FROM_RELAY, spy.posted.envelope.payload,
                                     spy.posted.envelope.payload_bytes, &frame),
                     CR_OK);
    return frame;
}

/* A typist here whose mailbox is there; returns its link. */
uint64_t typist_sits_there(void)
{
    phone_connect(&typist, 2);
    say_join(&typist, 2, FOREIGN, "hello");
    assert_int_equal(count(ENVELOPE_SIT), 1);
    return spy.posted.envelope.link;
}

uint64_t typist_is_joined_there(void)
{
    uint64_t link = typist_sits_there();

    say_frame(link, (struct cr_frame){.type = CR_FRAME_JOINED, .seconds = 600});
    phone_hears(&typist, CR_FRAME_JOINED);
    return link;
}

struct envelope sit(struct cr_nameplate plate, uint64_t link)
{
    return (struct envelope){.type = ENVELOPE_SIT,
                             .link = link,
                             .nameplate = plate,
                             .era = 1,
                             .seat = SEAT_TYPIST,
                             .arrival = ARRIVE_NEW,
                             .payload = (const uint8_t *)"hello",
                             .payload_bytes = 5};
}

/* A mailbox here whose typist is there, with this link. */
struct cr_nameplate typist_is_carried(uint64_t link)
{
    struct cr_nameplate plate = phone_allocates(&displayer, 1);

    deliver(sit(plate, link));
    flush();
    phone_catch_up(&displayer);
    return plate;
}
