/* How long a device waits, and for what. PROTOCOL.md section 4. */
#include "transfer_state.h"

#include <sodium.h>

#define REFUSED_MS 10000
#define WORK_TRIES 1024 /* some milliseconds of a slow phone */

/* 0.2, 0.5, 1, 2, 4, 4... seconds, each shortened by a random part of up to a half. */
int64_t patience_backoff_ms(unsigned attempts)
{
    static const int64_t STEPS[] = {200, 500, 1000, 2000, 4000};
    size_t last = sizeof STEPS / sizeof *STEPS - 1;
    int64_t full = STEPS[attempts < last ? attempts : last];

    return full - (int64_t)randombytes_uniform((uint32_t)full / 2 + 1);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t after(int64_t since, int64_t ms)
{
    return since != CR_NEVER ? since + ms : CR_NEVER;
}

/* When a row of failed attempts has lasted long enough. */
static int64_t offline_until(const struct cr_transfer *t)
{
    if (!t->has_been_online || t->stage == EXPECT_CODE)
        return CR_NEVER;
    return earlier(after(t->offline_since, t->patience_ms), after(t->refused_since, REFUSED_MS));
}

static int64_t away_until(const struct cr_transfer *t)
{
    return t->is_answered ? after(t->peer_away_since, t->patience_ms) : CR_NEVER;
}

static int64_t step_until(const struct cr_transfer *t)
{
    return t->is_answered && t->peer == CR_PEER_HERE ? t->step_by : CR_NEVER;
}

/* SAVED must be able to leave before its answer can be missed. */
static int64_t bye_until(const struct cr_transfer *t)
{
    return t->is_answered ? t->bye_by : CR_NEVER;
}

int64_t cr_transfer_deadline(const struct cr_transfer *t)
{
    int64_t at = earlier(t->answer_by, t->repeat_at);

    if (t->stage == EXPECT_NOTHING)
        return cr_transfer_is_finished(t) ? CR_NEVER : earlier(t->last_word_by, cr_transfer_connect_at(t));
    if (cr_link_has_work(t->link))
        return t->now + 1;
    at = earlier(earlier(at, t->life_until), earlier(bye_until(t), cr_transfer_connect_at(t)));
    return earlier(earlier(at, offline_until(t)), earlier(away_until(t), step_until(t)));
}

/* Silence of the typist after REPLY burns the code just as a wrong proof does. */
static void end_silence(struct cr_transfer *t)
{
    if (t->stage == EXPECT_KEYS && t->side == CR_DISPLAYER)
        transfer_end(t, CR_END_WRONG_CODE, CR_MOOD_WRONG_CODE);
    else
        transfer_end(t, CR_END_PEER_LOST, CR_MOOD_ERROR);
}

/* The relay was busy: say again what it did not take. */
static void repeat(struct cr_transfer *t)
{
    t->repeat_at = CR_NEVER;
    cr_link_repeat(t->link);
    if (!t->is_answered && t->stage != EXPECT_CODE)
        t->answer_by = t->now + ANSWER_MS;
}

/* The relay answers once it is done: its own time for that begins then. */
static void work(struct cr_transfer *t)
{
    if (cr_link_work(t->link, WORK_TRIES) == CR_OK)
        t->answer_by = t->now + ANSWER_MS;
}

int cr_transfer_has_work(const struct cr_transfer *t)
{
    return cr_link_has_work(t->link);
}

void cr_transfer_tick(struct cr_transfer *t, int64_t now_ms)
{
    t->now = now_ms;
    if (t->stage == EXPECT_NOTHING) {
        if (now_ms >= t->last_word_by)
            cr_link_silence(t->link);
        return;
    }
    if (cr_link_has_work(t->link))
        work(t);
    if (now_ms >= t->repeat_at)
        repeat(t);
    if (now_ms >= t->answer_by) {
        t->answer_by = CR_NEVER;
        transfer_push_type(t, CR_EVENT_STALE);
    }
    if (now_ms >= bye_until(t))
        transfer_end(t, CR_END_DONE_UNHEARD, CR_MOOD_DONE);
    else if (now_ms >= t->life_until)
        transfer_end(t, CR_END_EXPIRED, 0);
    else if (now_ms >= offline_until(t))
        transfer_end(t, CR_END_RELAY_LOST, 0);
    else if (now_ms >= away_until(t))
        transfer_end(t, CR_END_PEER_LOST, CR_MOOD_ERROR);
    else if (now_ms >= step_until(t))
        end_silence(t);
}
