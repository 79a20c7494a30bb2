/* The relay looked at step by step, each in words of its own. */
#include "checkup.h"

#include "describe.h"
#include "errors.h"
#include "interrupt.h"
#include "lookup.h"
#include "net.h"
#include "outcome.h"
#include "probe.h"
#include "say.h"
#include "texts.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CLOCK_OFF_SECONDS 120
#define ADDRESSES_BYTES 256

void checkup_say(const char *name, enum finding finding, const char *format, ...)
{
    static const char *const marks[] = {"✓", "✗", "–"};
    static const enum terminal_style styles[] = {STYLE_GOOD, STYLE_BAD, STYLE_PLAIN};
    char *text = NULL;
    va_list arguments;

    if (finding == FINDING_BAD && interrupt_signal()) /* the person stopped it: that is no finding */
        return;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    if (!text)
        return;
    if (finding == FINDING_NOTE)
        say_json("check", "s:s, s:n, s:s", "check", name, "good", "text", text);
    else
        say_json("check", "s:s, s:b, s:s", "check", name, "good", finding == FINDING_GOOD, "text", text);
    say_result("%s%s%s %s", terminal_style(styles[finding]), marks[finding], terminal_style(STYLE_PLAIN),
               text);
    free(text);
}

static int say_unreachable(enum net_failure failure)
{
    struct outcome outcome = {.end = CR_END_RELAY_UNREACHABLE, .net = failure};

    return outcome_report(&outcome);
}

static void addresses_text(const struct addrinfo *list, char text[static ADDRESSES_BYTES])
{
    size_t length = 0;

    for (text[0] = '\0'; list && length + 80 < ADDRESSES_BYTES; list = list->ai_next) {
        char numeric[64];

        address_numeric(list, numeric, sizeof(numeric));
        length +=
            (size_t)snprintf(text + length, ADDRESSES_BYTES - length, "%s%s", length ? ", " : "", numeric);
    }
}

static enum net_failure check_name(const struct address *address, struct addrinfo **list)
{
    enum address_fault fault;
    char text[ADDRESSES_BYTES];

    *list = address_resolve(address, &fault);
    if (!*list) {
        checkup_say("name", FINDING_BAD, _("The name %s does not lead to any address."), address->host);
        return fault ? NET_PLAIN : NET_NAME_NOT_FOUND;
    }
    addresses_text(*list, text);
    if (strcmp(text, address->host) != 0) /* else it is an address already */
        checkup_say("name", FINDING_GOOD, _("The name %s leads to %s."), address->host, text);
    return NET_OK;
}

static enum net_failure check_port(const struct address *address, const struct addrinfo *list,
                                   struct probe **probe)
{
    enum net_failure failure = probe_connect(list, probe);

    if (failure)
        checkup_say("port", FINDING_BAD, _("Port %d does not answer."), address->port);
    else
        checkup_say("port", FINDING_GOOD, _("Port %d answers."), address->port);
    return failure;
}

static enum net_failure check_tls(const struct app *app, const struct address *address, struct probe *probe)
{
    enum net_failure failure;
    struct probe_peer peer;
    char date[DESCRIBE_BYTES], *issuer;

    if (address->is_plain) {
        checkup_say("tls", FINDING_NOTE, "%s",
                    _("No encryption on the way, which is fine on this computer alone."));
        return NET_OK;
    }
    failure = probe_secure(probe, address->host, app->settings.ca_file);
    if (failure) {
        checkup_say("tls", FINDING_BAD, "%s",
                    _("The TLS certificate does not prove that this is the relay."));
        return failure;
    }
    probe_peer(probe, &peer);
    describe_date(peer.not_after, date);
    issuer = store_printable(peer.issuer, strlen(peer.issuer));
    checkup_say(
        "tls", FINDING_GOOD,
        _("The TLS certificate is for %s, valid until %s, and issued by %s, whom this computer trusts."),
        address->host, date, issuer && *issuer ? issuer : "?");
    free(issuer);
    return NET_OK;
}

/* Wrong clocks make good certificates look bad. */
static void check_clock(const struct probe_answer *answer)
{
    int64_t off = answer->date ? (int64_t)time(NULL) - answer->date : 0;

    if (off > CLOCK_OFF_SECONDS)
        checkup_say("relay-clock", FINDING_BAD,
                    _("This computer's clock is %ld seconds ahead of the server's."), (long)off);
    else if (off < -CLOCK_OFF_SECONDS)
        checkup_say("relay-clock", FINDING_BAD,
                    _("This computer's clock is %ld seconds behind the server's."), -(long)off);
    else if (answer->date)
        checkup_say("relay-clock", FINDING_GOOD, "%s", _("This computer's clock and the server's agree."));
}

