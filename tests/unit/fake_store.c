/* Answers from memory, unless it is told to be away or late; counts what else it is told. */
#include "fake_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <stdlib.h>

static struct fake_store *faked_of(struct store *face)
{
    return (struct fake_store *)face;
}

static void fake_allocate(struct store *face, const uint8_t token[static CR_TOKEN_BYTES], void *local,
                          uint64_t life_ms, uint64_t now_ms, store_answer *answer, void *context)
{
    struct fake_store *fake = faked_of(face);

    if (fake->is_late) {
        fake->late[fake->late_count++] = (struct fake_late){answer, context};
    } else if (fake->is_away || fake->is_left) {
        answer(context, STORE_AWAY, NULL);
    } else {
        fake->inner->allocate(fake->inner, token, local, life_ms, now_ms, answer, context);
    }
}

static void fake_claim(struct store *face, const struct cr_nameplate *nameplate,
                       const uint8_t token[static CR_TOKEN_BYTES], uint64_t life_ms, store_answer *answer,
                       void *context)
{
    struct fake_store *fake = faked_of(face);

    if (fake->is_away)
        answer(context, STORE_AWAY, NULL);
    else
        fake->inner->claim(fake->inner, nameplate, token, life_ms, answer, context);
}

static void fake_find(struct store *face, const uint8_t token[static CR_TOKEN_BYTES], store_answer *answer,
                      void *context)
{
    struct fake_store *fake = faked_of(face);

    if (fake->is_away)
        answer(context, STORE_AWAY, NULL);
    else
        fake->inner->find(fake->inner, token, answer, context);
}

static void fake_adopt(struct store *face, const struct cr_nameplate *nameplate, void *local)
{
    (void)nameplate;
    (void)local;
    faked_of(face)->adopted++;
}

static void fake_disown(struct store *face, const struct cr_nameplate *nameplate)
{
    (void)nameplate;
    faked_of(face)->disowned++;
}

static void fake_note(struct store *face, const struct cr_nameplate *nameplate, int is_joined,
                      uint32_t left_ms)
{
    (void)nameplate;
    (void)is_joined;
    (void)left_ms;
    faked_of(face)->noted++;
}

static void fake_closed(struct store *face, const struct cr_nameplate *nameplate, int seat, uint8_t mood,
                        store_answer *answer, void *context)
{
    (void)nameplate;
    (void)seat;
    (void)mood;
    faked_of(face)->closed++;
    answer(context, STORE_AWAY, NULL);
}

static void fake_release(struct store *face, const struct cr_nameplate *nameplate, uint64_t now_ms)
{
    struct fake_store *fake = faked_of(face);

    fake->released++;
    fake->inner->release(fake->inner, nameplate, now_ms);
}

static int fake_publish(struct store *face, store_node to, const uint8_t *bytes, size_t length)
{
    (void)to;
    (void)bytes;
    (void)length;
    faked_of(face)->published++;
    return -1;
}

static void fake_watch(struct store *face, store_node node, int is_on)
{
    (void)node;
    (void)is_on;
    faked_of(face)->watched++;
}

static void fake_leave(struct store *face)
{
    faked_of(face)->is_left = 1;
}

static enum store_state fake_state(const struct store *face, struct store_figures *figures)
{
    if (figures != NULL)
        *figures = (struct store_figures){.lost = 5};
    return ((const struct fake_store *)face)->is_away ? STORE_AWAY_NOW : STORE_HERE;
}

static void fake_close(struct store *face)
{
    struct fake_store *fake = faked_of(face);

    fake->inner->close(fake->inner);
    free(fake);
}

struct fake_store *fake_store_new(random_draw *draw)
{
    struct fake_store *fake = calloc(1, sizeof *fake);

    assert_non_null(fake);
    fake->inner = store_memory_new(600000, CR_NAMEPLATE_MIN_DIGITS, draw, NULL);
    assert_non_null(fake->inner);
    fake->inner->self = FAKE_SELF;
    fake->store = (struct store){.self = FAKE_SELF,
                                 .is_shared = 1,
                                 .allocate = fake_allocate,
                                 .claim = fake_claim,
                                 .find = fake_find,
                                 .adopt = fake_adopt,
                                 .disown = fake_disown,
                                 .note = fake_note,
                                 .closed = fake_closed,
                                 .release = fake_release,
                                 .publish = fake_publish,
                                 .watch = fake_watch,
                                 .leave = fake_leave,
                                 .state = fake_state,
                                 .close = fake_close};
    return fake;
}
