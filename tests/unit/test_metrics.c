/* Figures: each is counted where it should be, and written as Prometheus reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "metrics.h"

#include <stdio.h>
#include <string.h>

static const struct metrics_now quiet = {
    .version = "1.2.3",
    .library = "4.1.6",
    .started_seconds = 1700000000,
    .connections_max = 10,
    .mailboxes_max = 20,
    .queued_bytes_max = 30,
    .is_ready = 1,
};

static char text[METRICS_TEXT_BYTES];

static void text_write(const struct metrics *metrics, const struct metrics_now *now)
{
    size_t length = metrics_write(metrics, now, text, sizeof text);

    assert_true(length > 0);
    assert_int_equal(length, strlen(text));
}

/* Whether there is this line, without the prefix that all names have. */
static int says(const char *line)
{
    char whole[256];

    snprintf(whole, sizeof whole, "\ncertrelay_%s\n", line);
    return strstr(text, whole) != NULL;
}

static void every_name_has_its_help_and_type_once(void **state)
{
    const struct metrics none = {.opened = 0};
    const char *at;
    int names = 0;

    (void)state;
    text_write(&none, &quiet);
    for (at = strstr(text, "# HELP "); at != NULL; at = strstr(at + 1, "# HELP ")) {
        char name[64], type[128];

        assert_int_equal(sscanf(at, "# HELP %63s ", name), 1);
        snprintf(type, sizeof type, "# HELP %s ", name);
        assert_null(strstr(at + 1, type));
        snprintf(type, sizeof type, "\n# TYPE %s ", name);
        assert_non_null(strstr(at, type));
        names++;
    }
    assert_true(names > 20);
    assert_true(says("build_info{version=\"1.2.3\",libwebsockets=\"4.1.6\"} 1"));
    assert_true(says("start_time_seconds 1700000000"));
    assert_null(strstr(text, "tls_expiry"));
}

static void a_mailbox_waits_then_is_joined_then_is_gone(void **state)
{
    struct metrics metrics = {.opened = 0};

    (void)state;
    metrics_mailbox_opened(&metrics);
    metrics_mailbox_opened(&metrics);
    text_write(&metrics, &quiet);
    assert_true(says("mailboxes{state=\"waiting\"} 2") && says("mailboxes{state=\"joined\"} 0"));
    metrics_mailbox_joined(&metrics, 1500);
    text_write(&metrics, &quiet);
    assert_true(says("mailboxes{state=\"waiting\"} 1") && says("mailboxes{state=\"joined\"} 1"));
    metrics_mailbox_ended(&metrics, CR_MOOD_DONE, 1, 30500);
    metrics_mailbox_ended(&metrics, CR_MOOD_EXPIRED, 0, 180000);
    text_write(&metrics, &quiet);
    assert_true(says("mailboxes{state=\"waiting\"} 0") && says("mailboxes{state=\"joined\"} 0"));
    assert_true(says("outcomes_total{mood=\"done\",joined=\"yes\"} 1"));
    assert_true(says("outcomes_total{mood=\"done\",joined=\"no\"} 0"));
    assert_true(says("outcomes_total{mood=\"expired\",joined=\"no\"} 1"));
    assert_true(says("mailboxes_opened_total 2") && says("mailboxes_joined_total 1"));
    assert_true(says("mailbox_lifetime_seconds_sum 210.500") && says("mailbox_lifetime_seconds_count 2"));
}

static void a_bound_is_part_of_its_bucket_and_buckets_add_up(void **state)
{
    struct metrics metrics = {.opened = 0};
    static const uint64_t waits[] = {0, 1000, 1001, 2000, 7200000, 7200001};

    (void)state;
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
        metrics_mailbox_opened(&metrics);
        metrics_mailbox_joined(&metrics, waits[i]);
    }
    text_write(&metrics, &quiet);
    assert_true(says("mailbox_waiting_seconds_bucket{le=\"1\"} 2"));
    assert_true(says("mailbox_waiting_seconds_bucket{le=\"2\"} 4"));
    assert_true(says("mailbox_waiting_seconds_bucket{le=\"1800\"} 4"));
    assert_true(says("mailbox_waiting_seconds_bucket{le=\"7200\"} 5"));
    assert_true(says("mailbox_waiting_seconds_bucket{le=\"+Inf\"} 6"));
    assert_true(says("mailbox_waiting_seconds_count 6") && says("mailbox_waiting_seconds_sum 14404.002"));
}

