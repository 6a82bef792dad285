#include "plot/labels.h"

#include <math.h>
#include <stddef.h>

void bw_labels_take(bw_labels *labels, bw_rectangle room)
{
    if (labels->count < BW_MOST_LABELS)
        labels->taken[labels->count++] = room;
}

void bw_labels_take_line(bw_labels *labels, double x1, double y1, double x2, double y2,
                         double width)
{
    int pieces = (int)(hypot(x2 - x1, y2 - y1) / width) + 1;
    for (int i = 0; i <= pieces; i++) {
        double x = x1 + (x2 - x1) * i / pieces, y = y1 + (y2 - y1) * i / pieces;
        bw_labels_take(labels,
                       (bw_rectangle){x - width / 2, y - width / 2, x + width / 2, y + width / 2});
    }
}

static bool is_free(const bw_labels *labels, const bw_rectangle *room)
{
    const bw_rectangle *bounds = &labels->bounds;
    if (room->left < bounds->left || room->right > bounds->right || room->top < bounds->top ||
        room->bottom > bounds->bottom)
        return false;
    for (int i = 0; i < labels->count; i++) {
        const bw_rectangle *other = &labels->taken[i];
        if (room->left < other->right && other->left < room->right && room->top < other->bottom &&
            other->top < room->bottom)
            return false;
    }
    return true;
}

bool bw_labels_place(bw_labels *labels, double x, double y, double width, double height, double gap,
                     bw_rectangle *room)
{
    static const struct {
        int across, down;
    } sides[] = {{1, 0}, {0, -1}, {0, 1}, {-1, 0}, {1, -1}, {1, 1}, {-1, -1}, {-1, 1}};
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        double middle_x = x + sides[i].across * (gap + width / 2);
        double middle_y = y + sides[i].down * (gap + height / 2);
        *room = (bw_rectangle){middle_x - width / 2, middle_y - height / 2, middle_x + width / 2,
                               middle_y + height / 2};
        if (is_free(labels, room)) {
            bw_labels_take(labels, *room);
            return true;
        }
    }
    return false;
}
