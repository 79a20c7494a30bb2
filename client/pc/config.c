/* Settings from the command line, the environment and ini files (libinih), merged by a table of keys. */
#include "config.h"

#include <ini.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY(name, environment)                                                              \
    {                                                                                       \
#name, environment, offsetof(struct settings, name), offsetof(struct options, name) \
    }

const struct config_key config_keys[] = {
    KEY(relay, "CERTRELAY_URL"),
    KEY(page, NULL),
    KEY(ca_file, NULL),
    KEY(permit_file, NULL),
    KEY(name, NULL),
    KEY(store, NULL),
    KEY(lang, NULL),
    KEY(patience, NULL),
};

const size_t config_key_count = sizeof(config_keys) / sizeof(config_keys[0]);

#define PATIENCE_DEFAULT_MS 60000
#define PATIENCE_MAX_SECONDS 3600

static char **setting_of(struct settings *settings, const struct config_key *key)
{
    return (char **)(void *)((unsigned char *)settings + key->setting);
}

/* The heaviest speaks first: what is set stays. */
static enum config_fault setting_offer(struct settings *settings, const struct config_key *key,
                                       const char *value)
{
    char **setting = setting_of(settings, key);

    if (*setting || !value || !*value)
        return CONFIG_OK;
    *setting = strdup(value);
    return *setting ? CONFIG_OK : CONFIG_MEMORY;
}

static enum config_fault offer_options(const struct options *options, struct settings *settings)
{
    enum config_fault fault = CONFIG_OK;

    for (size_t i = 0; i < config_key_count && !fault; i++) {
        const char *value;

        memcpy(&value, (const unsigned char *)options + config_keys[i].option, sizeof(value));
        fault = setting_offer(settings, &config_keys[i], value);
    }
    return fault;
}

static enum config_fault offer_environment(struct settings *settings)
{
    enum config_fault fault = CONFIG_OK;

    for (size_t i = 0; i < config_key_count && !fault; i++)
        if (config_keys[i].environment)
            fault = setting_offer(settings, &config_keys[i], getenv(config_keys[i].environment));
    return fault;
}

struct reading {
    struct settings *settings;
    enum config_fault fault;
    char *relay; /* that this file names */
};

static enum config_fault relay_note(struct reading *reading, const char *value)
{
    if (reading->relay || !*value)
        return CONFIG_OK;
    reading->relay = strdup(value);
    return reading->relay ? CONFIG_OK : CONFIG_MEMORY;
}

static int take_line(void *user, const char *section, const char *name, const char *value)
{
    struct reading *reading = user;

    (void)section;
    for (size_t i = 0; i < config_key_count; i++) {
        if (strcmp(config_keys[i].name, name))
            continue;
        reading->fault = setting_offer(reading->settings, &config_keys[i], value);
        if (!reading->fault && !strcmp(name, "relay"))
            reading->fault = relay_note(reading, value);
        return reading->fault == CONFIG_OK;
    }
    reading->fault = CONFIG_BAD_KEY;
    return 0;
}

/* A pipe would hold us up, and a folder reads like an empty file. */
static FILE *open_plain(const char *path)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;

    if (descriptor < 0)
        return NULL;
    if (fstat(descriptor, &status) || (!S_ISREG(status.st_mode) && !S_ISCHR(status.st_mode))) {
        errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
        close(descriptor);
        return NULL;
    }
    return fdopen(descriptor, "r");
}

/* What is for the relay beside it must not be shown to another one. */
static void permit_withhold(struct settings *settings, const char *relay)
{
    if (!relay || !strcmp(settings->relay, relay))
        return;
    free(settings->permit_file);
    settings->permit_file = NULL;
}

static enum config_fault offer_file(const char *path, int must_exist, struct settings *settings,
                                    struct config_report *report)
{
    struct reading reading = {settings, CONFIG_OK, NULL};
    int has_permit = settings->permit_file != NULL;
    FILE *file = open_plain(path);
    int result = file ? ini_parse_file(file, take_line, &reading) : -1;

