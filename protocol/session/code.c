/* The pairing code: drawing, writing and reading it. */
#include <certrelay/code.h>

#include <sodium.h>
#include <string.h>

#define SECRET_COUNT 10000000U

/* The quasigroup of order 10 of Damm's thesis; PROTOCOL.md section 1 prints it. */
static const uint8_t DAMM[10][10] = {
    {0, 3, 1, 7, 5, 9, 8, 6, 4, 2}, {7, 0, 9, 2, 1, 5, 4, 8, 6, 3}, {4, 2, 0, 6, 8, 7, 1, 3, 5, 9},
    {1, 7, 5, 0, 9, 8, 3, 4, 2, 6}, {6, 1, 2, 3, 0, 4, 5, 9, 7, 8}, {3, 6, 7, 4, 2, 0, 9, 5, 8, 1},
    {5, 8, 6, 9, 7, 2, 0, 1, 3, 4}, {8, 9, 4, 5, 3, 6, 2, 0, 1, 7}, {9, 4, 3, 8, 6, 1, 7, 2, 0, 5},
    {2, 5, 8, 1, 4, 3, 6, 7, 9, 0},
};

/* What may stand between digits, as UTF-8. */
static const char *const SEPARATORS[] = {
    " ",
    "\t",
    "\r",
    "\n",
    "-",
    ".",
    "\xC2\xA0",
    "\xE2\x80\x90",
    "\xE2\x80\x91",
    "\xE2\x80\x92",
    "\xE2\x80\x93",
    "\xE2\x80\x94",
    "\xE2\x80\x95",
    "\xE2\x88\x92",
    "\xEF\xBC\x8D",
    "\xE3\x80\x80",
};

int cr_damm(const char *digits, size_t count)
{
    uint8_t interim = 0;

    for (size_t i = 0; i < count; i++)
        interim = DAMM[interim][(uint8_t)(digits[i] - '0') % 10];
    return interim;
}

static void put_decimal(char *out, size_t digits, uint32_t value)
{
    for (size_t i = digits; i > 0; i--) {
        out[i - 1] = (char)('0' + value % 10);
        value /= 10;
    }
}

void cr_code_draw(struct cr_code *code, const struct cr_nameplate *nameplate)
{
    code->nameplate = *nameplate;
    /* randombytes_uniform rejects, so that no secret is likelier than another */
    put_decimal(code->secret, CR_SECRET_DIGITS, randombytes_uniform(SECRET_COUNT));
}

void cr_code_format(const struct cr_code *code, char text[static CR_CODE_TEXT_BYTES])
{
    char digits[CR_CODE_MAX_DIGITS];
    size_t count = code->nameplate.digits, at = 0;

    put_decimal(digits, count, code->nameplate.value);
    memcpy(digits + count, code->secret, CR_SECRET_DIGITS);
    count += CR_SECRET_DIGITS;
    digits[count] = (char)('0' + cr_damm(digits, count));
    count++;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && i % 4 == 0)
            text[at++] = ' ';
        text[at++] = digits[i];
    }
    text[at] = '\0';
    sodium_memzero(digits, sizeof digits);
}

static size_t separator_bytes(const char *text, size_t left)
{
    for (size_t i = 0; i < sizeof SEPARATORS / sizeof *SEPARATORS; i++) {
        size_t length = strlen(SEPARATORS[i]);

        if (length <= left && memcmp(text, SEPARATORS[i], length) == 0)
            return length;
    }
    return 0;
}

/* ASCII or full-width (U+FF10..U+FF19); 0 when it is no digit. */
static size_t digit_bytes(const char *text, size_t left, char *digit)
{
    if (text[0] >= '0' && text[0] <= '9') {
        *digit = text[0];
        return 1;
    }
    if (left >= 3 && memcmp(text, "\xEF\xBC", 2) == 0 && (uint8_t)text[2] >= 0x90 &&
        (uint8_t)text[2] <= 0x99) {
        *digit = (char)('0' + ((uint8_t)text[2] - 0x90));
        return 3;
    }
    return 0;
}

static enum cr_code_fault collect_digits(const char *text, size_t length, char *digits, size_t *count)
{
    *count = 0;
    while (length > 0) {
        char digit = 0;
        size_t step = separator_bytes(text, length);

        if (step == 0) {
            step = digit_bytes(text, length, &digit);
            if (step == 0)
                return CR_CODE_NOT_DIGITS;
            if (*count == CR_CODE_MAX_DIGITS)
                return CR_CODE_TOO_LONG;
            digits[(*count)++] = digit;
        }
        text += step;
        length -= step;
    }
    return CR_CODE_GOOD;
}

static enum cr_code_fault read_digits(const char *digits, size_t count, struct cr_code *code)
{
    size_t plate = count - CR_SECRET_DIGITS - 1;
    uint32_t value = 0;

    if (cr_damm(digits, count) != 0)
        return CR_CODE_CHECK_DIGIT;
    for (size_t i = 0; i < plate; i++)
        value = value * 10 + (uint32_t)(digits[i] - '0');
    code->nameplate.digits = (uint8_t)plate;
    code->nameplate.value = value;
    memcpy(code->secret, digits + plate, CR_SECRET_DIGITS);
    return CR_CODE_GOOD;
}

enum cr_code_fault cr_code_parse(const char *text, size_t length, struct cr_code *code)
{
    char digits[CR_CODE_MAX_DIGITS];
    size_t count = 0;
    enum cr_code_fault fault;

    if (length > CR_CODE_INPUT_MAX_BYTES)
        return CR_CODE_TOO_LONG;
    fault = collect_digits(text, length, digits, &count);
    if (fault != CR_CODE_GOOD)
        goto out;
    if (count == 0)
        fault = CR_CODE_EMPTY;
    else if (count < CR_CODE_MIN_DIGITS)
        fault = CR_CODE_TOO_SHORT;
    else
        fault = read_digits(digits, count, code);
out:
    sodium_memzero(digits, sizeof digits);
    return fault;
}
