/* No files: included by libsodium for a type that it does not use. */
#ifndef CORE_STDIO_H
#define CORE_STDIO_H

#include <stddef.h>

#endif
