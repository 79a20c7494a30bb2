/* Where the door for monitoring may be. */
#include "config_keys.h"

#include "network.h"

#include <string.h>

int config_has_watch(const struct config *config)
{
    return strcmp(config->watch, "off") != 0;
}

/* No names of machines: what one means today may be elsewhere tomorrow. */
int config_watch_address(const struct config *config, struct address *address, uint16_t *port)
{
    char host[CONFIG_TEXT_BYTES];
    struct network network;

    if (config_split_listen(config->watch, host, port) != 0 || strchr(host, '/') != NULL ||
        network_read(host, &network) != 0)
        return -1;
    *address = network.base;
    return 0;
}

static int is_loopback(const struct address *address)
{
    static const char *const own[] = {"127.0.0.0/8", "::1"};
    struct networks networks = {.count = sizeof own / sizeof own[0]};

    for (size_t i = 0; i < networks.count; i++)
        (void)network_read(own[i], &networks.items[i]);
    return networks_hold(&networks, address);
}

int config_check_watch(const struct config *config, char error[static CONFIG_ERROR_BYTES])
{
    struct address address;
    uint16_t port;

    if (!config_has_watch(config) || config_listen_path(config->watch) != NULL)
        return 0;
    if (config_watch_address(config, &address, &port) != 0) {
        snprintf(error, CONFIG_ERROR_BYTES,
                 "watch = %s: must be off, ADDRESS:PORT, [ADDRESS]:PORT or unix:/PATH", config->watch);
        return -1;
    }
    if (config->watch_anywhere || is_loopback(&address))
        return 0;
    snprintf(error, CONFIG_ERROR_BYTES,
             "watch = %s: others than this machine could read the figures there; write 127.0.0.1, [::1] or "
             "unix:/PATH, or watch_anywhere = on where a firewall keeps strangers out",
             config->watch);
    return -1;
}
