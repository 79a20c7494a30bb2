/* Memory that runs out at any moment ends a transfer once, cleanly. */
#include "support.h"

#include "pair.h"
#include "transfer_state.h"

#include <sodium.h>

static const size_t SMALL[] = {900, 1200, 0, 0};
static struct cr_bundle *small;

/* How many more calls succeed; negative: all. The linker puts these in the library's way. */
static int mallocs_left = -1, sends_left = -1;

void *__real_sodium_malloc(size_t size);
void *__wrap_sodium_malloc(size_t size);
int __real_cr_link_send(struct cr_link *link, const uint8_t *payload, size_t length);
int __wrap_cr_link_send(struct cr_link *link, const uint8_t *payload, size_t length);

static int fails(int *left)
{
    if (*left < 0)
        return 0;
    return (*left)-- == 0;
}

void *__wrap_sodium_malloc(size_t size)
{
    return fails(&mallocs_left) ? NULL : __real_sodium_malloc(size);
}

int __wrap_cr_link_send(struct cr_link *link, const uint8_t *payload, size_t length)
{
    return fails(&sends_left) ? CR_E_MEMORY : __real_cr_link_send(link, payload, length);
}

/* The call with this number fails; 0 when there is no such call. The receiver's person never answers. */
static int run_with_failure(int *left, int number)
{
    struct pair pair;
    int has_failed, ended;

    pair_init(&pair, CR_SENDER, small);
    pair.is_typist_early = 1;
    pair_device(&pair, CR_RECEIVER)->answer = ANSWER_NEVER;
    pair_step(&pair); /* both are made */
    *left = number;
    pair_settle(&pair);
    has_failed = *left < 0;
    *left = -1;
    if (pair.devices[FAKERELAY_TYPIST].transfer->stage ==
        EXPECT_CODE) { /* told by the call, or never given a code */
        cr_transfer_cancel(pair.devices[FAKERELAY_TYPIST].transfer, pair.now);
        has_failed = 2;
    }
    pair_run(&pair);
    ended = pair.devices[0].ended.end == CR_END_MEMORY || pair.devices[1].ended.end == CR_END_MEMORY;
    if (has_failed == 1)
        assert_true(ended);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pair.devices[i].told[CR_EVENT_ENDED], 1);
        assert_int_equal(pair.devices[i].transfer->stage, EXPECT_NOTHING);
        assert_true(cr_transfer_is_finished(pair.devices[i].transfer));
    }
    assert_int_equal(pair.idle_ticks, 0);
    pair_free(&pair);
    return has_failed;
}

static void a_frame_that_cannot_be_queued_ends_the_transfer_for_good(void **state)
{
    int number = 0;

    (void)state;
    while (run_with_failure(&sends_left, number))
        number++;
    assert_true(number >= 6);
}

static void locked_memory_that_cannot_be_had_ends_the_transfer(void **state)
{
    int number = 0;

    (void)state;
    while (run_with_failure(&mallocs_left, number))
        number++;
    assert_true(number >= 6);
}

static void without_memory_nothing_is_made(void **state)
{
    const struct cr_transfer_config config = {.side = CR_DISPLAYER, .role = CR_SENDER};
    struct cr_transfer *transfer;

    (void)state;
    mallocs_left = 0;
    assert_int_equal(cr_transfer_new(&transfer, &config, 0), CR_E_MEMORY);
    assert_null(transfer);
    mallocs_left = -1;
}

static int make(void **state)
{
    (void)state;
    small = pair_bundle(SMALL);
    return 0;
}

static int unmake(void **state)
{
    (void)state;
    cr_bundle_free(small);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_that_cannot_be_queued_ends_the_transfer_for_good),
        cmocka_unit_test(locked_memory_that_cannot_be_had_ends_the_transfer),
        cmocka_unit_test(without_memory_nothing_is_made),
    };

    return cmocka_run_group_tests(tests, make, unmake);
}
