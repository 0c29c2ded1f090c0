// SPDX-License-Identifier: Apache-2.0
//
// The dataflow program: a pure function from fixed-point inputs to fixed-point outputs in SSA form.
// No time, no state: clocks live in schedule and rtl. A node's operands come before it, so walking
// the nodes in order is an evaluation order.
//
// Every op is total: its exact result is brought into the node's format by wrapping, so a program
// means the same in every evaluator whatever its formats are. A Builder gives each node the
// narrowest format its values need, and then nothing ever wraps except where a cast says so.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fixed/interval.h"
#include "support/strong_id.h"

namespace gatewright::dfg {

struct ValueTag;
struct TableTag;
using ValueId = StrongId<ValueTag>;
using TableId = StrongId<TableTag>;

enum class Op : std::uint8_t {
#define GW_OP(name, text, arity) name,
#include "dfg/ops.def"
#undef GW_OP
};

/// "add", "cast" ... and how many operands it takes.
std::string_view to_string(Op op);
std::size_t arity(Op op);

struct Node {
    Op op = Op::kConstant;
    fixed::Format format;
    /// Every value the node can take lies in here; same frac as the format. A constant's code is
    /// lo.
    fixed::Interval range;
    std::array<ValueId, 3> args{};
    int shift = 0;  ///< add, sub: b is scaled by 2^shift; slice: the lowest bit taken
    fixed::Round round = fixed::Round::kTrn;  // cast only, as the next two
    fixed::Overflow overflow = fixed::Overflow::kWrap;
    int saturation_bits = 0;
    TableId table;  // table only
    LayerId layer;  ///< the layer of the user's model this came from, if any

    [[nodiscard]] fixed::Cast cast() const { return {format, round, overflow, saturation_bits}; }
    [[nodiscard]] std::span<const ValueId> operands() const { return {args.data(), arity(op)}; }
};

/// A lookup table: 2^k codes for an index of k bits, in the format of the nodes that read it.
struct Table {
    std::string name;
    std::vector<fixed::Integer> codes;
    friend bool operator==(const Table&, const Table&) = default;
};

class Program {
  public:
    std::string name;

    [[nodiscard]] std::size_t size() const { return nodes_.size(); }
    [[nodiscard]] const Node& operator[](ValueId id) const { return nodes_[id.index()]; }
    [[nodiscard]] std::span<const Node> nodes() const { return nodes_; }
    [[nodiscard]] std::span<const ValueId> inputs() const { return inputs_; }
    [[nodiscard]] std::span<const ValueId> outputs() const { return outputs_; }
    [[nodiscard]] std::span<const Table> tables() const { return tables_; }
    [[nodiscard]] const Table& table(TableId id) const { return tables_[id.index()]; }

    // Appending; a node's operands must exist (InternalError otherwise). Inputs are numbered in
    // order.
    ValueId append(Node node);
    TableId append_table(Table table);
    void append_output(ValueId value) { outputs_.push_back(value); }

    /// How many operands of nodes and outputs read each value.
    [[nodiscard]] std::vector<std::uint32_t> use_counts() const;

  private:
    std::vector<Node> nodes_;
    std::vector<ValueId> inputs_;
    std::vector<ValueId> outputs_;
    std::vector<Table> tables_;
};

/// The interval of a node's results from its operands' ranges alone (no correlations).
fixed::Interval result_range(const Program& program, const Node& node);

/// The fraction bits an op's exact result has; the node's format must use the same.
int result_frac(const Program& program, const Node& node);

/// Checks what a text or a pass can get wrong: operand order, fraction bits, one-bit results, table
/// sizes, limits. The error names the node.
Status verify(const Program& program);

}  // namespace gatewright::dfg
