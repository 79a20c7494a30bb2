/* A relay that a test plays frame by frame, opposite one link. */
#ifndef TESTS_PLAY_H
#define TESTS_PLAY_H

#include <certrelay/link.h>

extern const struct cr_nameplate PLATE;
extern const struct cr_frame JOINED, ALLOCATED;

/* The next message must be of this type; its fields go to frame. It counts as sent. */
void expect_frame(struct cr_link *link, enum cr_frame_type type, struct cr_frame *frame);
uint32_t expect_seq(struct cr_link *link, enum cr_frame_type type);
void expect_nothing(struct cr_link *link);
int say(struct cr_link *link, struct cr_frame frame, struct cr_link_event *event);
void expect_event(struct cr_link *link, struct cr_frame frame, enum cr_link_event_type type);
void deliver(struct cr_link *link, uint32_t seq, const char *text, enum cr_link_event_type type);
int send_text(struct cr_link *link, const char *text);
struct cr_frame acked(uint32_t seq);
struct cr_frame resumed(uint32_t next);
struct cr_link *displayer(void);
struct cr_link *typist(void);
void reconnect(struct cr_link *link);

#endif
