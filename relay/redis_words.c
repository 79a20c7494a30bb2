/* What is said to the engine's scripts: words, and how numbers, nameplates and nodes are written in them. */
#include "redis_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define VALUES_END 100000000u

void words_add(struct words *words, const void *bytes, size_t length)
{
    if (words->count < ENGINE_WORDS_MAX)
        words->list[words->count] = (struct engine_word){bytes, length};
    words->count++;
}

void words_text(struct words *words, const char *text)
{
    words_add(words, text, strlen(text));
}

void words_number(struct words *words, uint64_t number)
{
    char *text = words->numbers[words->number_count++ % (ENGINE_WORDS_MAX / 2)];
    int length = snprintf(text, NUMBER_BYTES, "%" PRIu64, number);

    words_add(words, text, (size_t)length);
}

void words_begin(struct words *words, const struct redis *redis)
{
    words->count = words->number_count = 0;
    words_text(words, redis->rules.prefix);
    words_text(words, redis->self);
}

int words_run(struct words *words, struct redis *redis, enum script script, engine_answer *answer,
              void *context)
{
    return engine_run(redis->commands, script, words->list, words->count, answer, context);
}

void name_write(const struct cr_nameplate *nameplate, char name[static NAME_BYTES])
{
    snprintf(name, NAME_BYTES, "%u:%0*" PRIu32, nameplate->digits % 10, nameplate->digits % 10,
             nameplate->value % VALUES_END);
}

int name_read(const char *name, struct cr_nameplate *nameplate)
{
    unsigned digits;
    uint32_t value;
    int end = 0;

    if (sscanf(name, "%1u:%8" SCNu32 "%n", &digits, &value, &end) != 2 || name[end] != '\0' ||
        digits < CR_NAMEPLATE_MIN_DIGITS || digits > CR_NAMEPLATE_MAX_DIGITS || strlen(name) != 2 + digits)
        return -1;
    nameplate->digits = (uint8_t)digits;
    nameplate->value = value;
    return 0;
}

void node_write(store_node node, char text[static NODE_BYTES])
{
    snprintf(text, NODE_BYTES, "%016" PRIx64, node);
}

store_node node_read(const char *text)
{
    store_node node = 0;

    if (strlen(text) != NODE_BYTES - 1 || sscanf(text, "%16" SCNx64, &node) != 1)
        return 0;
    return node;
}
