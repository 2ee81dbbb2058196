/* Included before every kernel already. */
#pragma once
#include <aie_intrinsics.h>
