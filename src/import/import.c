#include "import/import.h"

#include <stdlib.h>

static const bw_importer *const importers[] = {&bw_importer_darknet, NULL};

bw_status bw_import_model(bw_import *out, const bw_source *source, bw_error *error)
{
    *out = (bw_import){.resize = BW_RESIZE_LETTERBOX};
    for (const bw_importer *const *importer = importers; *importer; importer++) {
        if (!(*importer)->recognises(source))
            continue;
        bw_status status = (*importer)->run(out, source, error);
        if (status != BW_OK)
            bw_import_free(out);
        return status;
    }
    return bw_fail(error, BW_ERROR_FORMAT,
                   "'%s' is no model that this version knows; it reads darknet's .cfg files",
                   source->path);
}

void bw_import_free(bw_import *import)
{
    bw_graph_free(&import->graph);
    free(import->warnings);
    *import = (bw_import){0};
}
