/* One connection, from accept to its end: the library's callbacks translate and return.
 *
 * Frames are written by wire_flush, when the loop has handled what came in and none of the library's callbacks is under way. The
 * library's own way, to ask for a WRITEABLE callback, changes the watched set twice for every frame; it is used only when a socket is
 * full. What the library could not write it keeps: one write at most, since nothing is written while it keeps anything. */
#include "wire_link.h"

#include "wire_upgrade.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FRAGMENTS_MAX 1024

/* First bytes of a frame. */
enum { FINAL_BINARY = 0x82, FINAL_CLOSE = 0x88, FINAL_PING = 0x89 };

struct link {
    struct visitor visitor; /* first; in use while is_visiting */
    struct wire *wire;
    struct lws *wsi;
    struct link *next_woken;
    struct link **woken_at; /* what points to it among the woken, NULL when it is not */
    struct reply reply;     /* to a browser */
    struct caller caller;
    uint8_t *part; /* of a message that comes in pieces */
    uint32_t part_bytes, part_room;
    uint16_t fragments;
    uint8_t is_skipping; /* the rest of a message for which there was no room */
    uint8_t is_secure;   /* its TLS handshake is done */
    uint8_t is_visiting;
    uint8_t is_mute; /* a Close frame is out or due, or it is being dropped: nothing is written any more */
};

static uint64_t now_of(const struct wire *wire)
{
    return wire->sink.now_ms(wire->sink.context);
}

static void part_forget(struct link *link)
{
    free(link->part);
    link->part = NULL;
    link->part_bytes = 0;
    link->part_room = 0;
    link->fragments = 0;
    link->is_skipping = 0;
}

static void woken_add(struct link *link)
{
    struct wire *wire = link->wire;

    if (link->woken_at != NULL)
        return;
    link->next_woken = wire->woken;
    link->woken_at = &wire->woken;
    if (link->next_woken != NULL)
        link->next_woken->woken_at = &link->next_woken;
    wire->woken = link;
}

static void woken_remove(struct link *link)
{
    if (link->woken_at == NULL)
        return;
    *link->woken_at = link->next_woken;
    if (link->next_woken != NULL)
        link->next_woken->woken_at = link->woken_at;
    link->woken_at = NULL;
}

static void on_established(struct link *link, struct lws *wsi)
{
    link->wsi = wsi;
    link->is_visiting = 1;
    office_enter(link->wire->office, &link->visitor, link->caller.key, now_of(link->wire));
    if (link->caller.is_outsider)
        office_restrict(&link->visitor);
}

static void on_closed(struct link *link)
{
    if (!link->is_visiting)
        return;
    link->is_visiting = 0;
    woken_remove(link);
    office_leave(&link->visitor);
}

static void on_destroyed(struct link *link)
{
    struct wire *wire = link->wire;
    struct caller caller = link->caller;

    on_closed(link);
    reply_end(wire, &link->reply);
    part_forget(link);
    if (wire->rules.tls_cert != NULL && !link->is_secure)
        wire->sink.unsecured(wire->sink.context);
    free(link);
    wire->sink.closed(wire->sink.context, &caller);
}

static int close_with(struct link *link, enum lws_close_status status, const char *reason)
{
    link->is_mute = 1;
    lws_close_reason(link->wsi, status, NULL, 0);
    link->wire->sink.refused(link->wire->sink.context, reason);
    return -1;
}

/* What any connection may hold is not charged. */
static int part_grow(struct link *link, size_t whole)
{
    uint8_t *part;

    if (whole <= link->part_room)
        return 0;
    if (whole > OFFICE_FIRST_MAX_BYTES && office_hold(&link->visitor, whole) != CR_OK)
        return -1;
    part = realloc(link->part, whole);
    if (part == NULL)
        return -1;
    link->part = part;
    link->part_room = (uint32_t)whole;
    return 0;
}

/* The first chunk of a frame tells how long it will be, so each frame is at most one allocation. */
static void part_add(struct link *link, const uint8_t *bytes, size_t length, size_t to_come)
{
    if (!link->is_skipping && part_grow(link, link->part_bytes + length + to_come) != 0) {
        (void)office_hold(&link->visitor, 0);
        free(link->part);
        link->part = NULL;
        link->part_room = 0;
        link->is_skipping = 1;
    }
    if (!link->is_skipping && length > 0)
        memcpy(link->part + link->part_bytes, bytes, length);
    link->part_bytes += (uint32_t)length;
    link->fragments = (uint16_t)(link->fragments + (to_come == 0));
}

