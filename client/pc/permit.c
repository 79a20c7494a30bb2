/* A permit from its file. */
#include "permit.h"

#include "app.h"
#include "say.h"
#include "secret.h"
#include "texts.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* The relay knows printable ASCII without spaces only, so that nothing else need be sent. */
static int is_permit(const struct secret *secret)
{
    for (size_t i = 0; i < secret->length; i++)
        if (secret->bytes[i] <= ' ' || secret->bytes[i] > '~')
            return 0;
    return secret->length >= PERMIT_MIN_BYTES && secret->length <= CR_PERMIT_MAX_BYTES;
}

static int say_fault(const char *path, const char *why)
{
    char *printable = store_printable(path, strlen(path));
    char detail[512];

    snprintf(detail, sizeof(detail), "%s: %s", printable ? printable : "?", why);
    free(printable);
    return say_error(ERROR_PERMIT_UNREADABLE, detail);
}

int permit_read(const struct app *app, struct permit *permit)
{
    const char *path = app->settings.permit_file;
    struct secret secret;
    int code = 0;

    permit->length = 0;
    if (!path)
        return 0;
    if (secret_init(&secret))
        return say_error(ERROR_END_MEMORY, NULL);
    if (secret_read_file(&secret, path)) {
        code = say_fault(path, secret_fault(errno));
    } else if (!is_permit(&secret)) {
        code = say_fault(path, _("its first line is no permit"));
    } else {
        memcpy(permit->bytes, secret.bytes, secret.length);
        permit->length = secret.length;
    }
    secret_wipe(&secret);
    return code;
}

void permit_wipe(struct permit *permit)
{
    sodium_memzero(permit, sizeof(*permit));
}
