/* The number's part of a dialogue, whichever way the certificate goes: showing it, or asking for it, and what is said of the
 * relay and of the other device meanwhile. */
#ifndef PC_PAIRING_H
#define PC_PAIRING_H

#include "run.h"
#include "secret.h"

struct pairing {
    struct app *app;
    enum cr_side side;
    enum cr_role role;
    struct cr_invite invite; /* typist: what was entered */
    int has_invite;
    struct permit permit; /* displayer: for the relay */
    int is_awaited;       /* the number will come by --code-fd */
    int fault;            /* exit code, once it was said that what came is no number */
    int is_asking;        /* the number has been asked for */
    int is_showing;       /* a number is on the screen */
    int was_offline;
    int64_t away_since_ms; /* 0: the other device is here */
    int is_away_told;
    int is_spent; /* a number has been shown or entered */
    int is_confirmed;
    int is_done;        /* sent or stored: the rest is no news */
    int64_t until_ms;   /* when the number expires */
    int announced_left; /* what was last said of the seconds left, without a terminal */
};

/* Decides who shows the number; reads it when it comes by file. 0, or an exit code after it was said why. */
int pairing_init(struct pairing *pairing, struct app *app, enum cr_role role);
void pairing_wipe(struct pairing *pairing);

/* Before each transfer: says what to do on the other device. */
void pairing_begin(struct pairing *pairing);
/* Typist on a terminal: asks for the number; the run must listen. */
void pairing_ask(struct pairing *pairing, struct run *run);
enum cr_secrets pairing_secrets(const struct pairing *pairing);

/* The handlers' common part. They return 1 when there is nothing left for the caller to do. */
int pairing_event(struct pairing *pairing, struct run *run, const struct cr_event *event);
int pairing_line(struct pairing *pairing, struct run *run, const char *line, size_t length);
void pairing_code(struct pairing *pairing, struct run *run, int descriptor);
void pairing_tick(struct pairing *pairing, struct run *run, int64_t now_ms);

/* After it failed: shall another number be tried? Says so, and asks where somebody can be asked. */
int pairing_again(struct pairing *pairing, struct outcome *outcome, int attempt);

#endif
