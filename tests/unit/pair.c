/* Two whole devices, a relay between them, a clock that jumps to the next deadline, and two obedient people. */
#include "pair.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static const struct cr_nameplate PLATE = {4, 4821};

static void make_device(struct pair *pair, int at, const struct cr_invite *invite)
{
    struct device *device = &pair->devices[at];
    struct cr_transfer_config config = {.role = device->role, .secrets = pair->secrets, .invite = invite};

    config.side = at == FAKERELAY_TYPIST ? CR_TYPIST : CR_DISPLAYER;
    config.name = at == FAKERELAY_TYPIST ? "typing device" : "showing device";
    config.platform = "test";
    config.program = "pair 1";
    if (cr_transfer_new(&device->transfer, &config, pair->now) != CR_OK)
        abort();
}

void pair_init(struct pair *pair, enum cr_role typist_role, const struct cr_bundle *bundle)
{
    memset(pair, 0, sizeof *pair);
    pair->now = PAIR_START_MS;
    pair->secrets = CR_SECRET_BOTH;
    pair->bundle = bundle;
    pair->devices[FAKERELAY_TYPIST].role = typist_role;
    pair->devices[FAKERELAY_DISPLAYER].role = typist_role == CR_SENDER ? CR_RECEIVER : CR_SENDER;
    pair->devices[0].reason = pair->devices[1].reason = CR_REASON_DECLINED;
    fakerelay_init(&pair->relay, &PLATE, pair->now);
}

void pair_free(struct pair *pair)
{
    for (int i = 0; i < 2; i++)
        cr_transfer_free(pair->devices[i].transfer);
    cr_bundle_free(pair->arrived);
    fakerelay_free(&pair->relay);
}

struct device *pair_device(struct pair *pair, enum cr_role role)
{
    return &pair->devices[pair->devices[0].role != role];
}

static struct cr_bundle *copy_bundle(const struct cr_bundle *from)
{
    struct cr_bundle *copy = cr_bundle_new();

    if (copy == NULL)
        abort();
    for (uint8_t c = 0; c < from->cert_count; c++) {
        copy->certs[c] = from->certs[c];
        memset(copy->certs[c].files, 0, sizeof copy->certs[c].files);
        copy->certs[c].file_count = 0;
        copy->cert_count++;
        for (uint8_t f = 0; f < from->certs[c].file_count; f++) {
            const struct cr_file *file = &from->certs[c].files[f];

            if (cr_bundle_add_file(copy, file->kind, file->bytes, file->size) != CR_OK)
                abort();
        }
    }
    return copy;
}

/* The event may have waited while the transfer ended, or memory ran out; nothing else may be refused. */
static int is_late(int error)
{
    if (error != CR_OK && error != CR_E_STATE && error != CR_E_MEMORY)
        abort();
    return error != CR_OK;
}

/* The typing person reads the code off the other device: as text when there are digits, else by the QR code. */
static void type_code(struct pair *pair)
{
    const struct cr_invite *shown = cr_transfer_invite(pair->devices[FAKERELAY_DISPLAYER].transfer);
    struct cr_invite typed = {0};
    char text[CR_INVITE_TEXT_BYTES];

    if (shown->has_digits && pair->secrets != CR_SECRET_BOTH) {
        cr_code_format(&shown->code, text);
        typed.has_digits = cr_code_parse(text, strlen(text), &typed.code) == CR_CODE_GOOD;
    } else if (cr_invite_format(shown, text, sizeof text) != CR_OK ||
               cr_invite_parse(text, strlen(text), &typed) != CR_OK) {
        abort();
    }
    if (pair->is_code_wrong) {
        typed.code.secret[0] = typed.code.secret[0] == '0' ? '1' : '0';
        typed.long_secret[0] ^= 1;
    }
    if (!pair->is_typist_early)
        make_device(pair, FAKERELAY_TYPIST, &typed);
    else
        (void)is_late(cr_transfer_enter(pair->devices[FAKERELAY_TYPIST].transfer, &typed, pair->now));
}

static void ask_consent(struct pair *pair, struct device *device)
{
    const struct cr_bundle *bundle = device->answer == ANSWER_NO ? NULL : pair->bundle;

    if (device->role == CR_SENDER && device->answer != ANSWER_NEVER)
        (void)is_late(cr_transfer_consent(device->transfer, bundle, pair->now));
}

