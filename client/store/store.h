/* Certificates on this computer: where they are, what they say, whether a password opens them, and how a new one is stored.
 * Formats and places: PROTOCOL.md for bundles, X.509 and PKCS#8 by OpenSSL, the Korean envelope in seed.c.
 *
 * No function prints. Texts handed out are UTF-8, printable (store_printable) and owned by what they came from. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <certrelay/message.h>

#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum store_fault {
    STORE_OK = 0,
    STORE_NOT_FOUND,    /* no such folder, or nothing in it */
    STORE_NO_KEY,       /* a certificate without its key file */
    STORE_NO_CERT,      /* a key file without its certificate */
    STORE_DAMAGED_CERT, /* not DER of a certificate: cut off, empty, HTML... */
    STORE_DAMAGED_KEY,  /* not DER of an encrypted key, or it opened and its numbers contradict each other */
    STORE_UNKNOWN_CIPHER, /* encrypted by something we do not open; detail holds the OID */
    STORE_BAD_ITERATIONS, /* fewer than 1 or more than 10,000,000 rounds: refused before trying */
    STORE_WRONG_PASSWORD, /* or damaged in a way that looks the same */
    STORE_WRONG_PAIR,     /* the password opens it, but it is another certificate's key */
    STORE_PLAIN_KEY, /* the private key lies there in clear, not encrypted by a password; or it would, the new password being empty */
    STORE_NO_LEGACY, /* OpenSSL's legacy provider (SEED) is not installed */
    STORE_TOO_BIG,   /* a file over CR_FILE_MAX_BYTES, or more than a transfer carries */
    STORE_UNREADABLE, /* errno tells why */
    STORE_NO_SPACE,
    STORE_READ_ONLY,
    STORE_NOT_WRITABLE, /* errno tells why */
    STORE_EXISTS,       /* another certificate of the same name is there, and was kept */
    STORE_READ_BACK,    /* what was read back is not what was written */
    STORE_BUSY,         /* another program stores there, and did not end within three seconds */
    STORE_LAST_COPY,    /* nothing was removed: no other place holds the same files */
    STORE_MEMORY,
    STORE_CHANGED, /* the files are not those that were listed: another program changed them meanwhile */
};

#define STORE_DETAIL_BYTES 128

enum store_state { STORE_VALID, STORE_RENEW_SOON, STORE_EXPIRED, STORE_NOT_YET };

/* What a certificate says of itself. */
struct store_facts {
    char *owner;        /* real name, else the CN without its tail */
    char *subject;      /* DN as in the folder name: cn=..,ou=..,o=..,c=kr */
    char *issuer_ko;    /* the CA for people: "금융결제원(yessign)"; when unknown its O, else its CN */
    char *issuer_en;    /* "KFTC (yessign)" */
    char *issuer_cn;    /* the issuer's own common name: "yessignCA Class 2" */
    char *use_ko;       /* of the policy OID: "은행/보험용(개인)"; when unknown the OID itself */
    char *use_en;       /* "banking, insurance (personal)"; when unknown the OID itself */
    char *policy;       /* the policy OID itself; empty when there is none */
    char *serial;       /* hexadecimal, lower case, without leading zeros */
    char *ca_folder;    /* folder under NPKI, by the issuer's organisation */
    char *folder;       /* folder name for this certificate, safe on every file system */
    int64_t not_before; /* seconds since 1970 */
    int64_t not_after;
    unsigned key_bits;
    int is_test;          /* its issuer calls itself a test CA */
    uint8_t identity[32]; /* SHA-256 of the sign certificate's DER */
};

/* Facts of the (sign) certificate in DER or PEM. When it fails, facts is all zero; wiping it is fine. */
enum store_fault store_facts_read(const uint8_t *der, size_t length, struct store_facts *facts);
/* Facts of any certificate of a bundle. A PKCS#12 hides its certificates behind the password: given NULL, or a wrong
 * one, its facts may be all empty texts (never NULL), times 0, and identity the file's own SHA-256; the result is then still STORE_OK. */
enum store_fault store_facts_open(const struct cr_cert *cert, const char *password, size_t length,
                                  struct store_facts *facts);
void store_facts_wipe(struct store_facts *facts);
enum store_state store_facts_state(const struct store_facts *facts, time_t now);
/* Whole days left, counted in Korean dates; negative after the last day. */
int store_facts_days_left(const struct store_facts *facts, time_t now);

struct store_entry {
    enum cr_format format;
    /* All zero when fault is not STORE_OK; of a sealed PKCS#12, owner is the file's name. */
    struct store_facts facts;
    enum store_fault fault; /* why it cannot be used: NO_KEY, NO_CERT, DAMAGED_CERT... */
    /* Its folder, or its file (PKCS#12, PEM); raw bytes, to be shown through store_printable. */
    char *path;
    char **other_places;       /* the same certificate elsewhere; NULL-terminated, or NULL when nowhere */
    char *paths[CR_FILES_MAX]; /* its files by position; kinds tells which */
    enum cr_file_kind kinds[CR_FILES_MAX];
    uint8_t digests[CR_FILES_MAX][32]; /* SHA-256 of each file as it was scanned */
    size_t file_count;
};

