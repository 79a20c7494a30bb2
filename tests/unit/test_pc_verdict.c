/* Every finding of a look into a certificate has its line, and every fault its exit code; and what a renewed certificate is. */
#include "errors.h"
#include "renewal.h"
#include "say.h"
#include "texts.h"
#include "verdict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW 1000000
#define DAY 86400

static char owner[] = "hong", name[] = "cn=hong", other_name[] = "cn=kim", issuer[] = "CA",
            policy[] = "1.2.3", none[] = "";
static char out[16384];
static int kept, file;

static struct store_facts facts_between(int64_t from, int64_t until)
{
    return (struct store_facts){.owner = owner,
                                .subject = name,
                                .issuer_ko = issuer,
                                .issuer_en = issuer,
                                .issuer_cn = issuer,
                                .use_ko = policy,
                                .use_en = policy,
                                .policy = policy,
                                .serial = none,
                                .ca_folder = none,
                                .folder = none,
                                .not_before = from,
                                .not_after = until};
}

static void catch_output(int descriptor)
{
    FILE *caught = tmpfile();

    fflush(descriptor == 1 ? stdout : stderr);
    file = dup(fileno(caught));
    kept = dup(descriptor);
    dup2(file, descriptor);
    fclose(caught);
}

static void release_output(int descriptor)
{
    ssize_t length;

    fflush(descriptor == 1 ? stdout : stderr);
    dup2(kept, descriptor);
    lseek(file, 0, SEEK_SET);
    length = read(file, out, sizeof(out) - 1);
    out[length > 0 ? length : 0] = '\0';
    close(file);
    close(kept);
}

static struct store_verdict good(void)
{
    struct store_verdict verdict = {.key_count = 1, .random = STORE_RANDOM_PRESENT};

    strcpy(verdict.keys[0].file, "signPri.key");
    strcpy(verdict.keys[0].form.name, "1.15");
    strcpy(verdict.keys[0].name, "Some CA");
    verdict.keys[0].form.iterations = 2048;
    verdict.keys[0].chain = STORE_CHAIN_COMPLETE;
    return verdict;
}

static const char *lines(const struct store_verdict *verdict)
{
    struct store_facts facts = facts_between(0, NOW + 100 * DAY);

    catch_output(1);
    verdict_print(verdict, &facts, NOW);
    release_output(1);
    return out;
}

static enum error_id told(const struct store_verdict *verdict, int64_t from, int64_t until)
{
    struct store_facts facts = facts_between(from, until);
    enum error_id found = ERROR_NONE;
    int code;

    catch_output(2);
    code = verdict_report(verdict, &facts, NOW);
    release_output(2);
    for (int id = 1; id < ERROR_COUNT && code; id++) {
        const struct error *error = error_get((enum error_id)id);
        size_t length = strlen(error->what);

        if (length > 0 && strncmp(out, error->what, length) == 0 && error->exit_code == code)
            found = (enum error_id)id;
    }
    return found;
}

static enum error_id told_now(const struct store_verdict *verdict)
{
    return told(verdict, 0, NOW + DAY);
}

static void a_good_certificate_has_no_wrong_line_and_no_error(void **state)
{
    struct store_verdict verdict = good();

    (void)state;
    assert_null(strstr(lines(&verdict), "✗"));
    assert_non_null(strstr(out, "signPri.key: the password opens it"));
    assert_non_null(strstr(out, "2048 rounds"));
    assert_non_null(strstr(out, "Some CA"));
    assert_non_null(strstr(out, "Revocation was not checked"));
    assert_int_equal(told_now(&verdict), ERROR_NONE);
}

static void every_fault_of_a_key_is_told_as_itself(void **state)
{
    static const enum store_fault faults[] = {
        STORE_NOT_FOUND,      STORE_NO_CERT,        STORE_DAMAGED_KEY,
        STORE_DAMAGED_CERT,   STORE_UNKNOWN_CIPHER, STORE_BAD_ITERATIONS,
        STORE_WRONG_PASSWORD, STORE_WRONG_PAIR,     STORE_NO_LEGACY};

    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        struct store_verdict verdict = good();

        verdict.fault = verdict.keys[0].fault = faults[i];
        assert_non_null(strstr(lines(&verdict), "✗ signPri.key: "));
        assert_int_equal(told_now(&verdict), error_of_store(faults[i]));
    }
}

static void each_chain_has_a_line_and_only_a_broken_one_is_an_error(void **state)
{
    static const char *const parts[] = {[STORE_CHAIN_MISSING] = "- The issuer's signature was not checked",
                                        [STORE_CHAIN_BROKEN] = "✗ The signature of Some CA",
                                        [STORE_CHAIN_EXPIRED] = "! The issuer's signatures hold",
                                        [STORE_CHAIN_COMPLETE] = "✓ The signatures lead up to Some CA"};

    (void)state;
    for (int chain = STORE_CHAIN_MISSING; chain <= STORE_CHAIN_COMPLETE; chain++) {
        struct store_verdict verdict = good();

        verdict.keys[0].chain = (enum store_chain)chain;
        assert_non_null(strstr(lines(&verdict), parts[chain]));
        assert_int_equal(told_now(&verdict), chain == STORE_CHAIN_BROKEN ? ERROR_CHAIN_BROKEN : ERROR_NONE);
    }
}

