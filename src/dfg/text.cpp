// SPDX-License-Identifier: Apache-2.0
#include "dfg/text.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "dfg/affine.h"

namespace gatewright::dfg {
namespace {

using fixed::Integer;
using fixed::Interval;

std::optional<Op> find_op(std::string_view word) {
#define GW_OP(name, text, arity) \
    if (word == text) return Op::name;
#include "dfg/ops.def"
#undef GW_OP
    return std::nullopt;
}

std::string operand_text(const Node& node) {
    std::string out;
    for (const ValueId arg : node.operands()) out += fmt::format(" %{}", arg.index());
    return out;
}

std::string attributes_text(const Node& node) {
    switch (node.op) {
        case Op::kConstant:
            return " " + node.range.lo.to_string();
        case Op::kAdd:
        case Op::kSub:
            return node.shift == 0 ? "" : fmt::format(" << {}", node.shift);
        case Op::kSlice:
            return node.shift == 0 ? "" : fmt::format(" >> {}", node.shift);
        case Op::kTable:
            return fmt::format(" t{}", node.table.index());
        default:
            return "";
    }
}

std::string modes_text(const Node& node) {
    if (node.op != Op::kCast) return "";
    std::string out = fmt::format(" {} {}", to_string(node.round), to_string(node.overflow));
    if (node.saturation_bits != 0) out += fmt::format(" {}", node.saturation_bits);
    return out;
}

// Reads one line word by word; after a failure every read fails, so callers check once.
class Line {
  public:
    Line(std::string_view text, std::size_t number) : rest_(text), number_(number) {}

    bool at_end() {
        skip_blanks();
        return rest_.empty();
    }
    std::string_view word() {
        skip_blanks();
        std::size_t n = 0;
        while (n < rest_.size() && rest_[n] != ' ' && rest_[n] != '\t' && rest_[n] != ',' &&
               rest_[n] != ']' && rest_[n] != '[') {
            ++n;
        }
        if (n == 0) n = std::min<std::size_t>(1, rest_.size());
        const std::string_view out = rest_.substr(0, n);
        rest_.remove_prefix(n);
        return out;
    }
    std::string_view peek() {
        Line copy = *this;
        return copy.word();
    }
    bool accept(std::string_view expected) {
        if (peek() != expected) return false;
        word();
        return true;
    }
    std::optional<int> integer() {
        const std::string_view text = word();
        int value = 0;
        const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
        return value;
    }
    std::optional<std::size_t> reference(char mark) {
        const std::string_view text = word();
        std::uint32_t value = 0;
        if (text.size() < 2 || text[0] != mark) return std::nullopt;
        const auto [end, code] = std::from_chars(text.data() + 1, text.data() + text.size(), value);
        if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
        return value;
    }
    [[nodiscard]] tl::unexpected<Error> error(std::string_view what) const {
        return fail(fmt::format("line {}: {}", number_, what));
    }

  private:
    void skip_blanks() {
        while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t' || rest_[0] == '\r')) {
            rest_.remove_prefix(1);
        }
    }
    std::string_view rest_;
    std::size_t number_;
};

class Parser {
  public:
    Status parse_line(Line line) {
        if (line.at_end()) return {};
        const std::string_view first = line.peek();
        if (first == "program") {
            line.word();
            program.name = std::string(line.word());
            return {};
        }
        if (first == "table") return parse_table(line);
        if (first == "output") return parse_output(line);
        if (first.starts_with('%')) return parse_node(line);
        return line.error(
            fmt::format("'{}' starts no statement; expected program, table, %n or output", first));
    }
    Program program;

  private:
    Status parse_table(Line line) {
        line.word();
        const auto index = line.reference('t');
        if (!index || *index != program.tables().size())
            return line.error("tables are numbered t0, t1 ...");
        Table table{std::string(line.word()), {}};
        while (!line.at_end()) {
            const auto code = Integer::parse(line.word());
            if (!code) return line.error("a table entry is no integer");
            table.codes.push_back(*code);
        }
        program.append_table(std::move(table));
        return {};
    }

    Status parse_output(Line line) {
        line.word();
        while (!line.at_end()) {
            const auto value = line.reference('%');
            if (!value || *value >= program.size()) return line.error("output of an unknown value");
            program.append_output(ValueId(*value));
        }
        return {};
    }

