/* libwebsockets' callbacks: they translate and return.
 *
 * Debian 12 has 4.1.6, whose known faults are kept out of reach here and in wire_upgrade.c: anything but a plain WebSocket upgrade is
 * refused before the library acts on it, HTTP/2 and extensions are never spoken, and its per-connection timers are off.
 *
 * Frames are written by wire_flush, when the loop has handled what came in and none of the library's callbacks is under way. The
 * library's own way, to ask for a WRITEABLE callback, costs two changes of the watched set for every frame; it is used only when a
 * socket is full. What the library could not write it keeps: at most one frame, since nothing is written while it keeps anything. */
#include "wire.h"

#include "log.h"
#include "wire_upgrade.h"

#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RX_BUFFER_BYTES 2048
#define HEADERS_MAX_BYTES 4096
#define HANDSHAKE_SECONDS 5
#define FRAGMENTS_MAX 1024
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"
#define TLS_TOO_OLD (SSL_OP_NO_SSLv3 | SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1)

struct wire {
    struct wire_rules rules;
    struct wire_sink sink;
    struct office *office;
    struct lws_context *context;
    struct lws_vhost *vhost;
    struct link *woken;    /* those with something to be told */
    struct link *adopting; /* until the library has made a connection of it */
    uint8_t out[LWS_PRE + CR_FRAME_MAX_BYTES];
};

/* One connection, from accept to its end. */
struct link {
    struct visitor visitor; /* first; in use while is_visiting */
    struct wire *wire;
    struct lws *wsi;
    struct link *next_woken;
    struct link **woken_at; /* what points to it among the woken, NULL when it is not */
    uint64_t address;
    uint8_t *part; /* of a message that came in pieces */
    uint32_t part_bytes, part_room;
    uint16_t fragments;
    uint8_t is_visiting;
    uint8_t
        is_mute; /* a Close frame is out or on its way, or the connection is being dropped: nothing is written any more */
};

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length);

static const struct lws_protocols protocols[] = {
    {.name = CR_SUBPROTOCOL,
     .callback = on_event,
     .rx_buffer_size = RX_BUFFER_BYTES,
     .tx_packet_size = LWS_PRE + CR_FRAME_MAX_BYTES},
    {.name = NULL},
};

/* All zero: the library's own idle timers, which sit in one sorted list, are off. */
static const lws_retry_bo_t no_idle_timers;

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
    office_enter(link->wire->office, &link->visitor, link->address, now_of(link->wire));
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
    uint64_t address = link->address;

    on_closed(link);
    part_forget(link);
    free(link);
    wire->sink.closed(wire->sink.context, address);
}

static int close_with(struct link *link, enum lws_close_status status, const char *reason)
{
    link->is_mute = 1;
    lws_close_reason(link->wsi, status, NULL, 0);
    link->wire->sink.refused(link->wire->sink.context, reason);
    return -1;
}

/* The first chunk of a frame tells how long it will be, so each frame is at most one allocation. */
static int part_add(struct link *link, const uint8_t *bytes, size_t length, size_t to_come)
{
    size_t whole = link->part_bytes + length + to_come;

    if (whole > link->part_room) {
        uint8_t *part = realloc(link->part, whole);

        if (part == NULL)
            return -1;
        link->part = part;
        link->part_room = (uint32_t)whole;
    }
    if (length > 0)
        memcpy(link->part + link->part_bytes, bytes, length);
    link->part_bytes += (uint32_t)length;
    link->fragments = (uint16_t)(link->fragments + (to_come == 0));
    return 0;
}

