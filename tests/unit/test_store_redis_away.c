/* The shared store with an engine that is away, full, frozen, a replica, behind a password, or no engine at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "redis_rig.h"
#include "secret.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static struct rig rig;
static char room;

static int open_one(void **state)
{
    (void)state;
    rig_open(&rig);
    rig_server_start(&rig);
    return 0;
}

static int open_none(void **state)
{
    (void)state;
    rig_open(&rig);
    return 0;
}

static int close_one(void **state)
{
    (void)state;
    rig_close(&rig);
    secret_free(rig.place.secret);
    return 0;
}

static void a_frozen_engine_is_away_and_each_question_is_answered(void **state)
{
    struct rig_node *one = rig_node(&rig);
    struct rig_answer answers[50];
    uint8_t token[CR_TOKEN_BYTES];

    (void)state;
    rig_allocate(one, 1, &room);
    rig_server_signal(&rig, SIGSTOP);
    for (uint32_t i = 0; i < 50; i++) {
        answers[i] = (struct rig_answer){.store = one->store};
        rig_token(i, token);
        one->store->find(one->store, token, rig_answered, &answers[i]);
        assert_false(answers[i].is_there);
    }
    rig_until_away(one);
    for (int i = 0; i < 50; i++) {
        assert_true(answers[i].is_there);
        assert_int_equal(answers[i].result, STORE_AWAY);
    }
    assert_int_equal(rig_find(one, 1, NULL).result, STORE_AWAY);
    assert_string_equal(one->why, "it does not answer");
    rig_turn(&rig, 2000);
    assert_int_equal(one->cuts_of_all, 1);
    assert_int_equal(one->store->publish(one->store, 5, token, 1), -1);
    rig_server_signal(&rig, SIGCONT);
    rig_until_here(one);
    assert_ptr_equal(rig_find(one, 1, NULL).record.local, &room);
    assert_int_equal(one->cuts_of_all, 1);
    assert_int_equal(one->lost_count, 0);
}

static void more_questions_than_are_kept_are_answered_at_once(void **state)
{
    struct rig_node *one = rig_node(&rig);
    static struct rig_answer answers[6000];
    size_t at_once = 0;
    uint8_t token[CR_TOKEN_BYTES];

    (void)state;
    rig_server_signal(&rig, SIGSTOP);
    for (uint32_t i = 0; i < 6000; i++) {
        answers[i] = (struct rig_answer){.store = one->store};
        rig_token(i, token);
        one->store->find(one->store, token, rig_answered, &answers[i]);
        at_once += answers[i].is_there != 0;
    }
    assert_in_range(at_once, 1900, 2000);
    rig_until_away(one);
    for (int i = 0; i < 6000; i++)
        assert_int_equal(answers[i].result, STORE_AWAY);
    rig_server_signal(&rig, SIGCONT);
    rig_until_here(one);
}

static void a_full_engine_refuses_what_is_new_and_keeps_what_is_there(void **state)
{
    struct rig_node *one = rig_node(&rig), *other = rig_node(&rig);

    (void)state;
    rig_allocate(one, 1, &room);
    (void)rig_say(&rig, "CONFIG SET maxmemory 1000");
    rig_until_away(one);
    assert_non_null(strstr(one->why, "full"));
    assert_int_equal(rig_allocate(one, 2, &room).result, STORE_AWAY);
    assert_string_equal(one->why, "it answers OOM");
    rig_turn(&rig, 3500);
    assert_int_equal(rig_say(&rig, "KEYS test:node:*"), 2);
    assert_int_equal(rig_find(other, 1, NULL).record.owner, one->store->self);
    assert_int_equal(one->cuts_of_all, 0);
    (void)rig_say(&rig, "CONFIG SET maxmemory 0");
    rig_until_here(one);
    assert_int_equal(rig_allocate(one, 2, &room).result, STORE_NEW);
}

static void an_engine_that_was_emptied_under_its_nodes_knows_nothing_of_what_it_forgot(void **state)
{
    struct rig_node *one = rig_node(&rig), *other = rig_node(&rig);
    struct cr_nameplate plate = rig_allocate(one, 1, &room).record.nameplate;

    (void)state;
    assert_int_equal(rig_find(other, 2, NULL).result, STORE_NOTHING);
    (void)rig_say(&rig, "FLUSHALL");
    assert_int_equal(rig_find(other, 1, NULL).result, STORE_AWAY);
    assert_int_equal(rig_claim(other, &plate, 2, NULL).result, STORE_AWAY);
    while (rig_say(&rig, "KEYS test:node:*") < 2)
        rig_turn(&rig, 20);
    assert_int_not_equal(rig_find(other, 1, NULL).result, STORE_NOTHING);
    assert_int_equal(rig_find(other, 2, NULL).result, STORE_AWAY); /* others may still have to tell of it */
}

