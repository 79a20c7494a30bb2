/* Whose certificate it is: the random number (R) beside the sign key, and the virtual ID (VID) that binds it to a person's number. */
#ifndef STORE_VID_H
#define STORE_VID_H

#include "verify.h"

#include <openssl/x509.h>

#define VID_RANDOM_MAX_BYTES 64
#define VID_MAX_BYTES 64

struct vid_random {
    uint8_t bytes[VID_RANDOM_MAX_BYTES];
    size_t length;
};

/* Never STORE_RANDOM_UNKNOWN. Wipe it with OPENSSL_cleanse: it is as secret as the key. */
enum store_random vid_random_read(const PKCS8_PRIV_KEY_INFO *key, struct vid_random *random);

/* h(h(DER { number, R })). digits are of a number without hyphens. Returns the length, or -1. */
int vid_make(const EVP_MD *hash, const char *digits, size_t length, const struct vid_random *random,
             uint8_t vid[static VID_MAX_BYTES]);

/* Of the number as typed. random of length 0: not at hand. */
enum store_number vid_check(const X509 *cert, const struct vid_random *random, const char *number,
                            size_t length);

#endif
