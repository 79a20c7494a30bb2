/* libuv, and nothing else of it than this. */
#include "loop.h"

#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <uv.h>

static const int signals[] = {SIGTERM, SIGINT, SIGHUP};

#define WATCHES_MAX (CONFIG_LISTENS_MAX + 3)

#define SIGNALS (sizeof signals / sizeof signals[0])

struct watch {
    uv_poll_t poll;
    int fd;
    int is_used;
};

struct loop {
    uv_loop_t uv;
    struct loop_sink sink;
    uv_timer_t timer;
    uv_timer_t pulse;
    uv_timer_t beat;
    uv_prepare_t prepare;
    uv_signal_t signals[SIGNALS];
    struct watch watches[WATCHES_MAX];
};

static void on_timer(uv_timer_t *timer)
{
    struct loop *loop = timer->data;

    loop->sink.tick(loop->sink.context, uv_now(&loop->uv));
}

static void on_pulse(uv_timer_t *timer)
{
    struct loop *loop = timer->data;

    loop->sink.pulse(loop->sink.context);
}

static void on_beat(uv_timer_t *timer)
{
    struct loop *loop = timer->data;

    loop->sink.beat(loop->sink.context);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct loop *loop = handle->data;

    loop->sink.signal(loop->sink.context, number, uv_now(&loop->uv));
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct loop *loop = prepare->data;

    loop->sink.rest(loop->sink.context);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct watch *watch = (struct watch *)poll;
    struct loop *loop = poll->data;

    (void)events;
    if (status == 0)
        loop->sink.readable(loop->sink.context, watch->fd, uv_now(&loop->uv));
}

struct loop *loop_new(const struct loop_sink *sink)
{
    struct loop *loop = calloc(1, sizeof *loop);

    if (loop == NULL || uv_loop_init(&loop->uv) != 0) {
        free(loop);
        return NULL;
    }
    signal(SIGPIPE, SIG_IGN);
    loop->sink = *sink;
    uv_timer_init(&loop->uv, &loop->timer);
    loop->timer.data = loop;
    uv_timer_init(&loop->uv, &loop->pulse);
    loop->pulse.data = loop;
    uv_timer_init(&loop->uv, &loop->beat);
    loop->beat.data = loop;
    uv_prepare_init(&loop->uv, &loop->prepare);
    loop->prepare.data = loop;
    uv_prepare_start(&loop->prepare, on_prepare);
    for (size_t i = 0; i < SIGNALS; i++) {
        uv_signal_init(&loop->uv, &loop->signals[i]);
        loop->signals[i].data = loop;
        uv_signal_start(&loop->signals[i], on_signal, signals[i]);
    }
    return loop;
}

void *loop_handle(struct loop *loop)
{
    return &loop->uv;
}

uint64_t loop_now(const struct loop *loop)
{
    return uv_now(&loop->uv);
}

static struct watch *watch_find(struct loop *loop, int fd)
{
    struct watch *spare = NULL;

    for (size_t i = 0; i < WATCHES_MAX; i++) {
        struct watch *watch = &loop->watches[i];

        if (watch->is_used && watch->fd == fd)
            return watch;
        if (!watch->is_used && spare == NULL)
            spare = watch;
    }
    if (spare == NULL || uv_poll_init(&loop->uv, &spare->poll, fd) != 0)
        return NULL;
    spare->poll.data = loop;
    spare->fd = fd;
    spare->is_used = 1;
    return spare;
}

void loop_watch(struct loop *loop, int fd, int is_on)
{
    struct watch *watch = watch_find(loop, fd);

    if (watch == NULL)
        return;
    if (is_on)
        uv_poll_start(&watch->poll, UV_READABLE, on_readable);
    else
        uv_poll_stop(&watch->poll);
}

void loop_tick(struct loop *loop, uint64_t interval_ms)
{
    if (interval_ms == 0)
        uv_timer_stop(&loop->timer);
    else if (!uv_is_active((uv_handle_t *)&loop->timer))
        uv_timer_start(&loop->timer, on_timer, interval_ms, interval_ms);
}

void loop_pulse(struct loop *loop, uint64_t interval_ms)
{
    if (interval_ms == 0)
        uv_timer_stop(&loop->pulse);
    else
        uv_timer_start(&loop->pulse, on_pulse, interval_ms, interval_ms);
}

void loop_beat(struct loop *loop, uint64_t interval_ms)
{
    if (interval_ms == 0)
        uv_timer_stop(&loop->beat);
    else
        uv_timer_start(&loop->beat, on_beat, interval_ms, interval_ms);
}

void loop_run(struct loop *loop)
{
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop)
{
    uv_stop(&loop->uv);
}

/* One that comes while all ends is late; by default it would kill. */
static void signals_block(void)
{
    sigset_t late;

    sigemptyset(&late);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaddset(&late, signals[i]);
    sigprocmask(SIG_BLOCK, &late, NULL);
}

void loop_settle(struct loop *loop)
{
    signals_block();
    uv_timer_stop(&loop->timer);
    uv_timer_stop(&loop->pulse);
    uv_timer_stop(&loop->beat);
    uv_prepare_stop(&loop->prepare);
    for (size_t i = 0; i < SIGNALS; i++)
        uv_signal_stop(&loop->signals[i]);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

int loop_free(struct loop *loop)
{
    int left;

    signals_block();
    uv_close((uv_handle_t *)&loop->timer, NULL);
    uv_close((uv_handle_t *)&loop->pulse, NULL);
    uv_close((uv_handle_t *)&loop->beat, NULL);
    uv_close((uv_handle_t *)&loop->prepare, NULL);
    for (size_t i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&loop->signals[i], NULL);
    for (size_t i = 0; i < WATCHES_MAX; i++) {
        if (loop->watches[i].is_used)
            uv_close((uv_handle_t *)&loop->watches[i].poll, NULL);
    }
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    left = uv_loop_close(&loop->uv);
    free(loop);
    return left;
}
