#include "kernels/bilinear.h"

#if defined __x86_64__
extern const bw_bilinear bw_bilinear_avx2;
#endif

static const bw_bilinear *const implementations[] = {
#if defined __x86_64__
    &bw_bilinear_avx2,
#endif
    &bw_bilinear_ref,
};

enum { COUNT = sizeof implementations / sizeof *implementations };

const bw_bilinear *bw_bilinear_at(int index)
{
    return index >= 0 && index < COUNT ? implementations[index] : NULL;
}

const bw_bilinear *bw_bilinear_choose(uint32_t cpu)
{
    for (int index = 0; index < COUNT; index++) {
        if ((implementations[index]->needs & ~cpu) == 0)
            return implementations[index];
    }
    return &bw_bilinear_ref;
}
