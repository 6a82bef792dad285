#include "stages.h"

void bw_stages_share(bw_stage_share out[BW_STAGES], const bw_stage_times *times)
{
    const bw_engine_times *engine = &times->engine;
    const bw_stage_share shares[BW_STAGES] = {
        {"decode", "decoding", times->decode, 0},
        {"wait", "waiting for pictures", times->wait, 0},
        {"prepare", "resizing", engine->prepare, 0},
        {"network", "network", engine->network, 0},
        {"detect", "boxes", engine->detect, 0},
        {"write", "writing", times->sink, 0},
    };
    for (int i = 0; i < BW_STAGES; i++) {
        double threads = i == 0 && times->decoders > 1 ? times->decoders : 1;
        out[i] = shares[i];
        if (times->wall > 0)
            out[i].busy = (double)shares[i].time / (double)times->wall / threads;
    }
}

/* Whether decoding and the network keep the processor busy, which they share, a thread of each to
 * a core: then the network waits for a core. */
static bool is_shared_out(const bw_stage_share share[BW_STAGES])
{
    return share[0].busy + share[2].busy + share[3].busy + share[4].busy > 1;
}

const char *bw_stages_limit(const bw_stage_times *times)
{
    const double much = 0.1, full = 0.8;
    bw_stage_share share[BW_STAGES];
    bw_stages_share(share, times);
    bool waits = share[1].busy > much;
    if (waits && share[0].busy > full)
        return "decoding";
    if (waits && !is_shared_out(share))
        return share[5].busy > full ? "writing" : "finding and reading the pictures";
    if (share[5].busy > share[3].busy)
        return "writing";
    return share[2].busy > share[3].busy ? "resizing" : "the network";
}

void bw_stages_print(FILE *file, const bw_stage_times *times)
{
    bw_stage_share share[BW_STAGES];
    bw_stages_share(share, times);
    if (times->wall == 0 || times->engine.images == 0)
        return;
    fputs("Busy: ", file);
    for (int i = 0; i < BW_STAGES; i++)
        fprintf(file, "%s%s %.0f%%", i ? ", " : "", share[i].name, 100 * share[i].busy);
    fprintf(file, "; limited by %s\n", bw_stages_limit(times));
}
