/* The files of certificate and key, looked at before a library is: what is commonly wrong is then told by name. */
#ifndef RELAY_TLS_FILES_H
#define RELAY_TLS_FILES_H

#include "config.h"

/* Returns 0, or -1 with a sentence in error that names the key of the configuration, the file and the cause. Whether the two belong
 * together, and whether what is in them is whole, only the library can tell. */
int tls_files_look(const struct config *config, char error[static CONFIG_ERROR_BYTES]);

#endif
