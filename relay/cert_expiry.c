/* Base 64 and as much of DER (X.690) as leads to a certificate's second date, RFC 5280 section 4.1. */
#include "cert_expiry.h"

#include <certrelay/cursor.h>

#include <string.h>
#include <time.h>

#define DER_MAX_BYTES 16384

enum { SEQUENCE = 0x30, VERSION = 0xa0, UTC_TIME = 0x17, LONG_TIME = 0x18 };

static int sixth_of(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;

    return at != NULL ? (int)(at - digits) : -1;
}

/* Up to the first '-' or '='. Returns how many bytes were written. */
static size_t base64_read(const char *text, size_t length, uint8_t *out, size_t capacity)
{
    uint32_t held = 0;
    unsigned bits = 0;
    size_t count = 0;

    for (size_t i = 0; i < length && text[i] != '-' && text[i] != '='; i++) {
        int value = sixth_of(text[i]);

        if (value < 0)
            continue;
        held = (held << 6 | (uint32_t)value) & 0xffff;
        bits += 6;
        if (bits < 8)
            continue;
        bits -= 8;
        if (count == capacity)
            return 0;
        out[count++] = (uint8_t)(held >> bits);
    }
    return count;
}

/* The next element's tag; its content is in *content, and the reader is behind it. 0: there is none. */
static uint8_t element_read(struct cr_reader *reader, struct cr_reader *content)
{
    uint8_t tag = cr_read_u8(reader);
    size_t length = cr_read_u8(reader);
    const uint8_t *bytes;

    if (length == 0x81)
        length = cr_read_u8(reader);
    else if (length == 0x82)
        length = cr_read_u16(reader);
    else if (length > 0x7f)
        return 0;
    bytes = cr_read_bytes(reader, length);
    if (reader->error != CR_OK || bytes == NULL)
        return 0;
    cr_reader_init(content, bytes, length);
    return tag;
}

static int two_digits(const uint8_t *at)
{
    if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
        return -1;
    return (at[0] - '0') * 10 + at[1] - '0';
}

static int64_t time_read(uint8_t tag, const struct cr_reader *content)
{
    const uint8_t *at = content->at;
    int century = 0, fields[6];
    struct tm when = {.tm_isdst = 0};

    if (tag == LONG_TIME && content->left == 15)
        century = two_digits(at), at += 2;
    else if (tag != UTC_TIME || content->left != 13)
        return 0;
    for (int i = 0; i < 6; i++) {
        fields[i] = two_digits(at + (ptrdiff_t)2 * i);
        if (fields[i] < 0)
            return 0;
    }
    if (tag == UTC_TIME)
        century = fields[0] < 50 ? 20 : 19;
    when.tm_year = century * 100 + fields[0] - 1900;
    when.tm_mon = fields[1] - 1;
    when.tm_mday = fields[2];
    when.tm_hour = fields[3];
    when.tm_min = fields[4];
    when.tm_sec = fields[5];
    return century < 0 ? 0 : (int64_t)timegm(&when);
}

/* Certificate, TBSCertificate, then past version, serial number, signature and issuer to the validity. */
static int64_t der_expiry(const uint8_t *der, size_t length)
{
    struct cr_reader reader, inner, skipped;
    uint8_t tag;

    cr_reader_init(&reader, der, length);
    for (int depth = 0; depth < 2; depth++) {
        if (element_read(&reader, &inner) != SEQUENCE)
            return 0;
        reader = inner;
    }
    tag = element_read(&reader, &skipped);
    if (tag == VERSION)
        tag = element_read(&reader, &skipped);
    for (int i = 0; i < 2 && tag != 0; i++)
        tag = element_read(&reader, &skipped);
    if (tag == 0 || element_read(&reader, &inner) != SEQUENCE || element_read(&inner, &skipped) == 0)
        return 0;
    tag = element_read(&inner, &skipped);
    return time_read(tag, &skipped);
}

int64_t cert_expiry(const char *pem, size_t length)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----";
    const char *start = memmem(pem, length, begin, sizeof begin - 1);
    uint8_t der[DER_MAX_BYTES];

    if (start == NULL)
        return 0;
    start += sizeof begin - 1;
    return der_expiry(der, base64_read(start, length - (size_t)(start - pem), der, sizeof der));
}