static void store(struct pair *pair, struct device *device)
{
    uint8_t digest[CR_DIGEST_BYTES];

    if (device->answer == ANSWER_NEVER)
        return;
    if (device->answer == ANSWER_NO) {
        (void)is_late(cr_transfer_refuse(device->transfer, device->reason, pair->now));
        return;
    }
    pair->arrived = copy_bundle(cr_transfer_bundle(device->transfer));
    if (cr_bundle_digest(pair->arrived, digest) != CR_OK)
        abort();
    if (device->answer == ANSWER_OTHER_BYTES)
        digest[0] ^= 1;
    if (is_late(cr_transfer_stored(device->transfer, digest, pair->now))) {
        cr_bundle_free(pair->arrived);
        pair->arrived = NULL;
    }
}

static int take_event(struct pair *pair, struct device *device)
{
    struct cr_event event;

    cr_transfer_event(device->transfer, &event);
    device->told[event.type]++;
    switch (event.type) {
    case CR_EVENT_NONE:
        return 0;
    case CR_EVENT_CODE:
        type_code(pair);
        break;
    case CR_EVENT_HELLO:
        ask_consent(pair, device);
        break;
    case CR_EVENT_ARRIVED:
        store(pair, device);
        break;
    case CR_EVENT_STALE:
        pair_cut(pair, (int)(device - pair->devices));
        break;
    case CR_EVENT_ENDED:
        if (device->told[CR_EVENT_ENDED] > 1)
            abort();
        device->ended = event;
        break;
    default:
        break;
    }
    return 1;
}

void pair_cut(struct pair *pair, int at)
{
    struct device *device = &pair->devices[at];

    fakerelay_cut(&pair->relay, at);
    device->is_connected = 0;
    cr_transfer_lost(device->transfer, 0, pair->now);
}

/* Counts a message on the connection; 0 when the connection went with it and the message is lost. */
static int cross(struct device *device, int *is_cut)
{
    *is_cut = ++device->crossed == device->cut_after;
    return !*is_cut || !device->is_cut_lossy;
}

static void hand_over(struct pair *pair, int at, const uint8_t *message, size_t length)
{
    uint8_t *copy = malloc(length);

    if (copy == NULL)
        abort();
    memcpy(copy, message, length);
    if (pair->mangle != NULL)
        pair->mangle(pair, at, copy, length);
    fakerelay_input(&pair->relay, at, copy, length);
    free(copy);
}

static int send_one(struct pair *pair, int at)
{
    struct device *device = &pair->devices[at];
    const uint8_t *message;
    size_t length;
    int is_cut;

    if (cr_transfer_output(device->transfer, &message, &length) != CR_OK)
        return 0;
    if (!device->is_connected)
        abort();
    if (cross(device, &is_cut))
        hand_over(pair, at, message, length);
    cr_transfer_sent(device->transfer);
    if (is_cut)
        pair_cut(pair, at);
    return 1;
}

static int receive_one(struct pair *pair, int at)
{
    struct device *device = &pair->devices[at];
    struct parcel *parcel = device->is_connected ? fakerelay_output(&pair->relay, at) : NULL;
    int is_cut;

    if (parcel == NULL)
        return 0;
    if (cross(device, &is_cut))
        cr_transfer_input(device->transfer, parcel->bytes, parcel->length, pair->now);
    free(parcel);
    if (is_cut)
        pair_cut(pair, at);
    return 1;
}

static int open_connection(struct pair *pair, int at)
{
    struct device *device = &pair->devices[at];

    if (cr_transfer_connect_at(device->transfer) > pair->now)
        return 0;
    cr_transfer_connecting(device->transfer, pair->now);
    if (device->is_refused || pair->now < device->back_at_ms) {
        cr_transfer_lost(device->transfer, device->is_refused, pair->now);
    } else if (!device->is_cut_off) {
        device->is_connected = 1;
        fakerelay_connect(&pair->relay, at);
        cr_transfer_connected(device->transfer, pair->now);
    }
    return 1;
}

static int close_connection(struct pair *pair, int at)
{
    struct device *device = &pair->devices[at];

    if (!device->is_connected || device->told[CR_EVENT_ENDED] == 0 ||
        !cr_transfer_is_finished(device->transfer))
        return 0;
    pair_cut(pair, at);
    return 1;
}

