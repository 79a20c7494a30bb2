/* Where the relay is: its URL taken apart, the page that belongs to it, and its network addresses. */
#ifndef PC_ADDRESS_H
#define PC_ADDRESS_H

#include <netdb.h>
#include <stddef.h>

#define ADDRESS_TEXT_BYTES 512
#define ADDRESS_HOST_BYTES 256

struct address {
    int is_plain; /* ws:// */
    int port;
    char host[ADDRESS_HOST_BYTES]; /* without brackets */
    char path[ADDRESS_TEXT_BYTES]; /* starts with '/' */
    char url[ADDRESS_TEXT_BYTES];  /* written out: wss://host[:port]/path */
};

enum address_fault { ADDRESS_OK = 0, ADDRESS_MALFORMED, ADDRESS_NOT_LOCAL };

/* Reads wss://host[:port][/path]; https:// means wss://, no scheme means wss://, no path means /ws. ws:// (http://) is
 * taken only for localhost, 127.0.0.0/8 and ::1: ADDRESS_NOT_LOCAL otherwise. */
enum address_fault address_read(const char *text, struct address *address);

/* "host" or "host:port" as it stands in a Host header, with brackets around IPv6. */
void address_authority(const struct address *address, char *text, size_t capacity);

/* The address of the page that the relay itself serves: https://host[:port]/. */
void address_origin(const struct address *address, char *text, size_t capacity);

/* Whether phones are pointed to a page: the one that is set, or the relay's own unless "off" is set. A relay without TLS serves this
 * computer alone, and phones cannot reach it. */
int address_has_page(const struct address *address, const char *set);

/* Does the page at this URL find the relay by itself: same host and port, path /ws? */
int address_is_own_page(const struct address *address, const char *page);

/* getaddrinfo's list (freeaddrinfo). A plain address must resolve to this computer, or *fault is ADDRESS_NOT_LOCAL.
 * NULL otherwise means that the name was not found. */
struct addrinfo *address_resolve(const struct address *address, enum address_fault *fault);

/* "127.0.0.1", "::1": what to give to a library that resolves again. */
void address_numeric(const struct addrinfo *info, char *text, size_t capacity);

/* The errno of a connection of our own to this address, 0 when it stands; waits at most half a second. */
int address_probe(const struct addrinfo *info);

#endif
