// SPDX-License-Identifier: Apache-2.0
//
// A FIFO with credits. Whoever feeds it reserves a place when it fires and pushes the word some
// cycles later; `open` says that a place is free, counted without the pop of this cycle. So nothing
// combinational runs from a reader back to what feeds it, and what is on its way always has a
// place. A word pushed in a cycle is offered from the next one.
//
// Ports: reserve (unless the words are reserved as they are pushed), push, in, pop -> open, valid,
// out.
#pragma once

#include <map>
#include <tuple>

#include "rtl/netlist.h"

namespace gatewright::rtl {

enum class Reservation : std::uint8_t {
    kAhead,     ///< by a port of its own, before the push
    kWithPush,  ///< of input ports
};

/// FIFO modules of a netlist, each shape made once.
class FifoLibrary {
  public:
    FifoLibrary(Netlist& netlist, std::string prefix)
        : netlist_(netlist), prefix_(std::move(prefix)) {}
    ModuleId get(std::int64_t depth, int width, Reservation reservation);

  private:
    Netlist& netlist_;
    std::string prefix_;
    std::map<std::tuple<std::int64_t, int, Reservation>, ModuleId> made_;
};

}  // namespace gatewright::rtl
