/* A redis-server of the test's own, on a socket in a temporary folder, and stores of several nodes on one loop. */
#ifndef TESTS_REDIS_RIG_H
#define TESTS_REDIS_RIG_H

#include "store_redis.h"

#include <hiredis/hiredis.h>
#include <sys/types.h>
#include <uv.h>

#define RIG_NODES_MAX 4
#define RIG_HEARD_MAX 8192

/* What a node's store has told its user. */
struct rig_node {
    struct rig *rig;
    struct store *store;
    size_t heard_count, cuts, cuts_of_all, lost_count;
    store_node cut_last;
    void *lost_last;
    uint32_t heard[RIG_HEARD_MAX]; /* the first four bytes of each message; a cut is RIG_CUT */
    size_t news_away, news_here, news_denied;
    char why[ENGINE_WHY_BYTES];
};

#define RIG_CUT UINT32_MAX

/* The answer to one question. */
struct rig_answer {
    int is_there;
    enum store_result result;
    struct store_record record;
    int adopts; /* give the record a mailbox, as its owner must */
    struct store *store;
    void *local;
};

struct rig {
    char folder[64], path[96];
    char options[6][128]; /* more words for the server; "" ends them */
    pid_t server;
    redisContext *talk;
    uv_loop_t loop;
    uv_timer_t alive; /* keeps the loop turning */
    struct engine_place place;
    uint64_t rest_ms;
    uint64_t seed;
    struct rig_node nodes[RIG_NODES_MAX];
};

/* 1, or 0 when there is no server on this machine. */
int rig_can(void);
void rig_open(struct rig *rig);
/* All stores end, and the server; all keys had a lifetime. */
void rig_close(struct rig *rig);
void rig_server_start(struct rig *rig);
void rig_server_kill(struct rig *rig);
void rig_server_signal(struct rig *rig, int number);

/* A command that must work; the number it answers, or the length of its text or list. */
long long rig_say(struct rig *rig, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Another node; its store is there, or as it comes. */
struct rig_node *rig_node_begin(struct rig *rig);
struct rig_node *rig_node(struct rig *rig);
void rig_node_end(struct rig_node *node);
/* Others take it for dead from now until its next beat. */
void rig_node_cut_off(struct rig_node *node);

void rig_turn(struct rig *rig, unsigned ms);
/* Turns the loop until it is so; fails the test when that takes long. */
void rig_until(struct rig *rig, int (*is_so)(void *context), void *context);
void rig_until_here(struct rig_node *node);
void rig_until_away(struct rig_node *node);

void rig_answered(void *context, enum store_result result, const struct store_record *record);
/* Ask, and wait for the answer. local, when not NULL, is adopted where a mailbox is to be made. */
struct rig_answer rig_allocate(struct rig_node *node, uint32_t token, void *local);
struct rig_answer rig_claim(struct rig_node *node, const struct cr_nameplate *nameplate, uint32_t token,
                            void *local);
struct rig_answer rig_find(struct rig_node *node, uint32_t token, void *local);
void rig_token(uint32_t number, uint8_t token[static CR_TOKEN_BYTES]);

#endif
