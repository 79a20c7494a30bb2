/* Runs a fuzz target over files and folders of files, for compilers without a fuzzer. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX_BYTES (1 << 20)
#define PATH_MAX_BYTES 4096

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(INPUT_MAX_BYTES), *exact = NULL;
    size_t length;
    int is_run = 0;

    if (file == NULL || bytes == NULL)
        goto out;
    length = fread(bytes, 1, INPUT_MAX_BYTES, file);
    exact = malloc(length > 0 ? length : 1); /* so that the sanitizer sees every read past the end */
    if (ferror(file) || exact == NULL)
        goto out;
    memcpy(exact, bytes, length);
    (void)LLVMFuzzerTestOneInput(exact, length);
    is_run = 1;
out:
    if (file != NULL)
        fclose(file);
    free(bytes);
    free(exact);
    return is_run;
}

static int run_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    char path[PATH_MAX_BYTES];
    int count = 0;

    if (dir == NULL)
        return run_file(folder);
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        count += run_file(path);
    }
    closedir(dir);
    return count;
}

int main(int argc, char **argv)
{
    int count = 0;

    for (int i = 1; i < argc; i++)
        count += run_folder(argv[i]);
    printf("%d inputs\n", count);
    return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
