/* libwebsockets' context: its settings, its TLS, its start and its end.
 *
 * Debian 12 has 4.1.6, whose known faults are kept out of reach: anything but a plain WebSocket upgrade is refused before the library
 * acts on it, HTTP/2 and extensions are never spoken, and its per-connection timers are off. */
#include "wire_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RX_BUFFER_BYTES 2048
#define HANDSHAKE_SECONDS 5
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"
#define TLS_TOO_OLD (SSL_OP_NO_SSLv3 | SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1)

static const struct lws_protocols protocols[] = {
    {.name = CR_SUBPROTOCOL,
     .callback = link_event,
     .rx_buffer_size = RX_BUFFER_BYTES,
     .tx_packet_size = WIRE_OUT_BYTES},
    {.name = NULL},
};

/* The library's log knows of no context, so neither does what is kept of it. */
static char complaint[256];

/* All zero: the library's own idle timers, which sit in one sorted list, are off. */
static const lws_retry_bo_t no_idle_timers;

void wire_tell_going_away(struct wire *wire)
{
    const struct lws_protocols *ours = lws_vhost_name_to_protocol(wire->vhost, CR_SUBPROTOCOL);

    lws_callback_all_protocol(wire->context, ours, LWS_CALLBACK_USER);
}

/* Newer versions begin a line with the time and a letter: "[2001/02/03 04:05:06:7890] E: what it is". */
static const char *without_time(const char *text)
{
    const char *end = text[0] == '[' ? strstr(text, "] ") : NULL;
    const char *letter = end != NULL ? strstr(end, ": ") : NULL;

    return letter != NULL ? letter + 2 : text;
}

/* The first thing it says is the cause; the rest are the consequences. */
static void library_says(int level, const char *text)
{
    (void)level;
    text = without_time(text);
    if (complaint[0] == '\0')
        snprintf(complaint, sizeof complaint, "%.*s", (int)strcspn(text, "\n"), text);
}

static void library_listen(void)
{
    complaint[0] = '\0';
    lws_set_log_level(LLL_ERR, library_says);
}

/* Most of the time nobody listens: its lines would hold addresses and headers. */
static void library_ignore(void)
{
    lws_set_log_level(0, NULL);
}

const char *wire_complaint(void)
{
    return complaint;
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
        .ssl_info_event_mask = SSL_CB_HANDSHAKE_DONE,
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
        .max_http_header_data = WIRE_HEADERS_MAX_BYTES,
        .timeout_secs = HANDSHAKE_SECONDS,
        .user = wire,
    };

    if (wire == NULL)
        return NULL;
    wire->rules = *rules;
    wire->sink = *sink;
    wire->page.poll = -1;
    wire->page.unfinished_max = rules->max_downloads;
    info.pcontext = &wire->context;
    /* Nobody else's: -1, in the type that this version gives them. */
    memset(&info.gid, 0xff, sizeof info.gid);
    memset(&info.uid, 0xff, sizeof info.uid);
    if (rules->tls_cert != NULL)
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    library_listen();
    wire->context = lws_create_context(&info);
    wire->vhost = wire->context != NULL ? vhost_new(wire, "relay") : NULL;
    library_ignore();
    return wire;
}

enum wire_state wire_state(const struct wire *wire)
{
    if (wire->vhost != NULL)
        return WIRE_READY;
    return wire->context != NULL && wire->rules.tls_cert != NULL ? WIRE_NO_TLS : WIRE_NO_LIBRARY;
}

void wire_serve(struct wire *wire, struct office *office)
{
    wire->office = office;
}

/* The library swallows errors when it loads a pair again, so the pair is first tried on a vhost of its own. */
int wire_reload(struct wire *wire)
{
    struct lws_vhost *trial;

    library_listen();
    trial = vhost_new(wire, "trial");
    library_ignore();
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
    site_release(wire->page.site);
    if (wire->page.poll >= 0)
        close(wire->page.poll);
    free(wire);
}

/* A build without a mark of its source ends in a hyphen. */
const char *wire_library(void)
{
    static char version[64];

    snprintf(version, sizeof version, "%s", lws_get_library_version());
    version[strcspn(version, "-")] = '\0';
    return version;
}

int wire_library_is_old(void)
{
    return strncmp(lws_get_library_version(), "4.1.", 4) == 0;
}
