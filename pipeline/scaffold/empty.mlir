// Nothing: what it takes to run this is what it takes to run anything.
module {
  aie.device(DEVICE) {
    %shim = aie.tile(0, 0)
    aie.runtime_sequence() {
    }
  }
}