static void a_replica_is_no_engine_until_it_is_promoted(void **state)
{
    struct rig_node *one = rig_node(&rig);

    (void)state;
    rig_allocate(one, 1, &room);
    (void)rig_say(&rig, "REPLICAOF 127.0.0.1 1");
    rig_until_away(one);
    assert_int_equal(rig_allocate(one, 2, &room).result, STORE_AWAY);
    assert_non_null(strstr(one->why, "READONLY"));
    (void)rig_say(&rig, "REPLICAOF NO ONE");
    rig_until_here(one);
    assert_ptr_equal(rig_find(one, 1, NULL).record.local, &room);
}

static void a_node_waits_for_its_engine(void **state)
{
    struct rig_node *one = rig_node_begin(&rig);

    (void)state;
    rig_turn(&rig, 700);
    assert_int_equal(one->store->state(one->store, NULL), STORE_AWAY_NOW);
    assert_int_equal(rig_allocate(one, 1, &room).result, STORE_AWAY);
    assert_in_range(one->news_away, 2, 20); /* it asks again, and not all the time */
    assert_int_equal(one->news_denied, 0);
    rig_server_start(&rig);
    rig_until_here(one);
    assert_int_equal(rig_allocate(one, 1, &room).result, STORE_NEW);
    assert_int_equal(one->cuts, 0);
}

static void password_write(const char *text)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof path, "%s/password", rig.folder);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    if (rig.place.secret == NULL)
        rig.place.secret = secret_new(path);
    assert_non_null(rig.place.secret);
}

static void a_password_lets_in(void **state)
{
    struct rig_node *one;

    (void)state;
    (void)rig_say(&rig, "CONFIG SET requirepass correct-horse");
    password_write("correct-horse\nand what is below it\n");
    assert_int_equal(secret_read(rig.place.secret), 0);
    one = rig_node(&rig);
    assert_int_equal(rig_allocate(one, 1, &room).result, STORE_NEW);
    (void)rig_say(&rig, "CONFIG SET requirepass %s", "");
}

static int is_denied(void *context)
{
    return ((struct rig_node *)context)->news_denied >= 2; /* by both connections */
}

static void a_wrong_password_is_said_and_not_tried_all_the_time(void **state)
{
    struct rig_node *one;

    (void)state;
    (void)rig_say(&rig, "CONFIG SET requirepass correct-horse");
    password_write("battery-staple");
    assert_int_equal(secret_read(rig.place.secret), 0);
    one = rig_node_begin(&rig);
    rig_until(&rig, is_denied, one);
    assert_non_null(strstr(one->why, "WRONGPASS"));
    assert_null(strstr(one->why, "battery"));
    rig_turn(&rig, 3000);
    assert_int_equal(one->news_denied, 2);
    assert_int_equal(one->news_away, 2);
    (void)rig_say(&rig, "CONFIG SET requirepass %s", "");
}

static void without_the_password_it_is_said(void **state)
{
    struct rig_node *one;

    (void)state;
    (void)rig_say(&rig, "CONFIG SET requirepass correct-horse");
    one = rig_node_begin(&rig);
    rig_until(&rig, is_denied, one);
    assert_non_null(strstr(one->why, "NOAUTH"));
    (void)rig_say(&rig, "CONFIG SET requirepass %s", "");
}

static void a_password_file_without_a_password_is_refused(void **state)
{
    char length[SECRET_MAX_BYTES + 2];
    size_t kept;

    (void)state;
    password_write("kept");
    assert_int_equal(secret_read(rig.place.secret), 0);
    password_write("\nbelow");
    assert_int_equal(secret_read(rig.place.secret), EINVAL);
    memset(length, 'x', sizeof length);
    length[SECRET_MAX_BYTES + 1] = '\0';
    password_write(length);
    assert_int_equal(secret_read(rig.place.secret), EINVAL);
    assert_memory_equal(secret_bytes(rig.place.secret, &kept), "kept", 4);
    assert_int_equal(kept, 4);
    length[SECRET_MAX_BYTES] = '\0';
    password_write(length);
    assert_int_equal(secret_read(rig.place.secret), 0);
    (void)secret_bytes(rig.place.secret, &kept);
    assert_int_equal(kept, SECRET_MAX_BYTES);
}

