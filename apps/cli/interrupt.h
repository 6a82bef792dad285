/**
 * SIGINT and SIGTERM ask the run to end: it finishes the batch in hand and closes its files.
 *
 * The wish is the one piece of global state of the program: a signal has no other place for it.
 */
#ifndef BW_CLI_INTERRUPT_H
#define BW_CLI_INTERRUPT_H

#include <stdbool.h>

/** From now on the signals are noted. A second one ends the program at once, as by default. */
void bw_interrupt_catch(void);

bool bw_interrupted(void);

#endif
