/* What a request must look like to become one of our WebSockets. With wire.c and wire_link.c all that knows libwebsockets. */
#include "wire_upgrade.h"

#include "config.h"

#include <certrelay/contract.h>

#include <libwebsockets.h>
#include <string.h>
#include <strings.h>

static int header_is(struct lws *wsi, enum lws_token_indexes token, const char *wanted)
{
    char value[CONFIG_TEXT_BYTES];

    return lws_hdr_copy(wsi, value, sizeof value, token) > 0 && strcmp(value, wanted) == 0;
}

static int header_is_absent(struct lws *wsi, enum lws_token_indexes token)
{
    return lws_hdr_total_length(wsi, token) == 0;
}

static int wants_websocket(struct lws *wsi)
{
    char value[16];

    return lws_hdr_copy(wsi, value, sizeof value, WSI_TOKEN_UPGRADE) > 0 &&
           strcasecmp(value, "websocket") == 0;
}

static int wants_our_protocol(struct lws *wsi)
{
    char list[128], *rest = NULL;

    if (lws_hdr_copy(wsi, list, sizeof list, WSI_TOKEN_PROTOCOL) <= 0)
        return 0;
    for (char *name = strtok_r(list, ", \t", &rest); name != NULL; name = strtok_r(NULL, ", \t", &rest)) {
        if (strcmp(name, CR_SUBPROTOCOL) == 0)
            return 1;
    }
    return 0;
}

/* Origin is not looked at: the page may be served from anywhere, by design; there are no cookies or other standing rights that a foreign
 * page could use, only what its own person types. */
int upgrade_status(struct lws *wsi, const char *path)
{
    if (!wants_websocket(wsi))
        return UPGRADE_FOREIGN;
    if (header_is_absent(wsi, WSI_TOKEN_GET_URI) || !header_is_absent(wsi, WSI_TOKEN_POST_URI))
        return HTTP_STATUS_METHOD_NOT_ALLOWED;
    if (!header_is(wsi, WSI_TOKEN_GET_URI, path))
        return HTTP_STATUS_NOT_FOUND;
    if (!header_is_absent(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) ||
        !header_is_absent(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING))
        return HTTP_STATUS_REQ_ENTITY_TOO_LARGE;
    if (!header_is(wsi, WSI_TOKEN_VERSION, "13") || !wants_our_protocol(wsi))
        return HTTP_STATUS_BAD_REQUEST;
    return UPGRADE_OURS;
}