/* What the manual says that a user of its own needs; nothing of it reaches other keys. */
static void a_user_with_the_least_rights_is_enough(void **state)
{
    struct rig_node *one, *other;
    struct cr_nameplate plate;
    struct rig_answer closed = {0};

    (void)state;
    (void)rig_say(&rig,
                  "ACL SETUSER relay on >correct-horse ~test:* resetchannels -@all +select +script|load "
                  "+evalsha +xread +time +get +set +del +exists +pttl +pexpire +pexpireat +hset +hdel "
                  "+hgetall +zadd +zcount +zscore +zrem +zrange +zremrangebyscore +xadd +xtrim +xlen "
                  "+xinfo|stream");
    password_write("correct-horse");
    assert_int_equal(secret_read(rig.place.secret), 0);
    strcpy(rig.place.user, "relay");
    one = rig_node(&rig);
    other = rig_node(&rig);
    plate = rig_allocate(one, 1, &room).record.nameplate;
    assert_int_equal(rig_claim(other, &plate, 2, NULL).result, STORE_NEW);
    one->store->note(one->store, &plate, 1, 30000);
    closed.store = one->store;
    one->store->closed(one->store, &plate, 0, CR_MOOD_DONE, rig_answered, &closed);
    assert_int_equal(one->store->publish(one->store, other->store->self, (const uint8_t *)"on", 2), 0);
    rig_find(one, 9, NULL);
    rig_node_cut_off(one);
    assert_int_equal(rig_find(other, 2, &room).result, STORE_FOUND);
    assert_int_equal(closed.result, STORE_FOUND);
    other->store->disown(other->store, &plate);
    rig_turn(&rig, 1300);
    one->store->release(one->store, &plate, 0);
    one->store->leave(one->store);
    rig_turn(&rig, 300);
    assert_string_equal(one->why, "");
    assert_string_equal(other->why, "");
    assert_int_equal(other->heard_count, 1);
}

/* Something else where the engine should be: it takes connections, and says what it says. */
struct impostor {
    int fd;
    uv_poll_t poll;
    const char *words;
    size_t visits;
};

static void on_visit(uv_poll_t *poll, int status, int events)
{
    struct impostor *impostor = poll->data;
    int fd = accept(impostor->fd, NULL, NULL);

    (void)status;
    (void)events;
    assert_true(fd >= 0);
    impostor->visits++;
    if (impostor->words[0] != '\0')
        assert_true(write(fd, impostor->words, strlen(impostor->words)) > 0);
    shutdown(fd, SHUT_WR);
    close(fd);
}

static void impostor_begin(struct impostor *impostor, const char *words)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    memset(impostor, 0, sizeof *impostor);
    snprintf(address.sun_path, sizeof address.sun_path, "%.90s", rig.path);
    unlink(rig.path);
    impostor->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(impostor->fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(impostor->fd, 16), 0);
    impostor->words = words;
    uv_poll_init(&rig.loop, &impostor->poll, impostor->fd);
    impostor->poll.data = impostor;
    uv_poll_start(&impostor->poll, UV_READABLE, on_visit);
}

static void impostor_end(struct impostor *impostor)
{
    uv_close((uv_handle_t *)&impostor->poll, NULL);
    rig_turn(&rig, 20);
    close(impostor->fd);
}

static void what_is_no_engine_is_visited_seldom_and_outlived(void **state)
{
    static const char *const words[] = {
        "",
        "HTTP/1.1 400 Bad Request\r\n\r\n",
        "-LOADING Redis is loading the dataset in memory\r\n",
        "-MASTERDOWN Link with MASTER is down\r\n",
        "+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n",
        "*-5\r\n$99999999999\r\n",
        "*2\r\n*2\r\n*2\r\n*2\r\n*2\r\n*2\r\n*2\r\n*2\r\n*2\r\n",
        "$40\r\n0123456789012345678901234567890123456789\r\n",
    };
    struct rig_node *one = rig_node_begin(&rig);
    struct impostor impostor;

    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        impostor_begin(&impostor, words[i]);
        while (impostor.visits < 2)
            rig_turn(&rig, 10);
        impostor.visits = 0;
        rig_turn(&rig, 200);
        assert_in_range(impostor.visits, 0, 6);
        assert_int_equal(rig_find(one, 1, NULL).result, STORE_AWAY);
        impostor_end(&impostor);
        if (i % 3 == 2) { /* whoever has failed often waits long */
            rig_node_end(one);
            one = rig_node_begin(&rig);
        }
    }
    rig_server_start(&rig);
    rig_until_here(one);
    assert_int_equal(rig_allocate(one, 1, &room).result, STORE_NEW);
}

