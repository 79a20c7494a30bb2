/* Looking into a certificate with its password: do the keys open, are they its own, is all there that sites ask for. */
#ifndef STORE_VERIFY_H
#define STORE_VERIFY_H

#include "store.h"

#define STORE_KEYS_MAX 12
#define STORE_ISSUER_BYTES 256

/* What a person asks. */
struct store_question {
    const char *password; /* bytes as typed (UTF-8); NFC and CP949 are tried when it has other than ASCII */
    size_t length;
    /* The resident (13 digits) or business number (10 digits), hyphens and spaces as typed; NULL: not asked. Read once and copied
     * nowhere that is not wiped; it and what is derived from it are in no detail. The caller wipes its own. */
    const char *number;
    size_t number_length;
    /* A scan whose authorities' certificates are used too, or NULL. */
    const struct store_list *found;
    time_t now;
};

/* The 160 random bits beside the sign key (R), without which a site cannot check whose certificate it is. */
enum store_random {
    STORE_RANDOM_UNKNOWN, /* the sign key did not open */
    STORE_RANDOM_NONE,
    STORE_RANDOM_DAMAGED, /* there, but no string of 1 to 64 whole bytes */
    STORE_RANDOM_PRESENT,
};

/* Whether the number is the one that the certificate was issued for: its virtual ID (VID) is a hash of the number and R. */
enum store_number {
    STORE_NUMBER_NOT_ASKED,
    STORE_NUMBER_MALFORMED, /* neither 10 nor 13 digits */
    STORE_NUMBER_UNKNOWN,   /* the certificate has no VID, or one by an unknown hash; or R is not at hand */
    STORE_NUMBER_SAME,
    STORE_NUMBER_OTHER,
};

/* How far the signatures lead, by what lies in the folders. A complete chain is not a trusted one: whoever can write there can put
 * an authority of his own beside the certificate. Revocation is never asked: it would tell the authority. */
enum store_chain {
    STORE_CHAIN_UNKNOWN,  /* no certificate to begin with */
    STORE_CHAIN_MISSING,  /* name: the issuer whose certificate is not there */
    STORE_CHAIN_BROKEN,   /* name: whose signature (or right to sign) does not hold */
    STORE_CHAIN_EXPIRED,  /* name: the authority whose certificate is over, or has not begun */
    STORE_CHAIN_COMPLETE, /* name: the self-signed certificate at its end */
};

struct store_key_verdict {
    enum cr_file_kind
        kind; /* CR_FILE_SIGN_KEY, CR_FILE_KM_KEY; of a container CR_FILE_PKCS12 or CR_FILE_PEM */
    /* STORE_OK: opened, its numbers are the certificate's, and what it signs verifies. STORE_NOT_FOUND (a certificate without it),
     * STORE_NO_CERT (it opened, but there is nothing to compare it with), STORE_DAMAGED_KEY, STORE_DAMAGED_CERT,
     * STORE_UNKNOWN_CIPHER, STORE_BAD_ITERATIONS, STORE_WRONG_PASSWORD, STORE_WRONG_PAIR, STORE_NO_LEGACY. */
    enum store_fault fault;
    char file[STORE_DETAIL_BYTES]; /* the file's name, printable */
    char oid[64];                  /* of STORE_UNKNOWN_CIPHER */
    struct store_key_form form;    /* an empty name when it is not encrypted by itself */
    int is_cp949;                  /* it is the CP949 spelling of the password that opened it */
    int has_trailing;              /* bytes follow the key in its file; harmless */
    enum store_chain chain;        /* of the certificate beside the key */
    char name[STORE_ISSUER_BYTES]; /* see enum store_chain; printable */
};

struct store_verdict {
    /* STORE_OK when every key is; else the first key's that is not. */
    enum store_fault fault;
    struct store_key_verdict keys[STORE_KEYS_MAX];
    size_t key_count;
    enum store_random random;
    enum store_number number;
};

/* Looks into an entry of the list at its own place (entry->path). The authorities' certificates are looked for in the folders of
 * NPKI beside the entry's own (NPKI/CA/, NPKI/KISA/, NPKI/root...), of GPKI likewise, in the container itself, and in question's
 * scan. The result is STORE_OK when the verdict could be given, whatever it says; entry->fault (NO_KEY, NO_CERT, DAMAGED_CERT...)
 * or why a file could not be read when not. Nothing in the verdict is to be freed. */
enum store_fault store_verify(const struct store_entry *entry, const struct store_question *question,
                              struct store_verdict *verdict);

#endif
