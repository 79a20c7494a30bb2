/* The edge: visitors whose mailbox is on another node. */
#include "carry_parts.h"

#include <stdlib.h>
#include <string.h>

static uint64_t distant_hash(uint64_t seed, const void *entry)
{
    return table_mix(seed, ((const struct distant *)entry)->link);
}

static int distant_equal(const void *entry, const void *key)
{
    return ((const struct distant *)entry)->link == ((const struct distant *)key)->link;
}

void distants_init(struct carry *carry, uint64_t seed)
{
    table_init(&carry->distants, seed, distant_hash, distant_equal);
}

static struct distant *distant_new(struct carry *carry, struct peer *peer, struct visitor *visitor)
{
    struct distant *distant = calloc(1, sizeof *distant);

    if (distant == NULL)
        return NULL;
    distant->link = ++carry->last_link;
    if (table_add(&carry->distants, distant) != CR_OK) {
        free(distant);
        return NULL;
    }
    distant->visitor = visitor;
    distant->peer = peer;
    distant->next = peer->distants;
    distant->at = &peer->distants;
    if (distant->next != NULL)
        distant->next->at = &distant->next;
    peer->distants = distant;
    visitor->distant = distant;
    return distant;
}

/* The owner has nothing more to do with it; what is to be told is kept. */
static void distant_detach(struct carry *carry, struct distant *distant)
{
    table_remove(&carry->distants, distant);
    *distant->at = distant->next;
    if (distant->next != NULL)
        distant->next->at = distant->at;
    distant->peer = NULL;
}

static void distant_free(struct distant *distant)
{
    struct visitor *visitor = distant->visitor;

    lane_wipe(&distant->queue, &visitor->office->rules.mailbox.budget);
    visitor->distant = NULL;
    free(distant);
}

void carry_leave(struct visitor *visitor)
{
    struct carry *carry = visitor->office->carry;
    struct distant *distant = visitor->distant;

    if (distant == NULL)
        return;
    if (distant->peer != NULL) {
        peer_tell(carry, distant->peer, &(struct envelope){.type = ENVELOPE_LEAVE, .link = distant->link});
        distant_detach(carry, distant);
    }
    distant_free(distant);
}

static void distant_lose(struct carry *carry, struct distant *distant)
{
    struct visitor *visitor = distant->visitor;

    distant_detach(carry, distant);
    distant_free(distant);
    visitor->is_leaving = 1;
    visitor_drop(visitor);
}

void distants_cut(struct carry *carry, struct peer *peer, int is_told)
{
    while (peer->distants != NULL) {
        uint64_t link = peer->distants->link;

        distant_lose(carry, peer->distants);
        if (is_told)
            carry_answer(carry, peer->node, ENVELOPE_LEAVE, link);
    }
}

static void join_note(struct carry *carry, uint64_t link, uint64_t address)
{
    carry->joins[carry->next_join] = (struct join){link, address};
    carry->next_join = (carry->next_join + 1) % CARRY_JOINS;
}

uint8_t carry_sit(const struct guest *guest, const struct store_record *record, const struct cr_frame *frame,
                  uint64_t now_ms)
{
    struct visitor *visitor = guest->visitor;
    struct envelope sit = {
        .type = ENVELOPE_SIT,
        .nameplate = record->nameplate,
        .era = record->era,
        .seat = record->seat,
        .arrival = (uint8_t)guest->arrival,
        .seen = guest->seen,
        .payload = frame->payload,
        .payload_bytes = frame->payload_bytes,
    };
    struct distant *distant = NULL;
    struct carry *carry;
    struct peer *peer;

    if (visitor == NULL)
        return 0;
    carry = visitor->office->carry;
    peer = peer_need(carry, record->owner);
    if (peer != NULL)
        distant = distant_new(carry, peer, visitor);
    if (distant == NULL)
        return CR_REFUSED_BUSY;
    sit.link = distant->link;
    if (peer_try(carry, peer, &sit) != 0) {
        distant_detach(carry, distant);
        distant_free(distant);
        return CR_REFUSED_BUSY;
    }
    if (frame->type == CR_FRAME_JOIN && guest->arrival == ARRIVE_NEW)
        join_note(carry, distant->link, guest->address);
    visitor_give_time(visitor, visitor->office->rules.silent_ms, now_ms);
    return 0;
}

/* What does not fit must be said again, so it may be refused; anything else would be missed. */
void carry_hear(struct visitor *visitor, const struct cr_frame *frame, const uint8_t *bytes, size_t length,
                uint64_t now_ms)
{
    struct carry *carry = visitor->office->carry;
    struct distant *distant = visitor->distant;
    const struct envelope hear = {
        .type = ENVELOPE_HEAR, .link = distant->link, .payload = bytes, .payload_bytes = length};
    uint64_t ahead = distant->said - distant->heard;

    if (distant->peer == NULL)
        return;
    if (ahead > CARRY_HEAR_BYTES && frame->type != CR_FRAME_SEND) {
        carry_leave(visitor);
        visitor->is_leaving = 1;
        visitor_drop(visitor);
    } else if (ahead > CARRY_HEAR_BYTES || peer_try(carry, distant->peer, &hear) != 0) {
        if (frame->type == CR_FRAME_SEND)
            visitor_refuse(visitor, CR_REFUSED_BUSY, retry_seconds(CR_REFUSED_BUSY), now_ms);
        else
            distant->peer->is_broken = 1;
    } else {
        distant->said += length + CARRY_FRAME_COST;
    }
}

