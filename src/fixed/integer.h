// SPDX-License-Identifier: Apache-2.0
//
// An exact integer that never overflows. Nearly every code in a trigger network fits 63 bits, so
// the value lives in an int64_t and costs what an int64_t costs; an operation that would overflow
// moves on to an arbitrary-precision integer (Boost.Multiprecision, behind integer.cpp). There is
// one number type for the exact evaluators, and no width at which they silently become something
// else.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gatewright::fixed {

class Integer {
  public:
    Integer() = default;
    Integer(std::int64_t value) : small_(value) {}
    Integer(int value) : small_(value) {}
    Integer(const Integer& other);
    Integer(Integer&& other) noexcept = default;
    Integer& operator=(const Integer& other);
    Integer& operator=(Integer&& other) noexcept = default;
    ~Integer() = default;

    /// Decimal digits with an optional minus sign; nothing else.
    static std::optional<Integer> parse(std::string_view decimal);
    /// 2^exponent, exponent >= 0.
    static Integer power_of_two(int exponent) { return Integer(1) << exponent; }

    [[nodiscard]] bool is_small() const { return !big_; }
    [[nodiscard]] bool is_zero() const { return !big_ && small_ == 0; }
    [[nodiscard]] int sign() const;
    [[nodiscard]] std::optional<std::int64_t> to_int64() const;
    /// Nearest double (infinite if out of range).
    [[nodiscard]] double to_double() const;
    [[nodiscard]] std::string to_string() const;
    /// Lower-case hexadecimal digits of a value >= 0, without prefix.
    [[nodiscard]] std::string to_hex() const;

    /// Least n with -2^n <= value < 2^n: bits of the code without its sign. 0 for 0 and -1.
    [[nodiscard]] int magnitude_bits() const;
    /// Number of trailing zero bits; 0 for 0.
    [[nodiscard]] int trailing_zeros() const;
    /// Bit n of the two's-complement code, infinitely sign-extended.
    [[nodiscard]] bool bit(int n) const;
    /// The value modulo 2^bits, in [0, 2^bits).
    [[nodiscard]] Integer low_bits(int bits) const;

    Integer operator-() const;
    friend Integer operator+(const Integer& a, const Integer& b) {
        std::int64_t sum = 0;
        if (a.is_small() && b.is_small() && !__builtin_add_overflow(a.small_, b.small_, &sum)) {
            return sum;
        }
        return add_slow(a, b);
    }
    friend Integer operator-(const Integer& a, const Integer& b) {
        std::int64_t difference = 0;
        if (a.is_small() && b.is_small() &&
            !__builtin_sub_overflow(a.small_, b.small_, &difference)) {
            return difference;
        }
        return subtract_slow(a, b);
    }
    friend Integer operator*(const Integer& a, const Integer& b) {
        std::int64_t product = 0;
        if (a.is_small() && b.is_small() && !__builtin_mul_overflow(a.small_, b.small_, &product)) {
            return product;
        }
        return multiply_slow(a, b);
    }
    /// Quotient rounded toward minus infinity; b != 0.
    [[nodiscard]] static Integer floor_divide(const Integer& a, const Integer& b);
    /// value · 2^bits (bits < 0 shifts right, rounding toward minus infinity).
    friend Integer operator<<(const Integer& a, int bits);
    /// floor(value / 2^bits) (bits < 0 shifts left).
    friend Integer operator>>(const Integer& a, int bits);
    // Bitwise on infinitely sign-extended two's complement.
    friend Integer operator&(const Integer& a, const Integer& b);
    friend Integer operator|(const Integer& a, const Integer& b);
    friend Integer operator^(const Integer& a, const Integer& b);

    Integer& operator+=(const Integer& b) { return *this = *this + b; }
    Integer& operator-=(const Integer& b) { return *this = *this - b; }
    Integer& operator*=(const Integer& b) { return *this = *this * b; }

    friend bool operator==(const Integer& a, const Integer& b) {
        if (a.is_small() && b.is_small()) return a.small_ == b.small_;
        return compare_slow(a, b) == 0;
    }
    friend std::strong_ordering operator<=>(const Integer& a, const Integer& b) {
        if (a.is_small() && b.is_small()) return a.small_ <=> b.small_;
        return compare_slow(a, b) <=> 0;
    }

  private:
    struct Big;  // holds values outside int64 only
    struct BigDeleter {
        void operator()(Big* big) const;
    };
    friend struct IntegerAccess;
    static Integer add_slow(const Integer& a, const Integer& b);
    static Integer subtract_slow(const Integer& a, const Integer& b);
    static Integer multiply_slow(const Integer& a, const Integer& b);
    static int compare_slow(const Integer& a, const Integer& b);

    std::int64_t small_ = 0;
    std::unique_ptr<Big, BigDeleter> big_;
};

Integer abs(const Integer& value);
const Integer& min(const Integer& a, const Integer& b);
const Integer& max(const Integer& a, const Integer& b);

}  // namespace gatewright::fixed
