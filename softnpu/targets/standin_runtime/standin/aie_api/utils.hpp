// aie_api/utils.hpp prints vectors, which a core has no terminal for: only the API itself is here.
#pragma once

#include "aie.hpp"

namespace aie {

template <class V> void print(const V &, bool = false, const char * = nullptr) {
  static_assert(sizeof(V) == 0, "aie::print: a core has no terminal; write to a buffer instead");
}

} // namespace aie
