/* Two stores behind one face: a question goes to the one that knows the answer. */
#include "store_either.h"

#include <stdlib.h>
#include <string.h>

struct either {
    struct store store; /* first: the public face */
    struct store *shared, *alone;
    struct question *questions;
    store_either_news *news;
    void *context;
    uint64_t alone_count;
    int is_alone; /* the newest mailbox is this node's alone */
    int is_leaving;
};

/* An allocation that the shared store has not answered. */
struct question {
    struct question *next;
    struct question **link;
    struct either *either;
    uint8_t token[CR_TOKEN_BYTES];
    void *local;
    uint64_t life_ms, now_ms;
    store_answer *answer;
    void *context;
};

static struct either *either_of(struct store *store)
{
    return (struct either *)store;
}

static struct store *home_of(const struct either *either, const struct cr_nameplate *nameplate)
{
    return nameplate->digits == STORE_ALONE_DIGITS ? either->alone : either->shared;
}

static void peek(void *context, enum store_result result, const struct store_record *record)
{
    (void)record;
    *(enum store_result *)context = result;
}

static int is_known_here(const struct either *either, const uint8_t *token)
{
    enum store_result result = STORE_NOTHING;

    either->alone->find(either->alone, token, peek, &result);
    return result == STORE_FOUND;
}

static void tell(struct either *either, int is_alone)
{
    if (is_alone != either->is_alone)
        either->news(either->context, is_alone);
    either->is_alone = is_alone;
}

static void question_free(struct question *question)
{
    *question->link = question->next;
    if (question->next != NULL)
        question->next->link = question->link;
    free(question);
}

static void on_alone(void *context, enum store_result result, const struct store_record *record)
{
    struct question *question = context;

    if (result == STORE_NEW) {
        question->either->alone_count++;
        tell(question->either, 1);
    }
    question->answer(question->context, result, record);
    question_free(question);
}

static void on_shared(void *context, enum store_result result, const struct store_record *record)
{
    struct question *question = context;
    struct either *either = question->either;

    if (result == STORE_AWAY && !either->is_leaving) {
        either->alone->allocate(either->alone, question->token, question->local, question->life_ms,
                                question->now_ms, on_alone, question);
        return;
    }
    if (result == STORE_NEW)
        tell(either, 0);
    question->answer(question->context, result, record);
    question_free(question);
}

static struct question *question_new(struct either *either)
{
    struct question *question = calloc(1, sizeof *question);

    if (question == NULL)
        return NULL;
    question->either = either;
    question->next = either->questions;
    question->link = &either->questions;
    if (question->next != NULL)
        question->next->link = &question->next;
    either->questions = question;
    return question;
}

/* The shared store is asked whatever its state, which is away, too, before it was ever reached: it then knows best when to answer. */
static void either_allocate(struct store *store, const uint8_t token[static CR_TOKEN_BYTES], void *local,
                            uint64_t life_ms, uint64_t now_ms, store_answer *answer, void *context)
{
    struct either *either = either_of(store);
    struct question *question;

    if (is_known_here(either, token)) {
        either->alone->find(either->alone, token, answer, context);
        return;
    }
    question = question_new(either);
    if (question == NULL) {
        answer(context, STORE_AWAY, NULL);
        return;
    }
    memcpy(question->token, token, CR_TOKEN_BYTES);
    question->local = local;
    question->life_ms = life_ms;
    question->now_ms = now_ms;
    question->answer = answer;
    question->context = context;
    either->shared->allocate(either->shared, question->token, local, life_ms, now_ms, on_shared, question);
}

/* A token leads to one seat of all. */
static void either_claim(struct store *store, const struct cr_nameplate *nameplate,
                         const uint8_t token[static CR_TOKEN_BYTES], uint64_t life_ms, store_answer *answer,
                         void *context)
{
    struct either *either = either_of(store);
    struct store *home = home_of(either, nameplate);

    if (home == either->shared && is_known_here(either, token))
        answer(context, STORE_NOTHING, NULL);
    else
        home->claim(home, nameplate, token, life_ms, answer, context);
}

