/* A count, and Boyer and Moore's vote: whoever has most of them is the candidate, if anybody has. */
#include "murmur.h"

#define EVERY_MS 60000
#define MANY 20

static void vote(struct murmur *murmur, uint64_t key)
{
    murmur->count++;
    if (murmur->majority == 0)
        murmur->candidate = key;
    if (murmur->candidate == key)
        murmur->majority++;
    else
        murmur->majority--;
}

int murmur_hear(struct murmur *murmur, uint64_t key, uint64_t now_ms, struct murmur_sum *sum)
{
    vote(murmur, key);
    if (murmur->told_ms != 0 && now_ms - murmur->told_ms < EVERY_MS)
        return 0;
    sum->count = murmur->count;
    sum->is_one_address = murmur->count >= MANY && murmur->majority > murmur->count / 2;
    *murmur = (struct murmur){.told_ms = now_ms > 0 ? now_ms : 1};
    return 1;
}