static int on_receive(struct link *link, const uint8_t *bytes, size_t length)
{
    size_t to_come = lws_remaining_packet_payload(link->wsi);
    int is_whole = lws_is_final_fragment(link->wsi);

    if (!lws_frame_is_binary(link->wsi))
        return close_with(link, LWS_CLOSE_STATUS_UNACCEPTABLE_OPCODE, "text");
    if (to_come > CR_FRAME_MAX_BYTES || link->part_bytes + length + to_come > CR_FRAME_MAX_BYTES)
        return close_with(link, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, "too-long");
    office_heard(&link->visitor);
    if (is_whole && link->part == NULL) {
        office_hear(&link->visitor, bytes, length, now_of(link->wire));
        return 0;
    }
    if (link->fragments >= FRAGMENTS_MAX)
        return close_with(link, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, "fragments");
    if (part_add(link, bytes, length, to_come) != 0)
        return close_with(link, LWS_CLOSE_STATUS_UNEXPECTED_CONDITION, "memory");
    if (is_whole) {
        office_hear(&link->visitor, link->part, link->part_bytes, now_of(link->wire));
        part_forget(link);
    }
    return 0;
}

static int write_frame(struct link *link, const struct cr_frame *frame)
{
    uint8_t *out = link->wire->out + LWS_PRE;
    size_t length;

    if (cr_frame_encode(frame, out, CR_FRAME_MAX_BYTES, &length) != CR_OK)
        return -1;
    return lws_write(link->wsi, out, length, LWS_WRITE_BINARY) < 0 ? -1 : 0;
}

static int write_ping(struct link *link)
{
    return lws_write(link->wsi, link->wire->out + LWS_PRE, 0, LWS_WRITE_PING) < 0 ? -1 : 0;
}

/* The library would end the connection without a Close frame from here, perhaps with our last words unread; so the frame (final,
 * Close, two bytes of status 1000) is written as it is, and the connection ends when the device answers it or the office loses patience. */
static int write_close(struct link *link)
{
    static const uint8_t frame[] = {0x88, 2, LWS_CLOSE_STATUS_NORMAL >> 8, LWS_CLOSE_STATUS_NORMAL & 0xff};
    uint8_t *out = link->wire->out + LWS_PRE;

    link->is_mute = 1;
    memcpy(out, frame, sizeof frame);
    return lws_write(link->wsi, out, sizeof frame, LWS_WRITE_RAW) < 0 ? -1 : 0;
}

static int write_next(struct link *link)
{
    struct cr_frame frame;

    switch (office_speak(&link->visitor, now_of(link->wire), &frame)) {
    case SAY_FRAME:
        return write_frame(link, &frame);
    case SAY_PING:
        return write_ping(link);
    case SAY_END:
        return write_close(link);
    case SAY_NOTHING:
        break;
    }
    return 0;
}

static int has_words(const struct link *link)
{
    return link->is_visiting && !link->is_mute && office_has_words(&link->visitor);
}

