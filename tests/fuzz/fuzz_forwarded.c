/* What stands before and in requests: PROXY headers, forwarded addresses, networks; dates in certificates; and permits. */
#include "forwarded.h"

#include "cert_expiry.h"
#include "fuzz.h"
#include "permits.h"

#include <stdlib.h>
#include <string.h>

static void header_try(const uint8_t *data, size_t size)
{
    struct address address;
    size_t taken = SIZE_MAX;
    enum forwarded found = forwarded_parse(data, size, &address, &taken);

    fuzz_require(found == FORWARDED_ADDRESS || found == FORWARDED_OWN || taken == SIZE_MAX);
    if (taken == SIZE_MAX)
        return;
    fuzz_require(taken <= size && taken <= FORWARDED_MAX_BYTES);
    for (size_t part = 0; part < taken; part++)
        fuzz_require(forwarded_parse(data, part, &address, &taken) == FORWARDED_PART);
}

static void text_try(const char *text)
{
    struct networks trusted = {.count = 1};
    struct address client;

    if (network_read(text, &trusted.items[0]) == 0)
        fuzz_require(networks_hold(&trusted, &trusted.items[0].base));
    (void)network_read("10.0.0.0/8", &trusted.items[0]);
    if (forwarded_read(text, &trusted, &client) == 0 && strchr(text, ',') != NULL &&
        networks_hold(&trusted, &client))
        fuzz_require(strstr(text, "10.") != NULL || strchr(text, ':') != NULL);
}

/* What is a permit by itself is one on a line of its own. */
static void permits_try(const char *text, size_t size)
{
    char error[PERMITS_ERROR_BYTES];
    struct permits *permits = permits_read(text, size, error);

    if (permits != NULL && memchr(text, '\n', size) == NULL && memchr(text, ' ', size) == NULL &&
        memchr(text, '\t', size) == NULL && memchr(text, '\r', size) == NULL)
        fuzz_require(permits_hold(permits, (const uint8_t *)text, size));
    permits_free(permits);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    if (text == NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    header_try(data, size);
    text_try(text);
    (void)cert_expiry(text, size);
    permits_try(text, size);
    free(text);
    return 0;
}