static void told_report(struct carry *carry, struct distant *distant)
{
    if (distant->peer == NULL || distant->told - distant->told_reported < CARRY_REPORT_BYTES)
        return;
    distant->told_reported = distant->told;
    peer_tell(carry, distant->peer,
              &(struct envelope){.type = ENVELOPE_TOLD, .link = distant->link, .bytes = distant->told});
}

int carry_speak(struct visitor *visitor, struct cr_frame *frame)
{
    struct distant *distant = visitor->distant;
    const struct letter *letter;

    (void)lane_ack(&distant->queue, &visitor->office->rules.mailbox.budget, distant->speaking);
    letter = lane_say(&distant->queue);
    if (letter == NULL || cr_frame_decode(CR_FROM_RELAY, letter->payload, letter->length, frame) != CR_OK)
        return 0;
    distant->speaking = letter->seq;
    distant->told += letter->length + CARRY_FRAME_COST;
    told_report(visitor->office->carry, distant);
    return 1;
}

int carry_has_words(const struct visitor *visitor)
{
    return visitor->distant->queue.unsaid != NULL;
}

int carry_is_answered(const struct visitor *visitor)
{
    return visitor->distant != NULL && visitor->distant->is_answered;
}

int carry_has_distant(const struct carry *carry)
{
    return carry->distants.count > 0;
}

void carry_hand_over(struct carry *carry, uint64_t now_ms, uint32_t within_ms)
{
    struct office *office = carry->office;

    for (struct peer *peer = carry->peers; peer != NULL; peer = peer->next) {
        for (struct distant *distant = peer->distants; distant != NULL; distant = distant->next)
            wheel_arm(office->wheel, &distant->visitor->timer,
                      now_ms + office->draw(office->draw_context) % within_ms, visitor_dismiss);
    }
}

/* NULL for a link that ended, or is none of that node's. */
static struct distant *distant_of(struct carry *carry, store_node from, const struct envelope *envelope)
{
    const struct distant key = {.link = envelope->link};
    struct distant *distant = table_find(&carry->distants, &key);

    return distant != NULL && distant->peer->node == from ? distant : NULL;
}

void distant_say(struct carry *carry, store_node from, const struct envelope *envelope, uint64_t now_ms)
{
    struct distant *distant = distant_of(carry, from, envelope);
    struct cr_frame frame;
    struct visitor *visitor;

    if (distant == NULL) {
        carry_answer(carry, from, ENVELOPE_LEAVE, envelope->link);
        return;
    }
    visitor = distant->visitor;
    if (cr_frame_decode(CR_FROM_RELAY, envelope->payload, envelope->payload_bytes, &frame) != CR_OK ||
        lane_take(&distant->queue, &carry->office->rules.mailbox.budget, visitor->address,
                  distant->queue.taken + 1, envelope->payload, envelope->payload_bytes) != CR_OK) {
        carry_answer(carry, from, ENVELOPE_LEAVE, envelope->link);
        distant_lose(carry, distant);
        return;
    }
    if (!distant->is_answered && !carry->office->is_handing_over)
        visitor_watch(visitor, now_ms);
    distant->is_answered = 1;
    visitor_wake(visitor);
}

void distant_heard(struct carry *carry, store_node from, const struct envelope *envelope, uint64_t now_ms)
{
    struct distant *distant = distant_of(carry, from, envelope);

    (void)now_ms;
    if (distant != NULL && envelope->bytes > distant->heard && envelope->bytes <= distant->said)
        distant->heard = envelope->bytes;
}

void distant_end(struct carry *carry, store_node from, const struct envelope *envelope, uint64_t now_ms)
{
    struct distant *distant = distant_of(carry, from, envelope);

    if (distant == NULL)
        return;
    distant_detach(carry, distant);
    visitor_end(distant->visitor, 0, now_ms);
}

void distant_drop(struct carry *carry, store_node from, const struct envelope *envelope, uint64_t now_ms)
{
    struct distant *distant = distant_of(carry, from, envelope);

    (void)now_ms;
    if (distant != NULL)
        distant_lose(carry, distant);
}

void distant_refund(struct carry *carry, store_node from, const struct envelope *envelope, uint64_t now_ms)
{
    (void)from;
    for (size_t i = 0; i < CARRY_JOINS; i++) {
        struct join *join = &carry->joins[i];

        if (join->link != envelope->link || join->link == 0)
            continue;
        carry_refund(carry, &(struct joiner){.address = join->address}, now_ms);
        join->link = 0;
        return;
    }
}
