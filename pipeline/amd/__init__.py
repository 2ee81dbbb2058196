"""AMD's own tools: where they are found, what the versions at hand can do, how they are run.

Every command line is the one that mlir-aie's driver runs (mlir-aie, tools/aiecc/aiecc.cpp, and
python/compiler/aiecc/main.py for the versions before it).
"""