static void a_chain_is_told_once_for_both_keys(void **state)
{
    struct store_verdict verdict = good();
    const char *first;

    (void)state;
    verdict.keys[1] = verdict.keys[0];
    verdict.key_count = 2;
    first = strstr(lines(&verdict), "The signatures lead");
    assert_non_null(first);
    assert_null(strstr(first + 1, "The signatures lead"));
}

static void a_missing_random_value_warns_and_a_damaged_one_is_an_error(void **state)
{
    struct store_verdict verdict = good();

    (void)state;
    verdict.random = STORE_RANDOM_NONE;
    assert_non_null(strstr(lines(&verdict), "! The random value (R)"));
    assert_int_equal(told_now(&verdict), ERROR_NONE);
    verdict.random = STORE_RANDOM_DAMAGED;
    assert_non_null(strstr(lines(&verdict), "✗ The random value (R)"));
    assert_int_equal(told_now(&verdict), ERROR_RANDOM_DAMAGED);
}

static void a_number_is_told_as_what_it_is(void **state)
{
    static const enum error_id ids[] = {[STORE_NUMBER_NOT_ASKED] = ERROR_NONE,
                                        [STORE_NUMBER_MALFORMED] = ERROR_NUMBER_MALFORMED,
                                        [STORE_NUMBER_UNKNOWN] = ERROR_NUMBER_UNKNOWN,
                                        [STORE_NUMBER_SAME] = ERROR_NONE,
                                        [STORE_NUMBER_OTHER] = ERROR_NUMBER_OTHER};

    (void)state;
    for (int number = STORE_NUMBER_NOT_ASKED; number <= STORE_NUMBER_OTHER; number++) {
        struct store_verdict verdict = good();

        verdict.number = (enum store_number)number;
        assert_int_equal(told_now(&verdict), ids[number]);
        assert_true((strstr(lines(&verdict), "umber") != NULL) == (number != STORE_NUMBER_NOT_ASKED));
    }
}

static void validity_counts(void **state)
{
    struct store_verdict verdict = good();

    (void)state;
    assert_int_equal(told(&verdict, 0, NOW - 1), ERROR_CERT_EXPIRED);
    assert_int_equal(told(&verdict, NOW + 1, NOW + DAY), ERROR_CERT_NOT_YET);
    assert_int_equal(told(&verdict, 0, NOW), ERROR_NONE);
}

static void json_names_every_finding(void **state)
{
    struct store_verdict verdict = good();
    struct store_facts facts = facts_between(0, NOW + DAY);
    json_t *object;

    (void)state;
    verdict.keys[0].fault = verdict.fault = STORE_WRONG_PAIR;
    verdict.number = STORE_NUMBER_OTHER;
    object = verdict_json(&verdict, &facts, 3, NOW);
    assert_non_null(object);
    assert_int_equal(json_integer_value(json_object_get(object, "number")), 3);
    assert_string_equal(json_string_value(json_object_get(object, "fault")), "wrong-pair");
    assert_string_equal(json_string_value(json_object_get(object, "owner_number")), "other");
    assert_string_equal(json_string_value(json_object_get(object, "random")), "present");
    assert_int_equal(json_array_size(json_object_get(object, "keys")), 1);
    json_decref(object);
}

static void a_later_one_of_the_same_name_is_the_renewed_one(void **state)
{
    struct store_entry entries[4];
    const struct store_list list = {.entries = entries, .count = 4};
    size_t index = 99;

    (void)state;
    memset(entries, 0, sizeof(entries));
    for (size_t i = 0; i < 4; i++)
        entries[i].facts = facts_between((int64_t)(i + 1) * DAY, (int64_t)(i + 400) * DAY);
    entries[3].facts.subject = other_name;
    assert_true(renewal_find(&list, &entries[0], &index));
    assert_int_equal(index, 2);
    assert_false(renewal_find(&list, &entries[2], &index));
    assert_false(renewal_find(&list, &entries[3], &index));
    entries[2].fault = STORE_NO_KEY;
    assert_true(renewal_find(&list, &entries[0], &index));
    assert_int_equal(index, 1);
    entries[1].facts.policy = none;
    assert_false(renewal_find(&list, &entries[0], &index));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_certificate_has_no_wrong_line_and_no_error),
        cmocka_unit_test(every_fault_of_a_key_is_told_as_itself),
        cmocka_unit_test(each_chain_has_a_line_and_only_a_broken_one_is_an_error),
        cmocka_unit_test(a_chain_is_told_once_for_both_keys),
        cmocka_unit_test(a_missing_random_value_warns_and_a_damaged_one_is_an_error),
        cmocka_unit_test(a_number_is_told_as_what_it_is),
        cmocka_unit_test(validity_counts),
        cmocka_unit_test(json_names_every_finding),
        cmocka_unit_test(a_later_one_of_the_same_name_is_the_renewed_one),
    };

    texts_init("en");
    terminal_init(0, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