static void a_refusal_is_counted_by_its_word_and_an_unknown_one_as_other(void **state)
{
    struct metrics metrics = {.opened = 0};

    (void)state;
    metrics_refused(&metrics, "too-many");
    metrics_refused(&metrics, "too-many");
    metrics_refused(&metrics, "all-connections");
    metrics_refused(&metrics, "10.1.2.3");
    text_write(&metrics, &quiet);
    assert_true(says("refusals_total{reason=\"too_many\"} 2"));
    assert_true(says("refusals_total{reason=\"all_connections\"} 1"));
    assert_true(says("refusals_total{reason=\"other\"} 1"));
    assert_true(says("refusals_total{reason=\"full\"} 0"));
    assert_null(strstr(text, "10.1.2.3"));
}

static void what_is_so_now_is_written_as_it_was_given(void **state)
{
    const struct metrics none = {.opened = 0};
    struct metrics_now now = quiet;

    (void)state;
    now.expires_seconds = 1800000000;
    now.connections = 7;
    now.queued_bytes = 5000000000;
    now.is_draining = 1;
    now.is_ready = 0;
    now.hits[METRICS_NETWORK][TALLY_FAILED_JOIN] = 3;
    now.hits[METRICS_ALL][TALLY_BYTE] = 4;
    text_write(&none, &now);
    assert_true(says("tls_expiry_timestamp_seconds 1800000000"));
    assert_true(says("connections 7") && says("connections_limit 10") && says("mailboxes_limit 20"));
    assert_true(says("queued_bytes 5000000000") && says("queued_limit_bytes 30"));
    assert_true(says("draining 1") && says("ready 0"));
    assert_true(says("limit_hits_total{scope=\"network\",limit=\"failed_joins\"} 3"));
    assert_true(says("limit_hits_total{scope=\"all\",limit=\"bytes\"} 4"));
    assert_true(says("limit_hits_total{scope=\"address\",limit=\"failed_joins\"} 0"));
}

static void the_rest_is_counted_one_by_one(void **state)
{
    struct metrics metrics = {.opened = 0};

    (void)state;
    metrics_frame(&metrics, METRICS_IN, 10);
    metrics_frame(&metrics, METRICS_IN, 0);
    metrics_frame(&metrics, METRICS_OUT, 7);
    metrics_answered(&metrics, 204);
    metrics_answered(&metrics, 503);
    metrics_answered(&metrics, 60000);
    metrics_reloaded(&metrics, 1);
    metrics_reloaded(&metrics, 0);
    metrics_reloaded(&metrics, 0);
    metrics_connected(&metrics);
    metrics_mailbox_resumed(&metrics);
    metrics_handshake_failed(&metrics);
    metrics_disbelieved(&metrics);
    metrics_unnamed(&metrics);
    text_write(&metrics, &quiet);
    assert_true(says("frames_total{direction=\"in\"} 2") && says("frames_total{direction=\"out\"} 1"));
    assert_true(says("payload_bytes_total{direction=\"in\"} 10"));
    assert_true(says("payload_bytes_total{direction=\"out\"} 7"));
    assert_true(says("page_requests_total{status=\"2xx\"} 1") &&
                says("page_requests_total{status=\"5xx\"} 1"));
    assert_true(says("page_requests_total{status=\"4xx\"} 0"));
    assert_true(says("reloads_total{result=\"done\"} 1") && says("reloads_total{result=\"failed\"} 2"));
    assert_true(says("connections_total 1") && says("resumes_total 1"));
    assert_true(says("tls_handshake_failures_total 1"));
    assert_true(says("forwarded_disbelieved_total 1") && says("forwarded_missing_total 1"));
}

static void a_version_ends_no_label(void **state)
{
    const struct metrics none = {.opened = 0};
    struct metrics_now now = quiet;

    (void)state;
    now.library = "4\"} 1\nx \\";
    text_write(&none, &now);
    assert_true(says("build_info{version=\"1.2.3\",libwebsockets=\"4___1_x__\"} 1"));
}

