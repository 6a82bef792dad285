/**
 * Quantisation: the passes that turn a network of floats into one of bytes (INT8).
 *
 * Activations are bytes with a scale and a zero point a tensor, weights are signed bytes with a
 * scale an output channel (Jacob et al. 2018; Nagel et al. 2021, "A White Paper on Neural Network
 * Quantization"). What the detection heads read stays in floats. Unlike the other passes these need
 * to know what numbers a network produces: a bw_statistics a tensor, from src/calibrate.
 */
#ifndef BW_PASSES_QUANTIZE_H
#define BW_PASSES_QUANTIZE_H

#include "graph/graph.h"
#include "passes/codebook.h"
#include "passes/covariance.h"
#include "passes/histogram.h"

/** What was observed of a tensor, one entry a channel, and of the node that produces it. */
typedef struct bw_statistics {
    const bw_histogram *channels;
    const float *means, *deviations; /* standard deviations */
    const bw_covariance *windows;    /* that a convolution reads; NULL where nothing is known */
} bw_statistics;

/** What a tensor's bytes stand for, 0 to 255. */
typedef struct bw_range {
    float low, high;
} bw_range;

/** A quantisation of one graph, as it is made step by step; its memory is the graph's. */
typedef struct bw_quantization {
    const bw_statistics *statistics; /* one a tensor of the graph, borrowed */
    int largest_dense; /* magnitude of the integers of dense convolutions: in general, */
    int largest_whole; /* of those of Winograd's windows (3 × 3 of stride 1), summed in 32 bits
                          from the start, and of those that heads read, whose errors nothing
                          evens out */
    float **factors;   /* one array a tensor: what its channels were multiplied by since */
    int *classes;      /* of each tensor: the first one of those that must share its format */
    bw_range *ranges;  /* of each tensor, equal within a class */
    const bw_format *formats; /* of each tensor, equal within a class: for ranges; or NULL */
    const bool *floats;       /* classes (by their first tensor) that stay floats; NULL: none */
    int share_bits;           /* of an index of a dense weight; 0: weights share nothing; or AUTO */
    float share_noise;        /* AUTO: see bw_build_options */
} bw_quantization;

/**
 * Equalises the graph's channels and finds the classes. The integers of dense convolutions will be
 * −largest_dense to largest_dense (127, or less for speed, see the kernels), others −127 to 127;
 * the caller may allow some more, see largest_whole.
 */
bw_status bw_quantization_open(bw_quantization *how, bw_graph *graph,
                               const bw_statistics *statistics, int largest_dense, bw_error *error);

/** The classes of a graph's tensors, see bw_quantization, in its arena; NULL without memory. */
int *bw_find_classes(bw_graph *graph);

/** Whether an operation moves bytes, so that its tensors are of one class. */
bool bw_moves_bytes(bw_op op);

/** Fills `ranges` by one rule for all tensors. */
bw_status bw_choose_ranges(bw_quantization *how, bw_graph *graph, bw_range_rule rule,
                           bw_error *error);

/** 256 steps over a range that holds 0. */
bw_format bw_range_bytes(bw_range range);

/** The byte format of a tensor by its range; of a class with the picture in it, that of the
 * picture's bytes. */
bw_format bw_range_format(const bw_quantization *how, const bw_graph *graph, int tensor);

/**
 * Gives every tensor that can have it a byte format, those of `floats` and those between bytes and
 * floats excepted, and every convolution that reads bytes integer weights.
 */
bw_status bw_pass_quantize(bw_graph *graph, const bw_quantization *how, bw_error *error);

/** The formats and conversions of bw_pass_quantize, without the weights: a network to look at. */
bw_status bw_give_formats(bw_graph *graph, const bw_quantization *how, bw_error *error);

/** Evens out the channels of tensors that only convolutions read; notes how in `factors`. */
bw_status bw_equalize_channels(bw_graph *graph, const bw_quantization *how, bw_error *error);

/**
 * Adds conversions so that each operation reads and writes formats that there are kernels for:
 * numbers of one type, or a convolution of bytes that writes floats.
 */
bw_status bw_join_formats(bw_graph *graph, bw_error *error);

/**
 * Makes the integer weights of all convolutions that read bytes, and the bias that corrects the
 * mean error of their rounding.
 */
bw_status bw_quantize_weights(bw_graph *graph, const bw_quantization *how, bw_error *error);

/** Whether the file that the network comes from has given tensors bytes. */
bool bw_is_quantized(const bw_graph *graph);

/**
 * Quantises as the file does, without statistics: tensors get the bytes that it gives them, and
 * filters the integers that it has. Tensors of one class that were given different bytes get the
 * range of them all; a class that was given none stays floats. Filters whose integers are larger
 * than kernels of this largest magnitude allow, and those that the file leaves floats while it
 * gives bytes to what they read, are rounded to the scale of least error.
 */
bw_status bw_pass_quantize_as_given(bw_graph *graph, int largest_dense, int largest_whole,
                                    bw_error *error);

/** The integers of all convolutions that read bytes, by the scales that the file gives. */
bw_status bw_keep_weights(bw_graph *graph, const bw_quantization *how, bw_error *error);

/** One output channel of a convolution on its way to integers. */
typedef struct bw_filter {
    const float *weights;
    int8_t *integers;
    size_t count;
    float scale, largest;
    const bw_codebook *codebook; /* that the integers are taken from; NULL: any */
    const float *lengths;        /* bits that integer i takes, at BW_INTEGER_ORIGIN + i; or NULL */
    float price;                 /* of a bit, in units of the sum's variance */
} bw_filter;

/**
 * Refines integers: moves each as long as that lowers the variance of the error of the sum, given
 * the matrix of a block of `size` inputs. `slopes` is scratch for `size` numbers. Where there is a
 * codebook, a step leads to the level that is best; where bits have a price, it is added to the
 * variance. Returns the variance that is left.
 */
double bw_round_block(const bw_filter *filter, size_t first, size_t size, const float *matrix,
                      float *slopes);

/** The upper triangle of R in matrix = R × Rᵀ; false where the matrix has none. */
bool bw_find_root(double *root, const float *matrix, size_t size);

/**
 * Rounds a block's weights in order; each is rounded to where it makes up for the errors of those
 * before it, as far as it can (Frantar et al. 2022, "GPTQ: Accurate Post-Training Quantization for
 * Generative Pre-trained Transformers"). `carried` is scratch for `size` numbers.
 */
void bw_round_in_order(const bw_filter *filter, size_t first, size_t size, const double *root,
                       float *carried);

#endif
