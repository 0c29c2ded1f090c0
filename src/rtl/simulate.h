// SPDX-License-Identifier: Apache-2.0
//
// The netlist executed cycle by cycle: the evaluator that sees what the Verilog says, registers,
// packed ports and all, without a simulator installed. It reads the netlist only; no dataflow
// program, no formats. Signals live in 64-bit words; operations up to 64 bits wide work on words,
// wider ones on exact integers.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "rtl/netlist.h"

namespace gatewright::rtl {

class Simulator {
  public:
    explicit Simulator(const Netlist& netlist);
    ~Simulator();
    Simulator(Simulator&&) noexcept;
    Simulator& operator=(Simulator&&) noexcept;

    struct Outputs {
        fixed::Integer out;  ///< as on the port: in [0, 2^bits)
        bool valid = false;
    };

    /// One clock cycle: applies the inputs, reads the outputs of this cycle, then the clock edge.
    /// The result of an event offered in step n is read in step n + latency_cycles.
    Outputs step(const fixed::Integer& in, bool in_valid);
    /// A cycle with rst high: clears the valid pipeline.
    void reset();

    // The same by hand, for tops with other ports: set inputs, settle, read outputs, clock. A name
    // that is no port of the top is an InternalError.
    void set(std::string_view port, const fixed::Integer& value);
    void settle();                                                  ///< combinational logic
    [[nodiscard]] fixed::Integer get(std::string_view port) const;  ///< in [0, 2^width)
    void clock();                                                   ///< the rising edge

  private:
    struct Machine;
    std::unique_ptr<Machine> machine_;
};

/// Output codes of each event (one per output element), streamed through one Simulator back to
/// back. Each event has one code per input element. Broken valid signals are an InternalError.
std::vector<std::vector<fixed::Integer>> simulate(
    const Netlist& netlist, std::span<const std::vector<fixed::Integer>> events);

}  // namespace gatewright::rtl
