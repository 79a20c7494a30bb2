/* One table of keys drives reading, checking, printing and help. */
#include "config_keys.h"

#include <certrelay/contract.h>

#define AT(field) offsetof(struct config, field)

const struct key config_keys[] = {
    {"listen", LISTEN, 0, 0, 0, 0, "", LISTEN_SAMPLE,
     "HOST:PORT, [HOST]:PORT, unix:/PATH, or systemd for the sockets that it hands over; up to 8 lines; port "
     "0: any free one"},
    {"user", TEXT, AT(user), 0, 0, 0, "", "",
     "whom to become, started as root, once the TLS files are read and the ports taken"},
    {"seccomp", TEXT, AT(seccomp), 0, 0, 0, CR_SECCOMP, "",
     "on: refuse itself all system calls that it does not need; log: tell the kernel's log of them; off"},
    {"path", TEXT, AT(path), 0, 0, 0, "/ws", "",
     "where the WebSocket is: clients use wss://HOST:PORT/ws, or wss://HOST/ws for port 443"},
    {"page", TEXT, AT(page), 0, 0, 0, "off", "",
     "folder with the page for phones, or off; default: " CR_PAGE_FOLDER ", when it is there"},
    {"page_name", TEXT, AT(page_name), 0, 0, 0, "", "", "whose relay it is, as the page says it"},
    {"page_help", TEXT, AT(page_help), 0, 0, 0, "", "",
     "where its users find help: an https:// address, or a few words"},
    {"page_logo", TEXT, AT(page_logo), 0, 0, 0, "", "",
     "a file of the page's folder, or /PATH of a .png or .svg"},
    {"page_colour", TEXT, AT(page_colour), 0, 0, 0, "", "", "the page's own colour, #rrggbb"},
    {"page_relay", TEXT, AT(page_relay), 0, 0, 0, "", "",
     "wss:// address that the page is to use, where that is not this relay"},
    {"tls", SWITCH, AT(tls), 0, 1, 1, "", "", "off only behind a proxy that does TLS, on the same machine"},
    {"tls_cert", TEXT, AT(tls_cert), 0, 0, 0, "", CERT_SAMPLE,
     "PEM file: the certificate, then its chain; not with tls = off"},
    {"tls_key", TEXT, AT(tls_key), 0, 0, 0, "", KEY_SAMPLE,
     "PEM file: its private key, without a password; not with tls = off"},
    {"tls_watch_seconds", NUMBER, AT(tls_watch_seconds), 0, 3600, 5, "", "",
     "how often the two files are looked at, and loaded when they have changed; 0: only at SIGHUP"},
    {"trusted_proxies", NETWORK, AT(trusted_proxies), 0, 0, 0, "", "",
     "proxies whose X-Forwarded-For and PROXY headers are believed: addresses or networks (10.0.0.0/8), "
     "commas or lines"},
    {"allow_from", NETWORK, AT(allow_from), 0, 0, 0, "", "",
     "who may open mailboxes: addresses or networks; default: everybody; anybody may join one"},
    {"permits_file", TEXT, AT(permits_file), 1, 0, 0, "", "",
     "who may open mailboxes: devices that show one of the permits in this file, one a line (8 to 64 "
     "printable "
     "characters; # begins a remark), or come from allow_from; read again at SIGHUP"},
    {"watch", TEXT, AT(watch), 0, 0, 0, "off", "",
     "127.0.0.1:PORT, [::1]:PORT or unix:/PATH where monitoring reads /healthz, /readyz and /metrics"},
    {"watch_anywhere", SWITCH, AT(watch_anywhere), 0, 1, 0, "", "",
     "on: watch may be any address of this machine; then a firewall must keep strangers from it"},
    {"engine", TEXT, AT(engine), 0, 0, 0, "", "",
     "Redis or Valkey that several relays share: unix:/PATH or redis://HOST:PORT/NUMBER; default: none, this "
     "relay is alone"},
    {"engine_user", TEXT, AT(engine_user), 0, 0, 0, "", "",
     "whom to be there, where that is not its default user"},
    {"engine_password_file", TEXT, AT(engine_password_file), 0, 0, 0, "", "",
     "file whose first line is the password there"},
    {"engine_prefix", TEXT, AT(engine_prefix), 0, 0, 0, "certrelay:", "",
     "begins all keys there; relays with the same one share their mailboxes"},
    {"engine_local", SWITCH, AT(engine_local), 0, 1, 0, "", "",
     "on: while the engine is away, new mailboxes are this relay's alone instead of refused"},
    {"log_level", TEXT, AT(log_level), 0, 0, 0, "info", "",
     "info, warning or error: what is less is not logged"},
    {"max_connections", NUMBER, AT(max_connections), 2, 1000000, 10000, "", "", "connections at once"},
    {"max_mailboxes", NUMBER, AT(max_mailboxes), 1, 1000000, 10000, "", "", "mailboxes at once"},
    {"max_queued_bytes", NUMBER, AT(max_queued_bytes), QUEUED_MIN_BYTES, 4294967295, 67108864, "", "",
     "payload held for devices"},
    {"address_connections", NUMBER, AT(address_connections), 0, 1000000, 256, "", "",
     "connections of one address; 0: any number"},
    {"address_allocations", NUMBER, AT(address_allocations), 0, 60000, 60, "", "",
     "new mailboxes of one address a minute; 0: any number"},
    {"address_failed_joins", NUMBER, AT(address_failed_joins), 0, 60000, 20, "", "",
     "joins of one address a minute that do not end well; more cost each device some work, and 8 times as "
     "many are "
     "refused; 0: any number"},
    {"address_queued_bytes", NUMBER, AT(address_queued_bytes), 0, 4294967295, 4194304, "", "",
     "of max_queued_bytes what one address has sent; 0: any share"},
    {"network_factor", NUMBER, AT(network_factor), 0, 10000, 8, "", "",
     "an IPv4 /24 or IPv6 /48 may do so many times what one address may; 0: any number"},
    {"all_connections", NUMBER, AT(all_connections), 0, 10000000, 0, "", "",
     "new connections of all addresses a minute; 0: any number"},
    {"all_allocations", NUMBER, AT(all_allocations), 0, 10000000, 0, "", "",
     "new mailboxes of all addresses a minute; 0: any number"},
    {"all_failed_joins", NUMBER, AT(all_failed_joins), 0, 10000000, 0, "", "",
     "joins of all addresses a minute that do not end well; more cost each device some work; 0: any number"},
    {"all_bytes", NUMBER, AT(all_bytes), 0, 4294967295, 0, "", "",
     "payload of all devices a minute; 0: any number"},
    {"wait_seconds", NUMBER, AT(wait_seconds), 1, 1800, CR_WAIT_SECONDS, "", "",
     "a mailbox waits for the other device"},
    {"wait_max_seconds", NUMBER, AT(wait_max_seconds), 1, 7200, CR_WAIT_MAX_SECONDS, "", "",
     "the same, with all extensions that a device asks for"},
    {"joined_seconds", NUMBER, AT(joined_seconds), 1, 7200, CR_JOINED_SECONDS, "", "",
     "a mailbox lives once both devices are there"},
    {"rest_seconds", NUMBER, AT(rest_seconds), 0, 86400, CR_REST_SECONDS, "", "",
     "a used number is not given out again"},
    {"silent_seconds", NUMBER, AT(silent_seconds), 1, 60, CR_SILENT_SECONDS, "", "",
     "a new connection may say nothing"},
    {"ping_seconds", NUMBER, AT(ping_seconds), 1, 300, CR_PING_SECONDS, "", "",
     "a connection is silent before it is pinged"},
    {"drain_seconds", NUMBER, AT(drain_seconds), 0, 3600, 30, "", "",
     "running mailboxes may finish after SIGTERM"},
};

const size_t config_key_count = sizeof config_keys / sizeof config_keys[0];

const void *config_field(const struct config *config, const struct key *key)
{
    return (const char *)config + key->offset;
}

uint32_t config_number(const struct config *config, const struct key *key)
{
    return *(const uint32_t *)config_field(config, key);
}
