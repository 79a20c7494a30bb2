/* The relay's URL taken apart, and names resolved. */
#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define PROBE_MS 500

struct scheme {
    const char *text;
    int is_plain;
};

static const struct scheme schemes[] = {{"wss://", 0}, {"https://", 0}, {"ws://", 1}, {"http://", 1}};

static const char *skip_scheme(const char *text, int *is_plain)
{
    *is_plain = 0;
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        size_t length = strlen(schemes[i].text);

        if (strncasecmp(text, schemes[i].text, length))
            continue;
        *is_plain = schemes[i].is_plain;
        return text + length;
    }
    return strstr(text, "://") ? NULL : text;
}

/* Host up to ':', '/' or the end; brackets around IPv6. Returns what follows. */
static const char *read_host(const char *text, struct address *address)
{
    int has_bracket = *text == '[';
    size_t length = has_bracket ? strcspn(++text, "]") : strcspn(text, ":/?#");

    if (!length || length >= sizeof(address->host) || (has_bracket && text[length] != ']'))
        return NULL;
    memcpy(address->host, text, length);
    address->host[length] = '\0';
    if (strspn(address->host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:%") !=
        length)
        return NULL;
    return text + length + (has_bracket ? 1 : 0);
}

static const char *read_port(const char *text, struct address *address)
{
    char *end = NULL;
    long port;

    address->port = address->is_plain ? 80 : 443;
    if (*text != ':')
        return text;
    errno = 0;
    port = strtol(text + 1, &end, 10);
    if (errno || end == text + 1 || port < 1 || port > 65535)
        return NULL;
    address->port = (int)port;
    return end;
}

#define PATH_MAX_BYTES 200 /* so that the whole URL fits an invitation */

static int read_path(const char *text, struct address *address)
{
    if (*text && *text != '/')
        return -1;
    if (!text[0] || !text[1])
        text = "/ws";
    if (strlen(text) > PATH_MAX_BYTES || strpbrk(text, "# \t\r\n"))
        return -1;
    for (const char *at = text; *at; at++)
        if ((unsigned char)*at < 0x21 || (unsigned char)*at > 0x7e)
            return -1;
    strcpy(address->path, text);
    return 0;
}

static int is_local_name(const char *host)
{
    struct in_addr four;
    struct in6_addr six;

    if (!strcasecmp(host, "localhost"))
        return 1;
    if (inet_pton(AF_INET, host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

void address_authority(const struct address *address, char *text, size_t capacity)
{
    int is_six = strchr(address->host, ':') != NULL;
    int is_usual = address->port == (address->is_plain ? 80 : 443);
    char port[8] = "";

    if (!is_usual)
        snprintf(port, sizeof(port), ":%d", address->port);
    snprintf(text, capacity, "%s%s%s%s", is_six ? "[" : "", address->host, is_six ? "]" : "", port);
}

enum address_fault address_read(const char *text, struct address *address)
{
    char authority[ADDRESS_HOST_BYTES + 16];

    memset(address, 0, sizeof(*address));
    text = skip_scheme(text, &address->is_plain);
    if (text)
        text = read_host(text, address);
    if (text)
        text = read_port(text, address);
    if (!text || read_path(text, address))
        return ADDRESS_MALFORMED;
    address_authority(address, authority, sizeof(authority));
    snprintf(address->url, sizeof(address->url), "%s://%s%.*s", address->is_plain ? "ws" : "wss", authority,
             PATH_MAX_BYTES, address->path);
    return address->is_plain && !is_local_name(address->host) ? ADDRESS_NOT_LOCAL : ADDRESS_OK;
}

void address_origin(const struct address *address, char *text, size_t capacity)
{
    char authority[ADDRESS_HOST_BYTES + 16];

    address_authority(address, authority, sizeof(authority));
    snprintf(text, capacity, "%s://%s/", address->is_plain ? "http" : "https", authority);
}

int address_has_page(const struct address *address, const char *set)
{
    return set ? strcmp(set, "off") != 0 : !address->is_plain;
}

int address_is_own_page(const struct address *address, const char *page)
{
    char origin[ADDRESS_TEXT_BYTES];
    size_t length;

    address_origin(address, origin, sizeof(origin));
    length = strlen(origin) - 1;
    return !strcmp(address->path, "/ws") && !strncasecmp(page, origin, length) &&
           (page[length] == '\0' || page[length] == '/');
}

static int is_loopback(const struct addrinfo *info)
{
    if (info->ai_family == AF_INET) {
        struct sockaddr_in four;

        memcpy(&four, info->ai_addr, sizeof(four));
        return ntohl(four.sin_addr.s_addr) >> 24 == 127;
    }
    if (info->ai_family == AF_INET6) {
        struct sockaddr_in6 six;

        memcpy(&six, info->ai_addr, sizeof(six));
        return IN6_IS_ADDR_LOOPBACK(&six.sin6_addr);
    }
    return 0;
}

struct addrinfo *address_resolve(const struct address *address, enum address_fault *fault)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_family = AF_UNSPEC};
    struct addrinfo *list = NULL;
    char port[8];

    *fault = ADDRESS_OK;
    snprintf(port, sizeof(port), "%d", address->port);
    if (getaddrinfo(address->host, port, &hints, &list))
        return NULL;
    for (const struct addrinfo *info = list; info && address->is_plain; info = info->ai_next)
        if (!is_loopback(info))
            *fault = ADDRESS_NOT_LOCAL;
    if (*fault) {
        freeaddrinfo(list);
        return NULL;
    }
    return list;
}

void address_numeric(const struct addrinfo *info, char *text, size_t capacity)
{
    if (getnameinfo(info->ai_addr, info->ai_addrlen, text, (socklen_t)capacity, NULL, 0, NI_NUMERICHOST))
        text[0] = '\0';
}

static int wait_connected(int descriptor)
{
    struct pollfd waiting = {descriptor, POLLOUT, 0};
    int error = 0;
    socklen_t size = sizeof(error);

    if (poll(&waiting, 1, PROBE_MS) <= 0)
        return ETIMEDOUT;
    return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) ? errno : error;
}

int address_probe(const struct addrinfo *info)
{
    int descriptor = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = 0;

    if (descriptor < 0)
        return errno;
    if (connect(descriptor, info->ai_addr, info->ai_addrlen))
        error = errno == EINPROGRESS ? wait_connected(descriptor) : errno;
    close(descriptor);
    return error;
}
