/**
 * What people see: messages on standard error, and text from outside made fit for a terminal.
 */
#ifndef BW_CLI_TERMINAL_H
#define BW_CLI_TERMINAL_H

#include <stdio.h>

/** Prints "boxwright: message" on standard error, its control characters replaced. */
void bw_print_message(const char *message);

/** Prints a message "warning: …" for each line of the text. */
void bw_print_warnings(const char *warnings);

/** Prints text whose control characters and broken UTF-8 are replaced. */
void bw_print_clean(FILE *file, const char *text);

#endif
