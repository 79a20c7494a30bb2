/* Whom we trust to be the relay: CA certificates, and what a failed verification means. */
#ifndef PC_TLS_H
#define PC_TLS_H

#include "net.h"

#include <openssl/ssl.h>

/* A client's TLS context: TLS 1.2 or later, CA certificates of ca_file, or of this computer when it is NULL. With an IPv6 address as
 * host it demands a certificate for that address; all other hosts are the library's to check. */
enum net_failure tls_new(SSL_CTX **tls, const char *ca_file, const char *host);

/* The failure that OpenSSL's code of verification stands for; NET_OK for X509_V_OK. */
enum net_failure tls_failure(int verification);

#endif
