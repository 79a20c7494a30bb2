/* The settings of this computer: command line, environment, configuration files and defaults, in this order of weight. */
#ifndef PC_CONFIG_H
#define PC_CONFIG_H

#include "options.h"

#include <stdint.h>

#define CONFIG_SYSTEM_FILE "/etc/certrelay/client.ini"

/* All texts are owned, NULL when nobody set them. */
struct settings {
    char *relay;
    char *page;
    char *ca_file;
    char *permit_file;
    char *name; /* never NULL: the host's name */
    char *store;
    char *lang;
    char *patience;
    int64_t patience_ms;
};

/* A key of the configuration file. */
struct config_key {
    const char *name;
    const char *environment; /* NULL: none */
    size_t setting;          /* offset in struct settings */
    size_t option;           /* offset in struct options */
};

extern const struct config_key config_keys[];
extern const size_t config_key_count;

enum config_fault {
    CONFIG_OK = 0,
    CONFIG_MISSING,
    CONFIG_BAD_LINE,
    CONFIG_BAD_KEY,
    CONFIG_BAD_PATIENCE,
    CONFIG_BAD_LANG,
    CONFIG_MEMORY
};

struct config_report {
    enum config_fault fault;
    int line;        /* BAD_LINE, BAD_KEY */
    char where[256]; /* the file; of MISSING with the reason */
};

/* Fills settings. The system's and the person's file may be missing; one named by --config may not. The files' lines are
 * "key = value"; keys of an unknown name are refused, so that a misspelt one is noticed. Where a file names a relay and a permit, the
 * permit is for that relay: with another one it does not count. */
enum config_fault config_read(const struct options *options, struct settings *settings,
                              struct config_report *report);
void settings_wipe(struct settings *settings);

/* The file that config_keep writes to: the one named by --config, else the person's own. "" when there is none. */
void config_own_file(const struct options *options, char *path, size_t capacity);
/* Adds "key = value" to the file's end, and leaves the rest as it is; made with 0600 when missing. 0, or -1 with errno. */
int config_keep(const char *path, const char *key, const char *value);

#endif
