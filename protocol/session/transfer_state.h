/* What transfer.c (connection, relay), patience.c (time) and conversation.c (messages) share of one transfer. */
#ifndef CR_TRANSFER_STATE_H
#define CR_TRANSFER_STATE_H

#include <certrelay/link.h>
#include <certrelay/transfer.h>

#define EVENTS_MAX (CR_EVENT_ENDED + 1) /* one of each type */

/* What is waited for. */
enum stage {
    EXPECT_CODE,   /* typist: its person types */
    EXPECT_SEAT,   /* the relay's answer to ALLOCATE or JOIN */
    EXPECT_TYPIST, /* displayer: somebody to type the code */
    EXPECT_KEYS,   /* the handshake */
    EXPECT_HELLO,
    EXPECT_CONSENT, /* sender: its person */
    EXPECT_SAVED,   /* sender: the other person, and the other store */
    EXPECT_OFFER,   /* receiver: the other person */
    EXPECT_DATA,
    EXPECT_STORE, /* receiver: its person and its store */
    EXPECT_BYE,
    EXPECT_NOTHING, /* ended */
};

enum connection { UNCONNECTED, CONNECTING, CONNECTED };

struct cr_transfer {
    enum cr_side side;
    enum cr_role role;
    enum cr_secrets secrets;
    enum stage stage;
    struct cr_invite invite;
    struct cr_link *link;
    struct cr_session *session;
    struct cr_hello own_hello, peer_hello;
    int is_open_told;

    struct cr_bundle *incoming;
    uint8_t at_cert, at_file; /* where the next DATA belongs */
    uint32_t at_offset;
    uint8_t digest[CR_DIGEST_BYTES]; /* sender: of what was sent */

    enum connection connection;
    int has_been_online, is_answered;
    unsigned attempts;
    int64_t patience_ms;
    int64_t connect_at;
    int64_t answer_by; /* the relay must say something */
    int64_t offline_since;
    int64_t refused_since; /* of a row of attempts that were all refused */
    int64_t repeat_at;     /* the relay was busy */
    int64_t seated_at;     /* first */
    int64_t life_until;
    enum cr_peer peer;
    int64_t peer_away_since;
    int64_t step_by; /* the other device's next automatic step */
    int64_t bye_by;
    int64_t last_word_by; /* ended: CLOSE must have left */
    int64_t now;

    struct cr_event events[EVENTS_MAX];
    size_t event_count;
};

#define ANSWER_MS 10000 /* how long the relay may take to answer */

/* transfer.c */
void transfer_push(struct cr_transfer *t, const struct cr_event *event);
void transfer_push_type(struct cr_transfer *t, enum cr_event_type type);
/* Ends it, once: tells the person how and the other device in which mood (0: it knows). */
void transfer_end(struct cr_transfer *t, enum cr_end end, enum cr_mood mood);
void transfer_end_reason(struct cr_transfer *t, enum cr_end end, enum cr_mood mood, enum cr_reason reason);
/* Moves to the next stage and, when that waits for the other device itself, starts its clock. */
void transfer_expect(struct cr_transfer *t, enum stage stage);

/* patience.c */
/* How long to wait before the next attempt to connect. */
int64_t patience_backoff_ms(unsigned attempts);

/* conversation.c */
/* One payload of the other device. */
void conversation_payload(struct cr_transfer *t, const uint8_t *payload, size_t length);
/* Hands what the session wants to say to the link. */
void conversation_flush(struct cr_transfer *t);

#endif
