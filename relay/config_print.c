/* The configuration as a file, and the help. */
#include "config_keys.h"

#include <string.h>

static int is_missing(const struct config *config, const struct key *key)
{
    if (key->kind == LISTEN)
        return config->listen_count == 0;
    return key->sample[0] != '\0' && config->tls && *(const char *)config_field(config, key) == '\0';
}

static void networks_print(const struct key *key, const struct config_networks *networks, FILE *out)
{
    for (size_t i = 0; i < networks->count; i++)
        fprintf(out, "%s = %s\n", key->name, networks->items[i]);
}

static void key_print(const struct config *config, const struct key *key, FILE *out)
{
    const char *text = config_field(config, key);

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
        fprintf(out, "%s = %s\n", key->name, config_number(config, key) ? "on" : "off");
        break;
    case NUMBER:
        fprintf(out, "%s = %u\n", key->name, (unsigned)config_number(config, key));
        break;
    case NETWORK:
        networks_print(key, config_field(config, key), out);
        break;
    }
}

void config_print(const struct config *config, FILE *out)
{
    for (size_t i = 0; i < config_key_count; i++)
        key_print(config, &config_keys[i], out);
}

static void key_help(const struct key *key, FILE *out)
{
    char standard[16], range[32] = "";

    snprintf(standard, sizeof standard, "%s",
             key->sample[0] != '\0' ? "needed"
             : key->text[0] != '\0' ? key->text
                                    : "none");
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
    for (size_t i = 0; i < config_key_count; i++)
        key_help(&config_keys[i], out);
    fputs("\nA FILE that works, with your certificate in these places:\n", out);
    for (size_t i = 0; i < config_key_count; i++) {
        if (config_keys[i].sample[0] != '\0')
            fprintf(out, "  %s = %s\n", config_keys[i].name, config_keys[i].sample);
    }
    fputs(
        "\nBehind a proxy all devices have the proxy's address and share the limits of one, unless the "
        "proxy\n"
        "says whom it speaks for (X-Forwarded-For, or the PROXY protocol, version 2) and trusted_proxies\n"
        "names it; who connects to a unix:/PATH is trusted. Or set the four address_ keys to 0, and let the\n"
        "proxy limit. An address is one IPv4 address or one IPv6 /64; a network is an IPv4 /24 or IPv6 "
        "/48.\n",
        out);
    fputs(
        "\nRelays that name the same engine (Redis 6.2 or newer, or Valkey; not Redis Cluster) and the same\n"
        "engine_prefix are one service: any of them serves any device. The engine sees numbers, hashes of "
        "tokens\n"
        "and what passes between devices of different relays, which it cannot read; it needs no disk. The "
        "way to\n"
        "it is not encrypted: a socket, a network of their own, or a tunnel (stunnel) whose end on this "
        "machine\n"
        "engine names. A user of its own there needs no more than:\n"
        "  ACL SETUSER relay on >PASSWORD ~certrelay:* resetchannels -@all +select +script|load +evalsha "
        "+xread\n"
        "    +time +get +set +del +exists +pttl +pexpire +pexpireat +hset +hdel +hgetall +zadd +zcount "
        "+zscore\n"
        "    +zrem +zrange +zremrangebyscore +xadd +xtrim +xlen +xinfo|stream\n",
        out);
    fputs(
        "\nWith engine_local = on a relay whose engine is away makes new mailboxes that it alone knows; "
        "their\n"
        "numbers have 8 digits. Both devices must reach it then: let a balancer keep a person's devices on "
        "one\n"
        "relay, or the typist may have to try again, for any other relay refuses the number; and let it ask\n"
        "for /healthz, as /readyz names the engine all the while.\n",
        out);
}
