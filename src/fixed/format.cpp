// SPDX-License-Identifier: Apache-2.0
#include "fixed/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

namespace gatewright::fixed {
namespace {

constexpr std::array<std::pair<Round, std::string_view>, 7> kRoundNames = {{
    {Round::kTrn, "TRN"},
    {Round::kTrnZero, "TRN_ZERO"},
    {Round::kRnd, "RND"},
    {Round::kRndZero, "RND_ZERO"},
    {Round::kRndMinInf, "RND_MIN_INF"},
    {Round::kRndInf, "RND_INF"},
    {Round::kRndConv, "RND_CONV"},
}};

constexpr std::array<std::pair<Overflow, std::string_view>, 5> kOverflowNames = {{
    {Overflow::kWrap, "WRAP"},
    {Overflow::kSat, "SAT"},
    {Overflow::kSatZero, "SAT_ZERO"},
    {Overflow::kSatSym, "SAT_SYM"},
    {Overflow::kWrapSm, "WRAP_SM"},
}};

std::string canonical(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (std::isspace(static_cast<unsigned char>(c)) == 0) {
            out += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        }
    }
    if (out.starts_with("AP_") || out.starts_with("AC_")) out.erase(0, 3);
    return out;
}

template <class Table>
auto find_name(const Table& table, std::string_view name)
    -> std::optional<decltype(table[0].first)> {
    for (const auto& [mode, text] : table) {
        if (text == name) return mode;
    }
    return std::nullopt;
}

template <class Table>
std::string all_names(const Table& table) {
    std::string out;
    for (const auto& [mode, text] : table) out += (out.empty() ? "" : ", ") + std::string(text);
    return out;
}

std::optional<int> parse_int(std::string_view text) {
    int value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc{} || end != text.data() + text.size() || text.empty())
        return std::nullopt;
    return value;
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts(1);
    for (const char c : text) {
        if (c == separator) {
            parts.emplace_back();
        } else {
            parts.back() += c;
        }
    }
    return parts;
}

std::optional<Format> parse_compact(std::string_view text) {
    if (text.size() < 4 || (text[0] != 'S' && text[0] != 'U')) return std::nullopt;
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    const auto width = parse_int(text.substr(1, dot - 1));
    const auto frac = parse_int(text.substr(dot + 1));
    if (!width || !frac) return std::nullopt;
    return Format{text[0] == 'S', *width, *frac};
}

// std::abs of the lowest int is undefined, and texts can hold it.
bool within(int value, int limit) {
    return -limit <= value && value <= limit;
}

Status check_limits(const Format& format, std::string_view text) {
    if (format.width < 0 || format.width > kMaxWidth || !within(format.frac, kMaxFraction)) {
        return fail(fmt::format("type '{}': width must be 0 to {} bits and |fraction| at most {}",
                                text, kMaxWidth, kMaxFraction));
    }
    return {};
}

}  // namespace

Integer Format::min_code() const {
    return is_signed && width > 0 ? -Integer::power_of_two(width - 1) : Integer(0);
}

Integer Format::max_code() const {
    return width == 0 ? Integer(0) : Integer::power_of_two(magnitude_bits()) - 1;
}

bool Format::holds(const Integer& code) const {
    if (width == 0) return code.is_zero();
    if (!is_signed && code.sign() < 0) return false;
    return code.magnitude_bits() <= magnitude_bits();
}

Integer Format::wrap(const Integer& code) const {
    if (holds(code)) return code;
    Integer low = code.low_bits(width);
    if (is_signed && low.bit(width - 1)) return low - Integer::power_of_two(width);
    return low;
}

std::string to_string(const Format& format) {
    return fmt::format("{}{}.{}", format.is_signed ? 's' : 'u', format.width, format.frac);
}

std::string to_ap_string(const Format& format) {
    return fmt::format("{}fixed<{},{}>", format.is_signed ? "" : "u", format.width,
                       format.integer_bits());
}

std::string_view to_string(Round round) {
    return kRoundNames[static_cast<std::size_t>(round)].second;
}
std::string_view to_string(Overflow overflow) {
    return kOverflowNames[static_cast<std::size_t>(overflow)].second;
}

Result<Round> parse_round(std::string_view text) {
    if (const auto mode = find_name(kRoundNames, canonical(text))) return *mode;
    return fail(fmt::format("unknown rounding mode '{}'; one of {}", text, all_names(kRoundNames)));
}

Result<Overflow> parse_overflow(std::string_view text) {
    if (const auto mode = find_name(kOverflowNames, canonical(text))) return *mode;
    return fail(
        fmt::format("unknown overflow mode '{}'; one of {}", text, all_names(kOverflowNames)));
}

Result<Cast> parse_cast(std::string_view text) {
    const std::string clean = canonical(text);
    if (const auto compact = parse_compact(clean)) {
        GW_TRY_STATUS(check_limits(*compact, text));
        return Cast{.format = *compact};
    }
    const auto bad = [&] {
        return fail(fmt::format(
            "'{}' is no fixed-point type; expected for example fixed<16,6>, ufixed<8,0,RND,SAT>, "
            "int<8> or uint<4>",
            text));
    };
    const std::size_t open = clean.find('<');
    if (open == std::string::npos || !clean.ends_with('>')) return bad();
    const std::string name = clean.substr(0, open);
    const auto parts =
        split(std::string_view(clean).substr(open + 1, clean.size() - open - 2), ',');
    const bool is_int = name == "INT" || name == "UINT";
    if (!is_int && name != "FIXED" && name != "UFIXED") return bad();
    const std::size_t most = is_int ? 1 : 5;
    const std::size_t least = is_int ? 1 : 2;
    if (parts.size() < least || parts.size() > most) return bad();
    const auto width = parse_int(parts[0]);
    const auto integer = is_int ? width : parse_int(parts[1]);
    if (!width || !integer) return bad();
    if (!within(*integer, kMaxFraction) || !within(*width, kMaxFraction)) return bad();
    Cast cast;
    cast.format = Format{!name.starts_with('U'), *width, *width - *integer};
    GW_TRY_STATUS(check_limits(cast.format, text));
    if (parts.size() > 2) {
        GW_TRY(cast.round, parse_round(parts[2]));
    }
    if (parts.size() > 3) {
        GW_TRY(cast.overflow, parse_overflow(parts[3]));
    }
    if (parts.size() > 4) {
        // hls4ml writes an enum name here now and then; AP_SAT there means 0 as in the headers'
        // use.
        const auto bits = find_name(kOverflowNames, canonical(parts[4])) ? std::optional<int>(0)
                                                                         : parse_int(parts[4]);
        if (!bits || *bits < 0 || *bits > *width) {
            return fail(fmt::format("type '{}': saturation bits must be 0 to the width", text));
        }
        cast.saturation_bits = *bits;
    }
    if (cast.overflow == Overflow::kWrapSm &&
        (!cast.format.is_signed || cast.saturation_bits > 1)) {
        return fail(fmt::format(
            "type '{}': WRAP_SM is for signed types with 0 or 1 saturation bits", text));
    }
    return cast;
}

std::string to_string(const Cast& cast) {
    std::string out = to_ap_string(cast.format);
    out.pop_back();
    const bool has_overflow = cast.overflow != Overflow::kWrap || cast.saturation_bits != 0;
    if (cast.round != Round::kTrn || has_overflow) out += fmt::format(",{}", to_string(cast.round));
    if (has_overflow) out += fmt::format(",{}", to_string(cast.overflow));
    if (cast.saturation_bits != 0) out += fmt::format(",{}", cast.saturation_bits);
    return out + ">";
}

}  // namespace gatewright::fixed
