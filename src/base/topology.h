/**
 * Where this process may run: the processors of its affinity mask, ordered by NUMA node and core as
 * Linux tells them below /sys, and how they are cut into groups of threads.
 */
#ifndef BW_BASE_TOPOLOGY_H
#define BW_BASE_TOPOLOGY_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

/** One processor as the kernel counts them: a core, or one of the threads that share a core. */
typedef struct bw_processor {
    size_t cpu;
    size_t node; /* the kernel's number of the NUMA node */
    size_t core; /* the lowest `cpu` among those that share the core */
} bw_processor;

typedef struct bw_topology {
    bw_processor processors[CPU_SETSIZE]; /* by node, core and cpu */
    int count;                            /* of processors; 0 where the system tells nothing */
    int nodes;                            /* NUMA nodes that these are on, at least 1 */
} bw_topology;

/** The processors and the number of threads of one group. */
typedef struct bw_cpu_group {
    cpu_set_t cpus; /* empty where the system tells nothing */
    int threads;
} bw_cpu_group;

/**
 * Reads a list of processors or nodes as the kernel writes it, such as "0-3,8,10-11". False, with
 * `*set` undefined, for any other text and for numbers that a set has no room for.
 */
bool bw_cpu_list_parse(cpu_set_t *set, const char *text);

/**
 * Reads where the processors of `allowed` stand from the files below `root`. What these do not
 * tell counts as one node, and as a core a processor.
 */
void bw_topology_read_from(bw_topology *out, const char *root, const cpu_set_t *allowed);

/** The same from /sys, for the processors that the calling thread may run on. */
void bw_topology_read(bw_topology *out);

/**
 * Cuts the processors into `count` groups, each of whole nodes or within one node, and shares
 * `threads` (at least one a group) among them by their processors. Groups on one node share it
 * core after core; where it has fewer processors than groups, each has them all.
 */
void bw_topology_cut(const bw_topology *topology, int threads, bw_cpu_group *groups, int count);

#endif
