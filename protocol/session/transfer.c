/* A device's life: connection and relay. How long it waits is in patience.c, what the two devices say to each other in
 * conversation.c. */
#include "transfer_state.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_PATIENCE_MS 60000
#define CONNECT_MS 12000 /* the application's own limit of 10 s comes first */
#define STEP_MS 15000
#define BYE_MS 5000
#define LAST_WORD_MS 3000 /* less than the other device waits for BYE */
#define LIFE_SLACK_MS 5000
#define REPEAT_MIN_MS 200

/* Of each type only the latest waits, so that no row of TIME or PEER can crowd out what must be heard. */
static void forget_type(struct cr_transfer *t, enum cr_event_type type)
{
    size_t kept = 0;

    for (size_t i = 0; i < t->event_count; i++)
        if (t->events[i].type != type)
            t->events[kept++] = t->events[i];
    t->event_count = kept;
}

void transfer_push(struct cr_transfer *t, const struct cr_event *event)
{
    if (t->stage == EXPECT_NOTHING)
        return; /* ENDED is the last event */
    forget_type(t, event->type);
    t->events[t->event_count++] = *event;
}

void transfer_push_type(struct cr_transfer *t, enum cr_event_type type)
{
    struct cr_event event = {.type = type};

    transfer_push(t, &event);
}

static void push_seconds(struct cr_transfer *t, enum cr_event_type type, uint16_t seconds)
{
    struct cr_event event = {.type = type, .seconds = seconds};

    transfer_push(t, &event);
}

static void end_with(struct cr_transfer *t, const struct cr_event *event, enum cr_mood mood)
{
    struct cr_event last = *event;

    if (t->stage == EXPECT_NOTHING)
        return;
    last.type = CR_EVENT_ENDED;
    if (t->stage == EXPECT_BYE && last.end != CR_END_DONE)
        last.end = CR_END_DONE_UNHEARD;
    last.has_data_left = t->stage == EXPECT_SAVED && last.end != CR_END_DONE &&
                         last.end != CR_END_PEER_DECLINED && last.end != CR_END_PEER_REFUSED;
    transfer_push(t, &last);
    t->stage = EXPECT_NOTHING;
    t->last_word_by = t->now + LAST_WORD_MS;
    if (mood != 0)
        cr_link_close(t->link, mood);
    else
        cr_link_silence(t->link);
}

void transfer_end_reason(struct cr_transfer *t, enum cr_end end, enum cr_mood mood, enum cr_reason reason)
{
    struct cr_event event = {.end = end, .reason = reason};

    end_with(t, &event, mood);
}

void transfer_end(struct cr_transfer *t, enum cr_end end, enum cr_mood mood)
{
    transfer_end_reason(t, end, mood, 0);
}

/* Stages in which the other device itself, not its person, has the next step. */
static int is_peers_step(enum stage stage)
{
    return stage == EXPECT_KEYS || stage == EXPECT_HELLO || stage == EXPECT_DATA;
}

void transfer_expect(struct cr_transfer *t, enum stage stage)
{
    if (t->stage == EXPECT_NOTHING)
        return;
    t->stage = stage;
    t->step_by = is_peers_step(stage) ? t->now + STEP_MS : CR_NEVER;
    t->bye_by = stage == EXPECT_BYE ? t->now + BYE_MS : CR_NEVER;
}

static int copy_name(char out[static CR_NAME_MAX_BYTES + 1], const char *text)
{
    size_t length = text != NULL ? strlen(text) : 0;

    if (length > CR_NAME_MAX_BYTES)
        return CR_E_LIMIT;
    if (length > 0)
        memcpy(out, text, length);
    out[length] = '\0';
    return CR_OK;
}

static int make_session(struct cr_transfer *t)
{
    struct cr_session_config config = {
        .side = t->side, .role = t->role, .nameplate = t->invite.code.nameplate};
    int error;

    config.has_digits = t->invite.has_digits;
    config.has_long = t->invite.has_long;
    memcpy(config.digits, t->invite.code.secret, CR_SECRET_DIGITS);
    memcpy(config.long_secret, t->invite.long_secret, CR_LONG_SECRET_BYTES);
    error = cr_session_new(&t->session, &config);
    sodium_memzero(&config, sizeof config);
    return error;
}

static int join(struct cr_transfer *t)
{
    const uint8_t *start;
    size_t length;
    int error = make_session(t);

    if (error == CR_OK)
        error = cr_session_output(t->session, &start, &length);
    if (error != CR_OK)
        return error;
    error = cr_link_join(t->link, &t->invite.code.nameplate, start, length);
    cr_session_sent(t->session);
    t->stage = EXPECT_SEAT;
    return error;
}

