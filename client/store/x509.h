/* What is read from an X.509 certificate, as text. */
#ifndef STORE_X509_H
#define STORE_X509_H

#include <openssl/x509.h>

#include <stddef.h>
#include <stdint.h>

/* DER, whatever follows it, or PEM. NULL when it is neither. Free with X509_free. */
X509 *x509_read(const uint8_t *bytes, size_t length);

/* The caller frees each text; NULL when memory is short. What is missing is empty text. */
char *x509_subject(const X509 *cert);
/* The most specific subject part of its kind (NID_commonName...). */
char *x509_name_part(const X509_NAME *name, int nid);
/* The real name KISA puts into the subject's alternative name. */
char *x509_real_name(const X509 *cert);
/* The first policy a table knows, else the first policy. */
char *x509_policy(const X509 *cert);
char *x509_serial(const X509 *cert);

/* Seconds since 1970. Returns 0, or -1 when the time makes no sense. */
int x509_time(const ASN1_TIME *time, int64_t *seconds);

#endif