static void a_shared_engine_has_figures_and_no_engine_has_none(void **state)
{
    const struct metrics none = {.opened = 0};
    const struct store_figures engine = {.round_trip_us = 1250042,
                                         .waiting = 2,
                                         .waiting_bytes = 3,
                                         .inbox_length = 4,
                                         .inbox_bytes = 5,
                                         .holes = 6,
                                         .cuts = 7,
                                         .adopted = 8,
                                         .lost = 9,
                                         .reconnects = 10};
    struct metrics_now now = quiet;

    (void)state;
    text_write(&none, &now);
    assert_null(strstr(text, "engine"));
    assert_null(strstr(text, "carried"));
    now.engine = &engine;
    now.carried = (struct metrics_carried){.devices = {[METRICS_IN] = 11, [METRICS_OUT] = 12}, .strange = 13};
    text_write(&none, &now);
    assert_true(says("engine_up 0") && says("engine_round_trip_seconds 1.250042"));
    assert_true(says("engine_waiting 2") && says("engine_waiting_bytes 3"));
    assert_true(says("inbox_length 4") && says("inbox_bytes 5") && says("inbox_holes_total 6"));
    assert_true(says("inbox_cuts_total 7") && says("mailboxes_adopted_total 8"));
    assert_true(says("mailboxes_lost_total 9") && says("engine_reconnects_total 10"));
    assert_true(says("carried_devices{direction=\"in\"} 11") &&
                says("carried_devices{direction=\"out\"} 12"));
    assert_true(says("envelopes_strange_total 13"));
    now.is_engine_here = 1;
    text_write(&none, &now);
    assert_true(says("engine_up 1"));
}

static void largest_figures_fit_and_too_little_room_is_told(void **state)
{
    struct metrics metrics;
    struct metrics_now now;
    struct store_figures engine;
    size_t length;

    (void)state;
    memset(&metrics, 0xff, sizeof metrics);
    memset(&engine, 0xff, sizeof engine);
    memset(&now, 0xff, sizeof now);
    now.engine = &engine;
    now.version = now.library = "a-version-that-is-longer-than-any-that-is-sane";
    now.expires_seconds = INT64_MAX;
    length = metrics_write(&metrics, &now, text, sizeof text);
    assert_true(length > 0 && length < METRICS_TEXT_BYTES / 2);
    for (size_t room = 1; room <= length; room += 97)
        assert_int_equal(metrics_write(&metrics, &now, text, room), 0);
    assert_int_equal(metrics_write(&metrics, &now, text, length + 1), length);
}

static void without_anybody_who_counts_nothing_happens(void **state)
{
    (void)state;
    metrics_mailbox_opened(NULL);
    metrics_mailbox_joined(NULL, 1);
    metrics_mailbox_resumed(NULL);
    metrics_mailbox_ended(NULL, CR_MOOD_DONE, 1, 1);
    metrics_frame(NULL, METRICS_IN, 1);
    metrics_refused(NULL, "full");
    metrics_connected(NULL);
    metrics_handshake_failed(NULL);
    metrics_answered(NULL, 200);
    metrics_disbelieved(NULL);
    metrics_unnamed(NULL);
    metrics_reloaded(NULL, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_has_its_help_and_type_once),
        cmocka_unit_test(a_mailbox_waits_then_is_joined_then_is_gone),
        cmocka_unit_test(a_bound_is_part_of_its_bucket_and_buckets_add_up),
        cmocka_unit_test(a_refusal_is_counted_by_its_word_and_an_unknown_one_as_other),
        cmocka_unit_test(what_is_so_now_is_written_as_it_was_given),
        cmocka_unit_test(the_rest_is_counted_one_by_one),
        cmocka_unit_test(a_version_ends_no_label),
        cmocka_unit_test(a_shared_engine_has_figures_and_no_engine_has_none),
        cmocka_unit_test(largest_figures_fit_and_too_little_room_is_told),
        cmocka_unit_test(without_anybody_who_counts_nothing_happens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
