#include "base/topology.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

enum { LONGEST_LIST = 8192 }; /* more than all numbers of a set, and their commas */

/* Reads a number below CPU_SETSIZE and moves past it; -1 where there is none. */
static int take_number(const char **text)
{
    int number = 0;
    if (**text < '0' || **text > '9')
        return -1;
    for (; **text >= '0' && **text <= '9'; ++*text) {
        number = 10 * number + (**text - '0');
        if (number >= CPU_SETSIZE)
            return -1;
    }
    return number;
}

bool bw_cpu_list_parse(cpu_set_t *set, const char *text)
{
    CPU_ZERO(set);
    do {
        int first = take_number(&text), last = first;
        if (*text == '-') {
            text++;
            last = take_number(&text);
        }
        if (first < 0 || last < first)
            return false;
        for (int cpu = first; cpu <= last; cpu++)
            CPU_SET((size_t)cpu, set);
    } while (*text++ == ',');
    return text[-1] == '\0' || (text[-1] == '\n' && *text == '\0');
}

/* Reads the list in the file <root>/devices/system/<name>. */
static bool read_list(cpu_set_t *set, const char *root, const char *name)
{
    char path[4096], line[LONGEST_LIST];
    int length = snprintf(path, sizeof path, "%s/devices/system/%s", root, name);
    if (length < 0 || (size_t)length >= sizeof path)
        return false;
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    bool read = fgets(line, sizeof line, file) != NULL;
    fclose(file);
    return read && bw_cpu_list_parse(set, line);
}

static size_t first_of(const cpu_set_t *set)
{
    size_t cpu = 0;
    while (cpu < CPU_SETSIZE && !CPU_ISSET(cpu, set))
        cpu++;
    return cpu;
}

static size_t core_of(const char *root, size_t cpu)
{
    char name[80];
    cpu_set_t siblings;
    snprintf(name, sizeof name, "cpu/cpu%zu/topology/thread_siblings_list", cpu);
    return read_list(&siblings, root, name) ? first_of(&siblings) : cpu;
}

static void list_processors(bw_topology *topology, const char *root, const cpu_set_t *allowed)
{
    topology->count = 0;
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, allowed))
            topology->processors[topology->count++] =
                (bw_processor){.cpu = cpu, .core = core_of(root, cpu)};
}

static void find_nodes(bw_topology *topology, const char *root)
{
    char name[80];
    cpu_set_t online, cpus;
    if (!read_list(&online, root, "node/online"))
        return;
    for (size_t node = 0; node < CPU_SETSIZE; node++) {
        snprintf(name, sizeof name, "node/node%zu/cpulist", node);
        if (!CPU_ISSET(node, &online) || !read_list(&cpus, root, name))
            continue;
        for (int index = 0; index < topology->count; index++)
            if (CPU_ISSET(topology->processors[index].cpu, &cpus))
                topology->processors[index].node = node;
    }
}

static int compare(const void *left, const void *right)
{
    const bw_processor *a = left, *b = right;
    if (a->node != b->node)
        return a->node < b->node ? -1 : 1;
    if (a->core != b->core)
        return a->core < b->core ? -1 : 1;
    return (a->cpu > b->cpu) - (a->cpu < b->cpu);
}

void bw_topology_read_from(bw_topology *out, const char *root, const cpu_set_t *allowed)
{
    list_processors(out, root, allowed);
    find_nodes(out, root);
    qsort(out->processors, (size_t)out->count, sizeof *out->processors, compare);
    out->nodes = 1;
    for (int index = 1; index < out->count; index++)
        out->nodes += out->processors[index].node != out->processors[index - 1].node;
}

void bw_topology_read(bw_topology *out)
{
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        CPU_ZERO(&allowed);
    bw_topology_read_from(out, "/sys", &allowed);
}

/* Where the processors of the `node`-th node begin. */
static int node_begin(const bw_topology *topology, int node)
{
    int index = 0;
    for (int seen = 0; index < topology->count; index++) {
        seen +=
            index > 0 && topology->processors[index].node != topology->processors[index - 1].node;
        if (seen == node)
            break;
    }
    return index;
}

/* The processors [*begin, *end) of group `group` of `count`. */
static void find_share(const bw_topology *topology, int group, int count, int *begin, int *end)
{
    int nodes = topology->nodes;
    if (count <= nodes) {
        *begin = node_begin(topology, group * nodes / count);
        *end = node_begin(topology, (group + 1) * nodes / count);
        return;
    }
    int node = group * nodes / count;
    int first = bw_divide_up(node * count, nodes);
    int sharers = bw_divide_up((node + 1) * count, nodes) - first;
    int start = node_begin(topology, node), size = node_begin(topology, node + 1) - start;
    bool enough = size >= sharers;
    *begin = start + (enough ? size * (group - first) / sharers : 0);
    *end = start + (enough ? size * (group - first + 1) / sharers : size);
}

/* One thread a group, and the others by the groups' processors. */
static void share_threads(bw_cpu_group *groups, int count, int threads)
{
    int processors = 0, before = 0, dealt = 0;
    for (int group = 0; group < count; group++)
        processors += CPU_COUNT(&groups[group].cpus);
    for (int group = 0; group < count; group++) {
        before += CPU_COUNT(&groups[group].cpus);
        int until = processors > 0 ? (int)((int64_t)(threads - count) * before / processors)
                                   : (threads - count) * (group + 1) / count;
        groups[group].threads = 1 + until - dealt;
        dealt = until;
    }
}

void bw_topology_cut(const bw_topology *topology, int threads, bw_cpu_group *groups, int count)
{
    for (int group = 0; group < count; group++) {
        int begin, end;
        find_share(topology, group, count, &begin, &end);
        CPU_ZERO(&groups[group].cpus);
        for (int index = begin; index < end; index++)
            CPU_SET(topology->processors[index].cpu, &groups[group].cpus);
    }
    share_threads(groups, count, threads);
}
