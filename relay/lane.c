/* A queue of frames in order, freed by acknowledgement only. */
#include "lane.h"

#include <certrelay/error.h>

#include <stdlib.h>
#include <string.h>

static size_t cost_of(size_t length)
{
    return length + LANE_LETTER_COST;
}

static void letter_append(struct lane *lane, struct letter *letter)
{
    if (lane->last == NULL)
        lane->first = letter;
    else
        lane->last->next = letter;
    lane->last = letter;
    if (lane->unsaid == NULL)
        lane->unsaid = letter;
    lane->taken = letter->seq;
    lane->count++;
}

void lane_open(struct lane *lane)
{
    memset(lane, 0, sizeof *lane);
    lane->is_open = 1;
}

int lane_take(struct lane *lane, struct budget *budget, uint64_t address, uint32_t seq,
              const uint8_t *payload, size_t length)
{
    struct account *account;
    struct letter *letter;

    if (seq <= lane->taken)
        return CR_OK;
    if (seq != lane->taken + 1 && !(lane->is_open && lane->first == NULL))
        return CR_E_STATE;
    if (lane->count >= LANE_LETTERS_MAX)
        return CR_E_LIMIT;
    account = budget_take(budget, address, cost_of(length));
    if (account == NULL)
        return CR_E_LIMIT;
    letter = malloc(sizeof *letter + length);
    if (letter == NULL) {
        budget_give_back(budget, account, cost_of(length));
        return CR_E_MEMORY;
    }
    letter->next = NULL;
    letter->account = account;
    letter->seq = seq;
    letter->length = (uint32_t)length;
    memcpy(letter->payload, payload, length);
    letter_append(lane, letter);
    return CR_OK;
}

static void letter_drop_first(struct lane *lane, struct budget *budget)
{
    struct letter *letter = lane->first;

    lane->first = letter->next;
    if (lane->first == NULL)
        lane->last = NULL;
    if (lane->unsaid == letter)
        lane->unsaid = letter->next;
    lane->count--;
    budget_give_back(budget, letter->account, cost_of(letter->length));
    free(letter);
}

int lane_ack(struct lane *lane, struct budget *budget, uint32_t seq)
{
    if (seq > lane->taken)
        return CR_E_MALFORMED;
    if (seq <= lane->acked)
        return CR_OK;
    while (lane->first != NULL && lane->first->seq <= seq)
        letter_drop_first(lane, budget);
    lane->acked = seq;
    return CR_OK;
}

int lane_settle(struct lane *lane, struct budget *budget, uint32_t seq)
{
    int is_whole;

    while (lane->first != NULL && lane->first->seq <= seq)
        letter_drop_first(lane, budget);
    is_whole = lane->first == NULL || lane->first->seq == seq + 1;
    if (!is_whole)
        lane_wipe(lane, budget);
    if (lane->first == NULL)
        lane->taken = seq;
    lane->acked = seq;
    lane->is_open = 0;
    return is_whole;
}

void lane_rewind(struct lane *lane)
{
    lane->unsaid = lane->first;
}

const struct letter *lane_say(struct lane *lane)
{
    struct letter *letter = lane->unsaid;

    if (letter != NULL)
        lane->unsaid = letter->next;
    return letter;
}

void lane_wipe(struct lane *lane, struct budget *budget)
{
    while (lane->first != NULL)
        letter_drop_first(lane, budget);
}
