#include "report/names.h"

#include <math.h>
#include <stdbool.h>

#include "report/html.h"

enum { ASCENT = 11, DESCENT = 4, LETTER = 9 }; /* of the style's font, in pixels */

static double text_width(const char *text)
{
    int letters = 0;
    for (; *text; text++)
        letters += (*text & 0xC0) != 0x80;
    return LETTER * letters;
}

static bool take(bw_names *names, struct bw_name_room room)
{
    for (int i = 0; i < names->count; i++) {
        const struct bw_name_room *other = &names->taken[i];
        if (room.left < other->right && other->left < room.right && room.top < other->bottom &&
            other->top < room.bottom)
            return false;
    }
    if (names->count == BW_MOST_NAMES)
        return false;
    names->taken[names->count++] = room;
    return true;
}

void bw_names_write(bw_names *names, FILE *file, const bw_named_box *box, const char *name)
{
    if (box->width < BW_NAMED_SIDE || box->height < BW_NAMED_SIDE)
        return;
    double width = text_width(name), x = fmax(0, fmin(box->left, names->width - width - 6)) + 3;
    double within = fmax(0, box->top) + 14, above = box->top > 17 ? box->top - 4 : within;
    for (int i = 0; i < 2; i++) {
        double y = i == 0 ? above : within;
        if (!take(names, (struct bw_name_room){x, y - ASCENT, x + width, y + DESCENT}))
            continue;
        fprintf(file, "<text x=\"%.1f\" y=\"%.1f\">", x, y);
        bw_html_text(file, name);
        fputs("</text>", file);
        return;
    }
}
