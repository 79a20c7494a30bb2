/* The invitation that a QR code carries after '#' of the page's address. */
#include <certrelay/code.h>
#include <certrelay/cursor.h>

#include <sodium.h>
#include <string.h>

#define KEY_TEXT_BYTES 23 /* 16 bytes in base64url without padding, and NUL */
#define KEY_VARIANT sodium_base64_VARIANT_URLSAFE_NO_PADDING

static void write_text(struct cr_writer *out, const char *text)
{
    cr_write_bytes(out, (const uint8_t *)text, strlen(text));
}

static int is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static void write_escaped(struct cr_writer *out, const char *text)
{
    static const char HEX[] = "0123456789ABCDEF";

    for (; *text != '\0'; text++) {
        if (is_plain(*text)) {
            cr_write_u8(out, (uint8_t)*text);
            continue;
        }
        cr_write_u8(out, '%');
        cr_write_u8(out, (uint8_t)HEX[(uint8_t)*text >> 4]);
        cr_write_u8(out, (uint8_t)HEX[(uint8_t)*text & 15]);
    }
}

/* The digits of the code or, without a secret to type, of the nameplate alone. */
static void write_number(struct cr_writer *out, const struct cr_invite *invite)
{
    char text[CR_CODE_TEXT_BYTES];
    size_t digits = 0;

    cr_code_format(&invite->code, text);
    write_text(out, invite->has_digits ? "&code=" : "&plate=");
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == ' ')
            continue;
        if (!invite->has_digits && digits++ == invite->code.nameplate.digits)
            break;
        cr_write_u8(out, (uint8_t)*c);
    }
    sodium_memzero(text, sizeof text);
}

int cr_invite_format(const struct cr_invite *invite, char *fragment, size_t capacity)
{
    struct cr_writer out;
    char key[KEY_TEXT_BYTES];

    if (!invite->has_digits && !invite->has_long)
        return CR_E_MALFORMED;
    cr_writer_init(&out, (uint8_t *)fragment, capacity);
    write_text(&out, invite->wants_send ? "v=1&do=send" : "v=1&do=receive");
    write_number(&out, invite);
    if (invite->relay[0] != '\0') {
        write_text(&out, "&relay=");
        write_escaped(&out, invite->relay);
    }
    if (invite->has_long) {
        sodium_bin2base64(key, sizeof key, invite->long_secret, CR_LONG_SECRET_BYTES, KEY_VARIANT);
        write_text(&out, "&key=");
        write_text(&out, key);
        sodium_memzero(key, sizeof key);
    }
    cr_write_u8(&out, 0);
    return out.error;
}

struct text {
    const char *at;
    size_t length;
};

