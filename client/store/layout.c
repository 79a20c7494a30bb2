/* How the files of a certificate are called. */
#include "layout.h"
#include "files.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

const struct layout_file LAYOUT[LAYOUT_FILES] = {
    {CR_FILE_SIGN_CERT, "signCert.der", "_sig.cer"},
    {CR_FILE_SIGN_KEY, "signPri.key", "_sig.key"},
    {CR_FILE_KM_CERT, "kmCert.der", "_env.cer"},
    {CR_FILE_KM_KEY, "kmPri.key", "_env.key"},
};

char *layout_find(int folder, enum cr_format format, const char *sign, enum cr_file_kind kind)
{
    const struct layout_file *file = LAYOUT;
    while (file->kind != kind) {
        file++;
    }
    if (format == CR_FORMAT_NPKI) {
        return folder_find(folder, file->npki);
    }
    const char *slash = strrchr(sign, '/');
    const char *name = slash == NULL ? sign : slash + 1;
    size_t length = strlen(name);
    size_t ending = strlen(LAYOUT[0].gpki);
    if (format != CR_FORMAT_GPKI || length < ending) {
        return NULL;
    }
    char *wanted = text_print("%.*s%s", (int)(length - ending), name, file->gpki);
    char *found = wanted == NULL ? NULL : folder_find(folder, wanted);
    free(wanted);
    return found;
}