static int choose_seat(struct cr_transfer *t, const struct cr_invite *invite)
{
    if (t->side == CR_DISPLAYER) {
        t->stage = EXPECT_SEAT;
        return cr_link_allocate(t->link);
    }
    t->stage = EXPECT_CODE;
    if (invite == NULL)
        return CR_OK;
    t->invite = *invite;
    return join(t);
}

static int configure(struct cr_transfer *t, const struct cr_transfer_config *config)
{
    int error = copy_name(t->own_hello.name, config->name);

    if (error == CR_OK)
        error = copy_name(t->own_hello.platform, config->platform);
    if (error == CR_OK)
        error = copy_name(t->own_hello.program, config->program);
    t->side = config->side;
    t->role = config->role;
    t->secrets = config->secrets;
    t->own_hello.role = config->role;
    t->patience_ms = config->patience_ms > 0 ? config->patience_ms : DEFAULT_PATIENCE_MS;
    return error;
}

int cr_transfer_new(struct cr_transfer **transfer, const struct cr_transfer_config *config, int64_t now_ms)
{
    struct cr_transfer *t;
    int error;

    *transfer = NULL;
    if (sodium_init() < 0 || (t = sodium_malloc(sizeof *t)) == NULL)
        return CR_E_MEMORY;
    memset(t, 0, sizeof *t);
    t->now = t->connect_at = t->offline_since = now_ms;
    t->answer_by = t->repeat_at = t->seated_at = t->life_until = CR_NEVER;
    t->peer_away_since = t->step_by = t->bye_by = t->refused_since = t->last_word_by = CR_NEVER;
    error = configure(t, config);
    if (error == CR_OK)
        error = cr_link_new(&t->link);
    if (error == CR_OK && config->permit_bytes > 0)
        error = cr_link_permit(t->link, config->permit, config->permit_bytes);
    if (error == CR_OK)
        error = choose_seat(t, config->invite);
    if (error != CR_OK) {
        cr_transfer_free(t);
        return error;
    }
    *transfer = t;
    return CR_OK;
}

void cr_transfer_free(struct cr_transfer *t)
{
    if (t == NULL)
        return;
    cr_session_free(t->session);
    cr_link_free(t->link);
    cr_bundle_free(t->incoming);
    sodium_free(t);
}

int cr_transfer_enter(struct cr_transfer *t, const struct cr_invite *invite, int64_t now_ms)
{
    int error;

    t->now = now_ms;
    if (t->stage != EXPECT_CODE)
        return CR_E_STATE;
    t->invite = *invite;
    error = join(t);
    if (error != CR_OK)
        return error;
    t->offline_since = now_ms;
    if (t->connection == UNCONNECTED)
        t->connect_at = now_ms;
    if (t->connection == CONNECTED)
        t->answer_by = now_ms + ANSWER_MS;
    return CR_OK;
}

int64_t cr_transfer_connect_at(const struct cr_transfer *t)
{
    if (t->stage == EXPECT_NOTHING && !cr_link_has_more(t->link))
        return CR_NEVER;
    return t->connection == UNCONNECTED ? t->connect_at : CR_NEVER;
}

void cr_transfer_connecting(struct cr_transfer *t, int64_t now_ms)
{
    t->now = now_ms;
    t->connection = CONNECTING;
    t->answer_by = now_ms + CONNECT_MS;
}

void cr_transfer_connected(struct cr_transfer *t, int64_t now_ms)
{
    t->now = now_ms;
    t->connection = CONNECTED;
    t->has_been_online = 1;
    t->is_answered = 0;
    t->refused_since = CR_NEVER;
    t->answer_by = t->stage == EXPECT_CODE ? CR_NEVER : now_ms + ANSWER_MS;
    cr_link_connected(t->link);
}

