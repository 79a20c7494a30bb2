/* Chooses a file and its coding, and writes the head of the answer. */
#include "page.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char policy_before[] =
    "Content-Security-Policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' data: blob:; connect-src 'self'";
static const char policy_after[] =
    "; media-src 'self' blob:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'\r\n";

static const char guards[] =
    "Permissions-Policy: camera=(self), screen-wake-lock=(self), accelerometer=(), bluetooth=(), "
    "browsing-topics=(), display-capture=(), encrypted-media=(), geolocation=(), gyroscope=(), hid=(), "
    "idle-detection=(), local-fonts=(), magnetometer=(), microphone=(), midi=(), payment=(), "
    "picture-in-picture=(), publickey-credentials-get=(), serial=(), usb=(), xr-spatial-tracking=()\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Embedder-Policy: require-corp\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n";

static const char *const coding_names[CODINGS] = {[CODING_GZIP] = "gzip", [CODING_BROTLI] = "br"};

static const char *reason_of(unsigned status)
{
    static const struct {
        unsigned status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {304, "Not Modified"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {413, "Content Too Large"},
    };

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    return "Service Unavailable";
}

static void head_add(struct page_answer *answer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* All that is added together fits: whatever comes from outside is bounded where it comes in. */
static void head_add(struct page_answer *answer, const char *format, ...)
{
    size_t room = sizeof answer->head - answer->head_bytes;
    va_list arguments;
    int length;

    va_start(arguments, format);
    length = vsnprintf(answer->head + answer->head_bytes, room, format, arguments);
    va_end(arguments);
    if (length > 0 && (size_t)length < room)
        answer->head_bytes += (size_t)length;
}

/* "q=0", "q=0.0" and so on. */
static int is_refused(const char *parameters)
{
    const char *q = strcasestr(parameters, "q=");

    return q != NULL && strtod(q + 2, NULL) <= 0;
}

int page_takes(const char *accept_encoding, const char *coding)
{
    char list[256], *rest = NULL;
    int takes_any = 0;

    snprintf(list, sizeof list, "%s", accept_encoding);
    for (char *item = strtok_r(list, ",", &rest); item != NULL; item = strtok_r(NULL, ",", &rest)) {
        size_t length;

        item += strspn(item, " \t");
        length = strcspn(item, " \t;");
        if (length == strlen(coding) && strncasecmp(item, coding, length) == 0)
            return !is_refused(item + length);
        if (length == 1 && *item == '*')
            takes_any = !is_refused(item + length);
    }
    return takes_any;
}

int page_host_is_plain(const char *host)
{
    size_t name = strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");
    size_t port;

    if (name == 0 || name > 253 || !isalnum((unsigned char)host[0]))
        return 0;
    if (host[name] == '\0')
        return 1;
    port = strspn(host + name + 1, "0123456789");
    return host[name] == ':' && port >= 1 && port <= 5 && host[name + 1 + port] == '\0';
}

static const struct body *body_choose(const struct site_file *file, const char *accept_encoding,
                                      enum coding *coding)
{
    for (int i = CODINGS - 1; i > CODING_PLAIN; i--) {
        if (file->bodies[i].bytes == NULL || !page_takes(accept_encoding, coding_names[i]))
            continue;
        *coding = (enum coding)i;
        return &file->bodies[i];
    }
    *coding = CODING_PLAIN;
    return &file->bodies[CODING_PLAIN];
}

/* The list of If-None-Match; a tag holds no quotes of its own, so finding it with its quotes is finding it whole. */
static int is_known(const char *if_none_match, const char *tag)
{
    const char *star = if_none_match + strspn(if_none_match, " \t");

    return strcmp(star, "*") == 0 || strstr(if_none_match, tag) != NULL;
}

static void head_begin(struct page_answer *answer, const struct page_request *request, unsigned status)
{
    memset(answer, 0, sizeof *answer);
    answer->status = status;
    head_add(answer, "HTTP/1.1 %u %s\r\n", status, reason_of(status));
    if (request->date[0] != '\0')
        head_add(answer, "Date: %s\r\n", request->date);
}

static void head_end(struct page_answer *answer, const struct site *site, const struct page_request *request)
{
    head_add(answer, "%s", policy_before);
    if (site != NULL && site->relay[0] != '\0')
        head_add(answer, " %s", site->relay);
    if (page_host_is_plain(request->host))
        head_add(answer, " wss://%s", request->host);
    head_add(answer, "%s%s", policy_after, guards);
    if (site != NULL && site->has_tls)
        head_add(answer, "Strict-Transport-Security: max-age=31536000\r\n");
    if (answer->is_last)
        head_add(answer, "Connection: close\r\n");
    head_add(answer, "\r\n");
    if (request->method == PAGE_HEAD)
        answer->body_bytes = 0;
}

static void answer_text(const struct site *site, const struct page_request *request, unsigned status,
                        const char *text, struct page_answer *answer)
{
    head_begin(answer, request, status);
    answer->is_last = status != 404;
    answer->body = (const uint8_t *)text;
    answer->body_bytes = strlen(text);
    head_add(answer, "Content-Type: text/plain; charset=utf-8\r\nContent-Length: %zu\r\n", strlen(text));
    head_add(answer, "Cache-Control: no-store\r\n");
    if (status == 405)
        head_add(answer, "Allow: GET, HEAD\r\n");
    if (status == 503)
        head_add(answer, "Retry-After: 5\r\n");
    head_end(answer, site, request);
}

static void answer_file(const struct site *site, const struct page_request *request,
                        const struct site_file *file, struct page_answer *answer)
{
    enum coding coding;
    const struct body *body = body_choose(file, request->accept_encoding, &coding);
    int is_known_there = is_known(request->if_none_match, body->tag);

    head_begin(answer, request, is_known_there ? 304 : 200);
    head_add(answer, "ETag: %s\r\nCache-Control: %s\r\n", body->tag,
             file->is_lasting ? "public, max-age=31536000, immutable" : "no-cache");
    if (file->bodies[CODING_GZIP].bytes != NULL || file->bodies[CODING_BROTLI].bytes != NULL)
        head_add(answer, "Vary: Accept-Encoding\r\n");
    if (!is_known_there) {
        answer->body = body->bytes;
        answer->body_bytes = body->length;
        answer->is_last = body->length > PAGE_SMALL_BYTES && request->method == PAGE_GET;
        head_add(answer, "Content-Type: %s\r\nContent-Length: %zu\r\n", file->type, body->length);
        if (coding != CODING_PLAIN)
            head_add(answer, "Content-Encoding: %s\r\n", coding_names[coding]);
    }
    head_end(answer, site, request);
}

void page_answer(const struct site *site, const struct page_request *request, struct page_answer *answer)
{
    const struct site_file *file;

    if (request->method == PAGE_OTHER) {
        answer_text(site, request, 405, "Only GET and HEAD.\n", answer);
        return;
    }
    if (request->has_body) {
        answer_text(site, request, 413, "A request for the page has no body.\n", answer);
        return;
    }
    if (request->path_bytes <= 1)
        file = site_find(site, "index.html", 10);
    else
        file = site_find(site, request->path + 1, request->path_bytes - 1);
    if (file == NULL)
        answer_text(site, request, 404, "There is no such file.\n", answer);
    else
        answer_file(site, request, file, answer);
}

void page_answer_busy(const struct page_request *request, struct page_answer *answer)
{
    answer_text(NULL, request, 503, "Too many downloads at once; try again soon.\n", answer);
}
