/* Any request for the page is answered whole, and with nothing but the page. */
#include "page.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

static struct site *site;

static void add(const char *name, const char *text)
{
    uint8_t *bytes = malloc(strlen(text) + 1);

    if (bytes == NULL)
        return;
    memcpy(bytes, text, strlen(text) + 1);
    fuzz_require(site_add(site, name, bytes, strlen(text)) == NULL);
}

static void site_make(void)
{
    if (site != NULL)
        return;
    site = site_new();
    fuzz_require(site != NULL);
    add("index.html", "index");
    add("index.html.br", "brotli");
    add("index.html.gz", "gzip");
    add("a/main-ABCDEFGH.js", "script");
    site_settle(site);
}

/* A text up to the next zero byte. */
static const char *text_take(struct fuzz_input *input, char *out, size_t capacity)
{
    size_t length = 0;
    uint8_t byte;

    while (length + 1 < capacity && (byte = fuzz_u8(input)) != 0)
        out[length++] = (char)byte;
    out[length] = '\0';
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct page_answer answer;
    struct fuzz_input input = {data, size};
    char host[256], accept[256], known[256], path[512] = "/";
    uint8_t kind = fuzz_u8(&input);
    struct page_request request = {.method = (enum page_method)(kind % 3), .has_body = kind >> 7, .date = ""};

    site_make();
    request.host = text_take(&input, host, sizeof host);
    request.accept_encoding = text_take(&input, accept, sizeof accept);
    request.if_none_match = text_take(&input, known, sizeof known);
    text_take(&input, path + 1, sizeof path - 1);
    request.path = path;
    request.path_bytes = strlen(path);
    page_answer(site, &request, &answer);
    fuzz_require(answer.head_bytes > 4 && memcmp(answer.head + answer.head_bytes - 4, "\r\n\r\n", 4) == 0);
    fuzz_require(strlen(answer.head) == answer.head_bytes);
    fuzz_require(strstr(answer.head, "\r\n\r\n") == answer.head + answer.head_bytes - 4);
    fuzz_require(strstr(answer.head, "frame-ancestors 'none'") != NULL);
    fuzz_require(request.method != PAGE_HEAD || answer.body_bytes == 0);
    fuzz_require(answer.status == 200 || answer.status == 304 || answer.status >= 404);
    return 0;
}
