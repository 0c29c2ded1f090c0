// SPDX-License-Identifier: Apache-2.0
#include "fixed/integer.h"

#include <bit>
#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>
#include <limits>

#include "support/check.h"

namespace gatewright::fixed {

using BigInt = boost::multiprecision::cpp_int;

struct Integer::Big {
    BigInt value;
};

void Integer::BigDeleter::operator()(Big* big) const {
    delete big;
}

// The only place that sees both representations.
struct IntegerAccess {
    static BigInt widen(const Integer& a) { return a.big_ ? a.big_->value : BigInt(a.small_); }
    static Integer narrow(BigInt value) {
        static const BigInt kMin = std::numeric_limits<std::int64_t>::min();
        static const BigInt kMax = std::numeric_limits<std::int64_t>::max();
        if (value >= kMin && value <= kMax) return Integer(value.convert_to<std::int64_t>());
        Integer out;
        out.big_.reset(new Integer::Big{std::move(value)});
        return out;
    }
};

namespace {

BigInt widen(const Integer& a) {
    return IntegerAccess::widen(a);
}
Integer narrow(BigInt value) {
    return IntegerAccess::narrow(std::move(value));
}

BigInt mask(int bits) {
    return (BigInt(1) << bits) - 1;
}

// Two's-complement code of `a` in `bits` bits as a non-negative number.
BigInt code(const BigInt& a, int bits) {
    const BigInt low = (a < 0 ? BigInt(-a) : a) & mask(bits);
    if (a >= 0 || low == 0) return low;
    return (BigInt(1) << bits) - low;
}

template <class Operation>
Integer bitwise(const Integer& a, const Integer& b, Operation operation) {
    const int bits = std::max(a.magnitude_bits(), b.magnitude_bits()) + 1;
    BigInt result = operation(code(widen(a), bits), code(widen(b), bits));
    if (bit_test(result, static_cast<unsigned>(bits - 1))) result -= BigInt(1) << bits;
    return narrow(std::move(result));
}

}  // namespace

Integer::Integer(const Integer& other) : small_(other.small_) {
    if (other.big_) big_.reset(new Big{other.big_->value});
}

Integer& Integer::operator=(const Integer& other) {
    if (this != &other) {
        small_ = other.small_;
        big_.reset(other.big_ ? new Big{other.big_->value} : nullptr);
    }
    return *this;
}

std::optional<Integer> Integer::parse(std::string_view decimal) {
    const bool negative = decimal.starts_with('-');
    const std::string_view digits = decimal.substr(negative ? 1 : 0);
    if (digits.empty() || digits.size() > 10000) return std::nullopt;
    if (digits.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
    const std::size_t first = std::min(digits.find_first_not_of('0'), digits.size() - 1);
    const BigInt value(std::string(digits.substr(first)));
    return narrow(negative ? BigInt(-value) : value);
}

int Integer::sign() const {
    if (big_) return big_->value.sign();
    return small_ > 0 ? 1 : (small_ < 0 ? -1 : 0);
}

std::optional<std::int64_t> Integer::to_int64() const {
    if (big_) return std::nullopt;
    return small_;
}

double Integer::to_double() const {
    return big_ ? big_->value.convert_to<double>() : static_cast<double>(small_);
}

std::string Integer::to_string() const {
    return big_ ? big_->value.str() : std::to_string(small_);
}

std::string Integer::to_hex() const {
    GW_CHECK(sign() >= 0, "hexadecimal digits of a negative number");
    return widen(*this).str(0, std::ios_base::hex);
}

int Integer::magnitude_bits() const {
    if (is_small()) {
        const auto bits = static_cast<std::uint64_t>(small_ < 0 ? ~small_ : small_);
        return static_cast<int>(std::bit_width(bits));
    }
    const BigInt positive = big_->value < 0 ? BigInt(-big_->value - 1) : big_->value;
    return positive == 0 ? 0 : static_cast<int>(msb(positive)) + 1;
}

int Integer::trailing_zeros() const {
    if (is_zero()) return 0;
    if (is_small()) return std::countr_zero(static_cast<std::uint64_t>(small_));
    return static_cast<int>(lsb(big_->value < 0 ? BigInt(-big_->value) : big_->value));
}

bool Integer::bit(int n) const {
    if (n < 0) return false;
    if (is_small()) return ((n >= 63 ? small_ >> 63 : small_ >> n) & 1) != 0;
    return !((*this >> n).low_bits(1)).is_zero();
}

Integer Integer::low_bits(int bits) const {
    GW_CHECK(bits >= 0, "negative number of bits");
    if (bits == 0) return 0;
    if (is_small() && bits <= 62) return small_ & ((std::int64_t{1} << bits) - 1);
    if (is_small() && small_ >= 0) return small_;
    return narrow(code(widen(*this), bits));
}

Integer Integer::operator-() const {
    return Integer(0) - *this;
}

Integer Integer::add_slow(const Integer& a, const Integer& b) {
    return narrow(widen(a) + widen(b));
}
Integer Integer::subtract_slow(const Integer& a, const Integer& b) {
    return narrow(widen(a) - widen(b));
}
Integer Integer::multiply_slow(const Integer& a, const Integer& b) {
    return narrow(widen(a) * widen(b));
}
int Integer::compare_slow(const Integer& a, const Integer& b) {
    return widen(a).compare(widen(b));
}

Integer Integer::floor_divide(const Integer& a, const Integer& b) {
    GW_CHECK(!b.is_zero(), "division by zero");
    BigInt quotient;
    BigInt remainder;
    divide_qr(widen(a), widen(b), quotient, remainder);
    if (remainder != 0 && (remainder < 0) != (b.sign() < 0)) quotient -= 1;
    return narrow(std::move(quotient));
}

Integer operator<<(const Integer& a, int bits) {
    if (bits < 0) return a >> -bits;
    if (a.is_zero() || bits == 0) return a;
    if (a.is_small() && a.magnitude_bits() + bits <= 63)
        return a.small_ * (std::int64_t{1} << bits);
    return narrow(widen(a) << bits);
}

Integer operator>>(const Integer& a, int bits) {
    if (bits < 0) return a << -bits;
    if (a.is_small()) return a.small_ >> std::min(bits, 63);
    const BigInt value = widen(a);
    if (value >= 0) return narrow(BigInt(value >> bits));
    return narrow(BigInt(-((BigInt(-value) + mask(bits)) >> bits)));
}

Integer operator&(const Integer& a, const Integer& b) {
    if (a.is_small() && b.is_small()) return a.small_ & b.small_;
    return bitwise(a, b, [](const BigInt& x, const BigInt& y) { return BigInt(x & y); });
}
Integer operator|(const Integer& a, const Integer& b) {
    if (a.is_small() && b.is_small()) return a.small_ | b.small_;
    return bitwise(a, b, [](const BigInt& x, const BigInt& y) { return BigInt(x | y); });
}
Integer operator^(const Integer& a, const Integer& b) {
    if (a.is_small() && b.is_small()) return a.small_ ^ b.small_;
    return bitwise(a, b, [](const BigInt& x, const BigInt& y) { return BigInt(x ^ y); });
}

Integer abs(const Integer& value) {
    return value.sign() < 0 ? -value : value;
}
const Integer& min(const Integer& a, const Integer& b) {
    return b < a ? b : a;
}
const Integer& max(const Integer& a, const Integer& b) {
    return a < b ? b : a;
}

}  // namespace gatewright::fixed
