#include "base/cpu.h"

#include <cpuid.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Bits of XCR0: the register files that the operating system saves. */
enum { XCR0_AVX = 0x6, XCR0_AVX512 = 0xe6, XCR0_AMX = 0x60000 };

/* arch_prctl's request for permission to use the AMX tile data, Linux 5.16. */
enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };

static const struct {
    const char *name;
    uint32_t mask; /* the level and all below it */
} levels[] = {
    {"generic", 0},
    {"avx2", BW_CPU_AVX2},
    {"avx512", BW_CPU_AVX2 | BW_CPU_AVX512},
    {"vnni", BW_CPU_AVX2 | BW_CPU_AVX512 | BW_CPU_AVX512_VNNI},
    {"bf16", BW_CPU_AVX2 | BW_CPU_AVX512 | BW_CPU_AVX512_VNNI | BW_CPU_AVX512_BF16},
    {"amx", BW_CPU_AVX2 | BW_CPU_AVX512 | BW_CPU_AVX512_VNNI | BW_CPU_AVX512_BF16 | BW_CPU_AMX},
    {"all", BW_CPU_ALL},
};

static const char *const feature_names[] = {"avx2", "avx512", "vnni", "bf16", "amx"};

static bool has(unsigned word, int bit)
{
    return word >> bit & 1;
}

static uint64_t enabled_state(void)
{
    unsigned low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static bool amx_granted(void)
{
    return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
}

static uint32_t probe_avx512(unsigned ebx7, unsigned ecx7, unsigned edx7, uint64_t state)
{
    unsigned a, b, c, d;
    bool avx512 = has(ebx7, 16) && has(ebx7, 17) && has(ebx7, 28) && has(ebx7, 30) && has(ebx7, 31);
    if (!avx512 || (state & XCR0_AVX512) != XCR0_AVX512)
        return 0;
    uint32_t features = BW_CPU_AVX512;
    if (has(ecx7, 11))
        features |= BW_CPU_AVX512_VNNI;
    if (__get_cpuid_count(7, 1, &a, &b, &c, &d) && has(a, 5))
        features |= BW_CPU_AVX512_BF16;
    bool amx = has(edx7, 22) && has(edx7, 24) && has(edx7, 25);
    if (amx && has(ecx7, 11) && (state & XCR0_AMX) == XCR0_AMX && amx_granted())
        features |= BW_CPU_AMX;
    return features;
}

static uint32_t probe(void)
{
    unsigned a, b, c1, d, ebx7, ecx7, edx7;
    if (!__get_cpuid(1, &a, &b, &c1, &d) || !has(c1, 27) || !has(c1, 28))
        return 0;
    uint64_t state = enabled_state();
    if ((state & XCR0_AVX) != XCR0_AVX || !__get_cpuid_count(7, 0, &a, &ebx7, &ecx7, &edx7))
        return 0;
    if (!has(c1, 12) || !has(c1, 29) || !has(ebx7, 5))
        return 0;
    return BW_CPU_AVX2 | probe_avx512(ebx7, ecx7, edx7, state);
}

static uint32_t probed_features;
static char probed_name[49];
static pthread_once_t probed = PTHREAD_ONCE_INIT;

static void probe_name(void)
{
    unsigned words[12], top = (unsigned)__get_cpuid_max(0x80000000, NULL);
    snprintf(probed_name, sizeof probed_name, "unknown processor");
    if (top < 0x80000004)
        return;
    for (unsigned leaf = 0; leaf < 3; leaf++)
        __cpuid(0x80000002 + leaf, words[4 * leaf], words[4 * leaf + 1], words[4 * leaf + 2],
                words[4 * leaf + 3]);
    char text[49] = {0};
    memcpy(text, words, 48);
    const char *start = text + strspn(text, " ");
    snprintf(probed_name, sizeof probed_name, "%s", start);
    for (size_t end = strlen(probed_name); end > 0 && probed_name[end - 1] == ' '; end--)
        probed_name[end - 1] = '\0';
}

static void probe_all(void)
{
    probed_features = probe();
    probe_name();
}

uint32_t bw_cpu_features(void)
{
    pthread_once(&probed, probe_all);
    return probed_features;
}

const char *bw_cpu_name(void)
{
    pthread_once(&probed, probe_all);
    return probed_name;
}

int bw_cpu_count(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return CPU_COUNT(&set);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

const char *bw_cpu_feature_name(int index)
{
    int count = (int)(sizeof feature_names / sizeof *feature_names);
    return index >= 0 && index < count ? feature_names[index] : NULL;
}

bw_status bw_cpu_mask_parse(uint32_t *mask, const char *text, bw_error *error)
{
    for (size_t level = 0; level < sizeof levels / sizeof *levels; level++) {
        if (strcmp(text, levels[level].name) == 0) {
            *mask = levels[level].mask;
            return BW_OK;
        }
    }
    return bw_fail(error, BW_ERROR_ARGUMENT,
                   "'%s' is no CPU level: use generic, avx2, avx512, vnni, bf16, amx or all", text);
}

void bw_cpu_describe(char *text, size_t size, uint32_t features)
{
    size_t used = 0;
    snprintf(text, size, "%s", features & BW_CPU_AVX2 ? "" : "generic");
    for (int index = 0; bw_cpu_feature_name(index); index++) {
        if (!(features >> index & 1) || used >= size)
            continue;
        int length =
            snprintf(text + used, size - used, "%s%s", used ? " " : "", bw_cpu_feature_name(index));
        used += length > 0 ? (size_t)length : 0;
    }
}

uint64_t bw_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
