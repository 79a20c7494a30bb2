/* The rules of one mailbox. */
#include "mailbox.h"

#include "store.h"

#include <string.h>

/* What a seat is owed, in the order in which it is said. */
enum {
    OWES_ALLOCATED = 1 << 0,
    OWES_JOINED = 1 << 1,
    OWES_RESUMED = 1 << 2,
    OWES_TIME = 1 << 3,
    OWES_ACKED = 1 << 4,
    OWES_PEER = 1 << 5, /* part of an answer: where the other is */
    OWES_HERE = 1 << 6, /* the other came */
    OWES_AWAY = 1 << 7, /* the other went, after every queued frame */
    OWES_CLOSED = 1 << 8,
};

struct word {
    uint16_t owes;
    enum cr_frame_type type;
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct word before_letters[] = {
    {OWES_ALLOCATED, CR_FRAME_ALLOCATED}, {OWES_JOINED, CR_FRAME_JOINED}, {OWES_RESUMED, CR_FRAME_RESUMED},
    {OWES_TIME, CR_FRAME_TIME},           {OWES_ACKED, CR_FRAME_ACKED},   {OWES_PEER, CR_FRAME_PEER},
    {OWES_HERE, CR_FRAME_PEER},
};

static const struct word after_letters[] = {{OWES_AWAY, CR_FRAME_PEER}, {OWES_CLOSED, CR_FRAME_CLOSED}};

void mailbox_init(struct mailbox *mailbox, struct mailbox_rules *rules, const struct cr_nameplate *nameplate,
                  uint64_t now_ms)
{
    memset(mailbox, 0, sizeof *mailbox);
    mailbox->rules = rules;
    mailbox->nameplate = *nameplate;
    mailbox->born_ms = now_ms;
    mailbox->end_ms = now_ms + rules->wait_ms;
}

void mailbox_adopt(struct mailbox *mailbox, struct mailbox_rules *rules, const struct store_record *record,
                   uint64_t now_ms)
{
    mailbox_init(mailbox, rules, &record->nameplate, now_ms);
    mailbox->born_ms = now_ms > record->age_ms ? now_ms - record->age_ms : 0;
    mailbox->end_ms = now_ms + record->left_ms;
    for (int i = 0; i < SEATS; i++) {
        lane_open(&mailbox->seats[i].lane);
        mailbox->seats[i].mood = record->moods[i];
    }
    mailbox->seats[SEAT_DISPLAYER].is_taken = 1;
    mailbox->seats[SEAT_TYPIST].is_taken = record->is_joined;
}

void mailbox_wipe(struct mailbox *mailbox)
{
    for (int i = 0; i < SEATS; i++)
        lane_wipe(&mailbox->seats[i].lane, &mailbox->rules->budget);
}

static struct seat *other_of(struct mailbox *mailbox, int seat)
{
    return &mailbox->seats[SEATS - 1 - seat];
}

static uint8_t peer_of(struct mailbox *mailbox, int seat)
{
    const struct seat *other = other_of(mailbox, seat);

    if (!other->is_taken)
        return CR_PEER_NOBODY;
    return other->visitor != NULL ? CR_PEER_HERE : CR_PEER_AWAY;
}

static uint16_t answer_to(int seat, enum mailbox_arrival arrival)
{
    if (arrival == ARRIVE_RESUMED)
        return OWES_RESUMED;
    return seat == SEAT_DISPLAYER ? OWES_ALLOCATED : OWES_JOINED;
}

/* An answer that is still to be given will tell it. */
static void owe_peer(struct seat *seat, uint16_t word)
{
    if (!(seat->owes & OWES_PEER))
        seat->owes |= word;
}

/* Who comes anew or again has seen nothing, as far as an open lane knows. */
static int lane_meet(struct mailbox *mailbox, int seat, const struct guest *guest)
{
    struct budget *budget = &mailbox->rules->budget;
    struct lane *lane = &mailbox->seats[seat].lane;
    uint32_t seen = guest->arrival == ARRIVE_RESUMED ? guest->seen : 0;

    if (!lane->is_open)
        return guest->arrival == ARRIVE_RESUMED ? lane_ack(lane, budget, seen) : CR_OK;
    if (!lane_settle(lane, budget, seen))
        other_of(mailbox, seat)->is_astray = 1;
    return CR_OK;
}

void *mailbox_sit(struct mailbox *mailbox, int seat, const struct guest *guest, uint64_t now_ms, int *error)
{
    enum mailbox_arrival arrival = guest->arrival;
    struct seat *mine = &mailbox->seats[seat], *other = other_of(mailbox, seat);
    void *before = mine->visitor;
    uint32_t acked = mine->lane.acked;

    *error = lane_meet(mailbox, seat, guest);
    if (*error != CR_OK)
        return NULL;
    lane_rewind(&mine->lane);
    if (mine->lane.acked != acked)
        other->owes |= OWES_ACKED;
    if (seat == SEAT_TYPIST && !mine->is_taken)
        mailbox->end_ms = now_ms + mailbox->rules->joined_ms;
    mine->visitor = guest->visitor;
    mine->address = guest->address;
    mine->is_taken = 1;
    mine->is_astray = 0;
    mine->owes = answer_to(seat, arrival);
    if (arrival != ARRIVE_NEW)
        mine->owes |= OWES_ACKED;
    if (arrival != ARRIVE_NEW || seat == SEAT_TYPIST)
        mine->owes |= OWES_PEER;
    if (other->mood != 0)
        mine->owes |= OWES_CLOSED;
    other->owes &= (uint16_t)~OWES_AWAY;
    owe_peer(other, guest->visitor != NULL ? OWES_HERE : OWES_HERE | OWES_AWAY);
    return before;
}

void mailbox_leave(struct mailbox *mailbox, int seat)
{
    mailbox->seats[seat].visitor = NULL;
    owe_peer(other_of(mailbox, seat), OWES_AWAY);
}

static int hear_payload(struct mailbox *mailbox, int seat, uint32_t seq, const struct cr_frame *frame)
{
    struct seat *other = other_of(mailbox, seat);
    uint64_t address = mailbox->seats[seat].address;
    size_t left = CR_MAILBOX_MAX_BYTES - mailbox->carried_bytes;

    /* Nobody will ever read what follows a CLOSE; the sender hears of it in its own time. */
    if (seq <= other->lane.taken || other->mood != 0)
        return 0;
    if (frame->payload_bytes > left)
        return CR_REFUSED_TOO_MUCH;
    if (lane_take(&other->lane, &mailbox->rules->budget, address, seq, frame->payload,
                  frame->payload_bytes) != CR_OK)
        return CR_REFUSED_BUSY;
    mailbox->carried_bytes += (uint32_t)frame->payload_bytes;
    return 0;
}

static int hear_send(struct mailbox *mailbox, int seat, const struct cr_frame *frame)
{
    /* Without a typist there is nobody to send to: the typist speaks first. */
    if (!mailbox_is_joined(mailbox))
        return CR_REFUSED_MALFORMED;
    return hear_payload(mailbox, seat, frame->seq, frame);
}

static int hear_ack(struct mailbox *mailbox, int seat, const struct cr_frame *frame)
{
    struct lane *lane = &mailbox->seats[seat].lane;
    uint32_t acked = lane->acked;

    if (lane_ack(lane, &mailbox->rules->budget, frame->seq) != CR_OK)
        return CR_REFUSED_MALFORMED;
    if (lane->acked != acked)
        other_of(mailbox, seat)->owes |= OWES_ACKED;
    return 0;
}

static int hear_clock(struct mailbox *mailbox, int seat)
{
    mailbox->seats[seat].owes |= OWES_TIME;
    return 0;
}

static int hear_extend(struct mailbox *mailbox, int seat, uint64_t now_ms)
{
    uint64_t end = now_ms + mailbox->rules->wait_ms;
    uint64_t cap = mailbox->born_ms + mailbox->rules->wait_max_ms;

    if (end > cap)
        end = cap;
    if (!mailbox_is_joined(mailbox) && end > mailbox->end_ms)
        mailbox->end_ms = end;
    return hear_clock(mailbox, seat);
}

int mailbox_hear(struct mailbox *mailbox, int seat, const struct cr_frame *frame, uint64_t now_ms)
{
    switch (frame->type) {
    case CR_FRAME_JOIN:
        return hear_payload(mailbox, seat, 1, frame);
    case CR_FRAME_SEND:
        return hear_send(mailbox, seat, frame);
    case CR_FRAME_ACK:
        return hear_ack(mailbox, seat, frame);
    case CR_FRAME_EXTEND:
        return hear_extend(mailbox, seat, now_ms);
    case CR_FRAME_CLOCK:
        return hear_clock(mailbox, seat);
    default:
        return CR_REFUSED_MALFORMED;
    }
}

void mailbox_close(struct mailbox *mailbox, int seat, uint8_t mood)
{
    struct seat *mine = &mailbox->seats[seat];

    mailbox_leave(mailbox, seat);
    mine->mood = mood;
    lane_wipe(&mine->lane, &mailbox->rules->budget);
    other_of(mailbox, seat)->owes |= OWES_CLOSED;
}

static uint16_t seconds_left(const struct mailbox *mailbox, uint64_t now_ms)
{
    uint64_t left = mailbox->end_ms > now_ms ? mailbox->end_ms - now_ms : 0;

    return (uint16_t)((left + 999) / 1000);
}

/* Who came is told to be here even if it has left again: that comes later, as OWES_AWAY. */
static uint8_t code_of(struct mailbox *mailbox, int seat, uint16_t owes)
{
    if (owes == OWES_HERE)
        return CR_PEER_HERE;
    return owes == OWES_CLOSED ? other_of(mailbox, seat)->mood : peer_of(mailbox, seat);
}

static int say_owed(struct mailbox *mailbox, int seat, const struct word *words, size_t count,
                    uint64_t now_ms, struct cr_frame *frame)
{
    const struct lane *out = &other_of(mailbox, seat)->lane;
    struct seat *mine = &mailbox->seats[seat];
    const struct word *end = words + count;

    while (words < end && !(mine->owes & words->owes))
        words++;
    if (words == end)
        return 0;
    mine->owes &= (uint16_t)~words->owes;
    frame->type = words->type;
    frame->nameplate = mailbox->nameplate;
    frame->seconds = seconds_left(mailbox, now_ms);
    frame->code = code_of(mailbox, seat, words->owes);
    frame->seq = words->type == CR_FRAME_ACKED ? out->acked : out->taken + 1;
    return 1;
}

static int say_letter(struct lane *lane, struct cr_frame *frame)
{
    const struct letter *letter = lane_say(lane);

    if (letter == NULL)
        return 0;
    frame->type = CR_FRAME_DELIVER;
    frame->seq = letter->seq;
    frame->payload = letter->payload;
    frame->payload_bytes = letter->length;
    return 1;
}

int mailbox_speak(struct mailbox *mailbox, int seat, uint64_t now_ms, struct cr_frame *frame)
{
    memset(frame, 0, sizeof *frame);
    return say_owed(mailbox, seat, before_letters, COUNT(before_letters), now_ms, frame) ||
           say_letter(&mailbox->seats[seat].lane, frame) ||
           say_owed(mailbox, seat, after_letters, COUNT(after_letters), now_ms, frame);
}

int mailbox_has_words(const struct mailbox *mailbox, int seat)
{
    const struct seat *mine = &mailbox->seats[seat];

    return mine->visitor != NULL && (mine->owes != 0 || mine->lane.unsaid != NULL);
}

int mailbox_is_joined(const struct mailbox *mailbox)
{
    return mailbox->seats[SEAT_TYPIST].is_taken;
}

int mailbox_is_over(const struct mailbox *mailbox)
{
    const struct seat *typist = &mailbox->seats[SEAT_TYPIST];

    return mailbox->seats[SEAT_DISPLAYER].mood != 0 && (!typist->is_taken || typist->mood != 0);
}
