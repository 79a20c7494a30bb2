/* What the protocol's unit tests share: cmocka with its headers, hexadecimal, test vectors, and randomness that repeats. */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Bytes of a hexadecimal text; returns how many. Fails the test when they do not fit or are none. */
size_t unhex(const char *hex, uint8_t *out, size_t capacity);

/* Reads one file of tests/vectors; json_decref it. */
json_t *vectors_load(const char *path);
/* The text under a path of member names, the last one NULL; fails the test when it is missing. */
const char *vector_text(const json_t *root, const char *name);
size_t vector_bytes(const json_t *root, const char *name, uint8_t *out, size_t capacity);

/* libsodium's random bytes become a row that the seed alone decides. */
void random_seed(uint64_t seed);
/* Each of the next requests gets exactly the bytes scripted for it; another length, or one request more, fails the test. */
void random_script(const uint8_t *bytes, size_t length);
/* 32-bit numbers for the next calls of randombytes_random, before anything else. */
void random_numbers(const uint32_t *numbers, size_t count);
size_t random_left(void);
void random_restore(void);

#endif