/* How many commands the server has had. */
static unsigned long commands_count(void)
{
    redisReply *reply = redisCommand(rig.talk, "INFO stats");
    const char *at = strstr(reply->str, "total_commands_processed:");
    unsigned long count = strtoul(strchr(at, ':') + 1, NULL, 10);

    freeReplyObject(reply);
    return count;
}

/* As behind something that passes commands on and cannot wait. */
static void an_engine_that_does_not_wait_with_an_empty_inbox_is_not_asked_all_the_time(void **state)
{
    static const char *const options[] = {"--rename-command", "XREAD", "WAITS",
                                          "--rename-command", "TOUCH", "XREAD"};
    struct rig_node *one;
    unsigned long before;

    (void)state;
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        strcpy(rig.options[i], options[i]);
    rig_server_start(&rig);
    one = rig_node(&rig);
    before = commands_count();
    rig_turn(&rig, 500);
    assert_in_range(commands_count() - before, 1, 100);
    rig_node_end(one);
}

/* A port of this machine that was free a moment ago, by name and by number. */
static void an_engine_is_found_by_its_name(void **state)
{
    static const char *const hosts[] = {"localhost", "127.0.0.1"};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    (void)state;
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    close(fd);
    strcpy(rig.options[0], "--port");
    snprintf(rig.options[1], sizeof rig.options[1], "%u", (unsigned)ntohs(address.sin_port));
    strcpy(rig.options[2], "--bind");
    strcpy(rig.options[3], "127.0.0.1");
    rig_server_start(&rig);
    rig.place.cable.path[0] = '\0';
    snprintf(rig.place.cable.port, sizeof rig.place.cable.port, "%u", (unsigned)ntohs(address.sin_port));
    for (uint32_t i = 0; i < 2; i++) {
        strcpy(rig.place.cable.host, hosts[i]);
        assert_int_equal(rig_allocate(rig_node(&rig), i, &room).result, STORE_NEW);
    }
}

static void a_name_that_nobody_has_is_said(void **state)
{
    struct rig_node *one;

    (void)state;
    rig.place.cable.path[0] = '\0';
    strcpy(rig.place.cable.host, "no such name");
    strcpy(rig.place.cable.port, "1");
    one = rig_node_begin(&rig);
    while (one->news_away < 3)
        rig_turn(&rig, 10);
    assert_int_equal(one->store->state(one->store, NULL), STORE_AWAY_NOW);
    rig_node_end(one); /* in the midst of asking, perhaps */
}

int main(void)
{
#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, open_one, close_one)
#define WITHOUT(test) cmocka_unit_test_setup_teardown(test, open_none, close_one)
    const struct CMUnitTest tests[] = {
        WITH_SERVER(a_frozen_engine_is_away_and_each_question_is_answered),
        WITH_SERVER(more_questions_than_are_kept_are_answered_at_once),
        WITH_SERVER(a_full_engine_refuses_what_is_new_and_keeps_what_is_there),
        WITH_SERVER(an_engine_that_was_emptied_under_its_nodes_knows_nothing_of_what_it_forgot),
        WITH_SERVER(a_replica_is_no_engine_until_it_is_promoted),
        WITHOUT(a_node_waits_for_its_engine),
        WITH_SERVER(a_password_lets_in),
        WITH_SERVER(a_wrong_password_is_said_and_not_tried_all_the_time),
        WITH_SERVER(without_the_password_it_is_said),
        WITHOUT(a_password_file_without_a_password_is_refused),
        WITH_SERVER(a_user_with_the_least_rights_is_enough),
        WITHOUT(what_is_no_engine_is_visited_seldom_and_outlived),
        WITHOUT(an_engine_that_does_not_wait_with_an_empty_inbox_is_not_asked_all_the_time),
        WITHOUT(an_engine_is_found_by_its_name),
        WITHOUT(a_name_that_nobody_has_is_said),
    };

    return rig_can() ? cmocka_run_group_tests(tests, NULL, NULL) : 0;
}
