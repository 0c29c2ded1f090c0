// SPDX-License-Identifier: Apache-2.0
//
// An adder graph as dataflow. A value of the graph is emitted · 2^exponent, so that shifts cost no
// node of their own, and every sum gets the exact range of its linear form over the graph's inputs.
#pragma once

#include <span>
#include <vector>

#include "cmvm/adder_graph.h"
#include "dfg/builder.h"

namespace gatewright::cmvm {

class GraphEmitter {
  public:
    /// Input i of the graph is inputs[i] · 2^exponents[i].
    GraphEmitter(dfg::Builder& builder, std::vector<dfg::ValueId> inputs,
                 std::vector<int> exponents);

    /// Ranges of the graph's inputs.
    [[nodiscard]] const std::vector<fixed::Interval>& ranges() const { return ranges_; }

    /// Emits the nodes. A ternary adder becomes two additions.
    void emit(const AdderGraph& graph);

    /// The output times 2^exponent.
    [[nodiscard]] dfg::ValueId output(const AdderOutput& output, int exponent);

  private:
    [[nodiscard]] dfg::ValueId sum(dfg::ValueId a, dfg::ValueId b, int shift, bool subtract,
                                   fixed::Interval known, int exponent);

    dfg::Builder& builder_;
    std::vector<dfg::ValueId> values_;
    std::vector<int> exponents_;
    std::vector<fixed::Interval> ranges_;
    int frac_ = 0;
};

/// The program that computes the graph: one input per range, in the narrowest format that holds it.
dfg::Program to_program(const AdderGraph& graph, std::span<const fixed::Interval> inputs,
                        std::string name);

}  // namespace gatewright::cmvm
