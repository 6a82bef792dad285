#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cpu.h"

#define BAR_INTERVAL 100000000u
#define LINE_INTERVAL 10000000000u

bw_progress bw_progress_start(bool quiet)
{
    const char *kind = getenv("TERM");
    uint64_t now = bw_clock();
    return (bw_progress){
        .quiet = quiet,
        .terminal = isatty(STDERR_FILENO) && kind && strcmp(kind, "dumb") != 0,
        .start = now,
        .last = now,
    };
}

const char *bw_format_duration(char *text, int size, double seconds)
{
    long whole = (long)(seconds + 0.5);
    if (seconds > 0 && seconds < 0.0995)
        snprintf(text, (size_t)size, "%.1g s", seconds);
    else if (seconds < 9.95)
        snprintf(text, (size_t)size, "%.1f s", seconds);
    else if (whole < 60)
        snprintf(text, (size_t)size, "%ld s", whole);
    else if (whole < 3600)
        snprintf(text, (size_t)size, "%ld min %02ld s", whole / 60, whole % 60);
    else
        snprintf(text, (size_t)size, "%ld h %02ld min", whole / 3600, whole / 60 % 60);
    return text;
}

/* "12/128  35.1/s  4 s left  1 failed" */
static void format_state(char *text, size_t size, const bw_progress *progress, int64_t done,
                         int64_t failed, int64_t total)
{
    double seconds = (double)(bw_clock() - progress->start) / 1e9;
    double rate = seconds > 0 ? (double)(done - progress->before) / seconds : 0;
    char of[32] = "", left[48] = "", bad[40] = "", duration[32];
    if (total >= 0)
        snprintf(of, sizeof of, "/%lld", (long long)total);
    if (total >= done && rate > 0)
        snprintf(left, sizeof left, "  %s left",
                 bw_format_duration(duration, sizeof duration, (double)(total - done) / rate));
    if (failed > 0)
        snprintf(bad, sizeof bad, "  %lld failed", (long long)failed);
    snprintf(text, size, "%lld%s images  %.1f/s%s%s", (long long)done, of, rate, left, bad);
}

static int terminal_width(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

static void print_bar(int64_t done, int64_t total, const char *state)
{
    enum { WIDEST = 40 };
    char bar[3 * WIDEST + 1], *end = bar;
    int room = terminal_width() - (int)strlen(state) - 4;
    int width = room < WIDEST ? room : WIDEST;
    if (total > 0 && width >= 8) {
        int filled = (int)(width * (done < total ? done : total) / total);
        for (int i = 0; i < width; i++)
            end = stpcpy(end, i < filled ? "━" : "·");
        fprintf(stderr, "\r\033[K%s  %s", bar, state);
    } else {
        fprintf(stderr, "\r\033[K%s", state);
    }
}

static bool is_due(const bw_progress *progress)
{
    uint64_t interval = progress->terminal ? BAR_INTERVAL : LINE_INTERVAL;
    return !progress->quiet && bw_clock() - progress->last >= interval;
}

static void show(bw_progress *progress, int64_t done, int64_t total, const char *state)
{
    progress->last = bw_clock();
    progress->shown = true;
    if (progress->terminal)
        print_bar(done, total, state);
    else
        fprintf(stderr, "%s\n", state);
    fflush(stderr);
}

void bw_progress_update(bw_progress *progress, int64_t done, int64_t failed, int64_t total)
{
    char state[200];
    if (!is_due(progress))
        return;
    format_state(state, sizeof state, progress, done, failed, total);
    show(progress, done, total, state);
}

void bw_progress_update_share(bw_progress *progress, const char *what, double done)
{
    enum { WHOLE = 1000 };
    char state[200], duration[32];
    double seconds = (double)(bw_clock() - progress->start) / 1e9;
    double timed = done - progress->share_before;
    if (!is_due(progress) || timed <= 0)
        return;
    snprintf(state, sizeof state, "%s  %.0f%%  %s left", what, 100 * done,
             bw_format_duration(duration, sizeof duration, seconds * (1 - done) / timed));
    show(progress, (int64_t)(done * WHOLE), WHOLE, state);
}

void bw_progress_end(bw_progress *progress)
{
    if (progress->terminal && progress->shown)
        fprintf(stderr, "\r\033[K");
    progress->shown = false;
}
