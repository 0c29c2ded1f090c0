// SPDX-License-Identifier: Apache-2.0
//
// Small pieces of a page: escaped text, numbers as people read them, and fields of a JSON object
// that may be missing or of a wrong type. A report is drawn from whatever is there; nothing in it
// can break the page, also not a layer named "<script>".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "support/json.h"

namespace gatewright::report {

/// For element content and quoted attributes; control characters are dropped.
std::string escaped(std::string_view text);
/// The first `limit` characters (not bytes) with an ellipsis; not escaped.
std::string shortened(std::string_view text, std::size_t limit);

/// A tool's name and version without what it adds in brackets: "Yosys 0.23".
std::string tool_name(std::string_view version_line);

/// "12 345" with narrow spaces, "–" if absent.
std::string grouped(std::optional<double> value);
/// Up to `digits` significant digits, no exponent for everyday sizes: "44.4", "0.0032".
std::string significant(double value, int digits);
/// "1.3 s", "24 ms", "86 µs".
std::string duration(double seconds);
/// "94.7 %"
std::string percent(double fraction);

/// The member, or a null value if there is none.
const Json& member(const Json& object, std::string_view key);
/// A finite number; nullopt for anything else.
std::optional<double> number(const Json& value);
std::optional<double> number(const Json& object, std::string_view key);
/// Text of a string member (not escaped); empty for anything else.
std::string text(const Json& object, std::string_view key);
/// The elements of an array member; empty for anything else.
const Json::Array& elements(const Json& object, std::string_view key);

}  // namespace gatewright::report
