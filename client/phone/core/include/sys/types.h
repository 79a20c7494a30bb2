/* Only sizes. */
#ifndef CORE_SYS_TYPES_H
#define CORE_SYS_TYPES_H

#include <stddef.h>

#endif