static enum net_failure check_websocket(const struct app *app, struct net *net)
{
    int64_t until = net_now() + NET_CONNECT_MS;
    enum net_failure failure = NET_OK;

    net_watch(net, interrupt_fd());
    net_open(net);
    while (net_state(net) == NET_CONNECTING && net_now() < until && !interrupt_signal())
        net_wait(net, until);
    if (net_state(net) != NET_OPEN)
        failure = net_state(net) == NET_CONNECTING ? NET_TIMEOUT : net_why(net);
    net_unwatch(net, interrupt_fd());
    if (failure && !interrupt_signal())
        checkup_say("relay", FINDING_BAD, _("No relay answers at %s."), app->address.path);
    else if (!failure)
        checkup_say("relay", FINDING_GOOD, _("The relay answers at %s."), app->address.path);
    return failure;
}

/* The way is good, and what several relays share may still be missing. */
static int check_lookup(struct net *net, unsigned *retry_after)
{
    int is_refused = lookup_is_refused(net, retry_after);

    if (is_refused)
        checkup_say("mailboxes", FINDING_BAD, "%s",
                    _("The relay is there, but cannot take new mailboxes now (its engine is away)."));
    return is_refused;
}

static int say_busy(unsigned retry_after)
{
    char detail[128];

    snprintf(detail, sizeof(detail), _("It asks to wait %u seconds."), retry_after);
    return say_error(ERROR_RELAY_BUSY, detail);
}

/* The page's path: address_read would take none for a relay's. */
static const char *path_of(const char *page)
{
    const char *host = strstr(page, "://");
    const char *slash = strchr(host ? host + 3 : page, '/');

    return slash && !strpbrk(slash, " \r\n\t") ? slash : "/";
}

static enum net_failure get_page(const struct app *app, const struct address *address,
                                 struct probe_answer *answer)
{
    char authority[ADDRESS_HOST_BYTES + 16];
    enum address_fault fault;
    struct addrinfo *list = address_resolve(address, &fault);
    struct probe *probe = NULL;
    enum net_failure failure = list ? probe_connect(list, &probe) : NET_NAME_NOT_FOUND;

    address_authority(address, authority, sizeof(authority));
    if (!failure && !address->is_plain)
        failure = probe_secure(probe, address->host, app->settings.ca_file);
    if (!failure)
        failure = probe_get(probe, authority, path_of(app->page), answer);
    probe_free(probe);
    if (list)
        freeaddrinfo(list);
    return failure;
}

/* Computers do without it, so its absence is no failure. */
static void check_page(const struct app *app)
{
    struct probe_answer answer = {.status = 0};
    struct address address;
    char *page = store_printable(app->page, strlen(app->page));
    enum address_fault fault = address_read(app->page, &address);
    enum net_failure failure = fault ? NET_NAME_NOT_FOUND : get_page(app, &address, &answer);
    const char *shown = page ? page : "?";

    if (!failure)
        check_clock(&answer);
    if (failure)
        checkup_say("page", FINDING_NOTE,
                    _("The page %s cannot be reached: %s Phones need it; computers do not."), shown,
                    _(error_get(error_of_net(failure))->what));
    else if (answer.status == 200 && strstr(answer.type, "text/html"))
        checkup_say("page", FINDING_GOOD, _("The page for phones is there: %s"), shown);
    else if (answer.status == 200)
        checkup_say("page", FINDING_NOTE, _("What is at %s is no page. Phones need one; computers do not."),
                    shown);
    else
        checkup_say("page", FINDING_NOTE,
                    _("There is no page at %s (HTTP %d). Phones need one; computers do not."), shown,
                    answer.status);
    free(page);
}

static enum net_failure check_way(const struct app *app)
{
    struct addrinfo *list = NULL;
    struct probe *probe = NULL;
    enum net_failure failure = check_name(&app->address, &list);

    if (!failure)
        failure = check_port(&app->address, list, &probe);
    if (!failure)
        failure = check_tls(app, &app->address, probe);
    probe_free(probe);
    if (list)
        freeaddrinfo(list);
    return failure;
}

int checkup_relay(const struct app *app)
{
    struct net *net = NULL;
    int code = app_net(app, &net), is_busy = 0;
    enum net_failure failure = code ? NET_OK : check_way(app);
    unsigned retry_after = 0;

    if (code || failure)
        checkup_say("relay", FINDING_BAD, "%s", _("No relay can be used."));
    else
        failure = check_websocket(app, net);
    if (!code && !failure)
        is_busy = check_lookup(net, &retry_after);
    net_free(net);
    if (code)
        return code;
    if (interrupt_signal())
        return say_error(ERROR_INTERRUPTED, NULL);
    if (failure)
        return say_unreachable(failure);
    if (address_has_page(&app->address, app->settings.page))
        check_page(app);
    return is_busy ? say_busy(retry_after) : 0;
}
