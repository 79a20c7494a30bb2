/* Hexadecimal, test vectors, and randomness that repeats. */
#include "support.h"

#include <sodium.h>
#include <string.h>

#define SCRIPTS_MAX 16

size_t unhex(const char *hex, uint8_t *out, size_t capacity)
{
    size_t length = 0;
    const char *end = NULL;

    assert_int_equal(sodium_hex2bin(out, capacity, hex, strlen(hex), NULL, &length, &end), 0);
    assert_int_equal(*end, '\0');
    return length;
}

json_t *vectors_load(const char *path)
{
    json_error_t error;
    json_t *root = json_load_file(path, 0, &error);

    if (root == NULL)
        fail_msg("%s: %s", path, error.text);
    return root;
}

const char *vector_text(const json_t *root, const char *name)
{
    const char *text = json_string_value(json_object_get(root, name));

    if (text == NULL)
        fail_msg("no vector %s", name);
    return text;
}

size_t vector_bytes(const json_t *root, const char *name, uint8_t *out, size_t capacity)
{
    return unhex(vector_text(root, name), out, capacity);
}

static uint8_t seed_bytes[randombytes_SEEDBYTES];
static struct {
    const uint8_t *bytes;
    size_t length;
} scripts[SCRIPTS_MAX];
static size_t script_count, script_next;
static const uint32_t *number_at;
static size_t number_count;

static const char *name(void)
{
    return "tests";
}

static void seeded_buf(void *const out, const size_t length)
{
    if (length > 0)
        randombytes_buf_deterministic(out, length, seed_bytes);
    sodium_increment(seed_bytes, sizeof seed_bytes);
}

static uint32_t seeded_random(void)
{
    uint32_t number;

    if (number_count > 0) {
        number_count--;
        return *number_at++;
    }
    seeded_buf(&number, sizeof number);
    return number;
}

static void scripted_buf(void *const out, const size_t length)
{
    assert_true(script_next < script_count);
    assert_int_equal(scripts[script_next].length, length);
    memcpy(out, scripts[script_next++].bytes, length);
}

static uint32_t scripted_random(void)
{
    uint32_t number;

    scripted_buf(&number, sizeof number);
    return number;
}

static struct randombytes_implementation seeded = {
    .implementation_name = name, .random = seeded_random, .buf = seeded_buf};
static struct randombytes_implementation scripted = {
    .implementation_name = name, .random = scripted_random, .buf = scripted_buf};

void random_seed(uint64_t seed)
{
    assert_true(sodium_init() >= 0);
    memset(seed_bytes, 0, sizeof seed_bytes);
    memcpy(seed_bytes, &seed, sizeof seed);
    number_count = 0;
    randombytes_set_implementation(&seeded);
}

void random_script(const uint8_t *bytes, size_t length)
{
    assert_true(sodium_init() >= 0);
    if (script_next == script_count)
        script_next = script_count = 0;
    assert_true(script_count < SCRIPTS_MAX);
    scripts[script_count].bytes = bytes;
    scripts[script_count++].length = length;
    randombytes_set_implementation(&scripted);
}

void random_numbers(const uint32_t *numbers, size_t count)
{
    random_seed(1);
    number_at = numbers;
    number_count = count;
}

size_t random_left(void)
{
    return number_count + script_count - script_next;
}

void random_restore(void)
{
    number_count = script_next = script_count = 0;
    randombytes_set_implementation(&randombytes_sysrandom_implementation);
}
