/**
 * What holds pictures and is no folder: each picture in it is visited.
 */
#ifndef BW_CLI_EXPAND_H
#define BW_CLI_EXPAND_H

#include "pipeline/list.h"

/** Visits the pictures of an archive, in its order; false when the list is to end. */
bool bw_expand_archive(const bw_list_options *options, const bw_found *archive);

/** Visits those frames of a video that are chosen; false when the list is to end. */
bool bw_expand_video(const bw_list_options *options, const bw_frame_choice *choice,
                     const bw_found *video);

#endif
