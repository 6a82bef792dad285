#include "plot/ticks.h"

#include <math.h>

/* ---- Linear --------------------------------------------------------------------------------- */

/* The smallest of 1, 2 and 5 times a power of ten that is at least `length`. */
static double round_step(double length)
{
    double power = pow(10, floor(log10(length))), factor = length / power;
    double slack = 1 + 1e-9;
    if (factor <= slack)
        return power;
    if (factor <= 2 * slack)
        return 2 * power;
    return factor <= 5 * slack ? 5 * power : 10 * power;
}

static bw_ticks choose_linear(double low, double high, int wanted)
{
    if (!(high > low)) {
        double margin = fmax(fabs(low) / 2, 1e-3);
        low -= margin;
        high += margin;
    }
    double step = round_step((high - low) / wanted);
    double first = floor(low / step + 1e-9), last = ceil(high / step - 1e-9);
    bw_ticks ticks = {BW_SCALE_LINEAR, first * step, last * step, {0}, 0};
    for (; first + ticks.count <= last && ticks.count < BW_MOST_TICKS; ticks.count++)
        ticks.values[ticks.count] = (first + ticks.count) * step;
    return ticks;
}

/* ---- Logarithmic ---------------------------------------------------------------------------- */

/* The `index`-th of … 0.1, 0.2, 0.5, 1, 2, 5, 10 …; 1 has the index 0. */
static double round_value(int index)
{
    static const double factors[] = {1, 2, 5};
    int decade = (int)floor(index / 3.0);
    return factors[index - 3 * decade] * pow(10, decade);
}

static bw_ticks choose_logarithmic(double low, double high, int wanted)
{
    int first = 3 * (int)floor(log10(low)), last = 3 * (int)ceil(log10(high));
    double slack = 1 + 1e-9;
    while (round_value(first + 1) <= low * slack)
        first++;
    while (last > first + 1 && round_value(last - 1) * slack >= high)
        last--;
    if (last <= first)
        last = first + 1;
    bw_ticks ticks = {BW_SCALE_LOGARITHMIC, round_value(first), round_value(last), {0}, 0};
    bool decades = last - first + 1 > 2 * wanted;
    for (int at = first; at <= last && ticks.count < BW_MOST_TICKS; at++)
        if (!decades || at % 3 == 0)
            ticks.values[ticks.count++] = round_value(at);
    return ticks;
}

bw_ticks bw_ticks_choose(bw_scale scale, double low, double high, int wanted)
{
    return scale == BW_SCALE_LINEAR ? choose_linear(low, high, wanted)
                                    : choose_logarithmic(low, high, wanted);
}

double bw_ticks_place(const bw_ticks *ticks, double value)
{
    if (ticks->scale == BW_SCALE_LINEAR)
        return (value - ticks->low) / (ticks->high - ticks->low);
    return log(value / ticks->low) / log(ticks->high / ticks->low);
}
