#include "passes/passes.h"

const bw_pass bw_passes[] = {
    {"remove dead nodes", bw_pass_remove_dead},
    {"fold batch normalisation", bw_pass_fold_batch_norm},
    {"fuse activations", bw_pass_fuse_activation},
    {"fuse residual additions", bw_pass_fuse_residual},
    {0},
};

bw_status bw_passes_run(bw_graph *graph, bw_error *error)
{
    bw_status status = bw_graph_verify(graph, error);
    for (const bw_pass *pass = bw_passes; status == BW_OK && pass->name; pass++) {
        status = pass->run(graph, error);
        if (status == BW_OK)
            status = bw_graph_verify(graph, error);
        if (status != BW_OK)
            bw_fail_prefix(error, status, "pass '%s'", pass->name);
    }
    return status;
}
