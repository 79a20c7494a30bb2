/* Where the engine is that several relays share. */
#include "config_keys.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MAX_BYTES 107 /* what an address of the kernel holds */
#define STANDARD_PORT "6379"
#define NUMBER_MAX 65535
#define PREFIX_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.-"

int config_has_engine(const struct config *config)
{
    return config->engine[0] != '\0';
}

/* A number up to max, and nothing behind it. */
static int is_number(const char *text, unsigned long max)
{
    return isdigit((unsigned char)text[0]) && strspn(text, "0123456789") == strlen(text) &&
           strlen(text) < 8 && strtoul(text, NULL, 10) <= max;
}

/* HOST, HOST:PORT, [HOST] or [HOST]:PORT, which is cut at its end. */
static const char *host_read(char *text, struct config_engine *engine)
{
    char *end = text[0] == '[' ? strchr(text, ']') : text + strcspn(text, ":");
    const char *port = STANDARD_PORT;

    if (end == NULL)
        return "has no ]";
    if (text[0] == '[') {
        text++;
        *end++ = '\0';
    }
    if (*end == ':') {
        *end = '\0';
        port = end + 1;
    } else if (*end != '\0') {
        return "must look like redis://HOST:PORT";
    }
    if (*text == '\0' || !is_number(port, 65535) || strtoul(port, NULL, 10) == 0)
        return "must look like redis://HOST:PORT";
    strcpy(engine->host, text);
    strcpy(engine->port, port);
    return NULL;
}

static const char *address_read(const char *text, struct config_engine *engine)
{
    char copy[CONFIG_TEXT_BYTES], *slash;

    strcpy(copy, text);
    slash = strchr(copy, '/');
    if (slash != NULL)
        *slash = '\0';
    if (slash != NULL && slash[1] != '\0' && !is_number(slash + 1, NUMBER_MAX))
        return "must end with the number of a data base, or with none";
    engine->number = slash != NULL ? (uint32_t)strtoul(slash + 1, NULL, 10) : 0;
    if (strchr(copy, '@') != NULL)
        return "must hold no user and password: write engine_user and engine_password_file";
    return host_read(copy, engine);
}

const char *config_engine_read(const struct config *config, struct config_engine *engine)
{
    const char *path = config_listen_path(config->engine);

    memset(engine, 0, sizeof *engine);
    if (path != NULL && strlen(path) > PATH_MAX_BYTES)
        return "names a path that is too long for a socket";
    if (path != NULL) {
        strcpy(engine->path, path);
        return NULL;
    }
    if (strncmp(config->engine, "rediss://", 9) == 0)
        return "speaks TLS, which this relay does not to an engine: let a tunnel (stunnel) on this machine "
               "do it, and name its "
               "socket or port";
    if (strncmp(config->engine, "redis://", 8) != 0)
        return "must be unix:/PATH, redis://HOST:PORT or redis://HOST:PORT/NUMBER";
    return address_read(config->engine + 8, engine);
}

static int engine_fail(char *error, const char *name, const char *what)
{
    snprintf(error, CONFIG_ERROR_BYTES, "%s %s", name, what);
    return -1;
}

int config_check_engine(const struct config *config, char error[static CONFIG_ERROR_BYTES])
{
    struct config_engine engine;
    const char *wrong;

    if (strlen(config->engine_prefix) == 0 || strlen(config->engine_prefix) > CONFIG_PREFIX_MAX ||
        strspn(config->engine_prefix, PREFIX_LETTERS) != strlen(config->engine_prefix))
        return engine_fail(error, "engine_prefix", "must be 1 to 64 letters, digits, or : _ . -");
    if (config->engine_user[0] != '\0' && config->engine_password_file[0] == '\0')
        return engine_fail(error, "engine_user", "needs engine_password_file");
    if (!config_has_engine(config) && config->engine_password_file[0] != '\0')
        return engine_fail(error, "engine_password_file", "is given, but no engine");
    if (!config_has_engine(config) && config->engine_local)
        return engine_fail(error, "engine_local", "is on, but no engine is given");
    if (!config_has_engine(config))
        return 0;
    wrong = config_engine_read(config, &engine);
    return wrong == NULL ? 0 : engine_fail(error, "engine", wrong);
}