static int link_speak(struct link *link)
{
    while (has_words(link)) {
        if (lws_partial_buffered(link->wsi))
            return lws_callback_on_writable(link->wsi) < 0 ? -1 : 0;
        if (write_next(link) != 0)
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

/* The library acts on a header other than "websocket" with memory that it has freed, so such a request is ended without an answer and
 * without reading what the callback was given. */
static int on_upgrade(const struct wire *wire, struct lws *wsi)
{
    int status = upgrade_status(wsi, wire->rules.path);

    if (status == UPGRADE_OURS)
        return 0;
    wire->sink.refused(wire->sink.context, "upgrade");
    if (status != UPGRADE_FOREIGN)
        lws_return_http_status(wsi, (unsigned)status, NULL);
    return -1;
}

static int on_http(const struct wire *wire, struct lws *wsi)
{
    wire->sink.refused(wire->sink.context, "http");
    lws_return_http_status(wsi, HTTP_STATUS_NOT_FOUND, NULL);
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

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t length)
{
    struct link *link = lws_get_opaque_user_data(wsi);

    (void)user;
    if (reason == LWS_CALLBACK_WSI_CREATE)
        return on_created(wsi);
    if (link == NULL)
        return 0;
    switch (reason) {
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return on_upgrade(link->wire, wsi);
    case LWS_CALLBACK_HTTP:
        return on_http(link->wire, wsi);
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

void wire_adopt(struct wire *wire, int fd, uint64_t address)
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
        wire->sink.closed(wire->sink.context, address);
        return;
    }
    link->wire = wire;
    link->address = address;
    wire->adopting = link;
    (void)lws_adopt_descriptor_vhost_via_info(&guest);
    if (wire->adopting == link)
        on_destroyed(link);
}

void wire_tell_going_away(struct wire *wire)
{
    const struct lws_protocols *ours = lws_vhost_name_to_protocol(wire->vhost, CR_SUBPROTOCOL);

    lws_callback_all_protocol(wire->context, ours, LWS_CALLBACK_USER);
}

static void log_library(int level, const char *text)
{
    (void)level;
    log_begin("library");
    log_text("says", text);
    log_end();
}

static struct lws_vhost *vhost_new(struct wire *wire, const char *name)
{
    struct lws_context_creation_info info = {
        .vhost_name = name,
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = protocols,
        .alpn = "http/1.1",
        .ssl_cert_filepath = wire->rules.tls_cert,
        .ssl_private_key_filepath = wire->rules.tls_key,
        .ssl_cipher_list = CIPHERS,
        .ssl_options_set = (long)TLS_TOO_OLD,
        .timeout_secs = HANDSHAKE_SECONDS,
        .keepalive_timeout = HANDSHAKE_SECONDS,
        .retry_and_idle_policy = &no_idle_timers,
    };

    if (wire->rules.tls_cert != NULL)
        info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    return lws_create_vhost(wire->context, &info);
}

struct wire *wire_new(const struct wire_rules *rules, const struct wire_sink *sink)
{
    struct wire *wire = calloc(1, sizeof *wire);
    void *loops[] = {rules->loop};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_LIBUV |
                   LWS_SERVER_OPTION_UV_NO_SIGSEGV_SIGFPE_SPIN,
        .foreign_loops = loops,
        .max_http_header_data = HEADERS_MAX_BYTES,
        .timeout_secs = HANDSHAKE_SECONDS,
        .user = wire,
        .gid = -1,
        .uid = -1,
    };

    if (wire == NULL)
        return NULL;
    wire->rules = *rules;
    wire->sink = *sink;
    info.pcontext = &wire->context;
    if (rules->tls_cert != NULL)
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    lws_set_log_level(LLL_ERR, log_library);
    wire->context = lws_create_context(&info);
    wire->vhost = wire->context != NULL ? vhost_new(wire, "relay") : NULL;
    /* Later lines of the library would hold addresses and headers. */
    lws_set_log_level(0, NULL);
    return wire;
}

int wire_is_ready(const struct wire *wire)
{
    return wire->vhost != NULL;
}

void wire_serve(struct wire *wire, struct office *office)
{
    wire->office = office;
}

/* The library swallows errors when it loads a pair again, so the pair is first tried on a vhost of its own. */
int wire_reload(struct wire *wire)
{
    struct lws_vhost *trial;

    if (wire->rules.tls_cert == NULL)
        return -1;
    trial = vhost_new(wire, "trial");
    if (trial == NULL)
        return -1;
    lws_vhost_destroy(trial);
    lws_tls_cert_updated(wire->context, wire->rules.tls_cert, wire->rules.tls_key, NULL, 0, NULL, 0);
    return 0;
}

void wire_close(struct wire *wire)
{
    lws_context_destroy(wire->context);
}

int wire_is_closed(const struct wire *wire)
{
    return wire->context == NULL;
}

void wire_free(struct wire *wire)
{
    free(wire);
}

const char *wire_library(void)
{
    return lws_get_library_version();
}

int wire_library_is_old(void)
{
    return strncmp(lws_get_library_version(), "4.1.", 4) == 0;
}
