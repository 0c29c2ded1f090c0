// SPDX-License-Identifier: Apache-2.0
//
// The loops of the block interpreter, apart because they are built with -O3 and, on x86-64, once
// for each vector extension.
#include <bit>
#include <type_traits>

#include "emulate/block_interpreter.h"
#include "support/check.h"

// Sanitizers run before the dynamic linker has chosen a clone, so they get the plain version.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define GW_VECTOR_CLONES __attribute__((target_clones("arch=skylake-avx512", "avx2", "default")))
#else
#define GW_VECTOR_CLONES
#endif
#define GW_INLINE inline __attribute__((always_inline))

namespace gatewright::emulate {

struct StepRunner {
    using Step = BlockInterpreter::Step;
    std::byte* memory;
    std::size_t block;
    std::size_t events;

    template <class T>
    GW_INLINE T* at(const Slot& slot) const {
        return reinterpret_cast<T*>(memory + slot.offset * block);
    }

    template <class T, class F>
    GW_INLINE void unary(const Step& step, F function) const {
        T* __restrict target = at<T>(step.target);
        const T* __restrict a = at<T>(step.args[0]);
        for (std::size_t i = 0; i < events; ++i) target[i] = function(a[i]);
    }

    template <class T, class F>
    GW_INLINE void binary(const Step& step, F function) const {
        T* __restrict target = at<T>(step.target);
        const T* __restrict a = at<T>(step.args[0]);
        const T* __restrict b = at<T>(step.args[1]);
        if (step.is_constant[1]) {
            const T constant = static_cast<T>(step.constants[1]);
            for (std::size_t i = 0; i < events; ++i) target[i] = function(a[i], constant);
        } else if (step.is_constant[0]) {
            const T constant = static_cast<T>(step.constants[0]);
            for (std::size_t i = 0; i < events; ++i) target[i] = function(constant, b[i]);
        } else {
            for (std::size_t i = 0; i < events; ++i) target[i] = function(a[i], b[i]);
        }
    }

    template <class T>
    GW_INLINE void blend(const Step& step) const {
        T* __restrict target = at<T>(step.target);
        const T* __restrict mask = at<T>(step.args[0]);
        const T* __restrict b = at<T>(step.args[1]);
        const T* __restrict c = at<T>(step.args[2]);
        for (std::size_t i = 0; i < events; ++i)
            target[i] = static_cast<T>((mask[i] & b[i]) | (~mask[i] & c[i]));
    }

    template <class T, class From>
    GW_INLINE void convert(const Step& step) const {
        T* __restrict target = at<T>(step.target);
        const From* __restrict a = at<From>(step.args[0]);
        for (std::size_t i = 0; i < events; ++i) target[i] = static_cast<T>(a[i]);
    }

    template <class T>
    GW_INLINE void look_up(const Step& step, const T* __restrict entries) const {
        T* __restrict target = at<T>(step.target);
        const T* __restrict a = at<T>(step.args[0]);
        for (std::size_t i = 0; i < events; ++i)
            target[i] = entries[static_cast<std::size_t>(a[i])];
    }

    // Everything but tables and exact integers.
    template <class T>
    GW_INLINE void step(const Step& step) const {
        using U = std::make_unsigned_t<T>;
        const int count = static_cast<int>(step.inst.immediate);
        switch (step.inst.op) {
            case LaneOp::kAdd:
                return binary<T>(step, [](T a, T b) { return static_cast<T>(U(a) + U(b)); });
            case LaneOp::kSub:
                return binary<T>(step, [](T a, T b) { return static_cast<T>(U(a) - U(b)); });
            case LaneOp::kMul:
                return binary<T>(step, [](T a, T b) {
                    return static_cast<T>(std::uint64_t(U(a)) * std::uint64_t(U(b)));
                });
            case LaneOp::kShiftLeft:
                return unary<T>(step, [count](T a) { return static_cast<T>(U(a) << count); });
            case LaneOp::kShiftRight:
                return unary<T>(step, [count](T a) { return static_cast<T>(a >> count); });
            case LaneOp::kAnd:
                return binary<T>(step, [](T a, T b) { return static_cast<T>(a & b); });
            case LaneOp::kOr:
                return binary<T>(step, [](T a, T b) { return static_cast<T>(a | b); });
            case LaneOp::kXor:
                return binary<T>(step, [](T a, T b) { return static_cast<T>(a ^ b); });
            case LaneOp::kMin:
                return binary<T>(step, [](T a, T b) { return a < b ? a : b; });
            case LaneOp::kMax:
                return binary<T>(step, [](T a, T b) { return a < b ? b : a; });
            case LaneOp::kGreater:
                return binary<T>(step, [](T a, T b) { return static_cast<T>(-T(a > b)); });
            case LaneOp::kEqual:
                return binary<T>(step, [](T a, T b) { return static_cast<T>(-T(a == b)); });
            case LaneOp::kBlend:
                return blend<T>(step);
            case LaneOp::kPopcount:
                return unary<T>(step, [](T a) { return static_cast<T>(std::popcount(U(a))); });
            case LaneOp::kExtend:
            case LaneOp::kTruncate:
                if (step.args[0].bits == 16) return convert<T, std::int16_t>(step);
                if (step.args[0].bits == 32) return convert<T, std::int32_t>(step);
                return convert<T, std::int64_t>(step);
            case LaneOp::kInput:
            case LaneOp::kConstant:
            case LaneOp::kLookup:
            case LaneOp::kExact:
            case LaneOp::kPair:
            case LaneOp::kDot:
                break;
        }
        GW_UNREACHABLE("lane operation");
    }
};

GW_VECTOR_CLONES void BlockInterpreter::run_lanes(std::byte* memory, fixed::Integer* wide,
                                                  std::size_t events) const {
    const StepRunner runner{memory, block_, events};
    for (const Step& step : steps_) {
        const auto table = static_cast<std::size_t>(step.inst.immediate);
        if (step.inst.op == LaneOp::kExact) {
            run_exact(step, memory, wide, events);
        } else if (step.inst.op == LaneOp::kLookup) {
            if (step.inst.bits == 16) runner.look_up(step, tables16_[table].data());
            if (step.inst.bits == 32) runner.look_up(step, tables32_[table].data());
            if (step.inst.bits == 64) runner.look_up(step, lanes_.tables[table].entries.data());
        } else if (step.inst.bits == 16) {
            runner.step<std::int16_t>(step);
        } else if (step.inst.bits == 32) {
            runner.step<std::int32_t>(step);
        } else {
            runner.step<std::int64_t>(step);
        }
    }
}

}  // namespace gatewright::emulate
