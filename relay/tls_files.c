/* Reads PEM files as far as their frames: nothing here decodes what is inside. */
#include "tls_files.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define CHUNK_BYTES 256
#define CHUNKS_MAX 65536

enum found { NOTHING = 0, WANTED = 1, LOCKED = 2 };

struct pem {
    const char *name, *path;
    const char *kind;
    const char *lacks;
    int is_secret;
};

static int line_find(const struct pem *pem, const char *line)
{
    int found = NOTHING;

    if (strncmp(line, "-----BEGIN ", 11) == 0 && strstr(line, pem->kind) != NULL)
        found |= WANTED;
    if (!pem->is_secret)
        return found;
    if (strncmp(line, "-----BEGIN ENCRYPTED ", 21) == 0 || strncmp(line, "Proc-Type: 4,ENCRYPTED", 22) == 0)
        found |= LOCKED;
    return found;
}

/* Returns what was found, or -1 with errno. */
static int file_find(const struct pem *pem)
{
    char line[CHUNK_BYTES];
    FILE *file = fopen(pem->path, "re");
    int found = NOTHING, is_bad;

    if (file == NULL)
        return -1;
    for (int i = 0; i < CHUNKS_MAX && fgets(line, sizeof line, file) != NULL; i++)
        found |= line_find(pem, line);
    is_bad = ferror(file);
    fclose(file);
    return is_bad ? -1 : found;
}

/* Returns NULL, or what is wrong. */
static const char *file_look(const struct pem *pem)
{
    struct stat status;
    int found;

    if (stat(pem->path, &status) != 0)
        return strerror(errno);
    if (!S_ISREG(status.st_mode))
        return "is not a file";
    found = file_find(pem);
    if (found < 0)
        return strerror(errno);
    if (found & LOCKED)
        return "is locked with a password, which nobody could give when the relay starts; store it without "
               "one";
    return found & WANTED ? NULL : pem->lacks;
}

int tls_files_look(const struct config *config, char error[static CONFIG_ERROR_BYTES])
{
    const struct pem files[] = {
        {"tls_cert", config->tls_cert, "CERTIFICATE-----", "holds no certificate in PEM form", 0},
        {"tls_key", config->tls_key, "PRIVATE KEY-----", "holds no private key in PEM form", 1},
    };

    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        const char *wrong = file_look(&files[i]);

        if (wrong == NULL)
            continue;
        snprintf(error, CONFIG_ERROR_BYTES, "%s = %s: %s", files[i].name, files[i].path, wrong);
        return -1;
    }
    return 0;
}
