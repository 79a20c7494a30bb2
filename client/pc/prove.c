/* Passwords proved against certificates. */
#include "prove.h"

#include "describe.h"
#include "errors.h"
#include "say.h"
#include "secret.h"
#include "texts.h"

#include <stdlib.h>
#include <string.h>

int prove_is_given(const struct app *app)
{
    return app->options.password_file || app->options.password_fd >= 0;
}

static int password_asked(const char *owner, struct secret *password)
{
    char question[CR_TEXT_MAX_BYTES + 128];
    int result;

    if (!terminal_can_ask())
        return say_error(ERROR_NEED_INPUT, "--password-file, --password-fd");
    snprintf(question, sizeof(question), _("Password of %s's certificate:"), owner);
    result = secret_ask(password, question);
    if (result <= 0)
        return say_error(result ? ERROR_INTERRUPTED : ERROR_INPUT_ENDED, NULL);
    return 0;
}

int prove_ask(const struct store_entry *entry, struct secret *password)
{
    char *owner = describe_owner(entry);
    int code = password_asked(owner ? owner : "?", password);

    free(owner);
    return code;
}

int prove_say_fault(const struct store_entry *entry, enum store_fault fault)
{
    char *place = store_printable(entry->path, strlen(entry->path));
    int code = say_error(error_of_store(fault), place);

    free(place);
    return code;
}

/* Asks again as long as it is wrong: nothing is locked by a wrong password. */
static int prove_by_asking(const struct cr_cert *cert, struct secret *password)
{
    char detail[STORE_DETAIL_BYTES] = "";
    enum store_fault fault;
    int code;

    do {
        code = password_asked(cert->owner, password);
        if (code)
            return code;
        fault = store_prove(cert, password->bytes, password->length, detail);
        if (fault)
            code = say_error(error_of_store(fault), detail);
    } while (fault == STORE_WRONG_PASSWORD);
    return code;
}

/* The password before it may fit here too. */
static int prove_cert(const struct app *app, const struct cr_cert *cert, struct secret *password)
{
    char detail[STORE_DETAIL_BYTES] = "";
    enum store_fault fault = STORE_WRONG_PASSWORD;

    if (password->length)
        fault = store_prove(cert, password->bytes, password->length, detail);
    if (!fault)
        return 0;
    if (fault != STORE_WRONG_PASSWORD || prove_is_given(app))
        return say_error(error_of_store(fault), detail);
    return prove_by_asking(cert, password);
}

int prove_get(const struct app *app, const struct cr_bundle *bundle, struct secret *password)
{
    enum store_fault fault = store_check(bundle, NULL);
    int code = fault ? say_error(error_of_store(fault), NULL) : 0;

    if (!code && prove_is_given(app))
        code = secret_read_given(password, "password", app->options.password_file, app->options.password_fd);
    return code ? code : prove_cert(app, &bundle->certs[0], password);
}

int prove_bundle(const struct app *app, const struct cr_bundle *bundle)
{
    struct secret password;
    enum store_fault fault = store_check(bundle, NULL);
    int code = 0;

    if (fault)
        return say_error(error_of_store(fault), NULL);
    if (secret_init(&password))
        return say_error(ERROR_END_MEMORY, NULL);
    if (prove_is_given(app))
        code = secret_read_given(&password, "password", app->options.password_file, app->options.password_fd);
    for (size_t i = 0; i < bundle->cert_count && !code; i++)
        code = prove_cert(app, &bundle->certs[i], &password);
    secret_wipe(&password);
    if (!code)
        say_talk(STYLE_PLAIN, "%s", _("The password opens the certificate. It stays on this computer."));
    return code;
}
