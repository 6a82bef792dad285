/**
 * Observation: what numbers a network of floats produces on pictures of the user's.
 *
 * The network runs picture by picture on a plan that keeps every tensor, and each tensor's numbers
 * are counted. The result does not depend on the order of the pictures, but for the last bits of
 * the means.
 */
#ifndef BW_CALIBRATE_OBSERVE_H
#define BW_CALIBRATE_OBSERVE_H

#include "base/threads.h"
#include "calibrate/probe.h"

typedef struct bw_observer bw_observer;

/** `graph`: optimised, of floats; it and the pool are borrowed until the observer is closed. */
bw_status bw_observer_open(bw_observer **out, const bw_graph *graph, bw_pool *pool,
                           bw_error *error);

/** Runs the network on a picture, fitted as `resize` (not AUTO) says, `padding` around it. */
bw_status bw_observer_add(bw_observer *observer, const bw_image *image, bw_resize resize,
                          float padding, bw_error *error);

/** Pictures observed so far. */
size_t bw_observer_pictures(const bw_observer *observer);

/** The statistics of each tensor of the graph; what they point at is borrowed. */
void bw_observer_statistics(bw_observer *observer, bw_statistics *statistics);

/** Some of the pictures, spread evenly over all; borrowed. */
bw_probe_pictures bw_observer_kept(const bw_observer *observer);

void bw_observer_close(bw_observer **observer);

#endif