/* A certificate of an authority that lay beside the certificates (caches, CaPubs, roots): no entry, but good for a chain. */
struct store_authority {
    uint8_t *der;
    size_t length;
    char *path; /* where it was found first; raw bytes */
};

struct store_list {
    struct store_entry *entries;
    size_t count;
    struct store_authority *authorities; /* each once, at most 256 */
    size_t authority_count;
    int is_cut; /* there were more names than are looked at, so there may be more certificates */
};

/* How a private key file is encrypted, for a details view. */
struct store_key_form {
    /* "1.15", "1.4", "1.4.2", "PBES2/seed/sha1", "PBES2/aria256/sha256", "p12-3des"...; else the OID */
    char name[64];
    uint32_t iterations;
};

/* STORE_DAMAGED_KEY, STORE_UNKNOWN_CIPHER (form->name holds the OID), STORE_BAD_ITERATIONS (it is shown all the same). */
enum store_fault store_key_form_read(const uint8_t *key, size_t length, struct store_key_form *form);

/* Scans dir and what lies below, or every usual place when dir is NULL. Of a dir that is a drive or a home the usual places are looked
 * through first. dir may also be one file of a certificate, or a container of any name, told by its content. Entries with
 * a fault are in the list, last; the same certificate in several places is one entry. Symbolic links below dir are not followed; at most
 * 8 levels, 2,000 entries of a folder, 64 KiB a file. Backups of store_save (.bak-DATE) are left out. STORE_NOT_FOUND when nothing
 * was found (there may be authorities all the same). */
enum store_fault store_scan(const char *dir, struct store_list *list);
void store_list_free(struct store_list *list);

/* The folder certificates are stored in by default on this computer. Caller frees. */
char *store_default_root(void);

/* Adds the entry, all files that exist byte for byte, to the bundle as its next certificate, with its facts in Korean.
 * STORE_TOO_BIG leaves the bundle as it was. */
enum store_fault store_load(const struct store_entry *entry, struct cr_bundle *bundle);

/* Proves that the password opens every key of the certificate and that each belongs to its certificate. The password is bytes as
 * typed (UTF-8); NFC and CP949 are tried when it has other than ASCII. detail says which file and, where it helps, what. */
enum store_fault store_prove(const struct cr_cert *cert, const char *password, size_t length,
                             char detail[static STORE_DETAIL_BYTES]);

/* Checks without a password that an arrived bundle holds what a certificate must: files that parse. facts (an array of cert_count) may be NULL. */
enum store_fault store_check(const struct cr_bundle *bundle, struct store_facts *facts);

/* What storing would meet, for the person to decide before anything is written. */
enum store_clash {
    STORE_CLASH_NONE,
    STORE_CLASH_SAME, /* the very same certificate is there: nothing will be written, its place counts as stored */
    STORE_CLASH_RENEWED, /* the same name, an older certificate: would be replaced, kept as a backup */
    STORE_CLASH_OTHER,   /* the same name, but not older */
};
enum store_clash store_clash(const char *root, const struct cr_cert *cert);
/* The worst for a whole bundle. Of several certificates of the bundle with the same name only the newest counts: the others are
 * stored as its backups, and replace nothing. */
enum store_clash store_clash_all(const char *root, const struct cr_bundle *bundle);

/* Stores all certificates of the bundle below root, or none: temporary sibling folder, 0700/0600, fsync, read back, rename. may_replace applies to
 * every clash (the old one is kept beside it, named .bak-YYYYMMDD, with -2, -3... when that is taken). Certificates of the bundle with the
 * same name, as old and renewed ones have, are all stored: the newest under the name, the others as backups. On success digest is over what
 * was read back from the final places, and *paths (NULL-terminated, freed with store_paths_free) names them, one for each certificate.
 *
 * Killed at any instant it leaves under each name the old certificate or the new, whole: they are exchanged in one instant where the
 * file system can. (Where it cannot, a kill between two renames leaves the old one under its backup's name alone, until the next
 * store_save or store_recover. A GPKI group is several files of one folder, each for itself old or new.) Nobody who reads needs
 * store_recover first; the next one or the next store_save makes it all of the bundle or none.
 *
 * Places: NPKI in root/CA/USER/DN/; GPKI in GPKI/Certificate/class2/ beside root; PKCS#12 and PEM in root/certrelay/OWNER-DIGEST.p12, where
 * OWNER comes from the certificate inside, or is "certificate" when only the password would show it, and DIGEST is the start of
 * the file's SHA-256. root is created when its parent exists; links below it are never followed. */
enum store_fault store_save(const char *root, const struct cr_bundle *bundle, int may_replace,
                            uint8_t digest[static CR_DIGEST_BYTES], char ***paths);
void store_paths_free(char **paths);

/* Removes what a killed store_save left behind below root: temporary folders, half-done replacements are completed or undone. Believes only
 * what it could have left itself: a temporary folder of this user, of mode 0700; where the file system keeps no modes, as FAT, one that it
 * marked. What a killed store_remove left is removed to its end. Does not wait: while another program stores there, that one recovers. */
void store_recover(const char *root);

/* A copy of text in which everything that could move a cursor, hide or reverse text (ESC, C0, C1, bidi controls, line
 * separators, invalid UTF-8) is replaced by U+FFFD. Caller frees. */
char *store_printable(const char *text, size_t length);

#endif
