/* The two seats of a mailbox. */
#ifndef RELAY_SEAT_H
#define RELAY_SEAT_H

enum { SEAT_DISPLAYER, SEAT_TYPIST, SEATS };

#endif
