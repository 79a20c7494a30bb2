/* One sum for all, and one for each address that holds something. */
#include "budget.h"

#include <certrelay/error.h>

#include <stdlib.h>

struct account {
    uint64_t address;
    size_t used;
};

static uint64_t account_hash(uint64_t seed, const void *account)
{
    return table_mix(seed, ((const struct account *)account)->address);
}

static int account_equal(const void *account, const void *key)
{
    return ((const struct account *)account)->address == ((const struct account *)key)->address;
}

void budget_open(struct budget *budget, uint64_t seed)
{
    budget->used = 0;
    table_init(&budget->accounts, seed, account_hash, account_equal);
}

void budget_close(struct budget *budget)
{
    table_wipe(&budget->accounts);
}

static struct account *account_find(const struct budget *budget, uint64_t address)
{
    const struct account key = {.address = address};

    return table_find(&budget->accounts, &key);
}

static struct account *account_make(struct budget *budget, uint64_t address)
{
    struct account *account = calloc(1, sizeof *account);

    if (account == NULL)
        return NULL;
    account->address = address;
    if (table_add(&budget->accounts, account) != CR_OK) {
        free(account);
        return NULL;
    }
    return account;
}

static int has_room(const struct budget *budget, const struct account *account, size_t bytes)
{
    size_t most = bytes <= BUDGET_SMALL_BYTES ? budget->max : budget->max - budget->max / 4;
    size_t held = account != NULL ? account->used : 0;

    if (budget->used > most || bytes > most - budget->used)
        return 0;
    return budget->share == 0 || (held <= budget->share && bytes <= budget->share - held);
}

int budget_fits(const struct budget *budget, uint64_t address, size_t bytes)
{
    return has_room(budget, account_find(budget, address), bytes);
}

struct account *budget_take(struct budget *budget, uint64_t address, size_t bytes)
{
    struct account *account = account_find(budget, address);

    if (!has_room(budget, account, bytes))
        return NULL;
    if (account == NULL)
        account = account_make(budget, address);
    if (account == NULL)
        return NULL;
    account->used += bytes;
    budget->used += bytes;
    return account;
}

void budget_give_back(struct budget *budget, struct account *account, size_t bytes)
{
    budget->used -= bytes;
    account->used -= bytes;
    if (account->used > 0)
        return;
    table_remove(&budget->accounts, account);
    free(account);
}
