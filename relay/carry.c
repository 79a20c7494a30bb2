/* Nodes that something is carried to or from, and what they say to each other. */
#include "carry_parts.h"

#include <stdlib.h>

static void carry_tick(struct timer *timer, uint64_t now_ms);

struct peer *peer_find(const struct carry *carry, store_node node)
{
    struct peer *peer = carry->peers;

    while (peer != NULL && peer->node != node)
        peer = peer->next;
    return peer;
}

struct peer *peer_need(struct carry *carry, store_node node)
{
    struct store *store = carry->office->store;
    struct peer *peer = peer_find(carry, node);

    if (peer != NULL)
        return peer;
    peer = calloc(1, sizeof *peer);
    if (peer == NULL)
        return NULL;
    peer->node = node;
    peer->next = carry->peers;
    carry->peers = peer;
    store->watch(store, node, 1);
    return peer;
}

static int envelope_publish(struct carry *carry, store_node node, const struct envelope *envelope)
{
    struct store *store = carry->office->store;
    size_t length = envelope_encode(envelope, carry->out, sizeof carry->out);

    return length > 0 ? store->publish(store, node, carry->out, length) : -1;
}

int peer_try(struct carry *carry, struct peer *peer, const struct envelope *envelope)
{
    const struct envelope reset = {.type = ENVELOPE_RESET};

    if (peer->is_broken)
        return -1;
    if (peer->reset_until_ms != 0 && envelope_publish(carry, peer->node, &reset) != 0)
        return -1;
    peer->reset_until_ms = 0;
    if (envelope_publish(carry, peer->node, envelope) != 0)
        return -1;
    peer->quiet_ticks = peer->silent_ticks = 0;
    return 0;
}

void peer_tell(struct carry *carry, struct peer *peer, const struct envelope *envelope)
{
    if (peer_try(carry, peer, envelope) != 0)
        peer->is_broken = 1;
}

void carry_answer(struct carry *carry, store_node node, enum envelope_type type, uint64_t link)
{
    const struct envelope envelope = {.type = type, .link = link};
    struct peer *peer = peer_find(carry, node);

    if (peer != NULL)
        (void)peer_try(carry, peer, &envelope);
    else
        (void)envelope_publish(carry, node, &envelope);
}

void carry_watch_clock(struct carry *carry, uint64_t now_ms)
{
    if (carry->tick.link == NULL)
        wheel_arm(carry->office->wheel, &carry->tick, now_ms + CARRY_TICK_MS, carry_tick);
}

static int peer_is_busy(const struct peer *peer)
{
    return peer->distants != NULL || peer->carried != NULL;
}

/* What the other side still sends about it finds nothing here. */
static void peer_end(struct carry *carry, struct peer *peer, uint64_t now_ms)
{
    if (peer_is_busy(peer) || peer->is_broken)
        peer->reset_until_ms = now_ms + CARRY_RESET_MS;
    distants_cut(carry, peer, 0);
    carried_cut(carry, peer);
    peer->is_broken = 0;
}

static void peer_reset(struct carry *carry, struct peer *peer, uint64_t now_ms)
{
    const struct envelope reset = {.type = ENVELOPE_RESET};

    if (peer->reset_until_ms == 0)
        return;
    if (now_ms >= peer->reset_until_ms || envelope_publish(carry, peer->node, &reset) == 0)
        peer->reset_until_ms = 0;
}

static void peers_sweep(struct carry *carry)
{
    struct store *store = carry->office->store;
    struct peer **at = &carry->peers, *peer;

    while ((peer = *at) != NULL) {
        if (peer_is_busy(peer) || peer->reset_until_ms != 0 || peer->is_broken) {
            at = &peer->next;
            continue;
        }
        *at = peer->next;
        store->watch(store, peer->node, 0);
        free(peer);
    }
}

static void gossip_tell(struct carry *carry)
{
    struct envelope envelope = {.type = ENVELOPE_PREFIXES, .payload = carry->frame};

    envelope.payload_bytes = gossip_take(&carry->gossip, carry->frame);
    if (envelope.payload_bytes > 0)
        (void)envelope_publish(carry, STORE_EVERYBODY, &envelope);
}

static void peer_pulse(struct carry *carry, struct peer *peer)
{
    const struct envelope pulse = {.type = ENVELOPE_PULSE};

    if (!peer_is_busy(peer) || peer->is_broken)
        return;
    if (++peer->quiet_ticks >= CARRY_QUIET_TICKS && peer_try(carry, peer, &pulse) != 0)
        peer->is_broken = ++peer->silent_ticks >= CARRY_SILENT_TICKS;
}

static void carry_tick(struct timer *timer, uint64_t now_ms)
{
    struct carry *carry = (struct carry *)timer;

    for (struct peer *peer = carry->peers; peer != NULL; peer = peer->next) {
        peer_reset(carry, peer, now_ms);
        peer_pulse(carry, peer);
    }
    if (!gossip_is_empty(&carry->gossip))
        gossip_tell(carry);
    peers_sweep(carry);
    if (carry->peers != NULL)
        carry_watch_clock(carry, now_ms);
}

static struct peer *peer_broken(const struct carry *carry)
{
    struct peer *peer = carry->peers;

    while (peer != NULL && !peer->is_broken)
        peer = peer->next;
    return peer;
}

