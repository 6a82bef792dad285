/**
 * The energy that the processors took, from the running average power limit (RAPL) counters that
 * Linux shows under /sys/class/powercap.
 *
 * Each package has a folder intel-rapl:N (AMD's too) whose file `name` begins with "package".
 * `energy_uj` counts microjoules and starts again at 0 after `max_energy_range_uj`. The sum over
 * the packages holds all that they did meanwhile, also idling and for others, but not what memory
 * modules, disks and power supply take.
 */
#ifndef BW_CLI_BENCH_ENERGY_H
#define BW_CLI_BENCH_ENERGY_H

#include <stdbool.h>
#include <stdint.h>

#define BW_POWERCAP "/sys/class/powercap"

enum { BW_MOST_PACKAGES = 16 };

typedef enum bw_energy_state {
    BW_ENERGY_ABSENT,     /* the machine shows no counters */
    BW_ENERGY_UNREADABLE, /* it does, but this process may not read them */
    BW_ENERGY_MEASURED,
} bw_energy_state;

typedef struct bw_energy_meter {
    bw_energy_state state;
    double joules; /* since the start, as of the last reading */
    int packages;
    struct {
        char folder[300];
        uint64_t last, range; /* microjoules */
    } package[BW_MOST_PACKAGES];
} bw_energy_meter;

/** Begins to count below `root`, BW_POWERCAP or what a test made to look like it. */
void bw_energy_start(bw_energy_meter *meter, const char *root);

/**
 * Adds what was taken since the last reading. To be called before a counter can have gone round
 * twice: every minute is often enough.
 */
void bw_energy_read(bw_energy_meter *meter);

/** Why there is no measurement, as words for people; NULL where there is one. */
const char *bw_energy_obstacle(bw_energy_state state);

#endif
