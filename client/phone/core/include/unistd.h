/* No system. */
#ifndef CORE_UNISTD_H
#define CORE_UNISTD_H

extern int no_system;

#endif
