#include "machine.h"

#include <cpuid.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boxwright/boxwright.h"

/* ---- The processor -------------------------------------------------------------------------- */

typedef struct cpuid_bits {
    unsigned ecx1, ebx7, ecx7, edx7, eax7_1;
} cpuid_bits;

static cpuid_bits read_cpuid(void)
{
    cpuid_bits bits = {0};
    unsigned a, b, c, d;
    if (__get_cpuid(1, &a, &b, &c, &d))
        bits.ecx1 = c;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        bits.ebx7 = b;
        bits.ecx7 = c;
        bits.edx7 = d;
    }
    if (__get_cpuid_count(7, 1, &a, &b, &c, &d))
        bits.eax7_1 = a;
    return bits;
}

static bool all(unsigned word, unsigned mask)
{
    return (word & mask) == mask;
}

bool bw_machine_has(uint32_t feature)
{
    cpuid_bits bits = read_cpuid();
    bool avx512 = all(bits.ebx7, 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31);
    switch (feature) {
    case BW_CPU_AVX2: return all(bits.ecx1, 1u << 12 | 1u << 28 | 1u << 29) && bits.ebx7 >> 5 & 1;
    case BW_CPU_AVX512: return avx512;
    case BW_CPU_AVX512_VNNI: return avx512 && bits.ecx7 >> 11 & 1;
    case BW_CPU_AVX512_BF16: return avx512 && bits.eax7_1 >> 5 & 1;
    case BW_CPU_AMX: return all(bits.edx7, 1u << 22 | 1u << 24 | 1u << 25);
    default: return false;
    }
}

/* ---- Control groups
 * ------------------------------------------------------------------------------ */

/* The first line of a file of /proc or /sys; false where it cannot be read. */
static bool read_line(const char *path, char *line, int size)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    bool read = fgets(line, size, file) != NULL;
    fclose(file);
    return read;
}

/* The first line of `name` in this process's version 2 control group, or in the root's. */
static bool read_group_line(const char *name, char *line, int size)
{
    char group[1024] = "/", path[2200];
    FILE *file = fopen("/proc/self/cgroup", "re");
    char entry[1024];
    while (file && fgets(entry, sizeof entry, file))
        if (strncmp(entry, "0::", 3) == 0)
            snprintf(group, sizeof group, "%.*s", (int)strcspn(entry + 3, "\n"), entry + 3);
    if (file)
        fclose(file);
    snprintf(path, sizeof path, "/sys/fs/cgroup%s/%s", group, name);
    if (read_line(path, line, size))
        return true;
    snprintf(path, sizeof path, "/sys/fs/cgroup/%s", name);
    return read_line(path, line, size);
}

static double read_number(const char *path)
{
    char line[64];
    return read_line(path, line, sizeof line) ? strtod(line, NULL) : 0;
}

double bw_machine_cpu_quota(void)
{
    char line[128];
    double quota = 0, period = 0;
    if (read_group_line("cpu.max", line, sizeof line)) {
        char *end;
        quota = strtod(line, &end); /* "max" reads as 0 */
        period = strtod(end, NULL);
    } else {
        quota = read_number("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
        period = read_number("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
    }
    return quota > 0 && period > 0 ? quota / period : 0;
}

/* ---- Memory --------------------------------------------------------------------------------- */

/* Reads a line such as "MemTotal:  123 kB" into bytes, when it is the one of that name. */
static void read_kilobytes(const char *line, const char *name, uint64_t *bytes)
{
    size_t length = strlen(name);
    if (strncmp(line, name, length) == 0)
        *bytes = strtoull(line + length, NULL, 10) * 1024;
}

bw_machine_memory bw_machine_read_memory(void)
{
    bw_machine_memory memory = {0};
    char line[128];
    FILE *file = fopen("/proc/meminfo", "re");
    while (file && fgets(line, sizeof line, file)) {
        read_kilobytes(line, "MemTotal:", &memory.total);
        read_kilobytes(line, "MemAvailable:", &memory.available);
    }
    if (file)
        fclose(file);
    if (read_group_line("memory.max", line, sizeof line) ||
        read_line("/sys/fs/cgroup/memory/memory.limit_in_bytes", line, sizeof line))
        memory.limit = strtoull(line, NULL, 10);
    if (memory.limit >= memory.total)
        memory.limit = 0;
    return memory;
}
