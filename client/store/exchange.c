/* Exchanging two entries in one instant: what each platform calls it. */
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
