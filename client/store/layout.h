/* How the files of a certificate are called. */
#ifndef STORE_LAYOUT_H
#define STORE_LAYOUT_H

#include <certrelay/message.h>

#define LAYOUT_FILES 4

struct layout_file {
    enum cr_file_kind kind;
    const char *npki; /* in the certificate's own folder */
    const char *gpki; /* after the group's name, in one folder for all */
};

extern const struct layout_file LAYOUT[LAYOUT_FILES];

/* As it is called in the folder: the file of this kind (one of LAYOUT) that belongs to the certificate in the file sign, whose path may be
 * before it. NULL when there is none. Caller frees. */
char *layout_find(int folder, enum cr_format format, const char *sign, enum cr_file_kind kind);

#endif
