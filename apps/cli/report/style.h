/**
 * The report's style sheet, report/style.css, as the build embeds it (embed_style.cmake).
 */
#ifndef BW_CLI_STYLE_H
#define BW_CLI_STYLE_H

/** Its lines, null-ended. */
extern const char *const bw_report_style[];

#endif
