// SPDX-License-Identifier: Apache-2.0
//
// Data-parallel loops over independent items. Work is split by index, never by arrival, so the
// result is the same for every thread count.
#pragma once

#include <cstddef>
#include <functional>

namespace gatewright {

/// Threads used by parallel_for: GW_THREADS, else the number of cores.
std::size_t thread_count();

/// Calls body(begin, end) for blocks of [0, count) of `block` items on all threads; rethrows the
/// exception of the lowest failing block.
void parallel_for(std::size_t count, std::size_t block,
                  const std::function<void(std::size_t, std::size_t)>& body);
/// The same on `threads` threads, the caller's among them; 0: on thread_count() threads.
void parallel_for(std::size_t count, std::size_t block, std::size_t threads,
                  const std::function<void(std::size_t, std::size_t)>& body);

}  // namespace gatewright
