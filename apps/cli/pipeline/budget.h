/**
 * A budget of decoded bytes: decoding pauses while pictures that wait for later stages use it up.
 */
#ifndef BW_CLI_BUDGET_H
#define BW_CLI_BUDGET_H

#include <pthread.h>
#include <stddef.h>

typedef struct bw_budget {
    pthread_mutex_t mutex;
    pthread_cond_t released;
    size_t used, limit;
} bw_budget;

void bw_budget_init(bw_budget *budget, size_t limit);

/** Waits until less than the limit is used. */
void bw_budget_wait(bw_budget *budget);

/** Takes what a picture turned out to need; may pass the limit, by one picture a decoder. */
void bw_budget_charge(bw_budget *budget, size_t bytes);

void bw_budget_release(bw_budget *budget, size_t bytes);

void bw_budget_destroy(bw_budget *budget);

#endif
