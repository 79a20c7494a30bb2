/* Who the samples are: authorities and users. */
#ifndef SAMPLE_USERS_H
#define SAMPLE_USERS_H

#include "sample.h"

enum { CA_YESSIGN, CA_KICA, CA_COUNT };
#define USER_COUNT 6

struct authority {
    struct sample_name name;
    const char *folder;
};

struct user {
    const char *id;
    int authority;
    struct sample_name name;
    const char *real_name;
    const char *policy;
    int from_days; /* from the clock's Korean day: first and last day of validity */
    int until_days;
    const char *form;
    const char *km_form; /* NULL: no key-management pair */
    int iterations;
    const char *idn;    /* NULL: neither R nor VID */
    const char *folder; /* NULL: the DN as it is */
    const char *expect;
};

extern const struct sample_name ROOT;
extern const struct authority AUTHORITIES[CA_COUNT];
extern const struct user USERS[USER_COUNT];
extern const struct user GPKI_USER;

#endif
