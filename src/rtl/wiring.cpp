// SPDX-License-Identifier: Apache-2.0
#include "rtl/wiring.h"

#include <algorithm>
#include <optional>

#include "support/check.h"

namespace gatewright::rtl {

using fixed::Integer;

namespace {

void append_piece(Bits& bits, Piece piece) {
    if (piece.width == 0) return;
    if (!bits.pieces.empty()) {
        Piece& last = bits.pieces.back();
        const bool constants = last.kind == Piece::Kind::kConstant && piece.kind == last.kind;
        const bool adjacent = last.kind == Piece::Kind::kSlice && piece.kind == last.kind &&
                              last.signal == piece.signal && last.low + last.width == piece.low;
        if (constants) last.value += piece.value << last.width;
        if (constants || adjacent) {
            last.width += piece.width;
            return;
        }
    }
    bits.pieces.push_back(std::move(piece));
}

void append_constant(Bits& bits, const Integer& value, int width) {
    append_piece(bits, {Piece::Kind::kConstant, {}, 0, width, value.low_bits(width)});
}

// Bits low .. low + width - 1 of one piece.
Piece part_of(const Piece& piece, int low, int width) {
    Piece part = piece;
    part.width = width;
    if (piece.kind == Piece::Kind::kSlice) part.low += low;
    if (piece.kind == Piece::Kind::kConstant) part.value = (piece.value >> low).low_bits(width);
    return part;
}

// `count` copies of the highest bit.
void append_sign(Bits& bits, const View& view, int count) {
    if (count <= 0) return;
    if (!view.is_signed || view.bits.pieces.empty()) return append_constant(bits, 0, count);
    const Piece& top = view.bits.pieces.back();
    switch (top.kind) {
        case Piece::Kind::kConstant:
            return append_constant(bits, top.value.bit(top.width - 1) ? Integer(-1) : Integer(0),
                                   count);
        case Piece::Kind::kSlice:
            return append_piece(
                bits, {Piece::Kind::kRepeat, top.signal, top.low + top.width - 1, count, 0});
        case Piece::Kind::kRepeat:
            return append_piece(bits, {Piece::Kind::kRepeat, top.signal, top.low, count, 0});
    }
}

bool is_constant(const Bits& bits, const Integer& value) {
    const auto constant = bits.constant();
    return constant && *constant == value;
}

Integer ones(int width) {
    return Integer::power_of_two(width) - 1;
}

// Without the constant pieces that cannot change the result of a reduction.
Bits without(const Bits& bits, const Integer& bit) {
    Bits out;
    for (const Piece& piece : bits.pieces) {
        if (piece.kind == Piece::Kind::kRepeat) {
            append_piece(out, {Piece::Kind::kSlice, piece.signal, piece.low, 1, 0});
        } else if (piece.kind != Piece::Kind::kConstant ||
                   piece.value != (bit.is_zero() ? Integer(0) : ones(piece.width))) {
            append_piece(out, piece);
        }
    }
    return out;
}

}  // namespace

Bits constant_bits(const Integer& code, int width) {
    Bits bits;
    append_constant(bits, code, width);
    return bits;
}

Bits take(const View& view, int low, int width) {
    Bits out;
    append_constant(out, 0, std::clamp(-low, 0, width));
    int position = 0;
    for (const Piece& piece : view.bits.pieces) {
        const int from = std::max(low, position);
        const int to = std::min(low + width, position + piece.width);
        if (from < to) append_piece(out, part_of(piece, from - position, to - from));
        position += piece.width;
    }
    append_sign(out, view, width - out.width());
    return out;
}

void append(Bits& low, const Bits& high) {
    for (const Piece& piece : high.pieces) append_piece(low, piece);
}

Bits concat(const Bits& high, const Bits& low) {
    Bits out = low;
    append(out, high);
    return out;
}

SignalId Wiring::add_signal(std::string_view name, int width, SignalKind kind) {
    GW_CHECK(width > 0, "signal without bits");
    module_.signals.push_back({names_.unique(name), width, kind});
    return SignalId(module_.signals.size() - 1);
}

Bits Wiring::all(SignalId signal) const {
    return {{{Piece::Kind::kSlice, signal, 0, module_[signal].width, 0}}};
}

Bits Wiring::emit(std::string_view what, int width, Operation operation, std::vector<Bits> operands,
                  std::size_t table) {
    const SignalId target = add_signal(base_ + "_" + std::string(what), width, SignalKind::kWire);
    module_.statements.push_back(Assign{target, operation, std::move(operands), table, {}});
    return all(target);
}

namespace {

// The sum of numbers of which at most one has a bit at every position: both, side by side.
std::optional<Bits> side_by_side(const Bits& a, const Bits& b) {
    Bits out;
    for (int i = 0; i < a.width(); ++i) {
        const Bits low = take({a, false}, i, 1);
        const Bits high = take({b, false}, i, 1);
        if (!is_constant(low, 0) && !is_constant(high, 0)) return std::nullopt;
        append(out, is_constant(low, 0) ? high : low);
    }
    return out;
}

}  // namespace

Bits Wiring::add(const Bits& a, const Bits& b, std::string_view what) {
    if (const auto both = side_by_side(a, b)) return *both;
    return emit(what, a.width(), Operation::kAdd, {a, b});
}

Bits Wiring::subtract(const Bits& a, const Bits& b) {
    if (is_constant(b, 0)) return a;
    return emit("difference", a.width(), Operation::kSub, {a, b});
}

Bits Wiring::add_three(Operation operation, const Bits& a, const Bits& b, const Bits& c) {
    const Bits sum = emit("sum3", a.width(), operation, {a, b, c});
    std::get<Assign>(module_.statements.back()).instance = names_.unique(base_ + "_adder");
    return sum;
}

Bits Wiring::bitwise(Operation operation, const Bits& a, const Bits& b, std::string_view what) {
    const int width = a.width();
    for (const auto& [fixed, other] : {std::pair(&a, &b), std::pair(&b, &a)}) {
        const bool zero = is_constant(*fixed, 0);
        const bool one = is_constant(*fixed, ones(width));
        if (operation == Operation::kAnd && zero) return *fixed;
        if (operation == Operation::kAnd && one) return *other;
        if (operation == Operation::kOr && one) return *fixed;
        if ((operation == Operation::kOr || operation == Operation::kXor) && zero) return *other;
    }
    return emit(what, width, operation, {a, b});
}

Bits Wiring::invert(const Bits& a, std::string_view what) {
    if (const auto value = a.constant()) return constant_bits(ones(a.width()) - *value, a.width());
    return emit(what, a.width(), Operation::kNot, {a});
}

Bits Wiring::any(const Bits& a, std::string_view what) {
    const Bits rest = without(a, 0);
    if (rest.width() == 0) return constant_bits(0, 1);
    for (const Piece& piece : rest.pieces) {
        if (piece.kind == Piece::Kind::kConstant) return constant_bits(1, 1);
    }
    return rest.width() == 1 ? rest : emit(what, 1, Operation::kReduceOr, {rest});
}

Bits Wiring::every(const Bits& a, std::string_view what) {
    const Bits rest = without(a, 1);
    if (rest.width() == 0) return constant_bits(1, 1);
    for (const Piece& piece : rest.pieces) {
        if (piece.kind == Piece::Kind::kConstant) return constant_bits(0, 1);
    }
    return rest.width() == 1 ? rest : emit(what, 1, Operation::kReduceAnd, {rest});
}

Bits Wiring::select(const Bits& condition, const Bits& if_true, const Bits& if_false,
                    std::string_view what) {
    if (const auto value = condition.constant()) return value->is_zero() ? if_false : if_true;
    return emit(what, if_true.width(), Operation::kSelect, {condition, if_true, if_false});
}

Bits Wiring::less(const Bits& a, const Bits& b, Operation operation) {
    const bool is_signed = operation == Operation::kLessSigned;
    const int width = a.width();
    const Integer lowest = is_signed ? Integer::power_of_two(width - 1) : Integer(0);
    const Integer highest = is_signed ? lowest - 1 : ones(width);
    // Nothing is below the lowest number or above the highest; tools warn of such comparisons.
    const bool is_never =
        is_constant(b, lowest) || is_constant(a, highest) || resolved(a) == resolved(b);
    if (is_never) return constant_bits(0, 1);
    if (is_signed && is_constant(b, 0)) return take({a, false}, width - 1, 1);
    if (!is_signed && is_constant(a, 0)) return any(b, "nonzero");
    return emit("less", 1, operation, {a, b});
}

Bits Wiring::equal(const Bits& a, const Bits& b) {
    if (resolved(a) == resolved(b)) return constant_bits(1, 1);
    return emit("equal", 1, Operation::kEqual, {a, b});
}

Bits Wiring::resolved(const Bits& bits) const {
    Bits out;
    for (const Piece& piece : bits.pieces) {
        const auto source =
            piece.kind == Piece::Kind::kConstant ? wired_.end() : wired_.find(piece.signal);
        if (source == wired_.end()) {
            append_piece(out, piece);
            continue;
        }
        const bool repeats = piece.kind == Piece::Kind::kRepeat;
        const Bits part = take({source->second, false}, piece.low, repeats ? 1 : piece.width);
        append(out, repeats ? take({part, true}, 0, piece.width) : part);
    }
    return out;
}

SignalId Wiring::name_result(const Bits& result, const std::string& name, std::string comment) {
    const std::string unique = names_.unique(name);
    const auto whole = result.whole(module_.signals);
    if (whole && module_.statements.size() > named_) {
        auto* last = std::get_if<Assign>(&module_.statements.back());
        if (last != nullptr && last->target == *whole) {
            module_.signals[whole->index()].name = unique;
            last->comment = std::move(comment);
            named_ = module_.statements.size();
            return *whole;
        }
    }
    module_.signals.push_back({unique, result.width(), SignalKind::kWire});
    const SignalId target(module_.signals.size() - 1);
    wired_.emplace(target, resolved(result));
    module_.statements.push_back(Assign{target, Operation::kBits, {result}, 0, std::move(comment)});
    named_ = module_.statements.size();
    return target;
}

}  // namespace gatewright::rtl
