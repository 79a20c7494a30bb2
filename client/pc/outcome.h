/* How a transfer ended, and the words for it. */
#ifndef PC_OUTCOME_H
#define PC_OUTCOME_H

#include "net.h"

#include <certrelay/transfer.h>

struct outcome {
    enum cr_role role;
    enum cr_end end;
    enum cr_reason reason;
    unsigned retry_after; /* seconds */
    enum net_failure net; /* why the relay could not be reached, or was lost last */
    int has_data_left;    /* sender: the certificate had left, and no word came back */
    int interrupted;      /* the signal that stopped it */
    int is_reported;
};

/* Says once how it ended. Returns the exit code. */
int outcome_report(struct outcome *outcome);
/* The person stopped; why is what that means, translated. */
int outcome_interrupted(const struct outcome *outcome, const char *why);

#endif
