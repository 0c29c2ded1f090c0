// SPDX-License-Identifier: Apache-2.0
//
// Fixed-point types. A Format is the only way to say a bit type in Gatewright: value = code ·
// 2^-frac, the code a `width`-bit two's-complement (signed) or unsigned integer. width 0 is legal
// and means the constant 0; frac may be negative or exceed the width.
//
// A Cast is a conversion: quantize (7 rounding modes), then overflow, with the meaning of the
// public ap_fixed headers (docs/semantics.md gives every mode with its examples).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fixed/integer.h"
#include "support/result.h"

namespace gatewright::fixed {

struct Format {
    bool is_signed = false;
    int width = 0;  ///< bits, sign included
    int frac = 0;   ///< fraction bits

    [[nodiscard]] Integer min_code() const;
    [[nodiscard]] Integer max_code() const;
    /// Codes without the sign bit.
    [[nodiscard]] int magnitude_bits() const { return is_signed && width > 0 ? width - 1 : width; }
    /// ap_fixed's I: integer bits, sign included.
    [[nodiscard]] int integer_bits() const { return width - frac; }
    [[nodiscard]] bool holds(const Integer& code) const;
    /// The code's low `width` bits read back as this type (two's-complement wrap).
    [[nodiscard]] Integer wrap(const Integer& code) const;
    friend bool operator==(const Format&, const Format&) = default;
};

/// "s8.3" = signed, 8 bits, 3 of them fraction; "u4.-1"; the compact spelling of dfg text.
std::string to_string(const Format& format);
/// "fixed<8,5>", "ufixed<4,5>": the spelling of hls4ml users (W, I with the sign included).
std::string to_ap_string(const Format& format);

enum class Round : std::uint8_t {
    kTrn,        ///< toward minus infinity (AP_TRN, the default of ap_fixed)
    kTrnZero,    ///< toward zero
    kRnd,        ///< nearest, tie toward plus infinity
    kRndZero,    ///< nearest, tie toward zero
    kRndMinInf,  ///< nearest, tie toward minus infinity
    kRndInf,     ///< nearest, tie away from zero
    kRndConv,    ///< nearest, tie to even
};

enum class Overflow : std::uint8_t {
    kWrap,     ///< keep the low bits; with saturation bits n > 0 as AP_WRAP,n
    kSat,      ///< clamp to [min, max]
    kSatZero,  ///< 0 when out of range
    kSatSym,   ///< signed: clamp to [-max, max]; unsigned: as kSat
    kWrapSm,   ///< sign-magnitude wrap, saturation bits 0 or 1; signed only
};

struct Cast {
    Format format;
    Round round = Round::kTrn;
    Overflow overflow = Overflow::kWrap;
    int saturation_bits = 0;
    friend bool operator==(const Cast&, const Cast&) = default;
};

/// "TRN", "RND_CONV", "WRAP", "SAT_SYM" ...
std::string_view to_string(Round round);
std::string_view to_string(Overflow overflow);
/// Accept with or without "AP_", any case.
Result<Round> parse_round(std::string_view text);
Result<Overflow> parse_overflow(std::string_view text);

/// Reads "fixed<W,I[,Q[,O[,N]]]>", "ufixed<...>", "int<W>", "uint<W>", each also with "ap_" in
/// front and blanks anywhere, and the compact "s8.3" / "u8.3". Widths up to kMaxWidth.
Result<Cast> parse_cast(std::string_view text);
/// The full spelling that parse_cast reads back: "fixed<8,5,RND,SAT>"; defaults are left out.
std::string to_string(const Cast& cast);

inline constexpr int kMaxWidth = 4096;
inline constexpr int kMaxFraction = 65536;

}  // namespace gatewright::fixed
