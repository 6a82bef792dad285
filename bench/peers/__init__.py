"""The engines that Boxwright is compared with, one module an engine.

A module has a class Engine(files, precision, mode, batch, threads, images), where `precision` is
one of those that PRECISIONS in compare.py gives the engine, `mode` one of the ways in which it can
spread its work over threads (MODES there), `files` comes from networks.py and `images` is a batch,
NCHW. For INT8, files["int8"] is the network as quantise.py writes it. It has:

    images       pictures that one call of run() takes
    run()        runs the network once on all of them
    outputs()    the heads of the first batch as NCHW arrays, in the cfg's order
    version      the engine's version
"""
