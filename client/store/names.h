/* The names we give: folders, files, and people's names as they are shown. Specified in NPKI practice: a folder is
 * named after the subject, most specific part first. */
#ifndef STORE_NAMES_H
#define STORE_NAMES_H

#include <stddef.h>

#define NAME_MAX_BYTES 200

/* text made safe as one component of a path on every file system: forbidden and control characters become '_', dots and
 * spaces at its end go, NFC, at most max bytes. Never empty, "." or "..", never hidden. Caller frees. */
char *name_safe(const char *text, size_t max);

/* The common name without the tail some authorities add: "홍길동()0020041200806232804005" is 홍길동. Caller frees. */
char *name_without_tail(const char *common_name);

#endif
