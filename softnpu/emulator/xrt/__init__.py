"""XRT's objects on the emulator; `softnpu.pyxrt` is their front."""
