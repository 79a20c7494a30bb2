/* Ends of a transfer in words. */
#include "outcome.h"

#include "errors.h"
#include "say.h"
#include "texts.h"

#include <time.h>

static void clock_text(char *text, size_t capacity)
{
    time_t now = time(NULL);
    struct tm local;
    char clock[64] = "?";

    if (localtime_r(&now, &local))
        strftime(clock, sizeof(clock), "%Y-%m-%d %H:%M:%S %z", &local);
    snprintf(text, capacity, _("This computer's clock says %s."), clock);
}

static void detail_of(const struct outcome *outcome, char *text, size_t capacity)
{
    text[0] = '\0';
    if (outcome->net == NET_TLS_EXPIRED || outcome->net == NET_TLS_NOT_YET)
        clock_text(text, capacity);
    else if (outcome->end == CR_END_PEER_REFUSED || outcome->end == CR_END_REFUSED)
        snprintf(text, capacity, "%s", _(error_reason(outcome->reason)));
    else if (outcome->retry_after && outcome->end >= CR_END_RELAY_FULL)
        snprintf(text, capacity, _("It asks to wait %u seconds."), outcome->retry_after);
}

/* Nothing leaves before the sender's person has agreed, so a refusal of theirs means more than the receiver's. */
static const char *why_of(const struct outcome *outcome)
{
    enum cr_end senders = outcome->role == CR_SENDER ? CR_END_DECLINED : CR_END_PEER_DECLINED;

    return outcome->end == senders ? _("Nothing was sent.") : NULL;
}

int outcome_report(struct outcome *outcome)
{
    char detail[256];
    struct say_failure failure = {.id = error_of_end(outcome->end),
                                  .detail = detail,
                                  .why = why_of(outcome),
                                  .is_uncertain = outcome->has_data_left};

    if (outcome->end == CR_END_RELAY_UNREACHABLE && outcome->net)
        failure.id = error_of_net(outcome->net);
    if (failure.id == ERROR_NONE || outcome->is_reported)
        return error_get(failure.id)->exit_code;
    outcome->is_reported = 1;
    detail_of(outcome, detail, sizeof(detail));
    return say_failure(&failure);
}

int outcome_interrupted(const struct outcome *outcome, const char *why)
{
    const struct say_failure failure = {
        .id = ERROR_INTERRUPTED, .why = why, .is_uncertain = outcome->has_data_left};

    return say_failure(&failure);
}
