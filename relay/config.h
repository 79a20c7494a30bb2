/* What the operator has chosen: built-in values, then a file, then the environment (CERTRELAYD_NAME for each key). */
#ifndef RELAY_CONFIG_H
#define RELAY_CONFIG_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CONFIG_LISTENS_MAX 8
#define CONFIG_LISTEN_HANDED "systemd" /* in place of an address: the sockets that were handed over */
#define CONFIG_NETWORKS_MAX 64
#define CONFIG_NETWORK_BYTES 64
#define CONFIG_TEXT_BYTES 256
#define CONFIG_PREFIX_MAX 64
#define CONFIG_ERROR_BYTES 1024 /* two paths fit, and what is wrong with them */

struct address;

struct config_networks {
    size_t count;
    char items[CONFIG_NETWORKS_MAX][CONFIG_NETWORK_BYTES];
};

struct config {
    char listens[CONFIG_LISTENS_MAX][CONFIG_TEXT_BYTES];
    size_t listen_count;
    char tls_cert[CONFIG_TEXT_BYTES];
    char tls_key[CONFIG_TEXT_BYTES];
    char path[CONFIG_TEXT_BYTES];
    char page[CONFIG_TEXT_BYTES]; /* a folder, or "off" */
    char page_name[CONFIG_TEXT_BYTES];
    char page_help[CONFIG_TEXT_BYTES];
    char page_logo[CONFIG_TEXT_BYTES];
    char page_colour[CONFIG_TEXT_BYTES];
    char page_relay[CONFIG_TEXT_BYTES];
    char user[CONFIG_TEXT_BYTES];    /* "": stays who it is */
    char seccomp[CONFIG_TEXT_BYTES]; /* "on", "log" or "off" */
    struct config_networks trusted_proxies, allow_from;
    char permits_file[CONFIG_TEXT_BYTES]; /* "": none are asked for */
    char watch[CONFIG_TEXT_BYTES];        /* an address, or "off" */
    char log_level[CONFIG_TEXT_BYTES];
    char engine[CONFIG_TEXT_BYTES]; /* "": none */
    char engine_user[CONFIG_TEXT_BYTES];
    char engine_password_file[CONFIG_TEXT_BYTES];
    char engine_prefix[CONFIG_TEXT_BYTES];
    uint32_t watch_anywhere;
    uint32_t engine_local; /* new mailboxes while the engine is away */
    uint32_t tls;
    uint32_t tls_watch_seconds;
    uint32_t max_connections;
    uint32_t max_mailboxes;
    uint32_t max_queued_bytes;
    uint32_t address_connections;
    uint32_t address_allocations;
    uint32_t address_failed_joins;
    uint32_t address_queued_bytes;
    uint32_t network_factor;
    uint32_t all_connections;
    uint32_t all_allocations;
    uint32_t all_failed_joins;
    uint32_t all_bytes;
    uint32_t wait_seconds;
    uint32_t wait_max_seconds;
    uint32_t joined_seconds;
    uint32_t rest_seconds;
    uint32_t silent_seconds;
    uint32_t ping_seconds;
    uint32_t drain_seconds;
};

void config_init(struct config *config);
/* Each returns 0, or -1 with a sentence in error that names the file and line, or the variable. */
int config_read_file(struct config *config, const char *path, char error[static CONFIG_ERROR_BYTES]);
int config_read_environment(struct config *config, char *const *environment,
                            char error[static CONFIG_ERROR_BYTES]);
/* Whether the values contradict each other. Returns 0, or -1 with a sentence in error. */
int config_check(const struct config *config, char error[static CONFIG_ERROR_BYTES]);
/* Whether all is given that a relay cannot do without. Returns 0, or -1 with a sentence in error that shows what to write. */
int config_complete(const struct config *config, char error[static CONFIG_ERROR_BYTES]);
/* Returns 1, with a sentence in warning, when it works but hardly as it was meant. */
int config_warns(const struct config *config, char warning[static CONFIG_ERROR_BYTES]);

/* As a file that config_read_file would read back. What is needed and not given is a comment with an example. */
void config_print(const struct config *config, FILE *out);
/* Every key with its built-in value, its range and what it means, and a file that works. */
void config_help(FILE *out);

/* Sockets were handed over: where no line says which place is theirs, they take that of all lines. */
void config_hand_over(struct config *config);

/* Whether the page for phones is to be served. */
int config_has_page(const struct config *config);

/* Whether there is to be a door for monitoring. */
int config_has_watch(const struct config *config);
/* Its address and port. Returns 0, or -1 when it is a path, or nothing that can be. */
int config_watch_address(const struct config *config, struct address *address, uint16_t *port);

/* Where the engine is: a path, or else a host, a port and the number of a data base. */
struct config_engine {
    char path[CONFIG_TEXT_BYTES];
    char host[CONFIG_TEXT_BYTES];
    char port[8];
    uint32_t number;
};
/* Whether the mailboxes are shared with other relays. */
int config_has_engine(const struct config *config);
/* Returns NULL, or what is wrong with it. */
const char *config_engine_read(const struct config *config, struct config_engine *engine);

/* The path of unix:/PATH, or NULL when text is no such thing. */
const char *config_listen_path(const char *text);
/* Splits HOST:PORT or [HOST]:PORT. Returns 0, or -1 when it is neither. */
int config_split_listen(const char *text, char host[static CONFIG_TEXT_BYTES], uint16_t *port);

#endif
