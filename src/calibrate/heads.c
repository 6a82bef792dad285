#include "calibrate/heads.h"

#include <math.h>

/* What a cell counts where the network is sure that there is nothing. */
static const double least_weight = 0.05;

size_t bw_head_numbers(bw_shape shape)
{
    return (size_t)shape.height * (size_t)shape.width * (size_t)shape.channels;
}

void bw_read_pixel(float *to, const bw_head_view *view, int channels, int y, int x)
{
    const float *pixel =
        view->data + (size_t)y * view->row_stride + (size_t)x * (size_t)view->lanes;
    for (int channel = 0; channel < channels; channel++)
        to[channel] = pixel[(size_t)(channel / view->lanes) * view->plane_stride +
                            (size_t)(channel % view->lanes)];
}

void bw_read_head(float *to, const bw_head_view *view, int channels)
{
    for (int y = 0; y < view->height; y++) {
        for (int x = 0; x < view->width; x++, to += channels)
            bw_read_pixel(to, view, channels, y, x);
    }
}

static bool has_objectness(const bw_head *head)
{
    return head->kind < BW_HEAD_DISTANCES;
}

/* Numbers that have a weight in common: an anchor's, or where they lie apart a cell's. */
static size_t entry_of(const bw_head *head)
{
    return has_objectness(head) ? (size_t)(5 + head->classes) : (size_t)bw_head_channels(head);
}

/* How sure the network is of an entry whose numbers these are. */
static double weight_of(const bw_head *head, const float *numbers)
{
    size_t first = head->kind == BW_HEAD_FASTEST ? 0 : 4, count = 1;
    if (head->kind == BW_HEAD_ROWS)
        return least_weight + (double)numbers[first];
    if (!has_objectness(head)) {
        first = 4 * (size_t)(head->kind == BW_HEAD_DISTANCES ? head->bins : head->anchors);
        count = (size_t)bw_head_channels(head) - first;
    }
    double objectness = -HUGE_VAL;
    for (size_t index = first; index < first + count; index++)
        objectness = fmax(objectness, (double)numbers[index]);
    if (head->form != BW_HEAD_SCALED)
        objectness = 1.0 / (1.0 + exp(-objectness));
    return least_weight + objectness;
}

double bw_head_squares(const bw_head *head, const float *expected, const float *other, size_t count)
{
    size_t entry = entry_of(head);
    double sum = 0.0;
    for (size_t start = 0; start + entry <= count; start += entry) {
        double squared = 0.0;
        for (size_t at = start; at < start + entry; at++) {
            double number = (double)expected[at] - (other ? (double)other[at] : 0.0);
            squared += number * number;
        }
        sum += squared * weight_of(head, expected + start);
    }
    return sum;
}
