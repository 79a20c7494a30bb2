/* The post between nodes: what is published goes into the other node's inbox with a number, and a number that is missing ends what is carried. */
#include "redis_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION 1
#define HEAD_BYTES 17 /* version, the node that sends, the number */
#define INBOX_MAX "20000"
#define READ_COUNT "64"
#define READ_BLOCK_MS "1000"
#define READ_SOON_US 500000 /* nothing, so soon: it did not wait as it was told to */
#define PEERS_MAX 1024
#define WAITING_MAX (ENGINE_WAITING_MAX / 4 * 3) /* the rest is for questions and beats */
#define BYTES_MAX (ENGINE_BYTES_MAX / 2)

/* A message on its way to the engine. */
struct letter {
    struct redis *redis;
    store_node to;
    uint64_t number; /* 0: its loss is not noticed */
};

static uint64_t peer_hash(uint64_t seed, const void *entry)
{
    return table_mix(seed, ((const struct peer *)entry)->node);
}

static int peer_equal(const void *entry, const void *key)
{
    return ((const struct peer *)entry)->node == ((const struct peer *)key)->node;
}

void post_init(struct redis *redis, uint64_t seed)
{
    table_init(&redis->peers, seed, peer_hash, peer_equal);
}

void post_wipe(struct redis *redis)
{
    for (size_t i = 0; i < redis->peers.capacity; i++)
        free(redis->peers.slots[i]);
    table_wipe(&redis->peers);
}

static struct peer *peer_find(const struct redis *redis, store_node node)
{
    const struct peer key = {.node = node};

    return table_find(&redis->peers, &key);
}

/* NULL without memory, or with too many. */
static struct peer *peer_get(struct redis *redis, store_node node)
{
    struct peer *peer = peer_find(redis, node);

    if (peer != NULL || node == STORE_EVERYBODY || redis->peers.count >= PEERS_MAX)
        return peer;
    peer = calloc(1, sizeof *peer);
    if (peer == NULL)
        return NULL;
    peer->node = node;
    if (table_add(&redis->peers, peer) == CR_OK)
        return peer;
    free(peer);
    return NULL;
}

static void peer_remove(struct redis *redis, struct peer *peer)
{
    table_remove(&redis->peers, peer);
    free(peer);
}

static void cut(struct redis *redis, store_node node)
{
    redis->figures.cuts++;
    if (!redis->is_closing)
        redis->store.sink.cut(redis->store.sink.context, node, redis_now(redis));
}

static void peer_cut(struct redis *redis, struct peer *peer)
{
    peer->told = 0;
    peer->is_cut = 1;
    cut(redis, peer->node);
}

static void peer_die(struct redis *redis, store_node node)
{
    struct peer *peer = peer_find(redis, node);

    if (peer == NULL)
        return;
    peer_remove(redis, peer);
    cut(redis, node);
}

void post_cut_all(struct redis *redis)
{
    for (size_t i = 0; i < redis->peers.capacity; i++) {
        struct peer *peer = redis->peers.slots[i];

        if (peer != NULL) {
            peer->told = 0;
            peer->is_cut = 1;
        }
    }
    cut(redis, STORE_EVERYBODY);
}

void post_watch(struct store *store, store_node node, int is_on)
{
    struct peer *peer = is_on ? peer_get(redis_of(store), node) : peer_find(redis_of(store), node);

    if (peer != NULL)
        peer->is_watched = is_on != 0;
}

static void on_posted(void *context, const struct engine_reply *reply)
{
    struct letter *letter = context;
    struct redis *redis = letter->redis;
    struct peer *peer = redis->is_closing ? NULL : peer_find(redis, letter->to);
    int is_there = engine_kind(reply) == ENGINE_NUMBER;

    redis_complain(redis, reply);
    if (is_there && engine_number(reply) == 0)
        peer_die(redis, letter->to);
    else if (!is_there && peer != NULL && letter->number != 0 && letter->number >> 32 == peer->told >> 32)
        peer_cut(redis, peer);
    free(letter);
}

static void number_write(uint8_t *at, uint64_t number)
{
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(number >> (56 - 8 * i));
}

static uint64_t number_read(const uint8_t *at)
{
    uint64_t number = 0;

    for (int i = 0; i < 8; i++)
        number = number << 8 | at[i];
    return number;
}

