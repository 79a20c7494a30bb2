/* A certificate in another format: NPKI folders, PKCS#12 and PEM, each into each. */
#ifndef STORE_CONVERT_H
#define STORE_CONVERT_H

#include "store.h"

/* How the result is encrypted. */
enum store_strength {
    /* What everything reads. PKCS#12: 3DES and a SHA-1 MAC, as phones and Windows import. NPKI: 1.2.410.200004.1.15, 2,048
     * rounds of SHA-1, as all Korean programs read. PEM: as STORE_STRONG. */
    STORE_COMPATIBLE,
    /* PKCS#12 and PEM: PBES2 with AES-256-CBC (and a SHA-256 MAC), 100,000 rounds: a container needs them three times. NPKI: PBES2 with
     * SEED-CBC and SHA-256, 600,000 rounds, which not every Korean program reads. */
    STORE_STRONG,
};

struct store_wish {
    enum cr_format format; /* CR_FORMAT_NPKI, _GPKI, _PKCS12 or _PEM */
    enum store_strength strength;
    const char *password; /* of what is converted, as typed (UTF-8); all spellings of store_prove are tried */
    size_t length;
    const char *new_password; /* of the result (UTF-8, 1 to 256 bytes); NULL: the same, as typed */
    size_t new_length;
    /* PKCS#12 and PEM: leave the key-management pair out. For programs that expect one key only; by default it goes along as the
     * second key and certificate, for it is needed to read what was encrypted for the person. */
    int is_sign_only;
    /* PKCS#12 and PEM: from here the chain is added, as far as it is there; NULL: no chain. store_scan fills it. What a container
     * already held of its chain is kept in any case. */
    const struct store_list *authorities;
};

/* Adds the certificate in its new format to the bundle (its last certificate, or last ones: a container with several persons' keys
 * becomes several NPKI certificates). The private keys' PKCS#8 bytes stay as they are, R with its trailing zeros included. The result
 * has been opened again by the new password and compared, before this returns STORE_OK; else the bundle is as it was.
 * Faults: those of store_prove; STORE_PLAIN_KEY (the new password is empty, or the old key lies in clear); STORE_NO_KEY (nothing in the
 * container that fits a certificate); STORE_TOO_BIG. detail as in store_prove. */
enum store_fault store_convert(const struct cr_cert *cert, const struct store_wish *wish,
                               struct cr_bundle *bundle, char detail[static STORE_DETAIL_BYTES]);

/* Writes a container (one file, PKCS#12 or PEM) to the path the person named: all or nothing, mode 0600, read back before it gets
 * its name. STORE_EXISTS when something has that name: nothing is ever overwritten. STORE_NOT_FOUND: its folder is missing. An NPKI result
 * goes through store_save. Remains of a killed run in that folder are cleared away. */
enum store_fault store_write_container(const char *path, const struct cr_cert *cert);
/* The same; what has that name is replaced in one instant. Never a folder. */
enum store_fault store_replace_container(const char *path, const struct cr_cert *cert);

/* A file's name for it, safe everywhere: "홍길동.p12", "홍길동.pem"; password may be NULL, then a sealed PKCS#12 is "certificate.p12". Caller
 * frees. */
char *store_container_name(const struct cr_cert *cert, const char *password, size_t length);

#endif
