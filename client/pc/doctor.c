/* certrelay doctor: is everything here that a transfer needs? */
#include "app.h"
#include "checkup.h"
#include "describe.h"
#include "errors.h"
#include "place.h"
#include "say.h"
#include "texts.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/provider.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EARLIEST 1767225600 /* the program is younger: an earlier clock is wrong */
#define LATEST 4102444800   /* so is one past 2099 */

/* SEED lives in OpenSSL's legacy provider. 0 or an exit code. */
static int check_legacy(void)
{
    OSSL_LIB_CTX *context = OSSL_LIB_CTX_new();
    OSSL_PROVIDER *provider = context ? OSSL_PROVIDER_load(context, "legacy") : NULL;
    int is_there = provider != NULL;

    checkup_say("legacy", is_there ? FINDING_GOOD : FINDING_BAD, "%s",
                is_there ? _("OpenSSL can open Korean certificates (legacy provider).")
                         : _("OpenSSL cannot open Korean certificates (legacy provider)."));
    OSSL_PROVIDER_unload(provider);
    OSSL_LIB_CTX_free(context);
    return is_there ? 0 : say_error(ERROR_STORE_NO_LEGACY, NULL);
}

static int check_clock(void)
{
    int64_t now = (int64_t)time(NULL);
    char date[DESCRIBE_BYTES];
    int is_good = now >= EARLIEST && now < LATEST;

    describe_moment(now, date);
    checkup_say("clock", is_good ? FINDING_GOOD : FINDING_BAD,
                is_good ? _("The clock says %s (Korean time).")
                        : _("The clock says %s (Korean time), which cannot be."),
                date);
    return is_good ? 0 : say_error(ERROR_CLOCK, NULL);
}

static int check_folder(const struct app *app)
{
    char *root = app->settings.store ? strdup(app->settings.store) : store_default_root();
    char *printable = root ? store_printable(root, strlen(root)) : NULL;
    const char *shown = printable ? printable : "?";
    int error = root ? place_error(root) : ENOENT, code = 0;

    if (!error) {
        checkup_say("folder", FINDING_GOOD, _("Certificates can be stored in %s."), shown);
    } else {
        char detail[PLACE_DETAIL_BYTES] = "";

        if (root)
            place_detail(root, STORE_NOT_WRITABLE, error, detail);
        checkup_say("folder", FINDING_BAD, _("Certificates cannot be stored in %s."), shown);
        code = say_error(ERROR_STORE_NOT_WRITABLE, detail);
    }
    free(printable);
    free(root);
    return code;
}

static void check_certificates(const struct app *app)
{
    struct store_list list = {.count = 0};
    enum store_fault fault = store_scan(app->settings.store, &list);

    if (fault || !list.count)
        checkup_say("certificates", FINDING_NOTE, "%s", _("No certificate is on this computer yet."));
    else
        checkup_say("certificates", FINDING_GOOD,
                    ngettext("%zu certificate is on this computer.", "%zu certificates are on this computer.",
                             (unsigned long)list.count),
                    list.count);
    store_list_free(&list);
}

static int check_relay(struct app *app)
{
    int code = app_address(app);

    if (!code)
        return checkup_relay(app);
    checkup_say("relay", FINDING_BAD, "%s", _("No relay can be used."));
    return code;
}

static int first_of(int code, int next)
{
    return code ? code : next;
}

int doctor_run(struct app *app)
{
    int code, relay;

    if (!say_is_json())
        version_print();
    code = check_legacy();
    code = first_of(code, check_clock());
    code = first_of(code, check_folder(app));
    check_certificates(app);
    relay = check_relay(app);
    return first_of(relay, code);
}
