/* The pairing code a person reads and types, and the invitation a QR code carries. PROTOCOL.md section 1. */
#ifndef CERTRELAY_CODE_H
#define CERTRELAY_CODE_H

#include <certrelay/contract.h>

CR_C_BEGIN

#define CR_SECRET_DIGITS 7
#define CR_LONG_SECRET_BYTES 16
#define CR_CODE_MIN_DIGITS 12
#define CR_CODE_MAX_DIGITS 16
#define CR_CODE_TEXT_BYTES 20 /* 16 digits, 3 spaces, NUL */
#define CR_CODE_INPUT_MAX_BYTES 256

struct cr_code {
    struct cr_nameplate nameplate;
    char secret[CR_SECRET_DIGITS]; /* ASCII digits, not terminated */
};

enum cr_code_fault {
    CR_CODE_GOOD = 0,
    CR_CODE_EMPTY,
    CR_CODE_NOT_DIGITS,
    CR_CODE_TOO_SHORT,
    CR_CODE_TOO_LONG,
    CR_CODE_CHECK_DIGIT,
};

/* Draws a secret by rejection sampling from libsodium's random bytes. */
void cr_code_draw(struct cr_code *code, const struct cr_nameplate *nameplate);

/* Writes the code as a person sees it: groups of four digits, terminated. */
void cr_code_format(const struct cr_code *code, char text[CR_AT_LEAST(CR_CODE_TEXT_BYTES)]);

/* Reads what a person typed (UTF-8, length bytes). The code is written only when CR_CODE_GOOD is returned. */
enum cr_code_fault cr_code_parse(const char *text, size_t length, struct cr_code *code);

/* Damm check digit (0..9) of a row of ASCII digits. */
int cr_damm(const char *digits, size_t count);

#define CR_INVITE_TEXT_BYTES 1024
#define CR_INVITE_RELAY_BYTES 512

struct cr_invite {
    int wants_send; /* what the scanning device will do: 1 send, 0 receive */
    int has_digits; /* code.secret counts */
    int has_long;   /* long_secret counts */
    struct cr_code code;
    uint8_t long_secret[CR_LONG_SECRET_BYTES];
    char relay[CR_INVITE_RELAY_BYTES]; /* "" when it is the page's own */
};

/* Writes the part after '#', terminated. CR_E_LIMIT when it does not fit, CR_E_MALFORMED without any secret. */
int cr_invite_format(const struct cr_invite *invite, char *fragment, size_t capacity);

/* Reads the part after '#'. */
int cr_invite_parse(const char *fragment, size_t length, struct cr_invite *invite);

CR_C_END

#endif
