#include "pipeline/item.h"

#include <stdlib.h>
#include <string.h>

bw_item *bw_item_make(int64_t number, const char *path, const char *name)
{
    bw_item *item = calloc(1, sizeof *item);
    char *copy = strdup(path);
    if (!item || !copy) {
        free(item);
        free(copy);
        return NULL;
    }
    item->number = number;
    item->path = copy;
    item->name = copy + (name - path);
    return item;
}

void bw_item_free(bw_item *item)
{
    bw_image_clear(&item->image);
    bw_detections_clear(&item->detections);
    free(item->path);
    free(item);
}
