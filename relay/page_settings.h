/* settings.json: what the operator tells the page. Nothing in it is secret. */
#ifndef RELAY_PAGE_SETTINGS_H
#define RELAY_PAGE_SETTINGS_H

#include "config.h"

#define PAGE_SETTINGS_BYTES 8192

/* Writes the JSON text of config's page_ keys; logo is the name under which the page finds it, or "". Returns its length. */
size_t page_settings_write(const struct config *config, const char *logo,
                           char out[static PAGE_SETTINGS_BYTES]);

/* Whether text is UTF-8 without control characters. */
int page_text_is_clean(const char *text);

#endif
