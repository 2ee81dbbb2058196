"""An NPU through XRT: pyxrt found wherever it lies, in a child process that can be ended."""
