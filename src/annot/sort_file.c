#include "annot/sort_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "annot/output.h"
#include "base/memory.h"

enum { RUN_BYTES = 16 << 20, WINDOW_BYTES = 64 << 10 };

/* A sorted run: what of it is still in the file, and a window of it in memory. */
typedef struct sorted_run {
    uint64_t at, end; /* bytes of the file that are not in the window yet */
    char *window;
    size_t used, held; /* bytes of the window */
} sorted_run;

struct bw_sort_file {
    size_t size, count, capacity; /* of a record; of those in memory */
    bw_record_order *order;
    char *records, *last; /* in memory; the record given out last */
    const char *directory;
    FILE *file;
    uint64_t written;
    sorted_run *runs;
    size_t run_count, run_capacity;
    size_t next; /* of the records in memory */
};

bw_status bw_sort_file_open(bw_sort_file **out, size_t size, bw_record_order *order,
                            const char *directory, bw_error *error)
{
    *out = NULL;
    bw_sort_file *sorter = calloc(1, sizeof *sorter);
    if (sorter)
        sorter->last = malloc(size);
    if (!sorter || !sorter->last) {
        free(sorter);
        return bw_fail_memory(error, sizeof *sorter, "a sorter");
    }
    sorter->size = size;
    sorter->order = order;
    sorter->directory = directory;
    *out = sorter;
    return BW_OK;
}

void bw_sort_file_close(bw_sort_file **sorter)
{
    if (!*sorter)
        return;
    for (size_t i = 0; i < (*sorter)->run_count; i++)
        free((*sorter)->runs[i].window);
    if ((*sorter)->file)
        fclose((*sorter)->file);
    free((*sorter)->runs);
    free((*sorter)->records);
    free((*sorter)->last);
    free(*sorter);
    *sorter = NULL;
}

static bw_status write_run(bw_sort_file *sorter, bw_error *error)
{
    bw_status status = BW_OK;
    if (!sorter->file)
        status = bw_spool_open(&sorter->file, sorter->directory, error);
    if (status != BW_OK)
        return status;
    if (!bw_array_reserve((void **)&sorter->runs, &sorter->run_capacity, sorter->run_count + 1,
                          sizeof *sorter->runs))
        return bw_fail_memory(error, sorter->run_count * sizeof *sorter->runs, "sorted runs");
    size_t bytes = sorter->count * sorter->size;
    qsort(sorter->records, sorter->count, sorter->size, sorter->order);
    if (fwrite(sorter->records, 1, bytes, sorter->file) != bytes)
        return bw_fail_errno(error, "write what waits in", sorter->directory);
    sorter->runs[sorter->run_count++] =
        (sorted_run){.at = sorter->written, .end = sorter->written + bytes};
    sorter->written += bytes;
    sorter->count = 0;
    return BW_OK;
}

bw_status bw_sort_file_add(bw_sort_file *sorter, const void *record, bw_error *error)
{
    if ((sorter->count + 1) * sorter->size > RUN_BYTES) {
        bw_status status = write_run(sorter, error);
        if (status != BW_OK)
            return status;
    }
    if (!bw_array_reserve((void **)&sorter->records, &sorter->capacity, sorter->count + 1,
                          sorter->size))
        return bw_fail_memory(error, sorter->count * sorter->size, "records to sort");
    memcpy(sorter->records + sorter->count++ * sorter->size, record, sorter->size);
    return BW_OK;
}

bw_status bw_sort_file_finish(bw_sort_file *sorter, bw_error *error)
{
    if (sorter->count > 0)
        qsort(sorter->records, sorter->count, sorter->size, sorter->order);
    for (size_t i = 0; i < sorter->run_count; i++)
        if (!(sorter->runs[i].window = malloc(WINDOW_BYTES)))
            return bw_fail_memory(error, WINDOW_BYTES, "a sorted run");
    if (sorter->file && fflush(sorter->file) != 0)
        return bw_fail_errno(error, "write what waits in", sorter->directory);
    return BW_OK;
}

/* Fills the window of a run that is used up; it stays empty at the run's end. */
static bw_status refill(bw_sort_file *sorter, sorted_run *run, bw_error *error)
{
    if (run->used < run->held)
        return BW_OK;
    size_t whole = WINDOW_BYTES / sorter->size * sorter->size;
    uint64_t rest = run->end - run->at;
    run->used = 0;
    run->held = rest < whole ? (size_t)rest : whole;
    if (run->held == 0)
        return BW_OK;
    if (fseeko(sorter->file, (off_t)run->at, SEEK_SET) != 0 ||
        fread(run->window, 1, run->held, sorter->file) != run->held)
        return bw_fail_errno(error, "read back what waits in", sorter->directory);
    run->at += run->held;
    return BW_OK;
}

bw_status bw_sort_file_next(bw_sort_file *sorter, const void **record, bw_error *error)
{
    const char *best =
        sorter->next < sorter->count ? sorter->records + sorter->next * sorter->size : NULL;
    sorted_run *from = NULL;
    for (size_t i = 0; i < sorter->run_count; i++) {
        sorted_run *run = &sorter->runs[i];
        bw_status status = refill(sorter, run, error);
        if (status != BW_OK)
            return status;
        if (run->held > 0 && (!best || sorter->order(run->window + run->used, best) < 0)) {
            best = run->window + run->used;
            from = run;
        }
    }
    *record = best ? memcpy(sorter->last, best, sorter->size) : NULL;
    if (from)
        from->used += sorter->size;
    else
        sorter->next += best != NULL;
    return BW_OK;
}
