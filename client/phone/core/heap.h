/* Memory for the WebAssembly core: first fit over one growing region with a fixed end. What is freed is wiped. */
#ifndef CORE_HEAP_H
#define CORE_HEAP_H

#include <stddef.h>

#define HEAP_ALIGN_BYTES 16

struct heap_block;

struct heap {
    char *end;                    /* of what is there */
    size_t left;                  /* how many bytes may still be added there */
    int (*grow)(size_t bytes);    /* adds them at end: 0, or -1 when there are none */
    struct heap_block *free_list; /* by address */
};

/* start is aligned to HEAP_ALIGN_BYTES; nothing is there yet, and never more than max_bytes will be. */
void heap_init(struct heap *heap, void *start, size_t max_bytes, int (*grow)(size_t bytes));

/* Aligned to HEAP_ALIGN_BYTES, not initialised; NULL when the cap or what grow gives is reached. */
void *heap_alloc(struct heap *heap, size_t bytes);

/* Wipes and gives back; NULL is fine. -1, and nothing happens, when memory is no block in use. */
int heap_free(struct heap *heap, void *memory);

#endif
