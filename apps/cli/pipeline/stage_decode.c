/**
 * The second stage, in several threads: files become pixels, or an error of their own.
 */
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cpu.h"
#include "pipeline/pipeline.h"
#include "video/video.h"

static bw_status read_picture(bw_item *item, const bw_decode_options *options)
{
    bw_error *error = &item->error;
    if (!item->picture && !item->content)
        return bw_image_read(&item->image, item->path, options, error);
    bw_status status;
    if (item->picture)
        status = bw_video_frame_convert(&item->image, item->picture, !options->ignore_exif, error);
    else
        status = bw_image_decode(&item->image, item->content, item->content_bytes, options, error);
    return status == BW_OK ? BW_OK : bw_fail_prefix(error, status, "%s", item->path);
}

static void drop_content(bw_pipeline *pipeline, bw_item *item)
{
    bw_video_frame_free(&item->picture);
    free(item->content);
    item->content = NULL;
    bw_budget_release(item->remote ? &pipeline->fetch_budget : &pipeline->content_budget,
                      item->content_bytes);
}

/* What tells a file from what it becomes: its size, and when it was written. */
static bool examine(const bw_item *item, int64_t *bytes, int64_t *modified_ns)
{
    struct stat status;
    if (stat(item->path, &status) != 0)
        return false;
    *bytes = status.st_size;
    *modified_ns = status.st_mtim.tv_sec * INT64_C(1000000000) + status.st_mtim.tv_nsec;
    return true;
}

/* A file that somebody writes while it is read is no picture that anybody meant. */
static bw_status check_unchanged(const bw_item *item, bw_error *error)
{
    int64_t bytes, modified_ns;
    if (item->bytes == BW_NO_BYTES || !examine(item, &bytes, &modified_ns) ||
        (bytes == item->bytes && modified_ns == item->modified_ns))
        return BW_OK;
    return bw_fail(error, BW_ERROR_IO, "%s: changed while it was read", item->path);
}

static void decode(bw_pipeline *pipeline, bw_item *item)
{
    if (!item->picture && !item->content)
        examine(item, &item->bytes, &item->modified_ns);
    if (read_picture(item, &pipeline->options->decode) != BW_OK ||
        check_unchanged(item, &item->error) != BW_OK)
        return;
    item->error.status = BW_OK;
    bool told = item->image.full_width > 0;
    item->width = told ? item->image.full_width : item->image.width;
    item->height = told ? item->image.full_height : item->image.height;
    item->charged = item->image.stride * (size_t)item->image.height;
    bw_budget_charge(&pipeline->budget, item->charged);
}

/* Items are taken in order, so the one that detecting waits for is always in somebody's hands. */
void *bw_stage_decode(void *argument)
{
    bw_pipeline *pipeline = argument;
    for (;;) {
        bw_budget_wait(&pipeline->budget);
        bw_item *item = bw_queue_pop(pipeline->to_decode);
        if (!item)
            return NULL;
        if (item->remote)
            bw_pipeline_await(pipeline, &item->fetched, &pipeline->item_fetched);
        uint64_t start = bw_clock();
        if (bw_pipeline_stopped(pipeline))
            item->dropped = true;
        else if (item->error.status == BW_OK)
            decode(pipeline, item);
        if (item->content || item->picture)
            drop_content(pipeline, item);
        atomic_fetch_add(&pipeline->decode_time, bw_clock() - start);
        bw_pipeline_announce(pipeline, &item->decoded, &pipeline->item_decoded);
    }
}
