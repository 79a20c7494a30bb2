/* Reads addresses and compares their first bits. */
#include "network.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define V4_BITS 96 /* that stand before an IPv4 address */

static struct address from_v4(const void *bytes)
{
    struct address address = {.bytes = {[10] = 0xff, [11] = 0xff}};

    memcpy(address.bytes + 12, bytes, 4);
    return address;
}

struct address address_of(const struct sockaddr *from)
{
    struct address address = {.bytes = {0}};
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (from->sa_family == AF_INET) {
        memcpy(&v4, from, sizeof v4);
        address = from_v4(&v4.sin_addr);
    } else if (from->sa_family == AF_INET6) {
        memcpy(&v6, from, sizeof v6);
        memcpy(address.bytes, &v6.sin6_addr, sizeof address.bytes);
    }
    return address;
}

static int plain_read(const char *text, struct address *address)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (inet_pton(AF_INET, text, &v4) == 1) {
        *address = from_v4(&v4);
        return 0;
    }
    if (inet_pton(AF_INET6, text, &v6) != 1)
        return -1;
    memcpy(address->bytes, &v6, sizeof address->bytes);
    return 0;
}

static int is_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");

    return digits >= 1 && digits <= 5 && text[digits] == '\0';
}

/* Cuts off ":PORT" and brackets. Returns the address's start, or NULL. */
static char *port_cut(char *text)
{
    char *colon = strchr(text, ':'), *bracket;

    if (text[0] == '[') {
        bracket = strchr(text, ']');
        if (bracket == NULL || (bracket[1] != '\0' && (bracket[1] != ':' || !is_port(bracket + 2))))
            return NULL;
        *bracket = '\0';
        return text + 1;
    }
    if (colon != NULL && strchr(colon + 1, ':') == NULL) {
        if (!is_port(colon + 1))
            return NULL;
        *colon = '\0';
    }
    return text;
}

int address_read(const char *text, size_t length, struct address *address)
{
    char copy[NETWORK_TEXT_BYTES], *plain;

    if (length >= sizeof copy || memchr(text, '\0', length) != NULL)
        return -1;
    memcpy(copy, text, length);
    copy[length] = '\0';
    plain = port_cut(copy);
    return plain == NULL ? -1 : plain_read(plain, address);
}

static int bit_of(const struct address *address, unsigned at)
{
    return address->bytes[at / 8] >> (7 - at % 8) & 1;
}

int network_read(const char *text, struct network *network)
{
    const char *slash = strchr(text, '/');
    size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);
    char copy[NETWORK_TEXT_BYTES];
    unsigned long bits = 128, before;

    if (length >= sizeof copy)
        return -1;
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (plain_read(copy, &network->base) != 0)
        return -1;
    before = strchr(copy, ':') == NULL ? V4_BITS : 0;
    if (slash != NULL) {
        if (!isdigit((unsigned char)slash[1]) || strlen(slash) > 4 ||
            slash[1 + strspn(slash + 1, "0123456789")] != '\0')
            return -1;
        bits = before + strtoul(slash + 1, NULL, 10);
    }
    if (bits > 128)
        return -1;
    for (unsigned at = (unsigned)bits; at < 128; at++) {
        if (bit_of(&network->base, at))
            return -1;
    }
    network->bits = (uint8_t)bits;
    return 0;
}

static int network_holds(const struct network *network, const struct address *address)
{
    unsigned whole = network->bits / 8u, rest = network->bits % 8u;

    if (memcmp(network->base.bytes, address->bytes, whole) != 0)
        return 0;
    return rest == 0 || (network->base.bytes[whole] ^ address->bytes[whole]) >> (8 - rest) == 0;
}

int networks_hold(const struct networks *networks, const struct address *address)
{
    for (size_t i = 0; i < networks->count; i++) {
        if (network_holds(&networks->items[i], address))
            return 1;
    }
    return 0;
}
