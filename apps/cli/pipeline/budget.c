#include "pipeline/budget.h"

void bw_budget_init(bw_budget *budget, size_t limit)
{
    pthread_mutex_init(&budget->mutex, NULL);
    pthread_cond_init(&budget->released, NULL);
    budget->used = 0;
    budget->limit = limit;
}

void bw_budget_wait(bw_budget *budget)
{
    pthread_mutex_lock(&budget->mutex);
    while (budget->used >= budget->limit)
        pthread_cond_wait(&budget->released, &budget->mutex);
    pthread_mutex_unlock(&budget->mutex);
}

void bw_budget_charge(bw_budget *budget, size_t bytes)
{
    pthread_mutex_lock(&budget->mutex);
    budget->used += bytes;
    pthread_mutex_unlock(&budget->mutex);
}

void bw_budget_release(bw_budget *budget, size_t bytes)
{
    pthread_mutex_lock(&budget->mutex);
    budget->used -= bytes;
    pthread_cond_broadcast(&budget->released);
    pthread_mutex_unlock(&budget->mutex);
}

void bw_budget_destroy(bw_budget *budget)
{
    pthread_cond_destroy(&budget->released);
    pthread_mutex_destroy(&budget->mutex);
}
