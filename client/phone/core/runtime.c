/* What protocol/ and libsodium's sources expect of a system: memory, randomness, and a start. */
#include "export.h"
#include "heap.h"

#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES 65536U
#define WORST_BYTES (CORE_MEMORY_PAGES * PAGE_BYTES)

__attribute__((import_module("page"), import_name("random"))) void page_random(void *memory, size_t bytes);

int errno;

static struct heap heap;

static int grow(size_t bytes)
{
    return __builtin_wasm_memory_grow(0, bytes / PAGE_BYTES) == SIZE_MAX ? -1 : 0;
}

/* What lies between the data and the end of the first pages is left alone: the heap starts at a whole page. */
static void start_heap(void)
{
    size_t pages = __builtin_wasm_memory_size(0);

    heap_init(&heap, (void *)(pages * PAGE_BYTES), WORST_BYTES - pages * PAGE_BYTES, grow);
}

CORE_EXPORT(core_alloc) void *malloc(size_t bytes)
{
    if (heap.end == NULL)
        start_heap();
    return heap_alloc(&heap, bytes);
}

CORE_EXPORT(core_free) void free(void *memory)
{
    if (heap_free(&heap, memory) != 0)
        __builtin_trap();
}

void *calloc(size_t count, size_t bytes)
{
    void *memory = count != 0 && bytes > SIZE_MAX / count ? NULL : malloc(count * bytes);

    if (memory != NULL)
        memset(memory, 0, count * bytes);
    return memory;
}

int sodium_init(void)
{
    return 0;
}

void sodium_misuse(void)
{
    __builtin_trap();
}

void randombytes_buf(void *const memory, const size_t bytes)
{
    page_random(memory, bytes);
}

uint32_t randombytes_random(void)
{
    uint32_t value;

    page_random(&value, sizeof value);
    return value;
}

/* The lowest 2^32 mod bound values are drawn again, so that all that are left are equally likely. */
uint32_t randombytes_uniform(const uint32_t bound)
{
    uint32_t value, lowest;

    if (bound < 2)
        return 0;
    lowest = (0U - bound) % bound;
    do
        value = randombytes_random();
    while (value < lowest);
    return value % bound;
}

/* Wipes what past calls left on the stack, which grows down from the data to address 0. */
CORE_EXPORT(core_wipe_stack) void core_wipe_stack(void)
{
    char here = 0;
    uintptr_t low = 16, top = (uintptr_t)&here - 256;

    memset((void *)low, 0, top - low);
    __asm__ volatile("" : : "r"(low), "r"(&here) : "memory");
}
