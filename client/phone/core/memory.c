/* The few functions of <string.h> that are called; with bulk memory the builtins are one instruction each. */
#include <stdint.h>
#include <string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    return __builtin_memcpy(to, from, bytes);
}

void *memmove(void *to, const void *from, size_t bytes)
{
    return __builtin_memmove(to, from, bytes);
}

void *memset(void *to, int value, size_t bytes)
{
    return __builtin_memset(to, value, bytes);
}

int memcmp(const void *a, const void *b, size_t bytes)
{
    const uint8_t *x = a, *y = b;

    for (size_t i = 0; i < bytes; i++)
        if (x[i] != y[i])
            return x[i] - y[i];
    return 0;
}

void *memchr(const void *memory, int value, size_t bytes)
{
    const uint8_t *at = memory;

    for (size_t i = 0; i < bytes; i++)
        if (at[i] == (uint8_t)value)
            return (void *)(uintptr_t)(at + i);
    return NULL;
}

size_t strlen(const char *text)
{
    const char *end = text;

    while (*end != '\0')
        end++;
    return (size_t)(end - text);
}

char *strchr(const char *text, int letter)
{
    while (*text != (char)letter)
        if (*text++ == '\0')
            return NULL;
    return (char *)(uintptr_t)text;
}
