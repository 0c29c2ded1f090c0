// SPDX-License-Identifier: Apache-2.0
//
// The text of a budget: "lut=20000,dsp=64,bram=4,latency=2us,ii=40". All problems are said at once.
#include <fmt/format.h>

#include <charconv>

#include "compile/options.h"

namespace gatewright::compile {
namespace {

std::string trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return {};
    return std::string(text.substr(begin, text.find_last_not_of(" \t") - begin + 1));
}

std::optional<std::int64_t> whole_number(const std::string& text, std::int64_t least) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < least) {
        return std::nullopt;
    }
    return value;
}

class BudgetReader {
  public:
    void read(const std::string& item) {
        const std::size_t equals = item.find('=');
        const std::string key = trimmed(item.substr(0, equals));
        const std::string value =
            equals == std::string::npos ? "" : trimmed(item.substr(equals + 1));
        if (key == "lut") return number(key, value, 0, budget.lut);
        if (key == "dsp") return number(key, value, 0, budget.dsp);
        if (key == "bram") return number(key, value, 0, budget.bram);
        if (key == "ii") return number(key, value, 1, budget.ii);
        if (key == "latency") return latency(value);
        problems.add(fmt::format("'{}': known are lut, dsp, bram, latency and ii, each with =VALUE",
                                 trimmed(item)));
    }

    FitBudget budget;
    Problems problems;

  private:
    void number(const std::string& key, const std::string& value, std::int64_t least,
                std::optional<std::int64_t>& out) {
        if (out) return problems.add(fmt::format("'{}' is given twice", key));
        out = whole_number(value, least);
        if (out) return;
        problems.add(fmt::format("{}={}: expected a whole number from {} on", key, value, least));
        out = least;
    }
    void latency(const std::string& value) {
        if (budget.latency) return problems.add("'latency' is given twice");
        auto read = parse_latency(value);
        if (!read) problems.add(fmt::format("latency={}: {}", value, read.error().message));
        budget.latency = read.value_or(LatencyBudget{});
    }
};

}  // namespace

Result<FitBudget> parse_fit(std::string_view text) {
    BudgetReader reader;
    std::size_t begin = 0;
    while (begin <= text.size()) {
        const std::size_t end = std::min(text.find(',', begin), text.size());
        reader.read(std::string(text.substr(begin, end - begin)));
        begin = end + 1;
    }
    if (!reader.problems.empty()) {
        return tl::unexpected<Error>(reader.problems.to_error(fmt::format(
            "'{}' is no budget; expected for example lut=20000,dsp=64,latency=2us:", text)));
    }
    return reader.budget;
}

std::string to_text(const FitBudget& budget) {
    std::string out;
    const auto add = [&](const char* key, const std::string& value) {
        out += fmt::format("{}{}={}", out.empty() ? "" : ",", key, value);
    };
    if (budget.lut) add("lut", std::to_string(*budget.lut));
    if (budget.dsp) add("dsp", std::to_string(*budget.dsp));
    if (budget.bram) add("bram", std::to_string(*budget.bram));
    if (budget.latency && budget.latency->nanoseconds > 0) {
        add("latency", fmt::format("{}ns", budget.latency->nanoseconds));
    } else if (budget.latency) {
        add("latency", fmt::format("{}cycles", budget.latency->cycles));
    }
    if (budget.ii) add("ii", std::to_string(*budget.ii));
    return out;
}

}  // namespace gatewright::compile
