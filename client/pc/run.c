/* The pump between a transfer, the net, the clock and the person. */
#include "run.h"

#include "interrupt.h"
#include "say.h"

#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define LAST_WORDS_MS 4000 /* the transfer itself gives up before */
#define INTERRUPTED_MS 1000
#define TICK_MS 1000

struct run {
    const struct run_config *config;
    struct cr_transfer *transfer;
    struct net *net;
    struct outcome *outcome;
    enum net_state known; /* the state the transfer was told of */
    int has_ended;
    int is_listening;
    int code_fd;   /* -1 unless the number is still to come by it */
    int reader_fd; /* -1 unless what is said goes into a pipe */
    int is_ticking;
    int has_been_online;
    int64_t tick_at;
    int64_t give_up_at; /* when the last words must be out */
};

struct cr_transfer *run_transfer_of(struct run *run)
{
    return run->transfer;
}

const struct app *run_app(const struct run *run)
{
    return run->config->app;
}

void run_listen(struct run *run, int is_wanted)
{
    if (is_wanted == run->is_listening)
        return;
    run->is_listening = is_wanted;
    if (is_wanted)
        net_watch(run->net, STDIN_FILENO);
    else
        net_unwatch(run->net, STDIN_FILENO);
}

void run_await_code(struct run *run, int descriptor)
{
    run->code_fd = descriptor;
    net_watch(run->net, descriptor);
}

static void forget_code(struct run *run)
{
    if (run->code_fd >= 0)
        net_unwatch(run->net, run->code_fd);
    run->code_fd = -1;
}

void run_tick(struct run *run, int is_wanted)
{
    run->is_ticking = is_wanted && run->config->dialogue.tick;
    run->tick_at = net_now();
}

static void pass_connection(struct run *run);

static void on_message(void *self, const uint8_t *message, size_t length)
{
    struct run *run = self;

    pass_connection(run); /* a message may come together with the answer that opens the connection */
    cr_transfer_input(run->transfer, message, length, net_now());
}

static void end_with(struct run *run, enum cr_end end)
{
    run->has_ended = 1;
    run->outcome->end = end;
    if (!run->outcome->interrupted)
        run->give_up_at = net_now() + LAST_WORDS_MS;
}

static void note_end(struct run *run, const struct cr_event *event)
{
    end_with(run, event->end);
    run->outcome->reason = event->reason;
    run->outcome->retry_after = event->seconds;
    run->outcome->has_data_left = event->has_data_left;
}

static void pass_events(struct run *run)
{
    struct cr_event event;

    for (cr_transfer_event(run->transfer, &event); event.type != CR_EVENT_NONE;
         cr_transfer_event(run->transfer, &event)) {
        if (event.type == CR_EVENT_ENDED)
            note_end(run, &event);
        if (event.type == CR_EVENT_STALE) {
            net_close(run->net);
            pass_connection(run);
        }
        run->config->dialogue.event(run->config->dialogue.self, run, &event);
    }
}

static void pass_output(struct run *run)
{
    const uint8_t *message;
    size_t length;

    if (net_state(run->net) != NET_OPEN || net_is_sending(run->net))
        return;
    if (cr_transfer_output(run->transfer, &message, &length) != CR_OK)
        return;
    if (!net_send(run->net, message, length))
        cr_transfer_sent(run->transfer);
}

static void connection_lost(struct run *run)
{
    enum net_failure failure = net_why(run->net);

    run->outcome->net = failure;
    if (!run->has_been_online && net_is_final(failure)) {
        end_with(run, CR_END_RELAY_UNREACHABLE);
        run->give_up_at = net_now();
        return;
    }
    cr_transfer_lost(run->transfer, failure == NET_REFUSED, net_now());
}

static void pass_connection(struct run *run)
{
    enum net_state state = net_state(run->net);

    if (state == run->known)
        return;
    run->known = state;
    if (state == NET_OPEN) {
        run->has_been_online = 1;
        cr_transfer_connected(run->transfer, net_now());
    } else if (state == NET_CLOSED) {
        connection_lost(run);
    }
}

static void connect_if_due(struct run *run)
{
    int64_t now = net_now();

    if (cr_transfer_connect_at(run->transfer) > now)
        return;
    cr_transfer_connecting(run->transfer, now);
    net_open(run->net);
    run->known = NET_CONNECTING;
}

static int is_readable(int descriptor)
{
    struct pollfd waiting = {descriptor, POLLIN, 0};

    return poll(&waiting, 1, 0) > 0 && waiting.revents;
}

static void pass_line(struct run *run)
{
    const struct dialogue *dialogue = &run->config->dialogue;
    char line[TERMINAL_LINE_BYTES];
    enum terminal_input found;
    size_t length = 0;

    if (!run->is_listening || !is_readable(STDIN_FILENO))
        return;
    found = terminal_take_line(line, sizeof(line), &length);
    if (found == TERMINAL_LINE) {
        dialogue->line(dialogue->self, run, line, length);
    } else if (found != TERMINAL_NOTHING && !interrupt_signal()) {
        run_listen(run, 0);
        dialogue->line(dialogue->self, run, NULL, 0);
    }
    sodium_memzero(line, sizeof(line)); /* may hold the number */
}

static void pass_code(struct run *run)
{
    const struct dialogue *dialogue = &run->config->dialogue;
    int descriptor = run->code_fd;

    if (descriptor < 0 || run->has_ended || !is_readable(descriptor))
        return;
    forget_code(run);
    dialogue->code(dialogue->self, run, descriptor);
}

