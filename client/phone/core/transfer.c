/* A transfer for the page: cr_transfer with numbers that JavaScript has, and events as plain rows of numbers. */
#include "export.h"

#include <certrelay/transfer.h>

#include <sodium.h>
#include <string.h>

/* What the page reads of one event; core.js knows the offsets. */
struct event_view {
    uint32_t type, seconds, peer, end, reason, has_data_left, hello_role;
    const char *name, *platform, *program; /* HELLO, else NULL */
};

_Static_assert(sizeof(struct event_view) == 40, "core.js knows the offsets");

/* names: name, platform, program and permit, each terminated; without a permit that is "". invite: NULL, or what was typed or scanned, copied. NULL when there is no
 * memory, or a text is too long. */
CORE_EXPORT(core_transfer_new)
struct cr_transfer *core_transfer_new(int side, int role, int secrets, const struct cr_invite *invite,
                                      const char *names, double patience_ms, double now_ms)
{
    struct cr_transfer_config config = {.side = (enum cr_side)side, .role = (enum cr_role)role};
    struct cr_transfer *transfer = NULL;
    const char *permit;

    config.secrets = (enum cr_secrets)secrets;
    config.invite = invite;
    config.name = names;
    config.platform = config.name + strlen(config.name) + 1;
    config.program = config.platform + strlen(config.platform) + 1;
    permit = config.program + strlen(config.program) + 1;
    config.permit = (const uint8_t *)permit;
    config.permit_bytes = strlen(permit);
    config.patience_ms = (int64_t)patience_ms;
    cr_transfer_new(&transfer, &config, (int64_t)now_ms);
    return transfer;
}

CORE_EXPORT(core_transfer_free) void core_transfer_free(struct cr_transfer *transfer)
{
    cr_transfer_free(transfer);
}

CORE_EXPORT(core_enter)
int core_enter(struct cr_transfer *transfer, const struct cr_invite *invite, double now_ms)
{
    return cr_transfer_enter(transfer, invite, (int64_t)now_ms);
}

static double time_of(int64_t time_ms)
{
    return time_ms == CR_NEVER ? __builtin_inf() : (double)time_ms;
}

CORE_EXPORT(core_connect_at) double core_connect_at(const struct cr_transfer *transfer)
{
    return time_of(cr_transfer_connect_at(transfer));
}

CORE_EXPORT(core_deadline) double core_deadline(const struct cr_transfer *transfer)
{
    return time_of(cr_transfer_deadline(transfer));
}

CORE_EXPORT(core_connecting) void core_connecting(struct cr_transfer *transfer, double now_ms)
{
    cr_transfer_connecting(transfer, (int64_t)now_ms);
}

CORE_EXPORT(core_connected) void core_connected(struct cr_transfer *transfer, double now_ms)
{
    cr_transfer_connected(transfer, (int64_t)now_ms);
}

CORE_EXPORT(core_lost) void core_lost(struct cr_transfer *transfer, int is_refused, double now_ms)
{
    cr_transfer_lost(transfer, is_refused, (int64_t)now_ms);
}

CORE_EXPORT(core_input)
void core_input(struct cr_transfer *transfer, const uint8_t *message, size_t length, double now_ms)
{
    cr_transfer_input(transfer, message, length, (int64_t)now_ms);
}

CORE_EXPORT(core_tick) void core_tick(struct cr_transfer *transfer, double now_ms)
{
    cr_transfer_tick(transfer, (int64_t)now_ms);
}

CORE_EXPORT(core_has_work) int core_has_work(const struct cr_transfer *transfer)
{
    return cr_transfer_has_work(transfer);
}

CORE_EXPORT(core_probe) void core_probe(struct cr_transfer *transfer, double now_ms)
{
    cr_transfer_probe(transfer, (int64_t)now_ms);
}

/* NULL when there is none. Borrowed until the next call. */
CORE_EXPORT(core_output) const uint8_t *core_output(struct cr_transfer *transfer, size_t *length)
{
    const uint8_t *message;

    return cr_transfer_output(transfer, &message, length) == CR_OK ? message : NULL;
}

CORE_EXPORT(core_sent) void core_sent(struct cr_transfer *transfer)
{
    cr_transfer_sent(transfer);
}

/* NULL when there is none. Borrowed until the next call. */
CORE_EXPORT(core_event) const struct event_view *core_event(struct cr_transfer *transfer)
{
    static struct event_view view;
    struct cr_event event;

    cr_transfer_event(transfer, &event);
    if (event.type == CR_EVENT_NONE)
        return NULL;
    view = (struct event_view){
        .type = event.type, .seconds = event.seconds, .peer = event.peer, .end = event.end};
    view.reason = event.reason;
    view.has_data_left = (uint32_t)event.has_data_left;
    if (event.hello != NULL) {
        view.hello_role = event.hello->role;
        view.name = event.hello->name;
        view.platform = event.hello->platform;
        view.program = event.hello->program;
    }
    return &view;
}

/* Displayer: the digits in groups (none: "") and the fragment of the invitation, both terminated. */
CORE_EXPORT(core_shown)
int core_shown(const struct cr_transfer *transfer, const char *relay, char *digits, char *fragment,
               size_t capacity)
{
    struct cr_invite invite = *cr_transfer_invite(transfer);
    size_t length = strlen(relay);
    int error = length < sizeof invite.relay ? CR_OK : CR_E_LIMIT;

    digits[0] = '\0';
    if (error == CR_OK) {
        memcpy(invite.relay, relay, length + 1);
        error = cr_invite_format(&invite, fragment, capacity);
    }
    if (error == CR_OK && invite.has_digits)
        cr_code_format(&invite.code, digits);
    sodium_memzero(&invite, sizeof invite);
    return error;
}

CORE_EXPORT(core_bundle) const struct cr_bundle *core_bundle(const struct cr_transfer *transfer)
{
    return cr_transfer_bundle(transfer);
}

CORE_EXPORT(core_consent)
int core_consent(struct cr_transfer *transfer, const struct cr_bundle *bundle, double now_ms)
{
    return cr_transfer_consent(transfer, bundle, (int64_t)now_ms);
}

CORE_EXPORT(core_stored)
int core_stored(struct cr_transfer *transfer, const uint8_t *digest, double now_ms)
{
    return cr_transfer_stored(transfer, digest, (int64_t)now_ms);
}

CORE_EXPORT(core_refuse) int core_refuse(struct cr_transfer *transfer, int reason, double now_ms)
{
    return cr_transfer_refuse(transfer, (enum cr_reason)reason, (int64_t)now_ms);
}

CORE_EXPORT(core_extend) void core_extend(struct cr_transfer *transfer, double now_ms)
{
    cr_transfer_extend(transfer, (int64_t)now_ms);
}

CORE_EXPORT(core_cancel) void core_cancel(struct cr_transfer *transfer, double now_ms)
{
    cr_transfer_cancel(transfer, (int64_t)now_ms);
}

CORE_EXPORT(core_is_finished) int core_is_finished(const struct cr_transfer *transfer)
{
    return cr_transfer_is_finished(transfer);
}