static int letter_send(struct redis *redis, store_node to, uint64_t number, const uint8_t *bytes,
                       size_t length)
{
    struct letter *letter = calloc(1, sizeof *letter);
    uint8_t *envelope = malloc(HEAD_BYTES + length);
    struct words words;
    char node[NODE_BYTES];
    int sent = -1;

    if (letter == NULL || envelope == NULL)
        goto out;
    *letter = (struct letter){redis, to, number};
    envelope[0] = VERSION;
    number_write(envelope + 1, redis->store.self);
    number_write(envelope + 9, number);
    if (length > 0)
        memcpy(envelope + HEAD_BYTES, bytes, length);
    node_write(to, node);
    words_begin(&words, redis);
    words_text(&words, node);
    words_text(&words, INBOX_MAX);
    words_number(&words, INBOX_MS);
    words_add(&words, envelope, HEAD_BYTES + length);
    sent = words_run(&words, redis, SCRIPT_POST, on_posted, letter);
    if (sent == 0)
        letter = NULL;
out:
    free(envelope);
    free(letter);
    return sent;
}

static int publish_all(struct redis *redis, const uint8_t *bytes, size_t length)
{
    int sent = 0;

    for (size_t i = 0; i < redis->peers.capacity; i++) {
        const struct peer *peer = redis->peers.slots[i];

        if (peer != NULL && peer->is_living && peer->node != redis->store.self)
            sent |= letter_send(redis, peer->node, 0, bytes, length);
    }
    return sent;
}

static int may_publish(const struct redis *redis)
{
    return engine_is_here(redis->commands) && engine_waiting(redis->commands) <= WAITING_MAX &&
           engine_waiting_bytes(redis->commands) <= BYTES_MAX && !redis->is_cut_off;
}

/* After one that was not sent the next begins anew, so that the other node cuts as well. */
int post_publish(struct store *store, store_node to, const uint8_t *bytes, size_t length)
{
    struct redis *redis = redis_of(store);
    struct peer *peer = may_publish(redis) ? peer_get(redis, to) : NULL;

    if (to == STORE_EVERYBODY)
        return may_publish(redis) ? publish_all(redis, bytes, length) : -1;
    if (peer != NULL && ((uint32_t)peer->told == 0 || (uint32_t)peer->told == UINT32_MAX))
        peer->told = (uint64_t)++redis->rounds << 32;
    if (peer != NULL && letter_send(redis, to, peer->told + 1, bytes, length) == 0) {
        peer->told++;
        return 0;
    }
    peer = peer_find(redis, to);
    if (peer != NULL)
        peer->told = 0;
    return -1;
}

/* Whether a message with that number is to be delivered. A round that is new says that the other has cut, and begun anew. */
static int number_take(struct redis *redis, struct peer *peer, uint64_t number)
{
    uint64_t heard = peer->heard;
    int is_next = number == heard + 1, is_first = (uint32_t)number == 1;
    int is_anew = is_first && (heard == 0 || peer->is_cut);

    if (number <= heard)
        return 0;
    peer->heard = number;
    if (!is_next && !is_first)
        redis->figures.holes++;
    if (!is_anew && (!is_next || heard == 0))
        cut(redis, peer->node);
    peer->is_cut = 0;
    return 1;
}

static void letter_take(struct redis *redis, const uint8_t *bytes, size_t length)
{
    struct peer *peer;
    store_node from;
    uint64_t number;

    if (length < HEAD_BYTES || bytes[0] != VERSION)
        return;
    from = number_read(bytes + 1);
    number = number_read(bytes + 9);
    peer = peer_get(redis, from);
    if (peer == NULL || (number != 0 && !number_take(redis, peer, number)))
        return;
    redis->delivered++;
    redis->delivered_bytes += length;
    redis->store.sink.deliver(redis->store.sink.context, from, bytes + HEAD_BYTES, length - HEAD_BYTES,
                              redis_now(redis));
}

static void entry_take(struct redis *redis, const struct engine_reply *entry)
{
    const struct engine_reply *fields = engine_at(entry, 1);
    size_t id_length, length;
    const char *id = engine_text(engine_at(entry, 0), &id_length), *bytes;

    if (id_length == 0 || id_length >= ENTRY_BYTES)
        return;
    memcpy(redis->read, id, id_length + 1);
    for (size_t i = 0; i + 1 < engine_count(fields); i += 2) {
        if (strcmp(engine_text(engine_at(fields, i), NULL), "e") == 0) {
            bytes = engine_text(engine_at(fields, i + 1), &length);
            letter_take(redis, (const uint8_t *)bytes, length);
            return;
        }
    }
}

