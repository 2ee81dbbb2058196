// How the library's functions are declared: all that stands in these headers is visible.
#pragma once

#define XRT_API_EXPORT __attribute__((visibility("default")))
#define XCL_DRIVER_DLLESPEC XRT_API_EXPORT
