// SPDX-License-Identifier: Apache-2.0
#include "report/html_text.h"

#include <fmt/format.h>

#include <cmath>

namespace gatewright::report {

std::string escaped(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') out += c;
        }
    }
    return out;
}

std::string shortened(std::string_view text, std::size_t limit) {
    std::size_t characters = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool starts = (static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U;
        if (starts && characters++ == limit) return std::string(text.substr(0, i)) + "…";
    }
    return std::string(text);
}

std::string tool_name(std::string_view version_line) {
    return std::string(version_line.substr(0, version_line.find(" (")));
}

std::string grouped(std::optional<double> value) {
    if (!value) return "–";
    const std::string digits = fmt::format("{:.0f}", std::abs(*value));
    std::string out = *value < 0 && digits != "0" ? "−" : "";
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > 0 && (digits.size() - i) % 3 == 0 && digits.size() > 4) out += "\u202f";
        out += digits[i];
    }
    return out;
}

std::string significant(double value, int digits) {
    if (value == 0) return "0";
    if (std::abs(value) >= 1e6 || std::abs(value) < 1e-4)
        return fmt::format("{:.{}g}", value, digits);
    const int decimals = digits - 1 - static_cast<int>(std::floor(std::log10(std::abs(value))));
    std::string out = fmt::format("{:.{}f}", value, std::max(0, decimals));
    if (out.find('.') == std::string::npos) return out;
    while (out.back() == '0') out.pop_back();
    if (out.back() == '.') out.pop_back();
    return out;
}

std::string duration(double seconds) {
    if (seconds >= 120) return significant(seconds / 60, 3) + " min";
    if (seconds >= 1) return significant(seconds, 3) + " s";
    if (seconds >= 1e-3) return significant(seconds * 1e3, 3) + " ms";
    return significant(seconds * 1e6, 3) + " µs";
}

std::string percent(double fraction) {
    return fmt::format("{:.1f} %", 100 * fraction);
}

const Json& member(const Json& object, std::string_view key) {
    static const Json kNull;
    const Json* found = object.find(key);
    return found != nullptr ? *found : kNull;
}

std::optional<double> number(const Json& value) {
    if (!value.is_number() || !std::isfinite(value.as_number())) return std::nullopt;
    return value.as_number();
}

std::optional<double> number(const Json& object, std::string_view key) {
    return number(member(object, key));
}

std::string text(const Json& object, std::string_view key) {
    const Json& value = member(object, key);
    return value.is_string() ? value.as_string() : std::string();
}

const Json::Array& elements(const Json& object, std::string_view key) {
    static const Json::Array kNone;
    const Json& value = member(object, key);
    return value.is_array() ? value.as_array() : kNone;
}

}  // namespace gatewright::report