static int is_running(const struct device *device)
{
    return device->transfer != NULL && !device->is_frozen;
}

static int step_device(struct pair *pair, int at)
{
    if (!is_running(&pair->devices[at]))
        return 0;
    return take_event(pair, &pair->devices[at]) || open_connection(pair, at) || send_one(pair, at) ||
           receive_one(pair, at) || close_connection(pair, at);
}

int pair_step(struct pair *pair)
{
    if (pair->devices[FAKERELAY_DISPLAYER].transfer == NULL) {
        make_device(pair, FAKERELAY_DISPLAYER, NULL);
        if (pair->is_typist_early)
            make_device(pair, FAKERELAY_TYPIST, NULL);
        return 1;
    }
    return step_device(pair, FAKERELAY_DISPLAYER) || step_device(pair, FAKERELAY_TYPIST);
}

void pair_settle(struct pair *pair)
{
    while (pair_step(pair))
        continue;
}

/* A tick at the deadline must change the deadline or make something happen. */
static void tick(struct pair *pair, struct device *device)
{
    int64_t before = cr_transfer_deadline(device->transfer);
    unsigned ended = device->told[CR_EVENT_ENDED];

    if (before > pair->now)
        return;
    cr_transfer_tick(device->transfer, pair->now);
    pair_settle(pair);
    if (ended == device->told[CR_EVENT_ENDED] && cr_transfer_deadline(device->transfer) <= pair->now)
        pair->idle_ticks++;
}

int pair_wait(struct pair *pair)
{
    int64_t next = CR_NEVER;

    for (int i = 0; i < 2; i++)
        if (is_running(&pair->devices[i]) && cr_transfer_deadline(pair->devices[i].transfer) < next)
            next = cr_transfer_deadline(pair->devices[i].transfer);
    if (next == CR_NEVER || pair->idle_ticks > 0)
        return 0;
    if (next > pair->now)
        pair->now = next;
    fakerelay_tick(&pair->relay, pair->now);
    for (int i = 0; i < 2; i++)
        if (is_running(&pair->devices[i]))
            tick(pair, &pair->devices[i]);
    return 1;
}

void pair_run(struct pair *pair)
{
    do
        pair_settle(pair);
    while (pair_wait(pair));
}

struct cr_bundle *pair_bundle(const size_t *sizes)
{
    static uint8_t bytes[CR_FILE_MAX_BYTES];
    struct cr_bundle *bundle = cr_bundle_new();
    uint8_t number = 0;

    if (bundle == NULL)
        abort();
    for (size_t i = 0; sizes[i] != 0; i++) {
        struct cr_cert *cert = &bundle->certs[bundle->cert_count++];

        cert->format = CR_FORMAT_NPKI;
        strcpy(cert->owner, "cn=owner");
        strcpy(cert->issuer, "cn=issuer");
        cert->not_before = 1700000000;
        cert->not_after = -1;
        for (int kind = 1; sizes[i] != 0; i++, kind++) {
            memset(bytes, ++number, sizes[i]);
            bytes[sizes[i] / 2] ^= 0xff;
            if (cr_bundle_add_file(bundle, (enum cr_file_kind)kind, bytes, sizes[i]) != CR_OK)
                abort();
        }
    }
    return bundle;
}

static int is_same_file(const struct cr_file *a, const struct cr_file *b)
{
    return a->kind == b->kind && a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

int pair_is_same(const struct cr_bundle *a, const struct cr_bundle *b)
{
    if (a == NULL || b == NULL || a->cert_count != b->cert_count)
        return 0;
    for (uint8_t c = 0; c < a->cert_count; c++) {
        const struct cr_cert *x = &a->certs[c], *y = &b->certs[c];

        if (x->format != y->format || strcmp(x->owner, y->owner) != 0 || strcmp(x->issuer, y->issuer) != 0 ||
            x->not_before != y->not_before || x->not_after != y->not_after || x->file_count != y->file_count)
            return 0;
        for (uint8_t f = 0; f < x->file_count; f++)
            if (!is_same_file(&x->files[f], &y->files[f]))
                return 0;
    }
    return 1;
}
