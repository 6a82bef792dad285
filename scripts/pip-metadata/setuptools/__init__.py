"""Stands in for setuptools while scripts/assets.sh downloads a source package.

`pip download` asks the build system of a source package for its metadata even when nothing is to
be built. This one answers with the name and version that were asked for, so that no code of the
package runs and no build tools are needed.
"""
