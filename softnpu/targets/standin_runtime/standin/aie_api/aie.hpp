// The AIE API for stand-in cores: the library that AMD documents (UG1529), written for a core with
// a vector unit on memory (vector_unit.h). docs/aie_api.md says which functions are here.
#pragma once

#ifndef __cplusplus
#error "The AIE API is C++: name the file .cc."
#endif

// What authors find there without asking for it.
#include <assert.h>
#include <limits>
#include <math.h>
#include <stddef.h>
#include <string.h>
#include <type_traits>
#include <utility>

#include "standin/macros_off.hpp"
#include "standin/functions.hpp"
#include "standin/macros_on.hpp"
