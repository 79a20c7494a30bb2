/* Sockets that wait at most ten seconds, OpenSSL on top, and just enough HTTP for one question. */
#include "probe.h"

#include "interrupt.h"
#include "tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_BYTES 4096

struct probe {
    int socket;
    SSL_CTX *context;
    SSL *tls;
};

static enum net_failure failure_of(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return NET_REFUSED;
    case EINPROGRESS: /* the time given to a blocking socket is over */
    case EAGAIN:
    case ETIMEDOUT:
        return NET_TIMEOUT;
    case ENOMEM:
        return NET_MEMORY;
    case ECONNRESET:
    case EPIPE:
    case EINTR:
        return NET_LOST;
    default:
        return NET_UNREACHABLE;
    }
}

static int connect_one(const struct addrinfo *info)
{
    const struct timeval patience = {.tv_sec = NET_CONNECT_MS / 1000};
    int descriptor = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), error;

    if (descriptor < 0)
        return -1;
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (!connect(descriptor, info->ai_addr, info->ai_addrlen))
        return descriptor;
    error = errno;
    close(descriptor);
    errno = error;
    return -1;
}

enum net_failure probe_connect(const struct addrinfo *list, struct probe **probe)
{
    int descriptor = -1;

    errno = EHOSTUNREACH;
    for (; list && descriptor < 0 && !interrupt_signal(); list = list->ai_next)
        descriptor = connect_one(list);
    *probe = descriptor < 0 ? NULL : calloc(1, sizeof(**probe));
    if (*probe) {
        (*probe)->socket = descriptor;
        return NET_OK;
    }
    if (descriptor < 0)
        return failure_of(errno);
    close(descriptor);
    return NET_MEMORY;
}

/* tls_new has seen to IPv6 already. */
static int expect_host(SSL *tls, const char *host)
{
    char name[ADDRESS_HOST_BYTES];
    struct in_addr four;

    if (strchr(host, ':'))
        return 0;
    if (inet_pton(AF_INET, host, &four) == 1)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), host) == 1 ? 0 : -1;
    snprintf(name, sizeof(name), "%s", host);
    return SSL_set1_host(tls, name) == 1 && SSL_set_tlsext_host_name(tls, name) == 1 ? 0 : -1;
}

enum net_failure probe_secure(struct probe *probe, const char *host, const char *ca_file)
{
    enum net_failure failure = tls_new(&probe->context, ca_file, host);

    if (failure)
        return failure;
    probe->tls = SSL_new(probe->context);
    if (!probe->tls || expect_host(probe->tls, host) || SSL_set_fd(probe->tls, probe->socket) != 1)
        return NET_MEMORY;
    errno = 0;
    if (SSL_connect(probe->tls) == 1)
        return NET_OK;
    failure = tls_failure((int)SSL_get_verify_result(probe->tls));
    if (failure)
        return failure;
    return errno == EAGAIN ? NET_TIMEOUT : NET_TLS_OTHER;
}

static int64_t seconds_of(const ASN1_TIME *when)
{
    struct tm parts;

    return when && ASN1_TIME_to_tm(when, &parts) == 1 ? (int64_t)timegm(&parts) : 0;
}

void probe_peer(const struct probe *probe, struct probe_peer *peer)
{
    X509 *certificate = probe->tls ? SSL_get0_peer_certificate(probe->tls) : NULL;
    X509_NAME *name = certificate ? X509_get_issuer_name(certificate) : NULL;

    memset(peer, 0, sizeof(*peer));
    if (!name)
        return;
    if (X509_NAME_get_text_by_NID(name, NID_organizationName, peer->issuer, sizeof(peer->issuer)) <= 0)
        X509_NAME_get_text_by_NID(name, NID_commonName, peer->issuer, sizeof(peer->issuer));
    peer->not_after = seconds_of(X509_get0_notAfter(certificate));
}

static int send_all(struct probe *probe, const char *text)
{
    size_t length = strlen(text);

    if (probe->tls)
        return SSL_write(probe->tls, text, (int)length) == (int)length ? 0 : -1;
    return send(probe->socket, text, length, MSG_NOSIGNAL) == (ssize_t)length ? 0 : -1;
}

/* Until the head of the answer is there: what follows is of no interest. */
static size_t receive_head(struct probe *probe, char text[static ANSWER_BYTES])
{
    size_t length = 0;
    ssize_t count;

    text[0] = '\0';
    do {
        char *at = text + length;
        size_t space = ANSWER_BYTES - 1 - length;

        count = probe->tls ? SSL_read(probe->tls, at, (int)space) : recv(probe->socket, at, space, 0);
        if (count <= 0)
            break;
        length += (size_t)count;
        text[length] = '\0';
    } while (!strstr(text, "\r\n\r\n") && length < ANSWER_BYTES - 1);
    return length;
}

static void header_value(const char *head, const char *name, char text[static PROBE_TEXT_BYTES])
{
    size_t length = strlen(name);

    text[0] = '\0';
    for (const char *line = strstr(head, "\r\n"); line && line[2] != '\r'; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, length) != 0 || line[2 + length] != ':')
            continue;
        line += 2 + length + 1;
        line += strspn(line, " ");
        snprintf(text, PROBE_TEXT_BYTES, "%.*s", (int)strcspn(line, "\r\n"), line);
        return;
    }
}

/* "Fri, 20 Nov 2026 15:00:00 GMT": English in every locale, which strptime is not. */
static int64_t date_of(const char *text)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char month[4] = "";
    struct tm parts = {.tm_year = 0};
    const char *found;

    if (sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT", &parts.tm_mday, month, &parts.tm_year,
               &parts.tm_hour, &parts.tm_min, &parts.tm_sec) != 6)
        return 0;
    found = strstr(months, month);
    if (!found || strlen(month) != 3 || (found - months) % 3)
        return 0;
    parts.tm_mon = (int)(found - months) / 3;
    parts.tm_year -= 1900;
    return (int64_t)timegm(&parts);
}

enum net_failure probe_get(struct probe *probe, const char *authority, const char *path,
                           struct probe_answer *answer)
{
    char request[1024], head[ANSWER_BYTES], date[PROBE_TEXT_BYTES];

    memset(answer, 0, sizeof(*answer));
    snprintf(request, sizeof(request),
             "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/html\r\nConnection: close\r\n\r\n", path,
             authority);
    errno = 0;
    if (send_all(probe, request) || !receive_head(probe, head))
        return errno == EAGAIN ? NET_TIMEOUT : NET_LOST;
    if (sscanf(head, "HTTP/1.%*1[01] %3d", &answer->status) != 1)
        return NET_NOT_A_RELAY;
    header_value(head, "Content-Type", answer->type);
    header_value(head, "Location", answer->location);
    header_value(head, "Date", date);
    answer->date = date_of(date);
    return NET_OK;
}

void probe_free(struct probe *probe)
{
    if (!probe)
        return;
    SSL_free(probe->tls);
    SSL_CTX_free(probe->context);
    close(probe->socket);
    free(probe);
}