    if (file)
        fclose(file);
    if (result < 0)
        reading.fault = must_exist || (errno != ENOENT && errno != ENOTDIR) ? CONFIG_MISSING : CONFIG_OK;
    else if (result > 0 && !reading.fault)
        reading.fault = CONFIG_BAD_LINE;
    if (!has_permit && !reading.fault)
        permit_withhold(settings, reading.relay);
    free(reading.relay);
    if (reading.fault) {
        report->line = result > 0 ? result : 0;
        snprintf(report->where, sizeof(report->where), "%s%s%s", path, result < 0 ? ": " : "",
                 result < 0 ? strerror(errno) : "");
    }
    return reading.fault;
}

static void person_file(char *path, size_t capacity)
{
    const char *folder = getenv("XDG_CONFIG_HOME");
    const char *home = getenv("HOME");

    path[0] = '\0';
    if (folder && *folder == '/')
        snprintf(path, capacity, "%s/certrelay/config.ini", folder);
    else if (home && *home)
        snprintf(path, capacity, "%s/.config/certrelay/config.ini", home);
}

static enum config_fault offer_files(const char *named, struct settings *settings,
                                     struct config_report *report)
{
    char path[PATH_MAX];
    enum config_fault fault = CONFIG_OK;

    if (named)
        return offer_file(named, 1, settings, report);
    person_file(path, sizeof(path));
    if (*path)
        fault = offer_file(path, 0, settings, report);
    return fault ? fault : offer_file(CONFIG_SYSTEM_FILE, 0, settings, report);
}

static enum config_fault patience_read(struct settings *settings)
{
    char *end = NULL;
    long seconds;

    settings->patience_ms = PATIENCE_DEFAULT_MS;
    if (!settings->patience)
        return CONFIG_OK;
    errno = 0;
    seconds = strtol(settings->patience, &end, 10);
    if (errno || end == settings->patience || *end || seconds < 1 || seconds > PATIENCE_MAX_SECONDS)
        return CONFIG_BAD_PATIENCE;
    settings->patience_ms = seconds * 1000;
    return CONFIG_OK;
}

static enum config_fault lang_check(const struct settings *settings)
{
    if (!settings->lang || !strcmp(settings->lang, "ko") || !strcmp(settings->lang, "en"))
        return CONFIG_OK;
    return CONFIG_BAD_LANG;
}

static enum config_fault name_default(struct settings *settings)
{
    char host[HOST_NAME_MAX + 1] = "";

    if (settings->name)
        return CONFIG_OK;
    if (gethostname(host, sizeof(host) - 1) || !*host)
        strcpy(host, "PC");
    settings->name = strdup(host);
    return settings->name ? CONFIG_OK : CONFIG_MEMORY;
}

enum config_fault config_read(const struct options *options, struct settings *settings,
                              struct config_report *report)
{
    enum config_fault fault;

    memset(settings, 0, sizeof(*settings));
    memset(report, 0, sizeof(*report));
    fault = offer_options(options, settings);
    if (!fault)
        fault = offer_environment(settings);
    if (!fault)
        fault = offer_files(options->config, settings, report);
    if (!fault)
        fault = patience_read(settings);
    if (!fault)
        fault = lang_check(settings);
    if (!fault)
        fault = name_default(settings);
    report->fault = fault;
    return fault;
}

void config_own_file(const struct options *options, char *path, size_t capacity)
{
    if (options->config)
        snprintf(path, capacity, "%s", options->config);
    else
        person_file(path, capacity);
}

static void make_folders(const char *path)
{
    char folder[PATH_MAX];

    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
        mkdir(folder, 0700);
    }
}

/* A last line without its newline would swallow what is added. */
static int is_line_open(int file)
{
    struct stat status;
    char last = '\n';

    return !fstat(file, &status) && status.st_size > 0 && pread(file, &last, 1, status.st_size - 1) == 1 &&
           last != '\n';
}

int config_keep(const char *path, const char *key, const char *value)
{
    int file, length, fault;

    make_folders(path);
    file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0)
        return -1;
    length = dprintf(file, "%s%s = %s\n", is_line_open(file) ? "\n" : "", key, value);
    fault = errno;
    if (close(file))
        return -1;
    errno = fault;
    return length < 0 ? -1 : 0;
}

void settings_wipe(struct settings *settings)
{
    for (size_t i = 0; i < config_key_count; i++)
        free(*setting_of(settings, &config_keys[i]));
    memset(settings, 0, sizeof(*settings));
}
