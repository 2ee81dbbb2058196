// What XRT's older interface leaves to the newer one: handles and the direction of a sync.
#pragma once

#include <cstdint>
#include <cstdlib>

#include "xrt/detail/config.h"
#include "xrt/detail/xclbin.h"

typedef void *xclDeviceHandle;
typedef unsigned int xclBufferHandle;
typedef int32_t xclBufferExportHandle;

#define XRT_NULL_HANDLE NULL
#define NULLBO 0xffffffff
#define XRT_NULL_BO NULLBO
#define NULLBOEXPORT -1
#define XRT_NULL_BO_EXPORT NULLBOEXPORT

enum xclBOSyncDirection {
  XCL_BO_SYNC_BO_TO_DEVICE = 0,
  XCL_BO_SYNC_BO_FROM_DEVICE,
  XCL_BO_SYNC_BO_GMIO_TO_AIE,
  XCL_BO_SYNC_BO_AIE_TO_GMIO,
};

enum xrtLogMsgLevel {
  XRT_EMERGENCY = 0,
  XRT_ALERT = 1,
  XRT_CRITICAL = 2,
  XRT_ERROR = 3,
  XRT_WARNING = 4,
  XRT_NOTICE = 5,
  XRT_INFO = 6,
  XRT_DEBUG = 7,
};