/* Whoever is dropped because a peer is broken may leave somebody else with something to be told. */
void carry_flush(struct carry *carry, uint64_t now_ms)
{
    struct peer *peer;

    if (carry->peers == NULL)
        return;
    carry_watch_clock(carry, now_ms);
    do {
        carried_flush(carry, now_ms);
        peer = peer_broken(carry);
        if (peer != NULL)
            peer_end(carry, peer, now_ms);
    } while (peer != NULL);
    peers_sweep(carry);
}

static void on_reset(struct carry *carry, store_node from, const struct envelope *envelope, uint64_t now_ms)
{
    struct peer *peer = peer_find(carry, from);

    (void)envelope;
    (void)now_ms;
    if (peer == NULL)
        return;
    /* It may have seated some of these since it said so. */
    distants_cut(carry, peer, 1);
    carried_cut(carry, peer);
}

/* The other side carries something, and if nothing is known of it here, its RESET was what got lost. */
static void on_pulse(struct carry *carry, store_node from, const struct envelope *envelope, uint64_t now_ms)
{
    const struct peer *peer = peer_find(carry, from);

    (void)envelope;
    (void)now_ms;
    if (peer == NULL || !peer_is_busy(peer))
        carry_answer(carry, from, ENVELOPE_RESET, 0);
}

static void on_prefixes(struct carry *carry, store_node from, const struct envelope *envelope,
                        uint64_t now_ms)
{
    struct prefix prefix;

    (void)from;
    for (size_t at = 0; at + ENVELOPE_PREFIX_BYTES <= envelope->payload_bytes; at += ENVELOPE_PREFIX_BYTES) {
        prefix_read(envelope->payload + at, &prefix);
        quota_hear(carry->office->quota, prefix.network, TALLY_FAILED_JOIN, prefix.count, now_ms);
    }
}

static envelope_handler *const handlers[] = {
    [ENVELOPE_SIT] = carried_sit,     [ENVELOPE_HEAR] = carried_hear, [ENVELOPE_TOLD] = carried_told,
    [ENVELOPE_LEAVE] = carried_leave, [ENVELOPE_SAY] = distant_say,   [ENVELOPE_HEARD] = distant_heard,
    [ENVELOPE_END] = distant_end,     [ENVELOPE_DROP] = distant_drop, [ENVELOPE_REFUND] = distant_refund,
    [ENVELOPE_RESET] = on_reset,      [ENVELOPE_PULSE] = on_pulse,    [ENVELOPE_PREFIXES] = on_prefixes,
};

static void on_deliver(void *context, store_node from, const uint8_t *bytes, size_t length, uint64_t now_ms)
{
    struct carry *carry = context;
    struct envelope envelope;

    if (envelope_decode(bytes, length, &envelope) != CR_OK)
        carry->strange++;
    else
        handlers[envelope.type](carry, from, &envelope, now_ms);
}

static void on_cut(void *context, store_node node, uint64_t now_ms)
{
    struct carry *carry = context;

    for (struct peer *peer = carry->peers; peer != NULL; peer = peer->next) {
        if (node == STORE_EVERYBODY || peer->node == node)
            peer_end(carry, peer, now_ms);
    }
    if (node == STORE_EVERYBODY)
        rooms_doubt(carry->office);
}

static void on_lost(void *context, void *local, uint64_t now_ms)
{
    (void)context;
    (void)now_ms;
    room_lose(local);
}

struct carry *carry_new(struct office *office)
{
    struct carry *carry = calloc(1, sizeof *carry);
    uint64_t seed = (uint64_t)office->draw(office->draw_context) << 32 | office->draw(office->draw_context);

    if (carry == NULL)
        return NULL;
    carry->office = office;
    distants_init(carry, seed);
    carried_init(carry, ~seed);
    gossip_open(&carry->gossip, seed);
    office->store->sink = (struct store_sink){on_deliver, on_cut, on_lost, carry};
    return carry;
}

void carry_free(struct carry *carry)
{
    struct peer *peer;

    if (carry == NULL)
        return;
    while ((peer = carry->peers) != NULL) {
        carried_cut(carry, peer);
        carry->peers = peer->next;
        free(peer);
    }
    wheel_cancel(carry->office->wheel, &carry->tick);
    table_wipe(&carry->distants);
    table_wipe(&carry->carried);
    gossip_close(&carry->gossip);
    free(carry);
}

static void gossip_note(struct carry *carry, uint64_t address, int count, uint64_t now_ms)
{
    if (!carry->office->store->is_shared)
        return;
    gossip_add(&carry->gossip, quota_network(address), count);
    carry_watch_clock(carry, now_ms);
}

void carry_charge(struct carry *carry, uint64_t address, uint64_t now_ms)
{
    quota_spend(carry->office->quota, address, TALLY_FAILED_JOIN, 1, now_ms);
    gossip_note(carry, address, 1, now_ms);
}

void carry_refund(struct carry *carry, const struct joiner *joiner, uint64_t now_ms)
{
    if (joiner->node != 0) {
        carry_answer(carry, joiner->node, ENVELOPE_REFUND, joiner->link);
    } else if (joiner->address != 0) {
        quota_refund(carry->office->quota, joiner->address, TALLY_FAILED_JOIN, now_ms);
        gossip_note(carry, joiner->address, -1, now_ms);
    }
}

uint64_t carry_strange(const struct carry *carry)
{
    return carry->strange;
}