/* The message is whole. What was charged for it is given back first: the queue that it goes to is charged again. */
static void part_hear(struct link *link)
{
    (void)office_hold(&link->visitor, 0);
    if (link->is_skipping)
        office_hear_nothing(&link->visitor, now_of(link->wire));
    else
        office_hear(&link->visitor, link->part, link->part_bytes, now_of(link->wire));
    part_forget(link);
}

static int on_receive(struct link *link, const uint8_t *bytes, size_t length)
{
    size_t to_come = lws_remaining_packet_payload(link->wsi);
    size_t most = office_message_max(&link->visitor);
    int is_whole = lws_is_final_fragment(link->wsi);

    if (!lws_frame_is_binary(link->wsi))
        return close_with(link, LWS_CLOSE_STATUS_UNACCEPTABLE_OPCODE, "text");
    if (to_come > most || link->part_bytes + length + to_come > most)
        return close_with(link, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, "too-long");
    office_heard(&link->visitor);
    if (is_whole && link->part == NULL && !link->is_skipping) {
        office_hear(&link->visitor, bytes, length, now_of(link->wire));
        part_forget(link);
        return 0;
    }
    if (link->fragments >= FRAGMENTS_MAX)
        return close_with(link, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, "fragments");
    part_add(link, bytes, length, to_come);
    if (is_whole)
        part_hear(link);
    return 0;
}

/* The head of an unmasked WebSocket frame, RFC 6455 section 5.2. */
static size_t head_put(uint8_t *out, uint8_t first, size_t length)
{
    unsigned tail = length < 126 ? 0 : length <= UINT16_MAX ? 2 : 8;

    out[0] = first;
    out[1] = (uint8_t)(tail == 0 ? length : tail == 2 ? 126 : 127);
    for (unsigned i = 0; i < tail; i++)
        out[2 + i] = (uint8_t)((uint64_t)length >> 8 * (tail - 1 - i));
    return 2 + tail;
}

static size_t frame_put(uint8_t *out, const struct cr_frame *frame)
{
    size_t length = cr_frame_bytes(frame), head = head_put(out, FINAL_BINARY, length);

    return cr_frame_encode(frame, out + head, length, &length) == CR_OK ? head + length : 0;
}

/* The library would end the connection without a Close frame from here, perhaps with our last words unread; so the frame (two bytes of
 * status 1000) is ours, and the connection ends when the device answers it or the office loses patience. */
static size_t close_put(struct link *link, uint8_t *out)
{
    size_t head = head_put(out, FINAL_CLOSE, 2);

    link->is_mute = 1;
    out[head] = LWS_CLOSE_STATUS_NORMAL >> 8;
    out[head + 1] = LWS_CLOSE_STATUS_NORMAL & 0xff;
    return head + 2;
}

static size_t words_put(struct link *link, uint8_t *out)
{
    struct cr_frame frame;

    switch (office_speak(&link->visitor, now_of(link->wire), &frame)) {
    case SAY_FRAME:
        return frame_put(out, &frame);
    case SAY_PING:
        return head_put(out, FINAL_PING, 0);
    case SAY_END:
        return close_put(link, out);
    case SAY_NOTHING:
        break;
    }
    return 0;
}

static int has_words(const struct link *link)
{
    return link->is_visiting && !link->is_mute && office_has_words(&link->visitor);
}

/* Several small frames leave in one write: one system call, one TLS record, and the device wakes up once. */
static int link_speak(struct link *link)
{
    uint8_t *out = link->wire->out + LWS_PRE;

    while (has_words(link)) {
        size_t length = 0;

        if (lws_partial_buffered(link->wsi))
            return lws_callback_on_writable(link->wsi) < 0 ? -1 : 0;
        while (length < WIRE_GATHER_BYTES && has_words(link))
            length += words_put(link, out + length);
        if (lws_write(link->wsi, out, length, LWS_WRITE_RAW) < 0)
            return -1;
    }
    return 0;
}

void wire_flush(struct wire *wire)
{
    while (wire->woken != NULL) {
        struct link *link = wire->woken;

        woken_remove(link);
        if (link_speak(link) != 0)
            wire_drop(&link->visitor);
    }
}

