/**
 * What the machine offers this process, read from the processor and from Linux.
 */
#ifndef BW_CLI_MACHINE_H
#define BW_CLI_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

/** Whether the processor itself has the feature, whatever the operating system allows. */
bool bw_machine_has(uint32_t feature);

/** Processors that the control group's quota is worth; 0 where there is none. */
double bw_machine_cpu_quota(void);

/** Bytes of memory; 0 where it cannot be told. */
typedef struct bw_machine_memory {
    uint64_t total, available;
    uint64_t limit; /* of the control group; 0 where there is none */
} bw_machine_memory;

bw_machine_memory bw_machine_read_memory(void);

#endif
