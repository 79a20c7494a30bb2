/* What the tests of passwords share. */
#include "passwd_help.h"
#include "key.h"
#include "store_help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const struct store_entry *passwd_first(const char *dir, struct store_list *list)
{
    assert_int_equal(store_scan(dir, list), STORE_OK);
    return &list->entries[0];
}

enum store_fault passwd_change_to(const char *dir, const char *old, const char *new, enum store_seal seal,
                                  int keeps_backup, char *detail)
{
    struct store_list list;
    const struct store_passwd change = {.old_password = old,
                                        .old_length = strlen(old),
                                        .new_password = new,
                                        .new_length = strlen(new),
                                        .seal = seal,
                                        .keeps_backup = keeps_backup};
    enum store_fault fault = store_passwd(passwd_first(dir, &list), &change, detail);
    store_list_free(&list);
    return fault;
}

enum store_fault passwd_change(const char *dir, const char *old, const char *new, enum store_seal seal)
{
    char detail[STORE_DETAIL_BYTES];
    return passwd_change_to(dir, old, new, seal, 0, detail);
}

struct store_verdict passwd_see(const char *dir, const char *password)
{
    struct store_list list;
    struct store_verdict verdict;
    const struct store_question question = {
        .password = password, .length = strlen(password), .now = help_now()};
    assert_int_equal(store_verify(passwd_first(dir, &list), &question, &verdict), STORE_OK);
    store_list_free(&list);
    return verdict;
}

/* What is inside a key of the first certificate below dir, by the bytes of the password. */
struct plain passwd_inside(const char *dir, enum cr_file_kind kind, const char *password, size_t length)
{
    struct provider provider;
    struct plain plain = {0};
    char oid[64];
    struct cr_bundle *bundle = help_load(dir);
    assert_int_equal(provider_open(&provider), STORE_OK);
    for (size_t i = 0; i < bundle->certs[0].file_count; i++) {
        const struct cr_file *file = &bundle->certs[0].files[i];
        X509_SIG *sealed = file->kind == kind ? key_read(file->bytes, file->size) : NULL;
        if (sealed != NULL) {
            assert_int_equal(plain_open(&provider, sealed, password, length, &plain, oid), STORE_OK);
        }
        X509_SIG_free(sealed);
    }
    provider_close(&provider);
    cr_bundle_free(bundle);
    return plain;
}

void passwd_assert_same(struct plain *one, struct plain *other)
{
    assert_int_equal(one->length, other->length);
    if (one->length > 0) {
        assert_memory_equal(one->bytes, other->bytes, one->length);
    }
    plain_wipe(one);
    plain_wipe(other);
}

/* Names alone. */
char *passwd_names(const char *dir)
{
    char *picture = help_picture(dir);
    char *out = picture;
    for (const char *line = picture; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        size_t kept = length;
        /* After the name come the mode, and of files a digest. */
        const size_t ends[] = {65, 7, 6};
        for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
            kept -= kept > ends[i] && line[kept - ends[i]] == ' ' ? ends[i] : 0;
        }
        memmove(out, line, kept);
        out += kept;
        line += length + 1;
        *out++ = '\n';
    }
    *out = '\0';
    return picture;
}

/* The sample of that name, alone in a store of its own. */
char *passwd_store(const char *id, const char *sample_id)
{
    char *dir = help_temporary();
    const char *user = help_user(id, sample_id);
    const char *below = strstr(user, "/NPKI/");
    assert_non_null(below);
    help_copy(user, help_path("%s%s", dir, below));
    return dir;
}

void passwd_refuse(const char *dir, const char *old, const char *new, enum store_fault wanted,
                   const char *file)
{
    char detail[STORE_DETAIL_BYTES];
    char *before = help_picture(dir);
    assert_int_equal(passwd_change_to(dir, old, new, STORE_SEAL_SAME, 0, detail), wanted);
    assert_non_null(strstr(detail, file));
    char *after = help_picture(dir);
    assert_string_equal(before, after);
    free(before);
    free(after);
}
