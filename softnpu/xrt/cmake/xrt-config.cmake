# Where this XRT lies, for find_package(XRT): in F/share/cmake/XRT of the folder F that
# `npuforge run-host --xrt` prints. The names are those that XRT's own configuration sets.
get_filename_component(_xrt_folder "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set(XRT_INCLUDE_DIRS "${_xrt_folder}/include")
set(XRT_LINK_DIRS "${_xrt_folder}/lib")
if(NOT TARGET XRT::xrt_coreutil)
  add_library(XRT::xrt_coreutil UNKNOWN IMPORTED)
  set_target_properties(XRT::xrt_coreutil PROPERTIES
    IMPORTED_LOCATION "${XRT_LINK_DIRS}/libxrt_coreutil.so"
    INTERFACE_INCLUDE_DIRECTORIES "${XRT_INCLUDE_DIRS}")
endif()
unset(_xrt_folder)
