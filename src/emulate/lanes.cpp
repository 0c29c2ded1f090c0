// SPDX-License-Identifier: Apache-2.0
#include "emulate/lanes.h"

#include <array>
#include <bit>
#include <type_traits>

#include "dfg/interpreter.h"
#include "dfg/semantics.h"

// Sanitizers run before the dynamic linker has chosen a clone, so they get the plain version.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define GW_VECTOR_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define GW_VECTOR_CLONES
#endif
#define GW_INLINE inline __attribute__((always_inline))

namespace gatewright::emulate {
namespace {

template <class T>
struct Block {
    alignas(64) std::array<T, kLanes> lane;
};

// dfg/semantics.h over blocks. plan.cpp has checked that no intermediate value leaves the lane.
template <class T>
struct LaneDomain {
    using Value = Block<T>;
    using U = std::make_unsigned_t<T>;

    template <class F>
    GW_INLINE static Value each(F function) {
        Value out;
        for (std::size_t i = 0; i < kLanes; ++i) out.lane[i] = function(i);
        return out;
    }
    static T code(const fixed::Integer& value) {
        const auto small = value.to_int64();
        GW_CHECK(small && *small == static_cast<T>(*small), "constant outside the lane");
        return static_cast<T>(*small);
    }
    Value constant(const fixed::Integer& value) const {
        const T c = code(value);
        return each([c](std::size_t) { return c; });
    }
    Value add(const Value& a, const Value& b) const {
        return each([&](std::size_t i) { return static_cast<T>(U(a.lane[i]) + U(b.lane[i])); });
    }
    Value sub(const Value& a, const Value& b) const {
        return each([&](std::size_t i) { return static_cast<T>(U(a.lane[i]) - U(b.lane[i])); });
    }
    Value mul(const Value& a, const Value& b) const {
        return each([&](std::size_t i) { return static_cast<T>(U(a.lane[i]) * U(b.lane[i])); });
    }
    Value shl(const Value& a, int bits) const {
        return each([&a, bits](std::size_t i) { return static_cast<T>(U(a.lane[i]) << bits); });
    }
    Value shr(const Value& a, int bits) const {
        const int shift = std::min(bits, static_cast<int>(8 * sizeof(T)) - 1);
        return each([&a, shift](std::size_t i) { return static_cast<T>(a.lane[i] >> shift); });
    }
    Value low_bits(const Value& a, int bits) const {
        const T mask = static_cast<T>((U{1} << bits) - 1U);
        return each([&a, mask](std::size_t i) { return static_cast<T>(a.lane[i] & mask); });
    }
    Value less(const Value& a, const Value& b) const {
        return each([&](std::size_t i) { return static_cast<T>(a.lane[i] < b.lane[i]); });
    }
    Value equal(const Value& a, const Value& b) const {
        return each([&](std::size_t i) { return static_cast<T>(a.lane[i] == b.lane[i]); });
    }
    Value choose(const Value& c, const Value& a, const Value& b) const {
        return each([&](std::size_t i) { return c.lane[i] != 0 ? a.lane[i] : b.lane[i]; });
    }
    Value bit_and(const Value& a, const Value& b) const {
        return each([&](std::size_t i) { return a.lane[i] & b.lane[i]; });
    }
    Value bit_or(const Value& a, const Value& b) const {
        return each([&](std::size_t i) { return a.lane[i] | b.lane[i]; });
    }
    Value bit_xor(const Value& a, const Value& b) const {
        return each([&](std::size_t i) { return a.lane[i] ^ b.lane[i]; });
    }
    Value lookup(const dfg::Table& table, const Value& index) const {
        return each([&](std::size_t i) {
            return code(table.codes[static_cast<std::size_t>(index.lane[i])]);
        });
    }
    Value popcount(const Value& a) const {
        return each([&](std::size_t i) { return static_cast<T>(std::popcount(U(a.lane[i]))); });
    }
};

template <class T>
void run_generic(const Machine<T>& m, const Instruction& in, T* target) {
    const dfg::Node& node = m.program.nodes()[in.node];
    std::array<Block<T>, 3> operands;
    const std::array<std::uint32_t, 3> slots{in.a, in.b, in.c};
    for (std::size_t i = 0; i < dfg::arity(node.op); ++i) {
        std::copy_n(m.slots + slots[i] * kLanes, kLanes, operands[i].lane.data());
    }
    const LaneDomain<T> domain;
    const Block<T> out = dfg::eval(domain, m.program, node,
                                   std::span<const Block<T>>(operands.data(), dfg::arity(node.op)));
    std::copy_n(out.lane.data(), kLanes, target);
}

template <class T>
void run_exact(const Machine<T>& m, const Instruction& in, T* target) {
    const dfg::Node& node = m.program.nodes()[in.node];
    const std::array<std::uint32_t, 3> slots{in.a, in.b, in.c};
    std::array<fixed::Integer, 3> operands;
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
        for (std::size_t i = 0; i < dfg::arity(node.op); ++i) {
            operands[i] = std::int64_t{m.slots[slots[i] * kLanes + lane]};
        }
        const auto code =
            dfg::evaluate_node(m.program, node, std::span(operands.data(), dfg::arity(node.op)))
                .to_int64();
        target[lane] = static_cast<T>(*code);
    }
}

template <class T>
GW_INLINE void finish(const Instruction& in, T* __restrict target) {
    using U = std::make_unsigned_t<T>;
    constexpr int kBits = static_cast<int>(8 * sizeof(T));
    switch (in.finish) {
        case Finish::kNone:
            return;
        case Finish::kWrapSigned: {
            const int up = kBits - in.width;
            if (in.width == 0) {
                for (std::size_t i = 0; i < kLanes; ++i) target[i] = 0;
                return;
            }
            for (std::size_t i = 0; i < kLanes; ++i)
                target[i] = static_cast<T>(U(target[i]) << up) >> up;
            return;
        }
        case Finish::kWrapUnsigned: {
            const T mask = static_cast<T>((U{1} << in.width) - 1U);
            for (std::size_t i = 0; i < kLanes; ++i) target[i] &= mask;
            return;
        }
        case Finish::kClamp: {
            const T lo = static_cast<T>(in.lo);
            const T hi = static_cast<T>(in.hi);
            for (std::size_t i = 0; i < kLanes; ++i) {
                const T x = target[i] < lo ? lo : target[i];
                target[i] = x > hi ? hi : x;
            }
            return;
        }
    }
}

// target[i] = combine(a[i] << shift_a, b[i] << shift_b), with the loops without shifts apart.
template <class T, class F>
GW_INLINE void combine(const Machine<T>& m, const Instruction& in, T* __restrict target,
                       F function) {
    using U = std::make_unsigned_t<T>;
    const T* __restrict a = m.slots + in.a * kLanes;
    const T* __restrict b = m.slots + in.b * kLanes;
    const int sa = in.shift_a;
    const int sb = in.shift_b;
    if (sa == 0 && sb == 0) {
        for (std::size_t i = 0; i < kLanes; ++i) target[i] = function(a[i], b[i]);
    } else if (sa == 0) {
        for (std::size_t i = 0; i < kLanes; ++i)
            target[i] = function(a[i], static_cast<T>(U(b[i]) << sb));
    } else {
        for (std::size_t i = 0; i < kLanes; ++i) {
            target[i] = function(static_cast<T>(U(a[i]) << sa), static_cast<T>(U(b[i]) << sb));
        }
    }
}

template <class T>
GW_INLINE void quantize(const Machine<T>& m, const Instruction& in, T* __restrict target) {
    using U = std::make_unsigned_t<T>;
    const T* __restrict a = m.slots + in.a * kLanes;
    const T bias = static_cast<T>(in.bias);
    const int drop = in.drop;
    if (in.code == Code::kQuantizeEven) {
        for (std::size_t i = 0; i < kLanes; ++i) {
            const T odd = (a[i] >> drop) & 1;
            target[i] = (a[i] + bias + odd) >> drop;
        }
    } else if (drop <= 0) {
        for (std::size_t i = 0; i < kLanes; ++i) target[i] = static_cast<T>(U(a[i]) << -drop);
    } else {
        for (std::size_t i = 0; i < kLanes; ++i) target[i] = (a[i] + bias) >> drop;
    }
}

template <class T>
GW_INLINE void select(const Machine<T>& m, const Instruction& in, T* __restrict target) {
    using U = std::make_unsigned_t<T>;
    const T* __restrict a = m.slots + in.a * kLanes;
    const T* __restrict b = m.slots + in.b * kLanes;
    const T* __restrict c = m.slots + in.c * kLanes;
    for (std::size_t i = 0; i < kLanes; ++i) {
        const U chosen = a[i] != 0 ? U(b[i]) << in.shift_b : U(c[i]) << in.shift_c;
        target[i] = static_cast<T>(chosen);
    }
}

template <class T>
GW_INLINE void look_up(const Machine<T>& m, const Instruction& in, T* __restrict target) {
    using U = std::make_unsigned_t<T>;
    const T* __restrict a = m.slots + in.a * kLanes;
    const T* __restrict entries = m.tables[in.table].data();
    const U mask = (U{1} << in.width) - 1U;
    for (std::size_t i = 0; i < kLanes; ++i) target[i] = entries[U(a[i]) & mask];
}

template <class T>
GW_INLINE void step(const Machine<T>& m, const Instruction& in) {
    using U = std::make_unsigned_t<T>;
    T* target = m.slots + in.target * kLanes;
    switch (in.code) {
        case Code::kAdd:
            combine(m, in, target, [](T a, T b) { return static_cast<T>(U(a) + U(b)); });
            break;
        case Code::kSub:
            combine(m, in, target, [](T a, T b) { return static_cast<T>(U(a) - U(b)); });
            break;
        case Code::kMul:
            combine(m, in, target, [](T a, T b) { return static_cast<T>(U(a) * U(b)); });
            break;
        case Code::kMin:
            combine(m, in, target, [](T a, T b) { return a < b ? a : b; });
            break;
        case Code::kMax:
            combine(m, in, target, [](T a, T b) { return a < b ? b : a; });
            break;
        case Code::kLess:
            combine(m, in, target, [](T a, T b) { return static_cast<T>(a < b); });
            break;
        case Code::kLessEqual:
            combine(m, in, target, [](T a, T b) { return static_cast<T>(a <= b); });
            break;
        case Code::kQuantize:
        case Code::kQuantizeEven:
            quantize(m, in, target);
            break;
        case Code::kSelect:
            select(m, in, target);
            break;
        case Code::kTable:
            look_up(m, in, target);
            return;
        case Code::kGeneric:
            run_generic(m, in, target);
            return;
        case Code::kExact:
            run_exact(m, in, target);
            return;
    }
    finish(in, target);
}

}  // namespace

GW_VECTOR_CLONES void run_block(const Machine<std::int32_t>& machine) {
    for (const Instruction& instruction : machine.plan.instructions) step(machine, instruction);
}

GW_VECTOR_CLONES void run_block(const Machine<std::int64_t>& machine) {
    for (const Instruction& instruction : machine.plan.instructions) step(machine, instruction);
}

}  // namespace gatewright::emulate
