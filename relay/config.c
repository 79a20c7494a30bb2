/* Reads the configuration: a file, then the environment. */
#include "config_keys.h"
#include "network.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENVIRONMENT_PREFIX "CERTRELAYD_"
#define LINE_MAX_BYTES 198 /* what the INI library reads at once, less its own two */

static void *field_of(struct config *config, const struct key *key)
{
    return (char *)config + key->offset;
}

int config_has_page(const struct config *config)
{
    return strcmp(config->page, "off") != 0;
}

void config_init(struct config *config)
{
    memset(config, 0, sizeof *config);
    for (size_t i = 0; i < config_key_count; i++) {
        if (config_keys[i].kind == TEXT)
            strcpy(field_of(config, &config_keys[i]), config_keys[i].text);
        else if (config_keys[i].kind == NUMBER || config_keys[i].kind == SWITCH)
            *(uint32_t *)field_of(config, &config_keys[i]) = config_keys[i].standard;
    }
    if (access(CR_PAGE_FOLDER "/index.html", R_OK) == 0)
        strcpy(config->page, CR_PAGE_FOLDER);
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

const char *config_listen_path(const char *text)
{
    return strncmp(text, "unix:/", 6) == 0 && text[6] != '\0' ? text + 5 : NULL;
}

static const char *set_listen(struct config *config, const char *value)
{
    char host[CONFIG_TEXT_BYTES];
    uint16_t port;

    if (config_listen_path(value) != NULL || strcmp(value, CONFIG_LISTEN_HANDED) == 0)
        port = 1;
    else if (config_split_listen(value, host, &port) != 0)
        return "must be HOST:PORT, [HOST]:PORT, unix:/PATH or systemd";
    for (size_t i = 0; i < config->listen_count; i++) {
        if (port != 0 && strcmp(config->listens[i], value) == 0)
            return "is given twice with the same value";
    }
    if (config->listen_count >= CONFIG_LISTENS_MAX)
        return "is given too often";
    strcpy(config->listens[config->listen_count++], value);
    return NULL;
}

void config_hand_over(struct config *config)
{
    for (size_t i = 0; i < config->listen_count; i++) {
        if (strcmp(config->listens[i], CONFIG_LISTEN_HANDED) == 0)
            return;
    }
    config->listen_count = 1;
    strcpy(config->listens[0], CONFIG_LISTEN_HANDED);
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

/* One or several, separated by commas or spaces. */
static const char *set_networks(struct config_networks *networks, const char *value)
{
    static const char no_networks[] = "must be addresses or networks such as 10.0.0.0/8 or 2001:db8::/32";
    size_t before = networks->count;
    char copy[CONFIG_TEXT_BYTES], *rest = NULL;
    struct network network;

    strcpy(copy, value);
    for (char *item = strtok_r(copy, ", \t", &rest); item != NULL; item = strtok_r(NULL, ", \t", &rest)) {
        if (strlen(item) >= CONFIG_NETWORK_BYTES || network_read(item, &network) != 0)
            return no_networks;
        if (networks->count == CONFIG_NETWORKS_MAX)
            return "holds more than 64";
        strcpy(networks->items[networks->count++], item);
    }
    return networks->count > before ? NULL : no_networks; /* none at all would mean everybody */
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
        if (strlen(value) < key->min)
            return "must not be empty";
        strcpy(field_of(config, key), value);
        return NULL;
    case SWITCH:
        return set_switch(field_of(config, key), value);
    case NUMBER:
        return set_number(key, field_of(config, key), value);
    case NETWORK:
        return set_networks(field_of(config, key), value);
    }
    return "is unknown";
}

static const struct key *key_find(const char *name)
{
    for (size_t i = 0; i < config_key_count; i++) {
        if (strcmp(config_keys[i].name, name) == 0)
            return &config_keys[i];
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
    if (key->kind != LISTEN && key->kind != NETWORK && reading->given & 1ul << (key - config_keys))
        wrong = "is given twice";
    reading->given |= 1ul << (key - config_keys);
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
    if (key->kind == LISTEN)
        return set_listens(config, value);
    if (key->kind == NETWORK)
        ((struct config_networks *)field_of(config, key))->count = 0;
    return key_set(config, key, value);
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
