#include "run_formats.h"

#include <string.h>

#include "classes.h"
#include "export.h"

/* Whether each picture has its own file, so that labels are there while the run goes on. */
static bool writes_at_once(const char *name)
{
    bw_format_info format;
    for (int i = 0; bw_format_describe(i, &format); i++)
        if (strcmp(format.name, name) == 0)
            return format.suffix && format.order == BW_ORDER_NUMBER;
    return false;
}

bw_status bw_run_formats_split(bw_run_formats *formats, const char *now[BW_SINK_FORMATS + 1],
                               const char *list, bw_error *error)
{
    const char *all[BW_SINK_FORMATS + 1];
    bw_status status = bw_formats_parse(all, BW_SINK_FORMATS, list, error);
    int at_once = 0, later = 0;
    for (int i = 0; status == BW_OK && all[i]; i++) {
        if (writes_at_once(all[i]) && !formats->tracks.track)
            now[at_once++] = all[i];
        else
            formats->later[later++] = all[i];
    }
    now[at_once] = formats->later[later] = NULL;
    return status;
}

bw_status bw_run_formats_write(const bw_run_formats *formats, const char *directory,
                               bool with_confidence, bw_store *store, bw_error *error)
{
    bw_export_options export = {.directory = directory,
                                .formats = formats->later,
                                .with_confidence = with_confidence,
                                .track = formats->tracks.track,
                                .tracks = formats->tracks.options};
    bw_export_counts counts;
    if (!formats->later[0])
        return BW_OK;
    return bw_export_run(bw_store_database(store), &export, &counts, error);
}