static int text_is(struct text text, const char *word)
{
    return text.length == strlen(word) && memcmp(text.at, word, text.length) == 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static int read_escape(struct text value, size_t at)
{
    if (value.length - at < 3)
        return -1;
    int high = hex_digit(value.at[at + 1]), low = hex_digit(value.at[at + 2]);

    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static int read_relay(struct text value, struct cr_invite *invite)
{
    size_t length = 0;

    for (size_t i = 0; i < value.length; i++) {
        int c = value.at[i];

        if (c == '%') {
            c = read_escape(value, i);
            i += 2;
        }
        if (c <= 0x20 || c >= 0x7f || length + 1 >= CR_INVITE_RELAY_BYTES)
            return CR_E_MALFORMED;
        invite->relay[length++] = (char)c;
    }
    invite->relay[length] = '\0';
    return CR_OK;
}

static int read_code(struct text value, struct cr_invite *invite)
{
    invite->has_digits = 1;
    return cr_code_parse(value.at, value.length, &invite->code) == CR_CODE_GOOD ? CR_OK : CR_E_MALFORMED;
}

static int read_plate(struct text value, struct cr_invite *invite)
{
    struct cr_nameplate *plate = &invite->code.nameplate;

    if (value.length < CR_NAMEPLATE_MIN_DIGITS || value.length > CR_NAMEPLATE_MAX_DIGITS)
        return CR_E_MALFORMED;
    plate->digits = (uint8_t)value.length;
    plate->value = 0;
    for (size_t i = 0; i < value.length; i++) {
        if (value.at[i] < '0' || value.at[i] > '9')
            return CR_E_MALFORMED;
        plate->value = plate->value * 10 + (uint32_t)(value.at[i] - '0');
    }
    return CR_OK;
}

static int read_key(struct text value, struct cr_invite *invite)
{
    size_t length = 0;

    invite->has_long = 1;
    if (sodium_base642bin(invite->long_secret, CR_LONG_SECRET_BYTES, value.at, value.length, NULL, &length,
                          NULL, KEY_VARIANT) != 0 ||
        length != CR_LONG_SECRET_BYTES)
        return CR_E_MALFORMED;
    return CR_OK;
}

static int read_version(struct text value, struct cr_invite *invite)
{
    (void)invite;
    return text_is(value, "1") ? CR_OK : CR_E_VERSION;
}

static int read_intent(struct text value, struct cr_invite *invite)
{
    invite->wants_send = text_is(value, "send");
    return invite->wants_send || text_is(value, "receive") ? CR_OK : CR_E_MALFORMED;
}

enum { KEY_V, KEY_DO, KEY_CODE, KEY_PLATE, KEY_RELAY, KEY_KEY, KEY_COUNT };

static const struct {
    const char *name;
    int (*read)(struct text value, struct cr_invite *invite);
} KEYS[KEY_COUNT] = {
    [KEY_V] = {"v", read_version},       [KEY_DO] = {"do", read_intent},
    [KEY_CODE] = {"code", read_code},    [KEY_PLATE] = {"plate", read_plate},
    [KEY_RELAY] = {"relay", read_relay}, [KEY_KEY] = {"key", read_key},
};

/* One key=value; unknown keys are for later versions. */
static int read_pair(struct text pair, unsigned *seen, struct cr_invite *invite)
{
    const char *equals = memchr(pair.at, '=', pair.length);
    struct text name = pair, value;

    if (equals == NULL)
        return CR_E_MALFORMED;
    name.length = (size_t)(equals - pair.at);
    value.at = equals + 1;
    value.length = pair.length - name.length - 1;
    for (unsigned i = 0; i < KEY_COUNT; i++) {
        if (!text_is(name, KEYS[i].name))
            continue;
        if (*seen & 1U << i)
            return CR_E_MALFORMED;
        *seen |= 1U << i;
        return KEYS[i].read(value, invite);
    }
    return CR_OK;
}

/* A version, an intent, and a number that is either whole or comes with the long secret. */
static int is_whole(unsigned seen)
{
    int has_code = (seen & 1U << KEY_CODE) != 0, has_plate = (seen & 1U << KEY_PLATE) != 0;

    if (!(seen & 1U << KEY_V) || !(seen & 1U << KEY_DO) || has_code == has_plate)
        return 0;
    return has_code || (seen & 1U << KEY_KEY) != 0;
}

int cr_invite_parse(const char *fragment, size_t length, struct cr_invite *invite)
{
    unsigned seen = 0;
    int error = length < CR_INVITE_TEXT_BYTES ? CR_OK : CR_E_LIMIT;

    memset(invite, 0, sizeof *invite);
    while (error == CR_OK && length > 0) {
        const char *end = memchr(fragment, '&', length);
        struct text pair = {fragment, end != NULL ? (size_t)(end - fragment) : length};
        size_t step = end != NULL ? pair.length + 1 : pair.length;

        error = end != NULL && step == length ? CR_E_MALFORMED : read_pair(pair, &seen, invite);
        fragment += step;
        length -= step;
    }
    if (error == CR_OK && !is_whole(seen))
        error = CR_E_MALFORMED;
    if (error != CR_OK)
        sodium_memzero(invite, sizeof *invite);
    return error;
}