static void pass_interrupt(struct run *run)
{
    if (!interrupt_signal() || run->outcome->interrupted)
        return;
    run->outcome->interrupted = interrupt_signal();
    net_unwatch(run->net, interrupt_fd());
    run_listen(run, 0);
    forget_code(run);
    run->give_up_at = net_now() + INTERRUPTED_MS;
    cr_transfer_cancel(run->transfer, net_now());
}

/* A pipe that nobody reads any more: neither the number nor the end would be heard of. */
static void watch_reader(struct run *run)
{
    int descriptor = say_is_json() ? STDOUT_FILENO : STDERR_FILENO;
    struct stat status;

    if (fstat(descriptor, &status) || !S_ISFIFO(status.st_mode))
        return;
    run->reader_fd = descriptor;
    net_watch(run->net, descriptor);
}

static void forget_reader(struct run *run)
{
    if (run->reader_fd >= 0)
        net_unwatch(run->net, run->reader_fd);
    run->reader_fd = -1;
}

static void pass_reader(struct run *run)
{
    struct pollfd waiting = {run->reader_fd, 0, 0};

    if (run->reader_fd < 0 || poll(&waiting, 1, 0) <= 0)
        return;
    forget_reader(run);
    interrupt_raise(SIGPIPE);
}

static void pass_tick(struct run *run)
{
    const struct dialogue *dialogue = &run->config->dialogue;

    if (!run->is_ticking || run->has_ended || net_now() < run->tick_at)
        return;
    run->tick_at = net_now() + TICK_MS;
    dialogue->tick(dialogue->self, run, net_now());
}

static int64_t earlier(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

static int64_t next_deadline(const struct run *run)
{
    int64_t at = earlier(cr_transfer_deadline(run->transfer), NET_NEVER);

    at = earlier(at, cr_transfer_connect_at(run->transfer));
    if (run->is_ticking && !run->has_ended)
        at = earlier(at, run->tick_at);
    if (run->has_ended || run->outcome->interrupted)
        at = earlier(at, run->give_up_at);
    return at;
}

/* The last words are out when the relay has answered them, or there is nobody to say them to. */
static int is_over(const struct run *run)
{
    if ((run->has_ended || run->outcome->interrupted) && net_now() >= run->give_up_at)
        return 1;
    return run->has_ended && cr_transfer_is_finished(run->transfer) && !net_is_sending(run->net);
}

static void pump(struct run *run)
{
    while (!is_over(run)) {
        net_wait(run->net, next_deadline(run));
        pass_connection(run);
        cr_transfer_tick(run->transfer, net_now());
        pass_reader(run);
        pass_interrupt(run);
        pass_line(run);
        pass_code(run);
        pass_events(run);
        pass_tick(run);
        connect_if_due(run);
        pass_output(run);
    }
}

static void platform_name(char *text, size_t capacity)
{
    struct utsname name;

    snprintf(text, capacity, "%s", uname(&name) ? "" : name.sysname);
}

/* This device's name as the other one may be told it: printable, and cut between characters. */
static void own_name(const char *name, char text[static CR_NAME_MAX_BYTES + 1])
{
    char *printable = store_printable(name, strlen(name));
    size_t length = printable ? strlen(printable) : 0;

    if (length > CR_NAME_MAX_BYTES)
        for (length = CR_NAME_MAX_BYTES; length && ((unsigned char)printable[length] & 0xc0) == 0x80;
             length--)
            ;
    if (length)
        memcpy(text, printable, length);
    text[length] = '\0';
    free(printable);
}

static int transfer_new(struct run *run)
{
    const struct run_config *config = run->config;
    char platform[CR_NAME_MAX_BYTES], name[CR_NAME_MAX_BYTES + 1];
    struct cr_transfer_config transfer = {.side = config->side,
                                          .role = config->role,
                                          .secrets = config->secrets,
                                          .invite = config->invite,
                                          .name = name,
                                          .platform = platform,
                                          .program = "certrelay " CERTRELAY_VERSION,
                                          .patience_ms = config->app->settings.patience_ms,
                                          .permit = config->permit->bytes,
                                          .permit_bytes = config->permit->length};

    own_name(config->app->settings.name, name);
    platform_name(platform, sizeof(platform));
    return cr_transfer_new(&run->transfer, &transfer, net_now());
}

void run_transfer(const struct run_config *config, struct outcome *outcome)
{
    struct run run = {.config = config,
                      .net = config->net,
                      .outcome = outcome,
                      .known = NET_CLOSED,
                      .code_fd = -1,
                      .reader_fd = -1};

    memset(outcome, 0, sizeof(*outcome));
    outcome->role = config->role;
    if (transfer_new(&run)) {
        outcome->end = CR_END_MEMORY;
        return;
    }
    net_on_message(run.net, on_message, &run);
    if (interrupt_signal())
        pass_interrupt(&run);
    else
        net_watch(run.net, interrupt_fd());
    watch_reader(&run);
    config->dialogue.begin(config->dialogue.self, &run);
    connect_if_due(&run);
    pump(&run);
    run_listen(&run, 0);
    forget_code(&run);
    forget_reader(&run);
    terminal_status(NULL);
    net_unwatch(run.net, interrupt_fd());
    net_on_message(run.net, NULL, NULL);
    net_close(run.net);
    cr_transfer_free(run.transfer);
}
