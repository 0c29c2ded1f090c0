// SPDX-License-Identifier: Apache-2.0
//
// The map of the registers for people (Markdown), programs (JSON) and C. Byte addresses, as APB and
// AXI4-Lite have them.
#include <fmt/format.h>

#include "rtl/stages/control.h"
#include "support/json.h"

namespace gatewright::rtl {
namespace {

struct RegisterRow {
    ControlRegister which;
    const char* name;
    const char* access;
    const char* meaning;
};

constexpr RegisterRow kRegisters[] = {
    {ControlRegister::kIdentity, "IDENTITY", "read", "0x47573031"},
    {ControlRegister::kBank, "BANK", "read, write",
     "bit 0: bank of weights that the next events take; a swap takes effect at the next event's "
     "first word"},
    {ControlRegister::kInFlight0, "IN_FLIGHT_0", "read",
     "events under way with bank 0; bit 31: the bank is in use (selected, or events under way)"},
    {ControlRegister::kInFlight1, "IN_FLIGHT_1", "read", "the same of bank 1"},
    {ControlRegister::kStatus, "STATUS", "read",
     "bit 0: an end-of-event marker came at a wrong word"},
    {ControlRegister::kRefused, "REFUSED", "read",
     "writes of weights refused because their bank was in use"},
};

using Kind = LoadBlock::Kind;

std::string address_text(std::int64_t word) {
    return fmt::format("0x{:x}", 4 * word);
}

struct TableRow {
    std::string stage;
    const char* kind;
    const LoadBlock* block;
    Kind which;
    const LoadTable* table;
    int code_bits = 0;  ///< of biases; weights differ per lane
    [[nodiscard]] std::int64_t index_stride() const {
        return block->address(0, which, 1, 0) - block->address(0, which, 0, 0);
    }
};

std::vector<TableRow> tables(const arch::StagedDesign& design, const StagedNetlist& staged) {
    std::vector<TableRow> rows;
    for (const LoadBlock& block : staged.blocks) {
        const std::string& stage = design.stages[block.stage].name;
        rows.push_back({stage, "weights", &block, Kind::kWeights, &block.weights, 0});
        rows.push_back({stage, "biases", &block, Kind::kBiases, &block.biases, 0});
    }
    return rows;
}

std::string markdown(const arch::StagedDesign& design, const StagedNetlist& staged) {
    std::string text = fmt::format(
        "# Registers of {}\n\nByte addresses; words of 32 bits. `rtl/{}_apb.v` and "
        "`rtl/{}_axi_lite.v` give them a bus.\n\n| address | name | access | meaning |\n"
        "|---|---|---|---|\n",
        design.name, staged.netlist.name, staged.netlist.name);
    for (const RegisterRow& row : kRegisters) {
        text += fmt::format("| {} | {} | {} | {} |\n",
                            address_text(static_cast<std::int64_t>(row.which)), row.name,
                            row.access, row.meaning);
    }
    text +=
        "\n## Weights and biases\n\nWrite-only. Word c of index i is at base + i · stride + 4 · c. "
        "An index of weights is a step, one of biases a group of outputs; its codes stand side by "
        "side in two's complement, the first lowest, cut into words of 32 bits. A write to a bank "
        "in use is refused with an error. Both banks start with the model's weights.\n\n"
        "| stage | what | indices | bits of an index | words | stride | bank 0 | bank 1 |\n"
        "|---|---|---|---|---|---|---|---|\n";
    for (const TableRow& row : tables(design, staged)) {
        text += fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} |\n", row.stage, row.kind,
                            row.table->indices, row.table->word_bits, row.table->columns,
                            4 * row.index_stride(),
                            address_text(row.block->address(0, row.which, 0, 0)),
                            address_text(row.block->address(1, row.which, 0, 0)));
    }
    return text;
}

// The weight of step s, lane input i, lane output j is the head's weight (slice · inputs + i,
// group · outputs + j); the JSON gives enough to place each.
Json table_json(const arch::StagedDesign& design, const TableRow& row) {
    const auto& work = std::get<arch::Compute>(design.stages[row.block->stage].work);
    const arch::LinearHead& head = *work.parts.front().head;
    const arch::Folding& folding = work.folding;
    const bool is_bias = row.which == Kind::kBiases;
    Json json = Json::object();
    json.set("stage", row.stage);
    json.set("kind", row.kind);
    json.set("format", fixed::to_string(is_bias ? head.bias_format : head.weight_format));
    json.set("code_bits",
             std::int64_t{is_bias ? head.bias_format.width : head.weight_format.width});
    json.set("inputs", static_cast<std::int64_t>(head.inputs));
    json.set("outputs", static_cast<std::int64_t>(head.outputs));
    json.set("slices", folding.slices);
    json.set("groups", folding.groups);
    json.set("order", folding.order == arch::Folding::Order::kByInput ? "by_input" : "by_output");
    json.set("indices", row.table->indices);
    json.set("index_bits", std::int64_t{row.table->word_bits});
    json.set("words_per_index", std::int64_t{row.table->columns});
    json.set("stride_bytes", 4 * row.index_stride());
    Json banks = Json::array();
    for (int bank = 0; bank < 2; ++bank) {
        banks.push_back(4 * row.block->address(bank, row.which, 0, 0));
    }
    json.set("bank_addresses", std::move(banks));
    return json;
}

std::string c_header(const arch::StagedDesign& design, const StagedNetlist& staged) {
    std::string guard = staged.netlist.name + "_REGISTERS_H";
    std::string prefix;
    for (char& letter : guard) letter = static_cast<char>(std::toupper(letter));
    prefix = guard.substr(0, guard.size() - std::string("_REGISTERS_H").size());
    std::string text = fmt::format(
        "/* Registers of {}: byte addresses. Generated by Gatewright. */\n#ifndef {}\n#define "
        "{}\n\n",
        staged.netlist.name, guard, guard);
    for (const RegisterRow& row : kRegisters) {
        text += fmt::format("#define {}_{} {}u\n", prefix, row.name,
                            address_text(static_cast<std::int64_t>(row.which)));
    }
    for (const TableRow& row : tables(design, staged)) {
        std::string name = legal_name(row.stage) + "_" + row.kind;
        for (char& letter : name) letter = static_cast<char>(std::toupper(letter));
        text += fmt::format("\n#define {0}_{1}_INDICES {2}u\n#define {0}_{1}_WORDS {3}u\n", prefix,
                            name, row.table->indices, row.table->columns);
        text += fmt::format(
            "#define {0}_{1}(bank, index, word) \\\n    ({2}u + {3}u * (bank) + {4}u * (index) + "
            "4u * (word))\n",
            prefix, name, address_text(row.block->address(0, row.which, 0, 0)),
            4 * (row.block->address(1, row.which, 0, 0) - row.block->address(0, row.which, 0, 0)),
            4 * row.index_stride());
    }
    return text + "\n#endif\n";
}

}  // namespace

std::vector<File> register_maps(const arch::StagedDesign& design, const StagedNetlist& staged) {
    Json json = Json::object();
    Json registers = Json::object();
    for (const RegisterRow& row : kRegisters) {
        registers.set(row.name, 4 * static_cast<std::int64_t>(row.which));
    }
    json.set("registers", std::move(registers));
    Json list = Json::array();
    for (const TableRow& row : tables(design, staged)) list.push_back(table_json(design, row));
    json.set("tables", std::move(list));
    return {{"registers.md", markdown(design, staged)},
            {"registers.json", json.dump(2) + "\n"},
            {"registers.h", c_header(design, staged)}};
}

}  // namespace gatewright::rtl
