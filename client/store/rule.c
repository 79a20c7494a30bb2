/* What Korean issuers ask of a new password. */
#include "passwd.h"

#include <ctype.h>
#include <string.h>

#define LENGTH_MIN 10
#define LENGTH_MAX 56
#define FORBIDDEN "'\"\\|"

static int is_typed(unsigned char byte)
{
    return byte > ' ' && byte < 0x7f;
}

static int is_letter(unsigned char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static int is_digit(unsigned char byte)
{
    return byte >= '0' && byte <= '9';
}

static int is_sign(unsigned char byte)
{
    return is_typed(byte) && !is_letter(byte) && !is_digit(byte);
}

static int is_other(unsigned char byte)
{
    return !is_typed(byte);
}

static int is_forbidden(unsigned char byte)
{
    return byte != 0 && strchr(FORBIDDEN, byte) != NULL;
}

static int has(const char *password, size_t length, int (*is)(unsigned char byte))
{
    for (size_t i = 0; i < length; i++) {
        if (is((unsigned char)password[i])) {
            return 1;
        }
    }
    return 0;
}

/* Three in a row that each differ by step from the one before; letters whatever their case, so that aBc is caught. */
static int has_run(const char *password, size_t length, int step)
{
    for (size_t i = 0; i + 2 < length; i++) {
        int a = tolower((unsigned char)password[i]);
        int b = tolower((unsigned char)password[i + 1]);
        int c = tolower((unsigned char)password[i + 2]);
        int is_counted = (is_letter((unsigned char)a) && is_letter((unsigned char)c)) ||
                         (is_digit((unsigned char)a) && is_digit((unsigned char)c));
        if (b - a == step && c - b == step && (step == 0 || is_counted)) {
            return 1;
        }
    }
    return 0;
}

/* Characters of UTF-8; of anything else each byte that could begin one. */
static size_t count_characters(const char *password, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++) {
        count += ((unsigned char)password[i] & 0xc0) != 0x80;
    }
    return count;
}

enum store_rule store_password_rule(const char *password, size_t length)
{
    if (count_characters(password, length) < LENGTH_MIN) {
        return STORE_RULE_SHORT;
    }
    if (length > LENGTH_MAX) {
        return STORE_RULE_LONG;
    }
    const struct {
        int is_broken;
        enum store_rule rule;
    } checks[] = {
        {has(password, length, is_other), STORE_RULE_NOT_ASCII},
        {has(password, length, is_forbidden), STORE_RULE_FORBIDDEN},
        {!has(password, length, is_letter), STORE_RULE_NO_LETTER},
        {!has(password, length, is_digit), STORE_RULE_NO_DIGIT},
        {!has(password, length, is_sign), STORE_RULE_NO_SIGN},
        {has_run(password, length, 0), STORE_RULE_REPEATED},
        {has_run(password, length, 1) || has_run(password, length, -1), STORE_RULE_CONSECUTIVE},
    };
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        if (checks[i].is_broken) {
            return checks[i].rule;
        }
    }
    return STORE_RULE_NONE;
}
