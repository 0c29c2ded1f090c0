// SPDX-License-Identifier: Apache-2.0
//
// A netlist seen as one flat graph of signals: who drives each signal, through the instances of the
// top; how many registers lie between the inputs and a signal; and each signal as an SMT term.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "rtl/netlist.h"
#include "support/result.h"

namespace gatewright::verify {

/// A signal of one module; every module but the top is instantiated once.
struct Net {
    std::size_t module = 0;
    rtl::SignalId signal;
    friend auto operator<=>(const Net&, const Net&) = default;
};

class NetlistGraph {
  public:
    explicit NetlistGraph(const rtl::Netlist& netlist);

    [[nodiscard]] const rtl::Netlist& netlist() const { return netlist_; }
    [[nodiscard]] int width(const Net& net) const;
    [[nodiscard]] std::string name(const Net& net) const;
    /// The statement that drives a signal; nullptr for ports and signals driven through an
    /// instance.
    [[nodiscard]] const rtl::Statement* driver(const Net& net) const;
    /// The signal on the other side of an instance's port.
    [[nodiscard]] std::optional<Net> across(const Net& net) const;
    /// A port of the top by its name.
    [[nodiscard]] Net top_port(const std::string& name) const;

  private:
    const rtl::Netlist& netlist_;
    std::map<Net, const rtl::Statement*> drivers_;
    std::map<Net, Net> across_;
};

/// A part of a signal: bits low .. low + width - 1. Vectors between modules carry values of
/// different cycles side by side, so cycles belong to parts.
struct NetPart {
    Net net;
    int low = 0;
    int width = 0;
    friend auto operator<=>(const NetPart&, const NetPart&) = default;
};

/// Registers between the inputs and a part of a signal, the same on every path (no value: a
/// constant). Fails where paths of unequal length meet or a signal depends on itself, naming the
/// signal.
class Balance {
  public:
    explicit Balance(const NetlistGraph& graph) : graph_(graph) {}
    Result<std::optional<int>> cycles(const NetPart& part);

  private:
    Result<std::optional<int>> derive(const NetPart& part);
    Result<std::optional<int>> of_bits(const Net& target, const rtl::Bits& bits, int low,
                                       int width);
    const NetlistGraph& graph_;
    std::map<NetPart, std::optional<int>> known_;
    std::set<NetPart> open_;  // being looked at: met again, it is a loop
};

/// SMT-LIB definitions of signals, registers read as wires. Where `cut` gives a term for a signal,
/// that term stands for it.
class SignalTerms {
  public:
    using Cut = std::function<std::optional<std::string>(const Net&)>;
    /// Names the function symbol of a table: equal tables must get equal names.
    using TableSymbol = std::function<std::string(const rtl::TableFunction&)>;
    SignalTerms(const NetlistGraph& graph, Cut cut, TableSymbol table)
        : graph_(graph), cut_(std::move(cut)), table_(std::move(table)) {}

    /// A term for the signal as others see it; new definitions are appended to `text`.
    std::string term(const Net& net, std::string& text);
    /// The term of what drives the signal, even if it is cut.
    std::string definition(const Net& net, std::string& text);

  private:
    std::string bits(std::size_t module, const rtl::Bits& bits, std::string& text);
    std::string operation(std::size_t module, const rtl::Assign& assign, int width,
                          std::string& text);
    const NetlistGraph& graph_;
    Cut cut_;
    TableSymbol table_;
    std::map<Net, std::string> names_;
};

}  // namespace gatewright::verify
