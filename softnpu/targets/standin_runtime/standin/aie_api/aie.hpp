/* Stands in for AMD's aie_api, so that kernels which include it out of habit compile.
 * None of its vector library is here: what uses `aie::` is for AIE cores only. */
#pragma once
namespace aie {}
