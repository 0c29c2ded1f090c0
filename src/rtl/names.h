// SPDX-License-Identifier: Apache-2.0
//
// Legal and distinct Verilog identifiers from whatever a user called things.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

namespace gatewright::rtl {

/// Letters, digits and underscores, not starting with a digit, and no word that Verilog,
/// SystemVerilog or C++ (Verilator's output) reserves: "é1" -> "_1", "0x" -> "n0x", "reg" ->
/// "reg_".
std::string legal_name(std::string_view text);

/// Hands out names of one scope. Names that differ only in case count as equal, for file systems
/// and VHDL, which do not tell them apart.
class Namer {
  public:
    /// A legal name not given out before: `text`, or `text` with _2, _3 ... behind.
    std::string unique(std::string_view text);

  private:
    std::unordered_set<std::string> taken_;
};

}  // namespace gatewright::rtl