/* Who forwards is believed or told of; from here on the connection is one device's. Returns an HTTP status, or 0. */
static int upgrade_name(struct link *link, struct lws *wsi)
{
    const struct wire_sink *sink = &link->wire->sink;
    char forwarded[WIRE_HEADERS_MAX_BYTES];
    const char *refused;

    if (lws_hdr_copy(wsi, forwarded, sizeof forwarded, WSI_TOKEN_X_FORWARDED_FOR) <= 0)
        forwarded[0] = '\0';
    if (!link->caller.is_proxy) {
        if (forwarded[0] != '\0')
            sink->disbelieved(sink->context, link->caller.key);
        return 0;
    }
    refused = sink->named(sink->context, &link->caller, forwarded);
    if (refused != NULL)
        sink->refused(sink->context, refused);
    return refused != NULL ? HTTP_STATUS_SERVICE_UNAVAILABLE : 0;
}

/* The library acts on a header other than "websocket" with memory that it has freed, so such a request is ended without an answer and
 * without reading what the callback was given. */
static int on_upgrade(struct link *link, struct lws *wsi)
{
    const struct wire *wire = link->wire;
    int status = upgrade_status(wsi, wire->rules.path);

    if (status != UPGRADE_OURS)
        wire->sink.refused(wire->sink.context, "upgrade");
    else
        status = upgrade_name(link, wsi);
    if (status == UPGRADE_OURS)
        return 0;
    if (status != UPGRADE_FOREIGN)
        lws_return_http_status(wsi, (unsigned)status, NULL);
    return -1;
}

/* A Close frame of the device: the answer to ours, or one that the library answers. */
static int on_peer_closes(struct link *link)
{
    int is_answer = link->is_mute;

    link->is_mute = 1;
    return is_answer ? -1 : 0;
}

/* From here on the library ends with WSI_DESTROY whatever happens. */
static int on_created(struct lws *wsi)
{
    struct wire *wire = lws_context_user(lws_get_context(wsi));

    wire->adopting = NULL;
    return 0;
}

int link_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
    struct link *link = lws_get_opaque_user_data(wsi);

    (void)user;
    if (reason == LWS_CALLBACK_WSI_CREATE)
        return on_created(wsi);
    if (link == NULL)
        return 0;
    switch (reason) {
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return on_upgrade(link, wsi);
    case LWS_CALLBACK_HTTP:
        return reply_begin(link->wire, &link->reply, wsi, in, length);
    case LWS_CALLBACK_CLOSED_HTTP:
        reply_end(link->wire, &link->reply);
        return 0;
    case LWS_CALLBACK_SSL_INFO:
        link->is_secure = 1;
        return 0;
    case LWS_CALLBACK_RAW_ADOPT:
    case LWS_CALLBACK_RAW_RX:
        return -1;
    case LWS_CALLBACK_ESTABLISHED:
        on_established(link, wsi);
        return 0;
    case LWS_CALLBACK_RECEIVE:
        return on_receive(link, in, length);
    case LWS_CALLBACK_RECEIVE_PONG:
        office_heard(&link->visitor);
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return link_speak(link);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        return on_peer_closes(link);
    case LWS_CALLBACK_USER:
        if (link->is_visiting)
            office_tell_going_away(&link->visitor);
        return 0;
    case LWS_CALLBACK_CLOSED:
        on_closed(link);
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        on_destroyed(link);
        return 0;
    default:
        return 0;
    }
}

void wire_wake(struct visitor *visitor)
{
    woken_add((struct link *)visitor);
}

/* The library looks at its timeouts only when it has been woken. */
void wire_drop(struct visitor *visitor)
{
    struct link *link = (struct link *)visitor;

    link->is_mute = 1;
    lws_set_timeout(link->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
    lws_cancel_service(link->wire->context);
}

void wire_adopt(struct wire *wire, int fd, const struct caller *caller)
{
    struct link *link = calloc(1, sizeof *link);
    const lws_adopt_desc_t guest = {
        .vh = wire->vhost,
        .type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP | (wire->rules.tls_cert != NULL ? LWS_ADOPT_ALLOW_SSL : 0),
        .fd.sockfd = fd,
        .opaque = link,
    };

    if (link == NULL) {
        close(fd);
        wire->sink.closed(wire->sink.context, caller);
        return;
    }
    link->wire = wire;
    link->caller = *caller;
    wire->adopting = link;
    if (lws_adopt_descriptor_vhost_via_info(&guest) == NULL && wire->adopting != NULL)
        on_destroyed(link);
}
