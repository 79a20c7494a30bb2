/* One table of keys drives reading, checking, printing and help. */
#include "config.h"

#include <certrelay/contract.h>

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

#define ENVIRONMENT_PREFIX "CERTRELAYD_"
#define LINE_MAX_BYTES 198 /* what the INI library reads at once, less its own two */

enum kind { LISTEN, TEXT, SWITCH, NUMBER };

struct key {
    const char *name;
    enum kind kind;
    size_t offset;
    uint32_t min, max, standard;
    const char *text;   /* the standard value of a TEXT */
    const char *sample; /* for what has no standard value */
    const char *help;
};

#define LISTEN_SAMPLE "0.0.0.0:443"
#define CERT_SAMPLE "/etc/certrelay/fullchain.pem"
#define KEY_SAMPLE "/etc/certrelay/privkey.pem"

#define QUEUED_MIN_BYTES 131072 /* less would never take the longest frame */

#define AT(field) offsetof(struct config, field)

static const struct key keys[] = {
    {"listen", LISTEN, 0, 0, 0, 0, "", LISTEN_SAMPLE,
     "HOST:PORT or [HOST]:PORT; up to 8 lines; port 0: any free one"},
    {"path", TEXT, AT(path), 0, 0, 0, "/ws", "",
     "where the WebSocket is: clients use wss://HOST:PORT/ws, or wss://HOST/ws for port 443"},
    {"tls", SWITCH, AT(tls), 0, 1, 1, "", "", "off only behind a proxy that does TLS, on the same machine"},
    {"tls_cert", TEXT, AT(tls_cert), 0, 0, 0, "", CERT_SAMPLE,
     "PEM file: the certificate, then its chain; not with tls = off"},
    {"tls_key", TEXT, AT(tls_key), 0, 0, 0, "", KEY_SAMPLE,
     "PEM file: its private key, without a password; not with tls = off"},
    {"max_connections", NUMBER, AT(max_connections), 2, 1000000, 10000, "", "", "connections at once"},
    {"max_mailboxes", NUMBER, AT(max_mailboxes), 1, 1000000, 10000, "", "", "mailboxes at once"},
    {"max_queued_bytes", NUMBER, AT(max_queued_bytes), QUEUED_MIN_BYTES, 4294967295, 67108864, "", "",
     "payload held for devices"},
    {"address_connections", NUMBER, AT(address_connections), 0, 1000000, 256, "", "",
     "connections of one address; 0: any number"},
    {"address_allocations", NUMBER, AT(address_allocations), 0, 60000, 60, "", "",
     "new mailboxes of one address a minute; 0: any number"},
    {"address_failed_joins", NUMBER, AT(address_failed_joins), 0, 60000, 20, "", "",
     "joins of one address a minute that do not end well; 0: any number"},
    {"address_queued_bytes", NUMBER, AT(address_queued_bytes), 0, 4294967295, 4194304, "", "",
     "of max_queued_bytes what one address has sent; 0: any share"},
    {"wait_seconds", NUMBER, AT(wait_seconds), 1, 1800, CR_WAIT_SECONDS, "", "",
     "a mailbox waits for the other device"},
    {"wait_max_seconds", NUMBER, AT(wait_max_seconds), 1, 7200, CR_WAIT_MAX_SECONDS, "", "",
     "the same, with all extensions that a device asks for"},
    {"joined_seconds", NUMBER, AT(joined_seconds), 1, 7200, CR_JOINED_SECONDS, "", "",
     "a mailbox lives once both devices are there"},
    {"rest_seconds", NUMBER, AT(rest_seconds), 0, 86400, CR_REST_SECONDS, "", "",
     "a used number is not given out again"},
    {"silent_seconds", NUMBER, AT(silent_seconds), 1, 60, CR_SILENT_SECONDS, "", "",
     "a new connection may say nothing"},
    {"ping_seconds", NUMBER, AT(ping_seconds), 1, 300, CR_PING_SECONDS, "", "",
     "a connection is silent before it is pinged"},
    {"drain_seconds", NUMBER, AT(drain_seconds), 0, 3600, 30, "", "",
     "running mailboxes may finish after SIGTERM"},
};

