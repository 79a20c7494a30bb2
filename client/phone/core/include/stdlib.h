/* Memory: runtime.c. */
#ifndef CORE_STDLIB_H
#define CORE_STDLIB_H

#include <stddef.h>

void *malloc(size_t bytes);
void *calloc(size_t count, size_t bytes);
void free(void *memory);
_Noreturn void abort(void);

#endif
