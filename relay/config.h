/* What the operator has chosen: built-in values, then a file, then the environment (CERTRELAYD_NAME for each key). */
#ifndef RELAY_CONFIG_H
#define RELAY_CONFIG_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CONFIG_LISTENS_MAX 8
#define CONFIG_TEXT_BYTES 256
#define CONFIG_ERROR_BYTES 1024 /* two paths fit, and what is wrong with them */

struct config {
    char listens[CONFIG_LISTENS_MAX][CONFIG_TEXT_BYTES];
    size_t listen_count;
    char tls_cert[CONFIG_TEXT_BYTES];
    char tls_key[CONFIG_TEXT_BYTES];
    char path[CONFIG_TEXT_BYTES];
    uint32_t tls;
    uint32_t max_connections;
    uint32_t max_mailboxes;
    uint32_t max_queued_bytes;
    uint32_t address_connections;
    uint32_t address_allocations;
    uint32_t address_failed_joins;
    uint32_t address_queued_bytes;
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

/* Splits HOST:PORT or [HOST]:PORT. Returns 0, or -1 when it is neither. */
int config_split_listen(const char *text, char host[static CONFIG_TEXT_BYTES], uint16_t *port);

#endif