    Status parse_node(Line line) {
        const auto index = line.reference('%');
        if (!index || *index != program.size())
            return line.error("values are numbered %0, %1 ... in order");
        if (!line.accept("=")) return line.error("expected '='");
        const std::string op_text(line.word());
        const auto op = find_op(op_text);
        if (!op) return line.error(fmt::format("unknown op '{}'", op_text));
        Node node;
        node.op = *op;
        const auto type = fixed::parse_cast(line.word());
        if (!type) return line.error(type.error().message);
        node.format = type->format;
        std::optional<Interval> claim;
        if (line.accept("[")) {
            const auto lo = Integer::parse(line.word());
            const bool comma = line.accept(",");
            const auto hi = Integer::parse(line.word());
            if (!lo || !comma || !hi || !line.accept("]")) return line.error("expected [lo, hi]");
            claim = Interval{*lo, *hi, node.format.frac};
        }
        GW_TRY_STATUS(parse_modes(line, node));
        for (std::size_t i = 0; i < arity(node.op); ++i) {
            const auto arg = line.reference('%');
            if (!arg || *arg >= program.size()) {
                return line.error(
                    fmt::format("operand {} of {} is no earlier value", i + 1, op_text));
            }
            node.args[i] = ValueId(*arg);
        }
        GW_TRY_STATUS(parse_attributes(line, node));
        if (!line.at_end()) return line.error("unexpected text at the end");
        if (claim) {
            node.range = *claim;
        } else if (node.op != Op::kConstant) {
            if (node.format.frac != result_frac(program, node)) {
                return line.error(fmt::format("{} has {} fraction bits, its operands give {}",
                                              op_text, node.format.frac,
                                              result_frac(program, node)));
            }
            node.range = result_range(program, node);
            if (node.range.frac < node.format.frac)
                node.range = on_grid(node.range, node.format.frac);
        }
        program.append(std::move(node));
        return {};
    }

    Status parse_modes(Line& line, Node& node) {
        if (node.op != Op::kCast) return {};
        const auto round = fixed::parse_round(line.word());
        if (!round) return line.error(round.error().message);
        const auto overflow = fixed::parse_overflow(line.word());
        if (!overflow) return line.error(overflow.error().message);
        node.round = *round;
        node.overflow = *overflow;
        if (!line.peek().starts_with('%')) {
            const auto bits = line.integer();
            if (!bits) return line.error("expected the number of saturation bits or an operand");
            node.saturation_bits = *bits;
        }
        return {};
    }

    Status parse_attributes(Line& line, Node& node) {
        if (node.op == Op::kConstant) {
            const auto code = Integer::parse(line.word());
            if (!code) return line.error("a constant needs an integer code");
            node.range = {*code, *code, node.format.frac};
        }
        if (node.op == Op::kTable) {
            const auto table = line.reference('t');
            if (!table || *table >= program.tables().size() ||
                program.tables()[*table].codes.empty()) {
                return line.error("unknown or empty table");
            }
            node.table = TableId(*table);
        }
        const bool shifts = node.op == Op::kAdd || node.op == Op::kSub || node.op == Op::kSlice;
        if (shifts && line.accept(node.op == Op::kSlice ? ">>" : "<<")) {
            const auto amount = line.integer();
            if (!amount || *amount > fixed::kMaxFraction || *amount < -fixed::kMaxFraction) {
                return line.error("bad shift amount");
            }
            node.shift = *amount;
        }
        return {};
    }
};

}  // namespace

std::string to_text(const Program& program) {
    std::string out = fmt::format("program {}\n", program.name.empty() ? "unnamed" : program.name);
    for (std::size_t t = 0; t < program.tables().size(); ++t) {
        const Table& table = program.tables()[t];
        out += fmt::format("table t{} {}", t, table.name.empty() ? "unnamed" : table.name);
        for (const Integer& code : table.codes) out += " " + code.to_string();
        out += '\n';
    }
    for (std::size_t i = 0; i < program.size(); ++i) {
        const Node& node = program.nodes()[i];
        out += fmt::format("%{} = {} {}", i, to_string(node.op), fixed::to_string(node.format));
        const bool constant = node.op == Op::kConstant;
        if (!constant && node.range != on_grid(result_range(program, node), node.format.frac)) {
            out += fmt::format(" [{}, {}]", node.range.lo.to_string(), node.range.hi.to_string());
        }
        out += modes_text(node) + operand_text(node) + attributes_text(node) + "\n";
    }
    if (!program.outputs().empty()) out += "output";
    for (const ValueId output : program.outputs()) out += fmt::format(" %{}", output.index());
    if (!program.outputs().empty()) out += '\n';
    return out;
}

namespace {

Result<Program> parse_lines(std::string_view text) {
    Parser parser;
    std::size_t number = 0;
    while (!text.empty()) {
        ++number;
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        GW_TRY_STATUS(parser.parse_line(Line(line.substr(0, line.find('#')), number)));
    }
    return std::move(parser.program);
}

}  // namespace

Result<Program> parse_text(std::string_view text) {
    GW_TRY(Program program, parse_lines(text));
    GW_TRY_STATUS(verify_ranges(program));
    return program;
}

Result<Program> parse_stored_text(std::string_view text) {
    GW_TRY(Program program, parse_lines(text));
    GW_TRY_STATUS(verify(program));
    return program;
}

}  // namespace gatewright::dfg
