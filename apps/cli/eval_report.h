/**
 * The report of eval: report.html in a folder that holds the plots already.
 */
#ifndef BW_CLI_EVAL_REPORT_H
#define BW_CLI_EVAL_REPORT_H

#include <stdio.h>

#include "eval.h"

/** What the page says besides the figures. */
typedef struct bw_eval_page {
    const char *folder;          /* where it goes, and where the plots are */
    const char *command;         /* as it was typed */
    const char *subject, *truth; /* what was measured, and against what */
    int worst;                   /* how many pictures are shown */
} bw_eval_page;

bw_status bw_eval_write_report(const bw_eval_result *result, const bw_eval_page *page,
                               bw_error *error);

/** The section of the worst pictures: labels at the left, what was found at the right. */
bw_status bw_eval_write_pictures(FILE *file, const bw_eval_result *result, int worst,
                                 bw_error *error);

#endif
