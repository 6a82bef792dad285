"""The engines that Boxwright is compared with, one module an engine.

A module has a class Engine(files, mode, batch, threads, images), where `mode` is one of the ways
in which the engine can spread its work over threads (see MODES in compare.py), `files` comes from
networks.py and `images` is a batch, NCHW. It has:

    images       pictures that one call of run() takes
    run()        runs the network once on all of them
    outputs()    the heads of the first batch as NCHW arrays, in the cfg's order
    version      the engine's version

Every engine computes in FP32.
"""