void cr_transfer_lost(struct cr_transfer *t, int is_refused, int64_t now_ms)
{
    int was_answered = t->is_answered;

    t->now = now_ms;
    if (t->offline_since == CR_NEVER)
        t->offline_since = now_ms;
    if (!is_refused)
        t->refused_since = CR_NEVER;
    else if (t->refused_since == CR_NEVER)
        t->refused_since = now_ms;
    t->connection = UNCONNECTED;
    t->is_answered = 0;
    t->answer_by = t->repeat_at = CR_NEVER;
    cr_link_lost(t->link);
    if (t->stage == EXPECT_NOTHING) {
        t->connect_at = cr_link_has_more(t->link) ? now_ms + patience_backoff_ms(t->attempts++) : CR_NEVER;
        return;
    }
    if (!t->has_been_online) {
        transfer_end(t, CR_END_RELAY_UNREACHABLE, 0);
        return;
    }
    t->connect_at = t->stage == EXPECT_CODE ? CR_NEVER : now_ms + patience_backoff_ms(t->attempts++);
    if (was_answered)
        transfer_push_type(t, CR_EVENT_OFFLINE);
}

/* The relay's word counts, within what the contract lets a mailbox live. */
static void set_life(struct cr_transfer *t, int64_t until)
{
    int64_t most;

    if (t->seated_at == CR_NEVER)
        t->seated_at = t->now;
    most = t->seated_at + (CR_WAIT_MAX_SECONDS + CR_JOINED_SECONDS) * 1000 + LIFE_SLACK_MS;
    t->life_until = until < most ? until : most;
}

static void on_answer(struct cr_transfer *t, const struct cr_link_event *event)
{
    t->is_answered = 1;
    t->attempts = 0;
    t->offline_since = CR_NEVER;
    set_life(t, t->now + event->seconds * 1000 + LIFE_SLACK_MS);
    transfer_expect(t, t->stage); /* what was not heard while offline has its full time again */
    transfer_push_type(t, CR_EVENT_ONLINE);
}

static void draw_invite(struct cr_transfer *t, const struct cr_nameplate *nameplate)
{
    cr_code_draw(&t->invite.code, nameplate);
    t->invite.has_digits = t->secrets != CR_SECRET_LONG_ONLY;
    t->invite.has_long = t->secrets != CR_SECRET_DIGITS_ONLY;
    if (t->invite.has_long)
        randombytes_buf(t->invite.long_secret, sizeof t->invite.long_secret);
    t->invite.wants_send = t->role == CR_RECEIVER;
}

static void on_seated(struct cr_transfer *t, const struct cr_link_event *event)
{
    on_answer(t, event);
    if (t->stage != EXPECT_SEAT)
        return;
    if (t->side == CR_TYPIST) {
        t->peer = CR_PEER_HERE;
        transfer_expect(t, EXPECT_KEYS);
        return;
    }
    draw_invite(t, &event->nameplate);
    if (make_session(t) != CR_OK) {
        transfer_end(t, CR_END_MEMORY, CR_MOOD_ERROR);
        return;
    }
    transfer_expect(t, EXPECT_TYPIST);
    push_seconds(t, CR_EVENT_CODE, event->seconds);
}

static void on_payload(struct cr_transfer *t, const struct cr_link_event *event)
{
    conversation_payload(t, event->payload, event->payload_bytes);
}

static void on_peer(struct cr_transfer *t, const struct cr_link_event *event)
{
    struct cr_event told = {.type = CR_EVENT_PEER, .peer = (enum cr_peer)event->code};
    int64_t joined_until = t->now + CR_JOINED_SECONDS * 1000 + LIFE_SLACK_MS;

    if (told.peer == t->peer)
        return;
    if (t->peer == CR_PEER_NOBODY && t->life_until < joined_until)
        set_life(t, joined_until); /* the other has joined, and the relay does not say what that adds */
    t->peer = told.peer;
    t->peer_away_since = told.peer == CR_PEER_AWAY ? t->now : CR_NEVER;
    if (t->step_by != CR_NEVER)
        t->step_by = t->now + STEP_MS;
    transfer_push(t, &told);
}

static void on_resumed(struct cr_transfer *t, const struct cr_link_event *event)
{
    on_answer(t, event);
    on_peer(t, event);
}

static void on_time(struct cr_transfer *t, const struct cr_link_event *event)
{
    set_life(t, t->now + event->seconds * 1000 + LIFE_SLACK_MS);
    push_seconds(t, CR_EVENT_TIME, event->seconds);
}

static void on_closed(struct cr_transfer *t, const struct cr_link_event *event)
{
    static const enum cr_end ENDS[] = {
        [CR_MOOD_DONE] = CR_END_PEER_ERROR, /* done before we are: the other device is confused */
        [CR_MOOD_CANCELLED] = CR_END_PEER_CANCELLED, [CR_MOOD_WRONG_CODE] = CR_END_WRONG_CODE,
        [CR_MOOD_ERROR] = CR_END_PEER_ERROR,         [CR_MOOD_EXPIRED] = CR_END_EXPIRED,
    };

    /* said back, so that the mailbox ends now; one that expired is gone */
    transfer_end(t, ENDS[event->code], event->code != CR_MOOD_EXPIRED ? (enum cr_mood)event->code : 0);
}

