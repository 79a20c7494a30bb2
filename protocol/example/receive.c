/* Receives certificates into a new folder: the calling order of <certrelay/transfer.h>, over a line of your own (line.h).
 *
 *     receive wss://relay.example/ws FOLDER
 *
 * shows the number that the person types at the sending device. A sender differs in three places: role CR_SENDER; cr_transfer_consent
 * after CR_EVENT_HELLO, once its person agreed; and CR_EVENT_SAVED is the only sign that it was stored. */
#include "keep.h"
#include "line.h"

#include <certrelay/transfer.h>

#include <stdio.h>

struct receiver {
    struct cr_transfer *transfer;
    struct line *line;
    const char *url, *folder;
    enum cr_end end;
};

static void connect_if_due(struct receiver *me)
{
    if (cr_transfer_connect_at(me->transfer) > line_now())
        return;
    cr_transfer_connecting(me->transfer, line_now());
    me->line = line_open(me->url);
    if (me->line != NULL)
        cr_transfer_connected(me->transfer, line_now());
    else
        cr_transfer_lost(me->transfer, 0, line_now());
}

static void hang_up(struct receiver *me)
{
    line_close(me->line);
    me->line = NULL;
    cr_transfer_lost(me->transfer, 0, line_now());
}

static void speak(struct receiver *me)
{
    const uint8_t *message;
    size_t length;

    while (me->line != NULL && cr_transfer_output(me->transfer, &message, &length) == CR_OK) {
        int said = line_send(me->line, message, length);

        if (said == 0)
            cr_transfer_sent(me->transfer);
        else if (said < 0)
            hang_up(me);
        else
            return;
    }
}

static void hear(void *self, const uint8_t *message, size_t length)
{
    const struct receiver *me = self;

    cr_transfer_input(me->transfer, message, length, line_now());
}

static void listen_on(struct receiver *me)
{
    int64_t deadline = cr_transfer_deadline(me->transfer), connect_at = cr_transfer_connect_at(me->transfer);

    if (line_wait(me->line, deadline < connect_at ? deadline : connect_at, hear, me) != 0)
        hang_up(me);
    cr_transfer_tick(me->transfer, line_now());
}

static void show_number(const struct receiver *me)
{
    char text[CR_CODE_TEXT_BYTES];

    cr_code_format(&cr_transfer_invite(me->transfer)->code, text);
    printf("number: %s\n", text);
    fflush(stdout);
}

static void keep_all(const struct receiver *me)
{
    uint8_t digest[CR_DIGEST_BYTES];

    if (keep_bundle(me->folder, cr_transfer_bundle(me->transfer), digest) == 0)
        cr_transfer_stored(me->transfer, digest, line_now());
    else
        cr_transfer_refuse(me->transfer, CR_REASON_NOT_WRITABLE, line_now());
}

static void act(struct receiver *me)
{
    struct cr_event event;

    for (cr_transfer_event(me->transfer, &event); event.type != CR_EVENT_NONE;
         cr_transfer_event(me->transfer, &event)) {
        if (event.type == CR_EVENT_CODE)
            show_number(me);
        else if (event.type == CR_EVENT_ARRIVED)
            keep_all(me);
        else if (event.type == CR_EVENT_STALE)
            hang_up(me);
        else if (event.type == CR_EVENT_ENDED)
            me->end = event.end;
    }
}

static void pump(struct receiver *me)
{
    while (me->end == CR_END_NONE || !cr_transfer_is_finished(me->transfer)) {
        connect_if_due(me);
        speak(me);
        listen_on(me);
        act(me);
    }
}

int main(int argc, char **argv)
{
    const struct cr_transfer_config config = {.side = CR_DISPLAYER,
                                              .role = CR_RECEIVER,
                                              .secrets = CR_SECRET_DIGITS_ONLY,
                                              .name = "Example",
                                              .platform = "C",
                                              .program = "receive 1.0"};
    struct receiver me = {.end = CR_END_NONE};

    if (argc != 3) {
        fprintf(stderr, "usage: receive wss://RELAY/ws NEW-FOLDER\n");
        return 64;
    }
    me.url = argv[1];
    me.folder = argv[2];
    if (cr_transfer_new(&me.transfer, &config, line_now()) != CR_OK)
        return 71;
    pump(&me);
    line_close(me.line);
    cr_transfer_free(me.transfer);
    if (me.end != CR_END_DONE)
        fprintf(stderr, "not stored, or the sender may not know (enum cr_end %d)\n", (int)me.end);
    return me.end == CR_END_DONE ? 0 : 1;
}
