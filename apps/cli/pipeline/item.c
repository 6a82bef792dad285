#include "pipeline/item.h"

#include <stdlib.h>
#include <string.h>

#include "video/video.h"

bw_item *bw_item_make(int64_t number, const bw_found *found)
{
    bw_item *item = calloc(1, sizeof *item);
    char *path = strdup(found->path);
    char *name = strdup(found->name);
    char *source = found->source ? strdup(found->source) : NULL;
    if (!item || !path || !name || (found->source && !source)) {
        free(item);
        free(path);
        free(name);
        free(source);
        return NULL;
    }
    item->number = number;
    item->path = path;
    item->name = name;
    item->remote = found->remote && !found->problem;
    item->source = source;
    item->frame = found->frame;
    item->time_ns = found->time_ns;
    if (found->problem)
        item->error = *found->problem;
    item->bytes = BW_NO_BYTES;
    return item;
}

void bw_item_free(bw_item *item)
{
    bw_image_clear(&item->image);
    bw_detections_clear(&item->detections);
    bw_video_frame_free(&item->picture);
    free(item->content);
    free(item->source);
    free(item->path);
    free(item->name);
    free(item);
}
