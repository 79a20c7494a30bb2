/* Text: UTF-8, normalisation, and the old Korean code page. */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uniconv.h>
#include <uninorm.h>
#include <unistr.h>

char *text_print(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = length < 0 ? NULL : malloc((size_t)length + 1);
    if (text == NULL) {
        return NULL;
    }
    va_start(arguments, format);
    (void)vsnprintf(text, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return text;
}

/* Terminates what libunistring gave, which may be moved. */
static char *terminate(uint8_t *bytes, size_t length)
{
    char *text = bytes == NULL ? NULL : realloc(bytes, length + 1);
    if (text == NULL) {
        free(bytes);
        return NULL;
    }
    text[length] = '\0';
    return text;
}

char *text_decode_cp949(const uint8_t *bytes, size_t length)
{
    if (length == 0) {
        return calloc(1, 1);
    }
    size_t out_length = 0;
    char *copy = malloc(length);
    if (copy == NULL) {
        return NULL;
    }
    memcpy(copy, bytes, length);
    uint8_t *out = u8_conv_from_encoding("CP949", iconveh_error, copy, length, NULL, NULL, &out_length);
    free(copy);
    return terminate(out, out_length);
}

/* A NUL inside would end the C string early and hide what follows: it becomes a control that is shown as unprintable. */
static char *copy_without_nul(const uint8_t *bytes, size_t length)
{
    char *text = malloc(length + 1);
    if (text == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < length; i++) {
        text[i] = bytes[i] == 0 ? '\x01' : (char)bytes[i];
    }
    text[length] = '\0';
    return text;
}

char *text_decode(const uint8_t *bytes, size_t length)
{
    if (u8_check(bytes, length) == NULL) {
        return copy_without_nul(bytes, length);
    }
    return text_decode_cp949(bytes, length);
}

char *text_nfc(const char *text, size_t length, size_t *out_length)
{
    const uint8_t *bytes = (const uint8_t *)text;
    size_t made = 0;
    if (length == 0 || u8_check(bytes, length) != NULL) {
        if (out_length != NULL) {
            *out_length = 0;
        }
        return length == 0 ? calloc(1, 1) : NULL;
    }
    uint8_t *composed = u8_normalize(UNINORM_NFC, bytes, length, NULL, &made);
    char *out = terminate(composed, made);
    if (out_length != NULL) {
        *out_length = made;
    }
    return out;
}

char *text_encode_cp949(const char *text, size_t length, size_t *out_length)
{
    return u8_conv_to_encoding("CP949", iconveh_error, (const uint8_t *)text, length, NULL, NULL, out_length);
}

int text_is_same(const char *a, const char *b)
{
    int order = 1;
    const uint8_t *left = (const uint8_t *)a;
    const uint8_t *right = (const uint8_t *)b;
    size_t left_length = strlen(a);
    size_t right_length = strlen(b);
    if (u8_check(left, left_length) != NULL || u8_check(right, right_length) != NULL ||
        u8_casecmp(left, left_length, right, right_length, NULL, UNINORM_NFC, &order) != 0) {
        return strcmp(a, b) == 0;
    }
    return order == 0;
}

char *text_fold(const char *text)
{
    size_t made = 0;
    size_t length = strlen(text);
    const uint8_t *bytes = (const uint8_t *)text;
    if (length == 0 || u8_check(bytes, length) != NULL) {
        return strdup(text);
    }
    uint8_t *folded = u8_casefold(bytes, length, NULL, UNINORM_NFC, NULL, &made);
    return terminate(folded, made);
}

void text_cut(char *text, size_t max)
{
    if (strlen(text) <= max) {
        return;
    }
    size_t end = max;
    while (end > 0 && ((unsigned char)text[end] & 0xc0) == 0x80) {
        end--;
    }
    text[end] = '\0';
}
