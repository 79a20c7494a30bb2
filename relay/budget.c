/* One sum for all, one for each network, and one for each address that holds something. */
#include "budget.h"

#include "quota.h"

#include <certrelay/error.h>

#include <stdlib.h>

struct account {
    uint64_t key;
    size_t used;
    struct account *network; /* NULL: this is one */
};

static uint64_t account_hash(uint64_t seed, const void *account)
{
    return table_mix(seed, ((const struct account *)account)->key);
}

static int account_equal(const void *account, const void *key)
{
    return ((const struct account *)account)->key == ((const struct account *)key)->key;
}

void budget_open(struct budget *budget, uint64_t seed)
{
    budget->used = 0;
    table_init(&budget->accounts, seed, account_hash, account_equal);
    table_init(&budget->networks, seed, account_hash, account_equal);
}

void budget_close(struct budget *budget)
{
    table_wipe(&budget->accounts);
    table_wipe(&budget->networks);
}

static struct account *account_find(const struct table *table, uint64_t key)
{
    const struct account sought = {.key = key};

    return table_find(table, &sought);
}

static struct account *account_make(struct table *table, uint64_t key)
{
    struct account *account = calloc(1, sizeof *account);

    if (account == NULL)
        return NULL;
    account->key = key;
    if (table_add(table, account) != CR_OK) {
        free(account);
        return NULL;
    }
    return account;
}

static void account_drop(struct table *table, struct account *account)
{
    if (account->used > 0)
        return;
    table_remove(table, account);
    free(account);
}

static int fits(size_t share, const struct account *account, size_t bytes)
{
    size_t held = account != NULL ? account->used : 0;

    return share == 0 || (held <= share && bytes <= share - held);
}

static int has_room(const struct budget *budget, const struct account *account, const struct account *network,
                    size_t bytes)
{
    size_t most = bytes <= BUDGET_SMALL_BYTES ? budget->max : budget->max - budget->max / 4;

    if (budget->used > most || bytes > most - budget->used)
        return 0;
    return fits(budget->share, account, bytes) && fits(budget->network_share, network, bytes);
}

int budget_fits(const struct budget *budget, uint64_t address, size_t bytes)
{
    return has_room(budget, account_find(&budget->accounts, address),
                    account_find(&budget->networks, quota_network(address)), bytes);
}

/* Finds or makes both. NULL when out of memory. */
static struct account *account_open(struct budget *budget, uint64_t address)
{
    struct account *account = account_find(&budget->accounts, address);
    struct account *network = account_find(&budget->networks, quota_network(address));

    if (account != NULL)
        return account;
    if (network == NULL)
        network = account_make(&budget->networks, quota_network(address));
    if (network == NULL)
        return NULL;
    account = account_make(&budget->accounts, address);
    if (account == NULL)
        account_drop(&budget->networks, network);
    else
        account->network = network;
    return account;
}

struct account *budget_take(struct budget *budget, uint64_t address, size_t bytes)
{
    struct account *account;

    if (!budget_fits(budget, address, bytes))
        return NULL;
    account = account_open(budget, address);
    if (account == NULL)
        return NULL;
    account->used += bytes;
    account->network->used += bytes;
    budget->used += bytes;
    return account;
}

void budget_give_back(struct budget *budget, struct account *account, size_t bytes)
{
    struct account *network = account->network;

    budget->used -= bytes;
    account->used -= bytes;
    network->used -= bytes;
    account_drop(&budget->accounts, account);
    account_drop(&budget->networks, network);
}