#define KEYS (sizeof keys / sizeof keys[0])

static void *field_of(struct config *config, const struct key *key)
{
    return (char *)config + key->offset;
}

static const void *field_in(const struct config *config, const struct key *key)
{
    return (const char *)config + key->offset;
}

static uint32_t number_in(const struct config *config, const struct key *key)
{
    return *(const uint32_t *)field_in(config, key);
}

void config_init(struct config *config)
{
    memset(config, 0, sizeof *config);
    for (size_t i = 0; i < KEYS; i++) {
        if (keys[i].kind == TEXT)
            strcpy(field_of(config, &keys[i]), keys[i].text);
        else if (keys[i].kind != LISTEN)
            *(uint32_t *)field_of(config, &keys[i]) = keys[i].standard;
    }
}

int config_split_listen(const char *text, char host[static CONFIG_TEXT_BYTES], uint16_t *port)
{
    const char *colon = strrchr(text, ':');
    size_t length = colon != NULL ? (size_t)(colon - text) : 0;
    char *end;
    unsigned long number;

    if (length == 0 || length >= CONFIG_TEXT_BYTES || !isdigit((unsigned char)colon[1]))
        return -1;
    number = strtoul(colon + 1, &end, 10);
    if (*end != '\0' || number > 65535)
        return -1;
    if (text[0] == '[' && text[length - 1] == ']') {
        text++;
        length -= 2;
    } else if (memchr(text, ':', length) != NULL) {
        return -1;
    }
    if (length == 0)
        return -1;
    memcpy(host, text, length);
    host[length] = '\0';
    *port = (uint16_t)number;
    return 0;
}

static const char *set_listen(struct config *config, const char *value)
{
    char host[CONFIG_TEXT_BYTES];
    uint16_t port;

    if (config_split_listen(value, host, &port) != 0)
        return "must be HOST:PORT or [HOST]:PORT";
    for (size_t i = 0; i < config->listen_count; i++) {
        if (port != 0 && strcmp(config->listens[i], value) == 0)
            return "is given twice with the same value";
    }
    if (config->listen_count >= CONFIG_LISTENS_MAX)
        return "is given too often";
    strcpy(config->listens[config->listen_count++], value);
    return NULL;
}

/* What it returns is valid until it is called again. */
static const char *set_number(const struct key *key, uint32_t *field, const char *value)
{
    static char out_of_range[64];
    char *end;
    unsigned long long number;

    if (!isdigit((unsigned char)value[0]))
        return "must be a number";
    errno = 0;
    number = strtoull(value, &end, 10);
    if (*end != '\0')
        return "must be a number";
    if (errno != 0 || number < key->min || number > key->max) {
        snprintf(out_of_range, sizeof out_of_range, "is out of its range (%u to %u)", key->min, key->max);
        return out_of_range;
    }
    *field = (uint32_t)number;
    return NULL;
}

static const char *set_switch(uint32_t *field, const char *value)
{
    if (strcmp(value, "on") != 0 && strcmp(value, "off") != 0)
        return "must be on or off";
    *field = strcmp(value, "on") == 0;
    return NULL;
}

/* Returns NULL, or what is wrong with the value. */
static const char *key_set(struct config *config, const struct key *key, const char *value)
{
    if (strlen(value) >= CONFIG_TEXT_BYTES)
        return "is too long";
    switch (key->kind) {
    case LISTEN:
        return set_listen(config, value);
    case TEXT:
        strcpy(field_of(config, key), value);
        return NULL;
    case SWITCH:
        return set_switch(field_of(config, key), value);
    case NUMBER:
        return set_number(key, field_of(config, key), value);
    }
    return "is unknown";
}

static const struct key *key_find(const char *name)
{
    for (size_t i = 0; i < KEYS; i++) {
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    }
    return NULL;
}

struct reading {
    struct config *config;
    const char *path;
    FILE *file;
    char *error;
    unsigned line;
    unsigned long given; /* a bit for each key */
};

