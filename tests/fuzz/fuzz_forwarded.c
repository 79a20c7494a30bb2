/* What stands before and in requests: PROXY headers, forwarded addresses, networks, and dates in certificates. */
#include "forwarded.h"

#include "cert_expiry.h"
#include "fuzz.h"

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
    free(text);
    return 0;
}
