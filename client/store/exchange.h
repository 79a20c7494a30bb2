/* Renames that exchange two entries in one instant, or that overwrite nothing: what each platform calls them. */
#ifndef STORE_EXCHANGE_H
#define STORE_EXCHANGE_H

/* 0, or -1 with errno: EINVAL, ENOSYS or ENOTSUP where the system or the file system has no such thing. */
int exchange_at(int from, const char *name, int to, const char *other);
/* The same; EEXIST when something is called new_name already, which stays. */
int rename_new_at(int from, const char *name, int to, const char *new_name);

#endif