static void reading_fail(struct reading *reading, const char *name, const char *what)
{
    if (reading->error[0] == '\0')
        snprintf(reading->error, CONFIG_ERROR_BYTES, "%s:%u: %.64s %s", reading->path, reading->line, name,
                 what);
}

/* The INI library does not tell its handler the line, so its lines are counted here. */
static char *reading_line(char *buffer, int size, void *context)
{
    struct reading *reading = context;
    char *got = fgets(buffer, size, reading->file);

    if (got == NULL)
        return NULL;
    reading->line++;
    if (strlen(got) >= LINE_MAX_BYTES)
        reading_fail(reading, "the line", "is too long");
    else if ((got[0] == ' ' || got[0] == '\t') && got[strspn(got, " \t\r\n")] != '\0')
        reading_fail(reading, "the line", "must not begin with a space");
    return got;
}

static int reading_key(void *context, const char *section, const char *name, const char *value)
{
    struct reading *reading = context;
    const struct key *key = key_find(name);
    const char *wrong;

    if (section[0] != '\0' || key == NULL) {
        reading_fail(reading, section[0] != '\0' ? section : name, "is unknown");
        return 0;
    }
    wrong = key_set(reading->config, key, value);
    if (key->kind != LISTEN && reading->given & 1ul << (key - keys))
        wrong = "is given twice";
    reading->given |= 1ul << (key - keys);
    if (wrong != NULL)
        reading_fail(reading, name, wrong);
    return wrong == NULL;
}

int config_read_file(struct config *config, const char *path, char error[static CONFIG_ERROR_BYTES])
{
    struct reading reading = {.config = config, .path = path, .error = error};
    int line;

    error[0] = '\0';
    reading.file = fopen(path, "re");
    if (reading.file == NULL) {
        snprintf(error, CONFIG_ERROR_BYTES, "%s: %s", path, strerror(errno));
        return -1;
    }
    line = ini_parse_stream(reading_line, &reading, reading_key, &reading);
    if (line > 0) {
        reading.line = (unsigned)line;
        reading_fail(&reading, "the line", "is not KEY = VALUE");
    }
    fclose(reading.file);
    return error[0] == '\0' ? 0 : -1;
}

/* Several listen addresses are separated by commas in the environment. */
static const char *set_listens(struct config *config, const char *value)
{
    const char *wrong = NULL;
    char one[CONFIG_TEXT_BYTES];

    config->listen_count = 0;
    while (wrong == NULL && *value != '\0') {
        size_t length = strcspn(value, ",");

        if (length >= sizeof one)
            return "is too long";
        memcpy(one, value, length);
        one[length] = '\0';
        wrong = set_listen(config, one);
        value += length + (value[length] == ',');
    }
    return wrong;
}

