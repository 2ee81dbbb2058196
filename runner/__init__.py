"""Executes an artifact through the pyxrt interface and judges what comes out."""
