// SPDX-License-Identifier: Apache-2.0
#include "schedule/device.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "schedule/embedded_files.h"
#include "support/check.h"
#include "support/files.h"
#include "support/json.h"

namespace gatewright::schedule {
namespace {

// {"value": 100, "source": "who measured it"}: a number without a source is refused.
Result<double> sourced(const Json& json, std::string_view key) {
    GW_TRY(const Json* entry, json.get_object(key));
    GW_TRY(const std::string source, entry->get_string("source"));
    GW_TRY(const double value, entry->get_number("value"));
    if (source.empty() || !std::isfinite(value) || value < 0) {
        return fail(fmt::format("'{}' needs a value >= 0 and a source", key));
    }
    return value;
}

Result<std::vector<double>> numbers(const Json& json, std::string_view key) {
    GW_TRY(const Json::Array* array, json.get_array(key));
    std::vector<double> out;
    for (const Json& item : *array) {
        if (!item.is_number()) return fail(fmt::format("'{}' must hold numbers only", key));
        out.push_back(item.as_number());
    }
    return out;
}

Result<NetGrowth> parse_growth(const Json& json) {
    GW_TRY(const Json* entry, json.get_object("net_growth"));
    NetGrowth growth;
    GW_TRY(growth.cells, numbers(*entry, "cells"));
    GW_TRY(growth.factor, numbers(*entry, "factor"));
    if (growth.cells.size() != growth.factor.size() ||
        !std::is_sorted(growth.cells.begin(), growth.cells.end())) {
        return fail("'net_growth' needs ascending cells and one factor for each");
    }
    return growth;
}

// Optional, unlike the other numbers: a device without it has nets that do not grow with fan-out.
Result<FanoutGrowth> parse_fanout(const Json& json) {
    FanoutGrowth growth;
    if (!json.contains("fanout_growth")) return growth;
    GW_TRY(const Json* entry, json.get_object("fanout_growth"));
    GW_TRY(const std::string source, entry->get_string("source"));
    GW_TRY(growth.sinks, numbers(*entry, "sinks"));
    GW_TRY(growth.factor, numbers(*entry, "factor"));
    const bool rises = std::is_sorted(growth.sinks.begin(), growth.sinks.end()) &&
                       std::is_sorted(growth.factor.begin(), growth.factor.end());
    if (source.empty() || growth.sinks.size() != growth.factor.size() || !rises ||
        (!growth.sinks.empty() && growth.sinks.front() < 1)) {
        return fail(
            "'fanout_growth' needs ascending sinks from 1, an ascending factor for each, "
            "and a source");
    }
    return growth;
}

// Optional: {"bits": 8, "ps": 20, "source": ...}.
Status parse_carry_block(const Json& json, Device& device) {
    if (!json.contains("carry_block")) return {};
    GW_TRY(const Json* entry, json.get_object("carry_block"));
    GW_TRY(const std::string source, entry->get_string("source"));
    GW_TRY(const std::int64_t bits, entry->get_integer("bits"));
    GW_TRY(device.carry_block_ps, entry->get_number("ps"));
    if (source.empty() || bits < 1 || bits > 1024 || !(device.carry_block_ps >= 0)) {
        return fail("'carry_block' needs bits from 1 to 1024, ps >= 0 and a source");
    }
    device.carry_block_bits = static_cast<int>(bits);
    return {};
}

Result<Capacity> parse_capacity(const Json& json) {
    GW_TRY(const Json* entry, json.get_object("capacity"));
    Capacity capacity;
    GW_TRY(capacity.lut, entry->get_integer("lut"));
    GW_TRY(capacity.ff, entry->get_integer("ff"));
    GW_TRY(capacity.dsp, entry->get_integer("dsp"));
    GW_TRY(capacity.bram, entry->get_integer("bram"));
    return capacity;
}

// A part name split at '-', in lower case, without the "xc" that Xilinx puts in front. Lattice's
// ECP5 has a second token for the size and the grade before the package: LFE5U-85F-6BG381C.
struct PartName {
    std::string base;
    std::optional<std::string> grade;  ///< the token that is a speed grade: "2", "2l"
};

bool begins_with_digit(const std::string& token) {
    return !token.empty() && std::isdigit(static_cast<unsigned char>(token[0])) != 0;
}

bool is_grade(const std::string& token) {
    return token.size() <= 2 && begins_with_digit(token);
}

PartName split_part(const std::string& part) {
    PartName out;
    std::string token;
    const auto close = [&] {
        if (out.base.empty()) {
            out.base = token.starts_with("xc") ? token.substr(2) : token;
        } else if (out.base == "lfe5u" && begins_with_digit(token)) {
            out.base += "-" + token;
        } else if (!out.grade && (is_grade(token) ||
                                  (out.base.starts_with("lfe5u-") && begins_with_digit(token)))) {
            out.grade = token.substr(0, 1);
        }
        token.clear();
    };
    for (const char c : part) {
        if (c == '-') {
            close();
        } else if (std::isspace(static_cast<unsigned char>(c)) == 0) {
            token += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        }
    }
    close();
    return out;
}

bool names_device(const PartName& wanted, const Device& device) {
    const PartName own = split_part(device.part);
    const PartName vendor = split_part(device.vendor_part);
    const bool same_base = wanted.base == own.base || wanted.base == vendor.base;
    return same_base && (!wanted.grade || wanted.grade == own.grade);
}

// The factor at `x`: logarithmic in x between the points, constant outside them, 1 without points.
double interpolated(const std::vector<double>& at, const std::vector<double>& factor, double x) {
    if (at.empty()) return 1;
    const auto above = std::upper_bound(at.begin(), at.end(), x);
    const auto index = static_cast<std::size_t>(above - at.begin());
    if (index == 0) return factor.front();
    if (index == at.size()) return factor.back();
    const double position = std::log(x / at[index - 1]) / std::log(at[index] / at[index - 1]);
    return factor[index - 1] + position * (factor[index] - factor[index - 1]);
}

}  // namespace

Result<Device> parse_device(std::string_view text) {
    GW_TRY(const Json json, parse_json(text));
    Device device;
    GW_TRY(device.part, json.get_string("part"));
    GW_TRY(device.vendor_part, json.get_string("vendor_part"));
    GW_TRY(device.family, json.get_string("family"));
    GW_TRY(device.description, json.get_string("description"));
    GW_TRY(const double lut_inputs, sourced(json, "lut_inputs"));
    device.lut_inputs = static_cast<int>(lut_inputs);
    if (device.lut_inputs < 2) return fail("'lut_inputs' must be at least 2");
    GW_TRY(device.lut_ps, sourced(json, "lut_ps"));
    GW_TRY(device.carry_entry_ps, sourced(json, "carry_entry_ps"));
    GW_TRY(device.carry_ps_per_bit, sourced(json, "carry_ps_per_bit"));
    GW_TRY_STATUS(parse_carry_block(json, device));
    GW_TRY(device.net_ps, sourced(json, "net_ps"));
    GW_TRY(device.register_ps, sourced(json, "register_ps"));
    GW_TRY(device.max_clock_mhz, sourced(json, "max_clock_mhz"));
    GW_TRY(device.net_growth, parse_growth(json));
    GW_TRY(device.fanout_growth, parse_fanout(json));
    if (json.contains("inversion_ps")) {
        GW_TRY(device.inversion_ps, sourced(json, "inversion_ps"));
    }
    if (json.contains("comparison_exit_ps")) {
        GW_TRY(device.comparison_exit_ps, sourced(json, "comparison_exit_ps"));
    }
    if (json.contains("ternary_adders")) {
        GW_TRY(const double ternary, sourced(json, "ternary_adders"));
        device.has_ternary_adders = ternary > 0;
    }
    GW_TRY(device.capacity, parse_capacity(json));
    return device;
}

std::vector<Device> all_devices() {
    std::vector<Device> devices;
    for (const EmbeddedFile& file : embedded_files()) {
        Result<Device> device = parse_device(file.content);
        GW_CHECK(device.has_value(), fmt::format("{}: {}", file.name, device.error().message));
        devices.push_back(std::move(*device));
    }
    return devices;
}

namespace {

Result<Device> read_device(const std::string& path) {
    GW_TRY(const std::string text, read_file(path));
    auto device = parse_device(text);
    if (!device) return fail(fmt::format("{}: {}", path, device.error().message));
    return device;
}

}  // namespace

Result<Device> find_device(const std::string& part) {
    if (part.ends_with(".json")) return read_device(part);
    const PartName wanted = split_part(part);
    std::string known;
    for (Device& device : all_devices()) {
        if (names_device(wanted, device)) return std::move(device);
        known += fmt::format("\n  {:<12} {}", device.part, device.description);
    }
    return fail(fmt::format("unknown part '{}'; known parts:{}", part, known));
}

Device at_size(Device device, double cells) {
    device.net_ps *= interpolated(device.net_growth.cells, device.net_growth.factor, cells);
    return device;
}

double net_ps(const Device& device, std::size_t sinks) {
    const FanoutGrowth& growth = device.fanout_growth;
    return device.net_ps * interpolated(growth.sinks, growth.factor, static_cast<double>(sinks));
}

}  // namespace gatewright::schedule
