/* What session.c (state, records) and handshake.c (the four first messages) share of one session. */
#ifndef CR_SESSION_STATE_H
#define CR_SESSION_STATE_H

#include <certrelay/session.h>

#include "keys.h"

enum {
    FRAME_START = 0x01,
    FRAME_REPLY = 0x02,
    FRAME_CONFIRM = 0x03,
    FRAME_RECORD = 0x04,
    FRAME_ABORT = 0x0f
};

#define STREAM_HEADER_BYTES crypto_secretstream_xchacha20poly1305_HEADERBYTES

enum state { EXPECT_START, EXPECT_REPLY, EXPECT_CONFIRM, OPEN, ENDED_BY_PEER, FAILED };

struct output {
    struct output *next;
    size_t length;
    uint8_t bytes[];
};

struct cr_session {
    struct cr_session_config config;
    enum state state;
    int error;
    int is_spent;
    int has_sent_final;
    uint8_t sid[CPACE_SID_BYTES];
    uint8_t y[CPACE_SCALAR_BYTES];
    struct cpace_part own, peer;
    uint8_t isk[CPACE_ISK_BYTES];
    uint8_t prk[KEYS_PRK_BYTES];
    uint8_t own_header[STREAM_HEADER_BYTES], peer_header[STREAM_HEADER_BYTES];
    crypto_hash_sha512_state transcript;
    crypto_secretstream_xchacha20poly1305_state push, pull;
    struct output *first, **last;
    uint8_t *record;
    size_t record_bytes;
};

/* One payload to send, as it stands. */
int session_queue(struct cr_session *s, const uint8_t *bytes, size_t length);

/* handshake.c: each takes the message whose type byte has been read, moves the state on and queues the answer. */
int handshake_send_start(struct cr_session *s);
int handshake_start(struct cr_session *s, struct cr_reader *in, const uint8_t *payload, size_t length);
int handshake_reply(struct cr_session *s, struct cr_reader *in, const uint8_t *payload, size_t length);
int handshake_confirm(struct cr_session *s, struct cr_reader *in, const uint8_t *payload, size_t length);
int handshake_abort(struct cr_reader *in);

#endif
