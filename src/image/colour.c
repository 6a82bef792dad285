#include <math.h>

#include "image/draw.h"

static double from_linear(double value)
{
    double clipped = fmin(fmax(value, 0.0), 1.0);
    return clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * pow(clipped, 1.0 / 2.4) - 0.055;
}

static double to_linear(double value)
{
    return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

/* OKLab to sRGB. */
static bw_colour from_oklab(double lightness, double a, double b)
{
    double l = pow(lightness + 0.3963377774 * a + 0.2158037573 * b, 3);
    double m = pow(lightness - 0.1055613458 * a - 0.0638541728 * b, 3);
    double s = pow(lightness - 0.0894841775 * a - 1.2914855480 * b, 3);
    return (bw_colour){
        from_linear(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
        from_linear(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
        from_linear(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s),
    };
}

bw_colour bw_class_paint(int32_t class_id)
{
    static const double lightness[3] = {0.70, 0.80, 0.62};
    const double golden_angle = 2.399963229728653, first_hue = 0.65, chroma = 0.19;
    uint32_t index = (uint32_t)class_id;
    double hue = first_hue + golden_angle * (index % 4096);
    return from_oklab(lightness[index % 3], chroma * cos(hue), chroma * sin(hue));
}

static uint32_t byte_of(double value)
{
    return (uint32_t)lround(value * 255.0);
}

uint32_t bw_class_colour(int32_t class_id)
{
    bw_colour paint = bw_class_paint(class_id);
    return byte_of(paint.red) << 16 | byte_of(paint.green) << 8 | byte_of(paint.blue);
}

bw_colour bw_text_colour(bw_colour background)
{
    double luminance = 0.2126 * to_linear(background.red) + 0.7152 * to_linear(background.green) +
                       0.0722 * to_linear(background.blue);
    double on_white = 1.05 / (luminance + 0.05), on_black = (luminance + 0.05) / 0.05;
    return on_white > on_black ? (bw_colour){1.0, 1.0, 1.0} : (bw_colour){0.0, 0.0, 0.0};
}