static void on_refused(struct cr_transfer *t, const struct cr_link_event *event)
{
    static const enum cr_end ENDS[] = {
        [CR_REFUSED_UNAVAILABLE] = CR_END_UNAVAILABLE,  [CR_REFUSED_GONE] = CR_END_RELAY_LOST,
        [CR_REFUSED_FULL] = CR_END_RELAY_FULL,          [CR_REFUSED_TOO_MANY] = CR_END_RELAY_TOO_MANY,
        [CR_REFUSED_DRAINING] = CR_END_RELAY_DRAINING,  [CR_REFUSED_TOO_MUCH] = CR_END_RELAY_PROTOCOL,
        [CR_REFUSED_MALFORMED] = CR_END_RELAY_PROTOCOL, [CR_REFUSED_FORBIDDEN] = CR_END_RELAY_FORBIDDEN,
    };
    struct cr_event last = {.seconds = event->seconds};
    int64_t wait_ms = event->seconds * 1000;

    if (event->code == CR_REFUSED_BUSY) {
        t->repeat_at = t->now + (wait_ms > REPEAT_MIN_MS ? wait_ms : REPEAT_MIN_MS);
        return;
    }
    last.end = ENDS[event->code];
    end_with(t, &last, 0);
}

static void on_going_away(struct cr_transfer *t, const struct cr_link_event *event)
{
    push_seconds(t, CR_EVENT_GOING_AWAY, event->seconds);
}

static void (*const HANDLERS[])(struct cr_transfer *t, const struct cr_link_event *event) = {
    [CR_LINK_SEATED] = on_seated,   [CR_LINK_RESUMED] = on_resumed,
    [CR_LINK_PAYLOAD] = on_payload, [CR_LINK_PEER] = on_peer,
    [CR_LINK_TIME] = on_time,       [CR_LINK_CLOSED] = on_closed,
    [CR_LINK_REFUSED] = on_refused, [CR_LINK_GOING_AWAY] = on_going_away,
};

void cr_transfer_input(struct cr_transfer *t, const uint8_t *message, size_t length, int64_t now_ms)
{
    struct cr_link_event event;

    t->now = now_ms;
    t->answer_by = CR_NEVER;
    if (cr_link_input(t->link, message, length, &event) != CR_OK) {
        transfer_end(t, CR_END_RELAY_PROTOCOL, CR_MOOD_ERROR);
        return;
    }
    if (event.type != CR_LINK_NOTHING && t->stage != EXPECT_NOTHING)
        HANDLERS[event.type](t, &event);
}

int cr_transfer_output(struct cr_transfer *t, const uint8_t **message, size_t *length)
{
    return cr_link_output(t->link, message, length);
}

void cr_transfer_sent(struct cr_transfer *t)
{
    cr_link_sent(t->link);
}

void cr_transfer_event(struct cr_transfer *t, struct cr_event *event)
{
    if (t->event_count == 0) {
        memset(event, 0, sizeof *event);
        return;
    }
    *event = t->events[0];
    t->event_count--;
    memmove(t->events, t->events + 1, t->event_count * sizeof *t->events);
}

const struct cr_invite *cr_transfer_invite(const struct cr_transfer *t)
{
    return &t->invite;
}

const struct cr_bundle *cr_transfer_bundle(const struct cr_transfer *t)
{
    return t->incoming;
}

void cr_transfer_extend(struct cr_transfer *t, int64_t now_ms)
{
    t->now = now_ms;
    cr_link_extend(t->link);
}

void cr_transfer_probe(struct cr_transfer *t, int64_t now_ms)
{
    t->now = now_ms;
    if (t->connection != CONNECTED || !t->is_answered)
        return;
    cr_link_clock(t->link);
    t->answer_by = now_ms + ANSWER_MS;
}

void cr_transfer_cancel(struct cr_transfer *t, int64_t now_ms)
{
    t->now = now_ms;
    transfer_end(t, CR_END_CANCELLED, t->stage == EXPECT_BYE ? CR_MOOD_DONE : CR_MOOD_CANCELLED);
}

int cr_transfer_is_finished(const struct cr_transfer *t)
{
    return t->stage == EXPECT_NOTHING && !cr_link_has_more(t->link);
}
