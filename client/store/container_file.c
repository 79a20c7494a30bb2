/* A container as a file the person named: all of it or nothing, over nothing that is there. */
#include "container.h"
#include "convert.h"
#include "files.h"
#include "names.h"
#include "scan.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEW_ENDING ".new"
#define NUMBER_DIGITS 16
#define OWNER_MAX_BYTES 180

static char *new_name(void)
{
    uint64_t number = 0;
    return RAND_bytes((unsigned char *)&number, sizeof number) == 1
               ? text_print(SCAN_STAGE_PREFIX "%016llx" NEW_ENDING, (unsigned long long)number)
               : NULL;
}

/* A file that a killed run left: nobody else's are called so. */
static int is_left_over(int folder, const char *name)
{
    struct stat info;
    size_t prefix = strlen(SCAN_STAGE_PREFIX);
    return strncmp(name, SCAN_STAGE_PREFIX, prefix) == 0 &&
           strspn(name + prefix, "0123456789abcdef") == NUMBER_DIGITS &&
           strcmp(name + prefix + NUMBER_DIGITS, NEW_ENDING) == 0 &&
           fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode) &&
           info.st_uid == geteuid() && info.st_size <= CR_FILE_MAX_BYTES;
}

static void clear_up(int folder)
{
    char **names = folder_names(folder);
    for (char **name = names; name != NULL && *name != NULL; name++) {
        if (is_left_over(folder, *name)) {
            (void)file_remove(folder, *name);
        }
    }
    names_free(names);
}

typedef int rename_entry(int from, const char *name, int to, const char *new_name);

static enum store_fault write_new(int folder, const char *temporary, const char *name,
                                  const struct cr_file *file, rename_entry *rename_to)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    if (file_write(folder, temporary, file->bytes, file->size) != 0) {
        return fault_of_writing();
    }
    int is_same = file_read(folder, temporary, &bytes, &length) == STORE_OK && length == file->size &&
                  CRYPTO_memcmp(bytes, file->bytes, length) == 0;
    file_free(bytes);
    if (!is_same) {
        return STORE_READ_BACK;
    }
    if (rename_to(folder, temporary, folder, name) != 0) {
        return errno == EEXIST ? STORE_EXISTS : fault_of_writing();
    }
    return folder_sync(folder) == 0 ? STORE_OK : fault_of_writing();
}

/* Also what has its name already goes when the folder could not be synced: nothing, then, rather than perhaps. */
static enum store_fault write_locked(int folder, const char *name, const struct cr_file *file,
                                     rename_entry *rename_to)
{
    int is_replacing = rename_to == entry_replace;
    clear_up(folder);
    if (!is_replacing && entry_type(folder, name) != ENTRY_MISSING) {
        return STORE_EXISTS;
    }
    char *temporary = new_name();
    if (temporary == NULL) {
        return STORE_MEMORY;
    }
    enum store_fault fault = write_new(folder, temporary, name, file, rename_to);
    int saved = errno;
    if (fault != STORE_OK) {
        int is_renamed = fault != STORE_EXISTS && entry_type(folder, temporary) == ENTRY_MISSING;
        if (!is_renamed || !is_replacing) {
            (void)file_remove(folder, is_renamed ? name : temporary);
        }
    }
    free(temporary);
    errno = saved;
    return fault;
}

static enum store_fault write_container(const char *path, const struct cr_cert *cert, rename_entry *rename_to)
{
    const struct cr_file *file =
        cert_file(cert, cert->format == CR_FORMAT_PEM ? CR_FILE_PEM : CR_FILE_PKCS12);
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    if (file == NULL || name[0] == '\0') {
        return file == NULL ? STORE_NO_CERT : STORE_NOT_FOUND;
    }
    char *parent = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + (slash == path));
    int folder = parent == NULL ? -1 : folder_open_path(parent);
    enum store_fault fault = STORE_OK;
    if (folder < 0) {
        fault = parent == NULL ? STORE_MEMORY : errno == ENOENT ? STORE_NOT_FOUND : STORE_NOT_WRITABLE;
    } else if (folder_lock(folder, 1) != 0 && errno == EWOULDBLOCK) {
        fault = STORE_BUSY;
    } else {
        fault = write_locked(folder, name, file, rename_to);
    }
    int saved = errno;
    if (folder >= 0) {
        close(folder);
    }
    free(parent);
    errno = saved;
    return fault;
}

enum store_fault store_write_container(const char *path, const struct cr_cert *cert)
{
    return write_container(path, cert, entry_rename);
}

enum store_fault store_replace_container(const char *path, const struct cr_cert *cert)
{
    return write_container(path, cert, entry_replace);
}

char *store_container_name(const struct cr_cert *cert, const char *password, size_t length)
{
    struct store_facts facts;
    const char *ending = cert->format == CR_FORMAT_PEM ? "pem" : "p12";
    if (store_facts_open(cert, password, length, &facts) != STORE_OK) {
        return text_print("certificate.%s", ending);
    }
    char *owner = name_safe(facts.owner[0] == '\0' ? "certificate" : facts.owner, OWNER_MAX_BYTES);
    char *name = owner == NULL ? NULL : text_print("%s.%s", owner, ending);
    free(owner);
    store_facts_wipe(&facts);
    return name;
}