static void either_find(struct store *store, const uint8_t token[static CR_TOKEN_BYTES], store_answer *answer,
                        void *context)
{
    struct either *either = either_of(store);
    struct store *home = is_known_here(either, token) ? either->alone : either->shared;

    home->find(home, token, answer, context);
}

static void either_adopt(struct store *store, const struct cr_nameplate *nameplate, void *local)
{
    struct store *home = home_of(either_of(store), nameplate);

    home->adopt(home, nameplate, local);
}

static void either_disown(struct store *store, const struct cr_nameplate *nameplate)
{
    struct store *home = home_of(either_of(store), nameplate);

    home->disown(home, nameplate);
}

static void either_note(struct store *store, const struct cr_nameplate *nameplate, int is_joined,
                        uint32_t left_ms)
{
    struct store *home = home_of(either_of(store), nameplate);

    home->note(home, nameplate, is_joined, left_ms);
}

static void either_closed(struct store *store, const struct cr_nameplate *nameplate, int seat, uint8_t mood,
                          store_answer *answer, void *context)
{
    struct store *home = home_of(either_of(store), nameplate);

    home->closed(home, nameplate, seat, mood, answer, context);
}

static void either_release(struct store *store, const struct cr_nameplate *nameplate, uint64_t now_ms)
{
    struct store *home = home_of(either_of(store), nameplate);

    home->release(home, nameplate, now_ms);
}

static int either_publish(struct store *store, store_node to, const uint8_t *bytes, size_t length)
{
    struct store *shared = either_of(store)->shared;

    return shared->publish(shared, to, bytes, length);
}

static void either_watch(struct store *store, store_node node, int is_on)
{
    struct store *shared = either_of(store)->shared;

    shared->watch(shared, node, is_on);
}

static void either_leave(struct store *store)
{
    struct either *either = either_of(store);

    either->is_leaving = 1;
    either->shared->leave(either->shared);
}

static enum store_state either_state(const struct store *store, struct store_figures *figures)
{
    const struct either *either = (const struct either *)store;
    enum store_state state = either->shared->state(either->shared, figures);

    if (figures != NULL)
        figures->alone = either->alone_count;
    return state;
}

static void either_close(struct store *store)
{
    struct either *either = either_of(store);

    either->shared->close(either->shared);
    either->alone->close(either->alone);
    while (either->questions != NULL)
        question_free(either->questions);
    free(either);
}

static void on_deliver(void *context, store_node from, const uint8_t *bytes, size_t length, uint64_t now_ms)
{
    const struct store_sink *sink = &((const struct either *)context)->store.sink;

    sink->deliver(sink->context, from, bytes, length, now_ms);
}

static void on_cut(void *context, store_node node, uint64_t now_ms)
{
    const struct store_sink *sink = &((const struct either *)context)->store.sink;

    sink->cut(sink->context, node, now_ms);
}

static void on_lost(void *context, void *local, uint64_t now_ms)
{
    const struct store_sink *sink = &((const struct either *)context)->store.sink;

    sink->lost(sink->context, local, now_ms);
}

static struct store face_make(const struct store *shared)
{
    return (struct store){
        .self = shared->self,
        .is_shared = 1,
        .allocate = either_allocate,
        .claim = either_claim,
        .find = either_find,
        .adopt = either_adopt,
        .disown = either_disown,
        .note = either_note,
        .closed = either_closed,
        .release = either_release,
        .publish = either_publish,
        .watch = either_watch,
        .leave = either_leave,
        .state = either_state,
        .close = either_close,
    };
}

struct store *store_either_new(struct store *shared, struct store *alone, store_either_news *news,
                               void *context)
{
    struct either *either = shared != NULL && alone != NULL ? calloc(1, sizeof *either) : NULL;

    if (either == NULL) {
        if (shared != NULL)
            shared->close(shared);
        if (alone != NULL)
            alone->close(alone);
        return NULL;
    }
    either->store = face_make(shared);
    either->shared = shared;
    either->alone = alone;
    either->news = news;
    either->context = context;
    alone->self = shared->self; /* all its records are this node's */
    shared->sink = (struct store_sink){on_deliver, on_cut, on_lost, either};
    return &either->store;
}
