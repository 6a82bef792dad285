/**
 * Writes a macro out for each number from 1 on: of micro-kernels there is an instance for each
 * number of pixels, or of tiles, that they may be called for.
 */
#ifndef BW_KERNELS_X86_EACH_H
#define BW_KERNELS_X86_EACH_H

#define BW_EACH_6(of) of(1) of(2) of(3) of(4) of(5) of(6)
#define BW_EACH_12(of) BW_EACH_6(of) of(7) of(8) of(9) of(10) of(11) of(12)
#define BW_EACH_14(of) BW_EACH_12(of) of(13) of(14)

#endif
