/* What a browser is answered when it asks for the page. Sans-IO: headers as texts in, status line, headers and a borrowed body out. */
#ifndef RELAY_PAGE_H
#define RELAY_PAGE_H

#include "site.h"

#define PAGE_HEAD_BYTES 3072

enum page_method { PAGE_GET, PAGE_HEAD, PAGE_OTHER };

/* Texts are never NULL; "" when the header is absent. */
struct page_request {
    enum page_method method;
    const char *path; /* begins with '/', without a query; decoded by whoever read it */
    size_t path_bytes;
    const char *host;
    const char *accept_encoding;
    const char *if_none_match;
    const char *date; /* of now, in HTTP's form */
    int has_body;
};

struct page_answer {
    unsigned status;
    int is_last;         /* the connection must end after it */
    const uint8_t *body; /* the site's, as long as it is held */
    size_t body_bytes;
    size_t head_bytes;
    char head[PAGE_HEAD_BYTES];
};

/* A body longer than this is the last of its connection. */
#define PAGE_SMALL_BYTES 65536

void page_answer(const struct site *site, const struct page_request *request, struct page_answer *answer);
/* "Come back later". */
void page_answer_busy(const struct page_request *request, struct page_answer *answer);

/* Whether a client that sent this Accept-Encoding takes that coding. */
int page_takes(const char *accept_encoding, const char *coding);
/* Whether it is NAME or NAME:PORT and nothing else, so that it may stand in a header of ours. */
int page_host_is_plain(const char *host);

#endif
