/* Text: UTF-8, normalisation, and the old Korean code page. */
#ifndef STORE_TEXT_H
#define STORE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* printf into memory of its own. Caller frees; NULL when memory is short. */
char *text_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* UTF-8 of bytes that are UTF-8 or, failing that, CP949 (EUC-KR). NULL when they are neither. Caller frees. */
char *text_decode(const uint8_t *bytes, size_t length);
/* The same for bytes known to be CP949, as TeletexString holds in old Korean certificates. */
char *text_decode_cp949(const uint8_t *bytes, size_t length);

/* Normalization form C. NULL when text is not UTF-8. Caller frees. */
char *text_nfc(const char *text, size_t length, size_t *out_length);
/* CP949 bytes, not terminated. NULL when text has a character that CP949 lacks. Caller wipes and frees. */
char *text_encode_cp949(const char *text, size_t length, size_t *out_length);

/* Equal but for letter case and Unicode composition. Texts that are not UTF-8 are compared byte for byte. */
int text_is_same(const char *a, const char *b);
/* Folded texts are equal byte for byte when the texts are the same: for comparing one with many. Caller frees. */
char *text_fold(const char *text);

/* Cuts to at most max bytes, never within a character. */
void text_cut(char *text, size_t max);

/* Something a terminal may act on or a reader may not see: C0, C1, bidi and line controls, invisible fillers. */
int text_is_control(uint32_t character);

#endif
