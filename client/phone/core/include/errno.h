/* The one variable and the values that libsodium's sources set. */
#ifndef CORE_ERRNO_H
#define CORE_ERRNO_H

extern int errno;

#define EINVAL 22
#define ERANGE 34
#define ENOSYS 38
#define ENOMEM 12

#endif
