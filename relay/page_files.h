/* Reads the page into memory: its folder, the operator's logo and settings. */
#ifndef RELAY_PAGE_FILES_H
#define RELAY_PAGE_FILES_H

#include "config.h"
#include "site.h"

/* NULL with a sentence in error that names the key, the file and what is wrong. Not for page = off. */
struct site *page_files_read(const struct config *config, char error[static CONFIG_ERROR_BYTES]);

#endif
