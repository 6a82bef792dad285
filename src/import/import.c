#include "import/import.h"

#include <stdlib.h>

static const bw_importer *const importers[] = {&bw_importer_onnx, &bw_importer_darknet, NULL};

bool bw_import_is_text(const char *bytes, size_t size)
{
    size = size < 512 ? size : 512;
    for (size_t index = 0; index < size; index++) {
        char c = bytes[index];
        if ((c >= 0 && c < '\t') || (c > '\r' && c < ' '))
            return false;
    }
    return true;
}

bw_status bw_import_model(bw_import *out, const bw_source *source, bw_error *error)
{
    *out = (bw_import){.resize = BW_RESIZE_LETTERBOX, .padding = 0.5f};
    for (const bw_importer *const *importer = importers; *importer; importer++) {
        if (!(*importer)->recognises(source))
            continue;
        bw_status status = (*importer)->run(out, source, error);
        if (status != BW_OK)
            bw_import_free(out);
        return status;
    }
    return bw_fail(error, BW_ERROR_FORMAT,
                   "'%s' is no model that this version knows; it reads darknet's .cfg files, which "
                   "their .weights stand beside, and ONNX",
                   source->path);
}

void bw_import_free(bw_import *import)
{
    bw_graph_free(&import->graph);
    free(import->warnings);
    free(import->general);
    if (import->close_owner)
        import->close_owner(import->owner);
    *import = (bw_import){0};
}
