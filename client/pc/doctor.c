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

/* SEED lives in OpenSSL's legacy provider. */
static int check_legacy(void)
{
    OSSL_LIB_CTX *context = OSSL_LIB_CTX_new();
    OSSL_PROVIDER *provider = context ? OSSL_PROVIDER_load(context, "legacy") : NULL;
    int is_there = provider != NULL;

    say_finding("legacy", is_there,
                is_there ? _("OpenSSL can open Korean certificates (legacy provider).")
                         : _(error_get(ERROR_STORE_NO_LEGACY)->what));
    OSSL_PROVIDER_unload(provider);
    OSSL_LIB_CTX_free(context);
    return is_there;
}

static int say_unreachable(enum net_failure failure)
{
    struct outcome outcome = {.end = CR_END_RELAY_UNREACHABLE, .net = failure};

    return run_report(&outcome);
}

static int check_relay(const struct app *app)
{
    struct net *net = NULL;
    int64_t until = net_now() + NET_CONNECT_MS;
    int code = app_net(app, &net);

    if (code)
        return code;
    net_watch(net, interrupt_fd());
    net_open(net);
    while (net_state(net) == NET_CONNECTING && net_now() < until && !interrupt_signal())
        net_wait(net, until);
    if (interrupt_signal())
        code = say_error(ERROR_INTERRUPTED, NULL);
    else if (net_state(net) == NET_OPEN)
        say_finding("relay", 1, _("The relay answers."));
    else
        code = say_unreachable(net_state(net) == NET_CONNECTING ? NET_TIMEOUT : net_why(net));
    net_free(net);
    return code;
}

int doctor_run(struct app *app)
{
    int is_good, code;

    if (!say_is_json())
        version_print();
    is_good = check_legacy();
    if (!app->settings.relay) {
        say_finding("relay", 0, _(error_get(ERROR_NO_RELAY)->what));
        return is_good ? 0 : error_get(ERROR_STORE_NO_LEGACY)->exit_code;
    }
    code = app_address(app);
    if (!code)
        code = check_relay(app);
    return code || is_good ? code : error_get(ERROR_STORE_NO_LEGACY)->exit_code;
}
