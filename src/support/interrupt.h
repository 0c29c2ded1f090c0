// SPDX-License-Identifier: Apache-2.0
//
// Ctrl-C and SIGTERM: what is half made is removed, programs we started are ended, then the process
// ends with the usual code (128 + signal). A thread waits for the signals, so cleaning up is
// ordinary code and not a signal handler.
#pragma once

#include <cstddef>
#include <functional>

namespace gatewright {

/// While this lives, an interrupt calls `cleanup` (from another thread) before the process ends.
class CleanupOnInterrupt {
  public:
    explicit CleanupOnInterrupt(std::function<void()> cleanup);
    ~CleanupOnInterrupt();
    CleanupOnInterrupt(const CleanupOnInterrupt&) = delete;
    CleanupOnInterrupt& operator=(const CleanupOnInterrupt&) = delete;

  private:
    std::size_t id_;
};

/// While this lives, an interrupt waits: for steps that cleaning up must not run into.
class HoldInterrupts {
  public:
    HoldInterrupts();
    ~HoldInterrupts();
    HoldInterrupts(const HoldInterrupts&) = delete;
    HoldInterrupts& operator=(const HoldInterrupts&) = delete;
};

/// Starts the waiting thread. Called once, by main(), before other threads exist.
void handle_interrupts();

}  // namespace gatewright
