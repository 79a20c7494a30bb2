/* Exchanging two entries in one instant: what each platform calls it. */
#ifndef STORE_EXCHANGE_H
#define STORE_EXCHANGE_H

/* 0, or -1 with errno: EINVAL, ENOSYS or ENOTSUP where the system or the file system has no such thing. */
int exchange_at(int from, const char *name, int to, const char *other);

#endif
