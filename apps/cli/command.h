/**
 * A command line as a person would type it, for reports.
 */
#ifndef BW_CLI_COMMAND_H
#define BW_CLI_COMMAND_H

/** "boxwright VERB …" with quotes where a shell needs them; the caller frees it; NULL for no
 * memory. */
char *bw_command_text(const char *verb, int argc, char **argv);

#endif
