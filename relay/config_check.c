/* Whether the values of a configuration fit each other, and whether all is there. */
#include "config_keys.h"

#include "log.h"
#include "page_settings.h"

#include <ctype.h>
#include <string.h>

static int check_fail(char *error, const char *sentence)
{
    snprintf(error, CONFIG_ERROR_BYTES, "%s", sentence);
    return -1;
}

static int is_colour(const char *text)
{
    return text[0] == '#' && strlen(text) == 7 && strspn(text + 1, "0123456789abcdefABCDEF") == 6;
}

/* Only what may stand in a header as it is. */
static int is_relay(const char *text)
{
    const char *host = text + 6;

    return strncmp(text, "wss://", 6) == 0 && isalnum((unsigned char)*host) &&
           strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:/_~") ==
               strlen(host);
}

static int page_check(const struct config *config, char *error)
{
    if (config_has_page(config) && config->page[0] != '/')
        return check_fail(error, "page is neither off nor a folder that begins with /");
    if (!page_text_is_clean(config->page_name) || !page_text_is_clean(config->page_help))
        return check_fail(error, "page_name and page_help must be UTF-8 without control characters");
    if (config->page_colour[0] != '\0' && !is_colour(config->page_colour))
        return check_fail(error, "page_colour must look like #1a73e8");
    if (config->page_relay[0] != '\0' && !is_relay(config->page_relay))
        return check_fail(error, "page_relay must look like wss://relay.example/ws");
    return 0;
}

static int is_mode(const char *text)
{
    return strcmp(text, "on") == 0 || strcmp(text, "log") == 0 || strcmp(text, "off") == 0;
}

int config_check(const struct config *config, char error[static CONFIG_ERROR_BYTES])
{
    if (!config->tls && (config->tls_cert[0] != '\0' || config->tls_key[0] != '\0'))
        return check_fail(error, "tls is off, but tls_cert or tls_key is given");
    if (config->path[0] != '/' || strpbrk(config->path, "?#% ") != NULL)
        return check_fail(error, "path must begin with / and hold no ?, #, % or space");
    if (!is_mode(config->seccomp))
        return check_fail(error, "seccomp must be on, log or off");
    if (config->address_queued_bytes != 0 && config->address_queued_bytes < QUEUED_MIN_BYTES)
        return check_fail(error, "address_queued_bytes is neither 0 nor at least 131072");
    if (config->wait_max_seconds < config->wait_seconds)
        return check_fail(error, "wait_max_seconds is less than wait_seconds");
    if (log_level_read(config->log_level) == LOG_LEVELS)
        return check_fail(error, "log_level must be info, warning or error");
    if (config_check_watch(config, error) != 0 || config_check_engine(config, error) != 0)
        return -1;
    return page_check(config, error);
}

int config_complete(const struct config *config, char error[static CONFIG_ERROR_BYTES])
{
    if (config->listen_count == 0)
        return check_fail(error, "listen is needed; write, for example, \"listen = " LISTEN_SAMPLE
                                 "\" (443 is the port of wss://HOST/ws)");
    if (config->tls && (config->tls_cert[0] == '\0' || config->tls_key[0] == '\0'))
        return check_fail(
            error, "tls_cert and tls_key are needed; write, for example, \"tls_cert = " CERT_SAMPLE
                   "\" and \"tls_key = " KEY_SAMPLE "\" (or \"tls = off\" behind a proxy that does TLS)");
    return 0;
}

/* Whether whoever comes through a proxy can be told apart. */
static int is_told(const struct config *config)
{
    size_t paths = 0;

    for (size_t i = 0; i < config->listen_count; i++)
        paths += config_listen_path(config->listens[i]) != NULL;
    return config->trusted_proxies.count > 0 || (paths > 0 && paths == config->listen_count);
}

/* The length of what it has written. */
static size_t warn_of_proxy(const struct config *config, char *warning)
{
    char names[128] = "";
    size_t length = 0;

    for (size_t i = 0; i < config_key_count && !config->tls && !is_told(config); i++) {
        if (strncmp(config_keys[i].name, "address_", 8) == 0 && config_number(config, &config_keys[i]) != 0)
            length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", length > 0 ? ", " : "",
                                       config_keys[i].name);
    }
    if (length == 0)
        return 0;
    return (size_t)snprintf(
        warning, CONFIG_ERROR_BYTES,
        "tls is off: behind a proxy all devices have its address and share what one address may (%s); "
        "name the proxy in trusted_proxies, or set these to 0 and let the proxy limit",
        names);
}

int config_warns(const struct config *config, char warning[static CONFIG_ERROR_BYTES])
{
    size_t length = warn_of_proxy(config, warning);

    if (config->engine_local)
        length += (size_t)snprintf(
            warning + length, CONFIG_ERROR_BYTES - length,
            "%sengine_local is on: the numbers of 8 digits that are given out while the engine is away work "
            "on this relay only; let the balancer keep a person's devices on one relay",
            length > 0 ? "; " : "");
    return length > 0;
}