static void on_read(void *context, const struct engine_reply *reply)
{
    struct redis *redis = context;
    const struct engine_reply *entries = engine_at(engine_at(reply, 0), 1);

    redis->is_reading = 0;
    redis_complain(redis, reply);
    if (redis->is_closing || reply == NULL || engine_kind(reply) == ENGINE_ERROR)
        return;
    for (size_t i = 0; i < engine_count(entries); i++)
        entry_take(redis, engine_at(entries, i));
    if (engine_count(entries) > 0 || engine_round_trip_us(redis->reader) > READ_SOON_US)
        post_read(redis);
}

void post_read(struct redis *redis)
{
    char inbox[STORE_REDIS_PREFIX_BYTES + NODE_BYTES + 4];
    struct engine_word words[] = {{"XREAD", 5},
                                  {"COUNT", 5},
                                  {READ_COUNT, sizeof READ_COUNT - 1},
                                  {"BLOCK", 5},
                                  {READ_BLOCK_MS, sizeof READ_BLOCK_MS - 1},
                                  {"STREAMS", 7},
                                  {inbox, 0},
                                  {redis->read, strlen(redis->read)}};

    if (redis->is_reading)
        return;
    words[6].length = (size_t)snprintf(inbox, sizeof inbox, "%sin:%s", redis->rules.prefix, redis->self);
    redis->is_reading = engine_ask(redis->reader, words, sizeof words / sizeof words[0], on_read, redis) == 0;
}

void post_name_watched(struct redis *redis, struct words *words)
{
    for (size_t i = 0; i < redis->peers.capacity && words->number_count + 8 < ENGINE_WORDS_MAX / 2; i++) {
        const struct peer *peer = redis->peers.slots[i];

        if (peer != NULL && peer->is_watched) {
            node_write(peer->node, words->numbers[words->number_count]);
            words_text(words, words->numbers[words->number_count++]);
        }
    }
}

/* One that neither lives nor is watched is forgotten, with its numbers: it does not come back. */
static void peers_forget(struct redis *redis)
{
    struct peer *gone;

    do {
        gone = NULL;
        for (size_t i = 0; i < redis->peers.capacity && gone == NULL; i++) {
            struct peer *peer = redis->peers.slots[i];

            if (peer != NULL && !peer->is_living && !peer->is_watched)
                gone = peer;
        }
        if (gone != NULL)
            peer_remove(redis, gone);
    } while (gone != NULL);
}

void post_living(struct redis *redis, const struct engine_reply *nodes)
{
    for (size_t i = 0; i < redis->peers.capacity; i++) {
        if (redis->peers.slots[i] != NULL)
            ((struct peer *)redis->peers.slots[i])->is_living = 0;
    }
    for (size_t i = 0; i < engine_count(nodes); i++) {
        struct peer *peer = peer_get(redis, node_read(engine_text(engine_at(nodes, i), NULL)));

        if (peer != NULL)
            peer->is_living = 1;
    }
    peers_forget(redis);
}

void post_dead(struct redis *redis, const struct engine_reply *nodes)
{
    for (size_t i = 0; i < engine_count(nodes); i++)
        peer_die(redis, node_read(engine_text(engine_at(nodes, i), NULL)));
}

static int entry_parse(const char *entry, uint64_t parts[static 2])
{
    return sscanf(entry, "%" SCNu64 "-%" SCNu64, &parts[0], &parts[1]) == 2 ? 0 : -1;
}

void post_next(const struct redis *redis, char entry[static ENTRY_BYTES])
{
    uint64_t parts[2] = {0, 0};

    (void)entry_parse(redis->read, parts);
    snprintf(entry, ENTRY_BYTES, "%" PRIu64 "-%" PRIu64, parts[0], parts[1] + 1);
}

void post_check(struct redis *redis, const char *newest)
{
    uint64_t there[2], read[2];

    if (entry_parse(newest, there) != 0 || entry_parse(redis->read_then, read) != 0)
        return;
    if (there[0] < read[0] || (there[0] == read[0] && there[1] < read[1]))
        strcpy(redis->read, "0-0");
}
