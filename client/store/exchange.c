/* Renames that exchange two entries in one instant, or that overwrite nothing: what each platform calls them. */
#include "exchange.h"

#include <errno.h>
#include <stdio.h>
#ifdef __APPLE__
#include <sys/stdio.h>
#endif

int exchange_at(int from, const char *name, int to, const char *other)
{
#if defined(__linux__)
    return renameat2(from, name, to, other, RENAME_EXCHANGE);
#elif defined(__APPLE__)
    return renameatx_np(from, name, to, other, RENAME_SWAP);
#else
    (void)from, (void)name, (void)to, (void)other;
    errno = ENOSYS;
    return -1;
#endif
}

int rename_new_at(int from, const char *name, int to, const char *new_name)
{
#if defined(__linux__)
    return renameat2(from, name, to, new_name, RENAME_NOREPLACE);
#elif defined(__APPLE__)
    return renameatx_np(from, name, to, new_name, RENAME_EXCL);
#else
    (void)from, (void)name, (void)to, (void)new_name;
    errno = ENOSYS;
    return -1;
#endif
}
