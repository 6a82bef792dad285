"""The engines that Boxwright is compared with, one module an engine.

A module has MODES, the ways it can spread work over threads, and open_engine(files, mode, batch,
threads, images), which returns an object with:

    images       pictures that one call of run() takes
    run()        runs the network once on all of them
    outputs()    the heads of the first batch as NCHW arrays, in the cfg's order
    version      the engine's version

Every module computes in FP32. Where an engine can run several requests side by side, that is one
of its modes; the comparison takes the mode that is fastest for the case at hand.
"""
