/* certrelay doctor: is everything here that a transfer needs? */
#include "app.h"
#include "errors.h"
#include "interrupt.h"
#include "net.h"
#include "run.h"
#include "say.h"
#include "texts.h"

#include <openssl/crypto.h>
#include <openssl/provider.h>

static void say_finding(const char *name, int is_good, const char *text)
{
    say_json("check", "s:s, s:b, s:s", "check", name, "good", is_good, "text", text);
    say_result("%s%s%s %s", terminal_style(is_good ? STYLE_GOOD : STYLE_BAD), is_good ? "✓" : "✗",
               terminal_style(STYLE_PLAIN), text);
}

/* SEED lives in OpenSSL's legacy provider. 0 or an exit code. */
static int check_legacy(void)
{
    OSSL_LIB_CTX *context = OSSL_LIB_CTX_new();
    OSSL_PROVIDER *provider = context ? OSSL_PROVIDER_load(context, "legacy") : NULL;
    int is_there = provider != NULL;

    say_finding("legacy", is_there,
                is_there ? _("OpenSSL can open Korean certificates (legacy provider).")
                         : _("OpenSSL cannot open Korean certificates (legacy provider)."));
    OSSL_PROVIDER_unload(provider);
    OSSL_LIB_CTX_free(context);
    return is_there ? 0 : say_error(ERROR_STORE_NO_LEGACY, NULL);
}

static int say_unreachable(enum net_failure failure)
{
    struct outcome outcome = {.end = CR_END_RELAY_UNREACHABLE, .net = failure};

    return outcome_report(&outcome);
}

static void say_relay(int is_good)
{
    say_finding("relay", is_good, is_good ? _("The relay answers.") : _("No relay can be used."));
}

static int check_relay(const struct app *app)
{
    struct net *net = NULL;
    int64_t until = net_now() + NET_CONNECT_MS;
    int code = app_net(app, &net);

    if (code) {
        say_relay(0);
        return code;
    }
    net_watch(net, interrupt_fd());
    net_open(net);
    while (net_state(net) == NET_CONNECTING && net_now() < until && !interrupt_signal())
        net_wait(net, until);
    if (interrupt_signal()) {
        net_free(net);
        return say_error(ERROR_INTERRUPTED, NULL);
    }
    say_relay(net_state(net) == NET_OPEN);
    if (net_state(net) != NET_OPEN)
        code = say_unreachable(net_state(net) == NET_CONNECTING ? NET_TIMEOUT : net_why(net));
    net_free(net);
    return code;
}

int doctor_run(struct app *app)
{
    int legacy, code;

    if (!say_is_json())
        version_print();
    legacy = check_legacy();
    code = app_address(app);
    if (!code)
        code = check_relay(app);
    else
        say_relay(0);
    return code ? code : legacy;
}
