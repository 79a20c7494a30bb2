/* Changing the password of a certificate where it lies. */
#ifndef STORE_PASSWD_H
#define STORE_PASSWD_H

#include "store.h"

/* What is wrong with a new password. Old ones are never judged: what once was accepted must open. */
enum store_rule {
    STORE_RULE_NONE = 0,
    STORE_RULE_SHORT, /* fewer than 10 characters */
    STORE_RULE_LONG,  /* more than 56 bytes, which some programs cut off */
    STORE_RULE_NOT_ASCII, /* a space, a control or other than ASCII: programs write it in different bytes, or not at all */
    STORE_RULE_FORBIDDEN, /* one of ' " \ | */
    STORE_RULE_NO_LETTER,
    STORE_RULE_NO_DIGIT,
    STORE_RULE_NO_SIGN,
    STORE_RULE_REPEATED,    /* three equal characters in a row: aaa */
    STORE_RULE_CONSECUTIVE, /* three consecutive letters or digits, up or down: abc, CBA, 123 */
};

/* The first rule broken, in the order above. A pure function: nothing is kept. */
enum store_rule store_password_rule(const char *password, size_t length);

/* How the keys are encrypted under the new password. */
enum store_seal {
    /* As they were: algorithm, cipher, hash, number of rounds; salt and initialisation vector are new. */
    STORE_SEAL_SAME,
    /* What every Korean program reads: 1.15 (PBKDF1-SHA1, SEED-CBC) with 2,048 rounds. PKCS#12: triple DES, SHA-1, 2,048 rounds, which
     * every system imports. */
    STORE_SEAL_COMMON,
    /* PBES2 with PBKDF2-HMAC-SHA256 of 600,000 rounds and SEED-CBC (PKCS#12 and PEM: AES-256-CBC). certrelay, OpenSSL 3 and Bouncy Castle
     * read it; Korean programs since about 2019 know the form, but were only seen to use it with SHA-1 and some thousand
     * rounds, and PyPinkSign reads no SHA-256: for a copy that is kept, not for one in daily use. STORE_SEAL_COMMON leads back. */
    STORE_SEAL_STRONG,
};

/* What a change has made of each file. Places that hold the same files stay copies of each other, when they are changed one after the
 * other with the same twin: each alone would get a salt of its own, and be another certificate to store_scan and store_remove. The
 * passwords and the seal must then be the same for all. NULL without memory; free takes NULL. */
struct store_twin;
struct store_twin *store_twin_new(void);
void store_twin_free(struct store_twin *twin);

struct store_passwd {
    const char
        *old_password; /* bytes as typed (UTF-8); NFC and CP949 are tried when it has other than ASCII */
    size_t old_length;
    /* Bytes as typed, 1 to 256. With other than ASCII, which store_password_rule objects to, it is written in CP949 where the old
     * password was read so (old programs will type it so), else in UTF-8 NFC. */
    const char *new_password;
    size_t new_length;
    enum store_seal seal;
    int keeps_backup; /* the old files stay beside the new, named .bak-YYYYMMDD: whoever finds them needs only the old password */
    struct store_twin *twin; /* NULL: this place for itself */
};

/* Changes it at the entry's own place (entry->path) only; other_places keep the old one. All keys of the entry (sign and km, or all
 * of a container) or none. What is inside stays byte for byte, R among it; certificates and other files stay as they are.
 *
 * The new files are opened by the new password and compared, inside and with the certificates, before anything changes; what lies on
 * the disk is then compared with them before it gets its place, and once more there. Both keys of an NPKI folder change in
 * one instant, with the folder. (One that holds folders or more than 8 files, or has something in its way: each file for itself, as
 * the files of a GPKI group.) Killed at any instant each key has the old or the new password; the next store_passwd or
 * store_passwd_recover, and below an NPKI root the next store_save or store_recover, makes it all of them or none. No new file is ever in
 * the clear on the disk. Without a backup the old files are overwritten and removed, as
 * far as store_remove can: a drive may keep older copies for itself.
 *
 * STORE_WRONG_PASSWORD (detail says which file), STORE_WRONG_PAIR, STORE_DAMAGED_KEY, STORE_UNKNOWN_CIPHER (detail has the OID),
 * STORE_NO_SPACE... leave all as it was. STORE_CHANGED: the files are not those that were listed. STORE_PLAIN_KEY: the new password is
 * empty; STORE_TOO_BIG: it is over 256 bytes. Afterwards the entry is out of date: scan again. */
enum store_fault store_passwd(const struct store_entry *entry, const struct store_passwd *change,
                              char detail[static STORE_DETAIL_BYTES]);

/* Completes or undoes what a killed store_passwd left behind at the entry's place; does not wait. To be called before an entry is
 * judged or used, if at all: each key alone is sound in any case. */
void store_passwd_recover(const struct store_entry *entry);

#endif