static const char *variable_set(struct config *config, char *name, const char *value)
{
    const struct key *key;

    for (char *at = name; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
    key = key_find(name);
    if (key == NULL)
        return "is unknown";
    return key->kind == LISTEN ? set_listens(config, value) : key_set(config, key, value);
}

int config_read_environment(struct config *config, char *const *environment,
                            char error[static CONFIG_ERROR_BYTES])
{
    const size_t prefix = strlen(ENVIRONMENT_PREFIX);

    for (; *environment != NULL; environment++) {
        const char *equals = strchr(*environment, '=');
        char name[64] = "";
        const char *wrong;

        if (strncmp(*environment, ENVIRONMENT_PREFIX, prefix) != 0 || equals == NULL)
            continue;
        snprintf(name, sizeof name, "%.*s", (int)(equals - *environment - (ptrdiff_t)prefix),
                 *environment + prefix);
        wrong = variable_set(config, name, equals + 1);
        if (wrong != NULL) {
            snprintf(error, CONFIG_ERROR_BYTES, "environment: %.*s %s", (int)(equals - *environment),
                     *environment, wrong);
            return -1;
        }
    }
    return 0;
}

static int check_fail(char *error, const char *sentence)
{
    snprintf(error, CONFIG_ERROR_BYTES, "%s", sentence);
    return -1;
}

int config_check(const struct config *config, char error[static CONFIG_ERROR_BYTES])
{
    if (!config->tls && (config->tls_cert[0] != '\0' || config->tls_key[0] != '\0'))
        return check_fail(error, "tls is off, but tls_cert or tls_key is given");
    if (config->path[0] != '/' || strpbrk(config->path, "?#% ") != NULL)
        return check_fail(error, "path must begin with / and hold no ?, #, % or space");
    if (config->address_queued_bytes != 0 && config->address_queued_bytes < QUEUED_MIN_BYTES)
        return check_fail(error, "address_queued_bytes is neither 0 nor at least 131072");
    if (config->wait_max_seconds < config->wait_seconds)
        return check_fail(error, "wait_max_seconds is less than wait_seconds");
    return 0;
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

int config_warns(const struct config *config, char warning[static CONFIG_ERROR_BYTES])
{
    char names[128] = "";
    size_t length = 0;

    for (size_t i = 0; i < KEYS && !config->tls; i++) {
        if (strncmp(keys[i].name, "address_", 8) == 0 && number_in(config, &keys[i]) != 0)
            length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", length > 0 ? ", " : "",
                                       keys[i].name);
    }
    if (length == 0)
        return 0;
    snprintf(warning, CONFIG_ERROR_BYTES,
             "tls is off: behind a proxy all devices have its address and share what one address may (%s); "
             "set these to 0 and let the proxy limit",
             names);
    return 1;
}

static int is_missing(const struct config *config, const struct key *key)
{
    if (key->kind == LISTEN)
        return config->listen_count == 0;
    return key->sample[0] != '\0' && config->tls && *(const char *)field_in(config, key) == '\0';
}

static void key_print(const struct config *config, const struct key *key, FILE *out)
{
    const char *text = field_in(config, key);

    if (is_missing(config, key)) {
        fprintf(out, "# %s = %s\n", key->name, key->sample);
        return;
    }
    switch (key->kind) {
    case LISTEN:
        for (size_t i = 0; i < config->listen_count; i++)
            fprintf(out, "listen = %s\n", config->listens[i]);
        break;
    case TEXT:
        if (*text != '\0')
            fprintf(out, "%s = %s\n", key->name, text);
        break;
    case SWITCH:
        fprintf(out, "%s = %s\n", key->name, number_in(config, key) ? "on" : "off");
        break;
    case NUMBER:
        fprintf(out, "%s = %u\n", key->name, (unsigned)number_in(config, key));
        break;
    }
}

void config_print(const struct config *config, FILE *out)
{
    for (size_t i = 0; i < KEYS; i++)
        key_print(config, &keys[i], out);
}

static void key_help(const struct key *key, FILE *out)
{
    char standard[16], range[32] = "";

    snprintf(standard, sizeof standard, "%s", key->sample[0] != '\0' ? "needed" : key->text);
    if (key->kind == SWITCH) {
        snprintf(standard, sizeof standard, "%s", key->standard ? "on" : "off");
        snprintf(range, sizeof range, "on or off");
    } else if (key->kind == NUMBER) {
        snprintf(standard, sizeof standard, "%u", key->standard);
        snprintf(range, sizeof range, "%u to %u", key->min, key->max);
    }
    fprintf(out, "  %-20s  %-8s  %-20s  %s\n", key->name, standard, range, key->help);
}

void config_help(FILE *out)
{
    fprintf(out, "  %-20s  %-8s  %-20s  %s\n", "KEY", "DEFAULT", "RANGE", "WHAT IT IS");
    for (size_t i = 0; i < KEYS; i++)
        key_help(&keys[i], out);
    fputs("\nA FILE that works, with your certificate in these places:\n", out);
    for (size_t i = 0; i < KEYS; i++) {
        if (keys[i].sample[0] != '\0')
            fprintf(out, "  %s = %s\n", keys[i].name, keys[i].sample);
    }
    fputs("\nBehind a proxy (tls = off) all devices have the proxy's address and share the limits of one:\n"
          "set the four address_ keys to 0 there, and let the proxy limit. An address is one IPv4 address\n"
          "or one IPv6 /64: there is no limit for an IPv4 /24 or an IPv6 /48 yet, and addresses that a\n"
          "proxy forwards are not read yet.\n",
          out);
}
