// SPDX-License-Identifier: Apache-2.0
//
// dfg/semantics.h over SMT terms: every value is a signed bit vector of one generous width, wide
// enough that no step of one operation overflows, so bit-vector arithmetic is integer arithmetic
// there. A term used twice is given a name by a definition instead of being written out twice.
#pragma once

#include <fmt/format.h>

#include <string>

#include "dfg/semantics.h"

namespace gatewright::verify {

/// `value` modulo 2^width as an SMT bit-vector literal.
inline std::string smt_literal(const fixed::Integer& value, int width) {
    return fmt::format("(_ bv{} {})", value.low_bits(width).to_string(), width);
}

struct SmtDomain {
    using Value = std::string;
    int width;                 ///< of every term
    std::string* definitions;  ///< SMT-LIB text the terms refer to
    std::size_t* next_name;
    std::string table;  ///< function symbol of the node's table, index_bits -> entry_bits
    int index_bits = 0;
    int entry_bits = 0;
    bool entries_signed = false;

    [[nodiscard]] Value named(const std::string& term) const {
        const std::string name = fmt::format("t{}", (*next_name)++);
        *definitions += fmt::format("(define-fun {} () (_ BitVec {}) {})\n", name, width, term);
        return name;
    }
    [[nodiscard]] Value binary(const char* op, const Value& a, const Value& b) const {
        return named(fmt::format("({} {} {})", op, a, b));
    }
    [[nodiscard]] Value flag(const std::string& condition) const {
        return named(
            fmt::format("(ite {} {} {})", condition, smt_literal(1, width), smt_literal(0, width)));
    }
    [[nodiscard]] Value constant(const fixed::Integer& value) const {
        return smt_literal(value, width);
    }
    [[nodiscard]] Value add(const Value& a, const Value& b) const { return binary("bvadd", a, b); }
    [[nodiscard]] Value sub(const Value& a, const Value& b) const { return binary("bvsub", a, b); }
    [[nodiscard]] Value mul(const Value& a, const Value& b) const { return binary("bvmul", a, b); }
    [[nodiscard]] Value shl(const Value& a, int bits) const {
        if (bits == 0) return a;
        return bits < 0 ? shr(a, -bits) : binary("bvshl", a, smt_literal(bits, width));
    }
    [[nodiscard]] Value shr(const Value& a, int bits) const {
        if (bits == 0) return a;
        return bits < 0 ? shl(a, -bits)
                        : binary("bvashr", a, smt_literal(std::min(bits, width - 1), width));
    }
    [[nodiscard]] Value low_bits(const Value& a, int bits) const {
        if (bits == 0) return constant(0);
        if (bits >= width) return a;
        return named(
            fmt::format("((_ zero_extend {}) ((_ extract {} 0) {}))", width - bits, bits - 1, a));
    }
    [[nodiscard]] Value less(const Value& a, const Value& b) const {
        return flag(fmt::format("(bvslt {} {})", a, b));
    }
    [[nodiscard]] Value equal(const Value& a, const Value& b) const {
        return flag(fmt::format("(= {} {})", a, b));
    }
    [[nodiscard]] Value choose(const Value& condition, const Value& a, const Value& b) const {
        return named(fmt::format("(ite (= {} {}) {} {})", condition, smt_literal(0, width), b, a));
    }
    [[nodiscard]] Value bit_and(const Value& a, const Value& b) const {
        return binary("bvand", a, b);
    }
    [[nodiscard]] Value bit_or(const Value& a, const Value& b) const {
        return binary("bvor", a, b);
    }
    [[nodiscard]] Value bit_xor(const Value& a, const Value& b) const {
        return binary("bvxor", a, b);
    }
    [[nodiscard]] Value lookup(const dfg::Table&, const Value& index) const {
        const char* extend = entries_signed ? "sign_extend" : "zero_extend";
        return named(fmt::format("((_ {} {}) ({} ((_ extract {} 0) {})))", extend,
                                 width - entry_bits, table, index_bits - 1, index));
    }
    [[nodiscard]] Value popcount(const Value& a) const {
        Value sum = constant(0);
        for (int i = 0; i < width; ++i) sum = add(sum, low_bits(shr(a, i), 1));
        return sum;
    }
};

}  // namespace gatewright::verify
