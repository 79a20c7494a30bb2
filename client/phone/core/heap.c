/* The allocator: a list of free blocks by address, so that neighbours are joined as soon as they meet. */
#include "heap.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#define GROW_MIN_BYTES 65536U

struct heap_block {
    alignas(HEAP_ALIGN_BYTES) size_t bytes; /* behind this header */
    struct heap_block *next;                /* free: the next free one; in use: this block itself */
};

#define HEADER_BYTES sizeof(struct heap_block)

static char *memory_of(struct heap_block *block)
{
    return (char *)block + HEADER_BYTES;
}

/* memset is not enough: the compiler may see that nobody reads what was freed. */
static void wipe(void *memory, size_t bytes)
{
    memset(memory, 0, bytes);
    __asm__ volatile("" : : "r"(memory) : "memory");
}

void heap_init(struct heap *heap, void *start, size_t max_bytes, int (*grow)(size_t bytes))
{
    heap->end = start;
    heap->left = max_bytes;
    heap->grow = grow;
    heap->free_list = NULL;
}

/* Joins block and the one that follows it in the list, if they touch. */
static void join_next(struct heap_block *block)
{
    struct heap_block *next = block->next;

    if (next == NULL || memory_of(block) + block->bytes != (char *)next)
        return;
    block->bytes += HEADER_BYTES + next->bytes;
    block->next = next->next;
    wipe(next, HEADER_BYTES);
}

static void insert(struct heap *heap, struct heap_block *block)
{
    struct heap_block *before = NULL, *after = heap->free_list;

    while (after != NULL && after < block) {
        before = after;
        after = after->next;
    }
    block->next = after;
    join_next(block);
    if (before == NULL) {
        heap->free_list = block;
    } else {
        before->next = block;
        join_next(before);
    }
}

static int enlarge(struct heap *heap, size_t bytes)
{
    size_t step = bytes + HEADER_BYTES;
    struct heap_block *block;

    step = (step + GROW_MIN_BYTES - 1) / GROW_MIN_BYTES * GROW_MIN_BYTES;
    if (step > heap->left || heap->grow(step) != 0)
        return -1;
    block = (struct heap_block *)(void *)heap->end;
    block->bytes = step - HEADER_BYTES;
    heap->end += step;
    heap->left -= step;
    insert(heap, block);
    return 0;
}

/* Takes the first bytes of *link out of the list; the rest stays in it when it is worth a block. */
static void *take(struct heap_block **link, size_t bytes)
{
    struct heap_block *block = *link;

    if (block->bytes >= bytes + HEADER_BYTES + HEAP_ALIGN_BYTES) {
        struct heap_block *rest = (struct heap_block *)(void *)(memory_of(block) + bytes);

        rest->bytes = block->bytes - bytes - HEADER_BYTES;
        rest->next = block->next;
        block->bytes = bytes;
        *link = rest;
    } else {
        *link = block->next;
    }
    block->next = block;
    return memory_of(block);
}

void *heap_alloc(struct heap *heap, size_t bytes)
{
    if (bytes > SIZE_MAX / 4)
        return NULL;
    bytes = (bytes + (bytes == 0) + HEAP_ALIGN_BYTES - 1) / HEAP_ALIGN_BYTES * HEAP_ALIGN_BYTES;
    for (;;) {
        for (struct heap_block **link = &heap->free_list; *link != NULL; link = &(*link)->next)
            if ((*link)->bytes >= bytes)
                return take(link, bytes);
        if (enlarge(heap, bytes) != 0)
            return NULL;
    }
}

int heap_free(struct heap *heap, void *memory)
{
    struct heap_block *block;

    if (memory == NULL)
        return 0;
    block = (struct heap_block *)(void *)((char *)memory - HEADER_BYTES);
    if (block->next != block)
        return -1;
    wipe(memory, block->bytes);
    insert(heap, block);
    return 0;
}
