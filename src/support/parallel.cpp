// SPDX-License-Identifier: Apache-2.0
#include "support/parallel.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <thread>
#include <vector>

namespace gatewright {

std::size_t thread_count() {
    if (const char* wanted = std::getenv("GW_THREADS")) {
        const long number = std::strtol(wanted, nullptr, 10);
        if (number > 0) return static_cast<std::size_t>(std::min(number, 256L));
    }
    return std::max(1U, std::thread::hardware_concurrency());
}

void parallel_for(std::size_t count, std::size_t block,
                  const std::function<void(std::size_t, std::size_t)>& body) {
    parallel_for(count, block, 0, body);
}

void parallel_for(std::size_t count, std::size_t block, std::size_t wanted,
                  const std::function<void(std::size_t, std::size_t)>& body) {
    const std::size_t blocks = block == 0 ? 0 : (count + block - 1) / block;
    std::vector<std::exception_ptr> failures(blocks);
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        for (std::size_t i = next++; i < blocks; i = next++) {
            try {
                body(i * block, std::min(count, (i + 1) * block));
            } catch (...) {
                failures[i] = std::current_exception();
            }
        }
    };
    const std::size_t workers = std::min(wanted == 0 ? thread_count() : wanted, blocks);
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < workers; ++i) threads.emplace_back(work);
    work();
    for (std::thread& thread : threads) thread.join();
    for (const std::exception_ptr& failure : failures) {
        if (failure) std::rethrow_exception(failure);
    }
}

}  // namespace gatewright
