// SPDX-License-Identifier: Apache-2.0
#include "tools/vivado_timing.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

namespace gatewright::tools {
namespace {

constexpr double kPsPerNs = 1000;
constexpr double kLongestNs = 1e6;  // no delay in a report is a millisecond

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::vector<std::string> words(std::string_view line) {
    std::vector<std::string> out;
    std::size_t at = 0;
    while ((at = line.find_first_not_of(" \t\r", at)) != std::string_view::npos) {
        const std::size_t end = std::min(line.find_first_of(" \t\r", at), line.size());
        out.emplace_back(line.substr(at, end - at));
        at = end;
    }
    return out;
}

std::optional<double> number(const std::string& word) {
    char* end = nullptr;
    const double value = std::strtod(word.c_str(), &end);
    if (word.empty() || *end != '\0' || !(std::abs(value) < kLongestNs)) return std::nullopt;
    return value;
}

// "0.077ns" or "-0.010ns"
std::optional<double> nanoseconds(std::string word) {
    if (word.ends_with("ns")) word.resize(word.size() - 2);
    return number(word);
}

// "(Prop_CARRY8_SLICEL_S[0]_CO[7])": the last two names are the pins.
void split_pins(std::string_view name, VivadoArc& arc) {
    if (name.ends_with(")")) name.remove_suffix(1);
    const std::size_t last = name.rfind('_');
    if (last == std::string_view::npos) return;
    arc.to_pin = name.substr(last + 1);
    name = name.substr(0, last);
    const std::size_t before = name.rfind('_');
    arc.from_pin = name.substr(before == std::string_view::npos ? 0 : before + 1);
}

class Reader {
  public:
    Result<VivadoTiming> read(std::string_view text) {
        std::size_t at = 0;
        while (at < text.size()) {
            const std::size_t end = std::min(text.find('\n', at), text.size());
            ++line_;
            GW_TRY_STATUS(take(text.substr(at, end - at)));
            at = end + 1;
        }
        close_path();
        if (timing_.paths.empty()) {
            return fail(
                "no setup path found: expected the text of Vivado's report_timing or "
                "report_timing_summary, with lines 'Slack (MET) : ...'");
        }
        return std::move(timing_);
    }

  private:
    enum class Part { kNone, kHeader, kTable, kData, kCapture };

    [[nodiscard]] tl::unexpected<Error> bad(const std::string& what) const {
        return fail(fmt::format("line {}: {}", line_, what));
    }

    Status take(std::string_view raw) {
        const std::string_view line = trimmed(raw);
        if (line.starts_with("Slack (") || line.starts_with("Slack:")) return start_path(line);
        if (part_ == Part::kNone) return take_summary(line);
        if (part_ == Part::kHeader) return take_header(line);
        if (line.starts_with("-----")) {
            if (part_ == Part::kData) part_ = Part::kCapture;
            return {};
        }
        return take_row(words(line));
    }

    void close_path() {
        if (part_ != Part::kNone && !is_hold_ && !path_.arcs.empty())
            timing_.paths.push_back(std::move(path_));
        path_ = {};
        part_ = Part::kNone;
        is_hold_ = false;
        waiting_.reset();
    }

    // "Slack (MET) :             1.922ns  (required time - arrival time)"
    Status start_path(std::string_view line) {
        close_path();
        const std::vector<std::string> parts = words(line.substr(line.find(':') + 1));
        const auto slack = parts.empty() ? std::nullopt : nanoseconds(parts[0]);
        if (line.find(':') == std::string_view::npos || !slack)
            return bad(fmt::format("expected a slack like '0.125ns', found '{}'", line));
        path_.slack_ps = kPsPerNs * *slack;
        part_ = Part::kHeader;
        return {};
    }

    // Of the head of the file and the tables before the paths: part, speed, worst slack.
    Status take_summary(std::string_view line) {
        const auto value = [&](std::string_view key) -> std::optional<std::string> {
            const std::size_t colon = line.find(':');
            if (!line.starts_with("| " + std::string(key)) || colon == std::string_view::npos)
                return std::nullopt;
            const std::vector<std::string> parts = words(line.substr(colon + 1));
            return parts.empty() ? std::string() : parts[0];
        };
        if (const auto device = value("Device ")) timing_.device = *device;
        if (const auto speed = value("Speed File ")) timing_.speed = *speed;
        if (line.starts_with("WNS(ns)")) is_summary_ = true;
        if (!is_summary_ || line.empty() || line.starts_with("-") || line.starts_with("WNS"))
            return take_negative_summary(line);
        return take_worst(words(line));
    }

    // A negative worst slack begins with '-', as the rule below the heading does.
    Status take_negative_summary(std::string_view line) {
        if (is_summary_ && line.size() > 1 && line[0] == '-' && line[1] != '-')
            return take_worst(words(line));
        return {};
    }

    Status take_worst(const std::vector<std::string>& parts) {
        is_summary_ = false;
        if (parts.size() < 2 || parts[0] == "NA") return {};
        const auto worst = number(parts[0]);
        const auto total = number(parts[1]);
        if (!worst || !total) return bad("expected WNS and TNS in ns, found '" + parts[0] + "'");
        timing_.worst_slack_ps = kPsPerNs * *worst;
        timing_.total_negative_slack_ps = kPsPerNs * *total;
        return {};
    }

    Status take_header(std::string_view line) {
        const std::size_t colon = line.find(':');
        if (line.starts_with("Location") && line.find("Delay type") != std::string_view::npos) {
            part_ = Part::kTable;
            return {};
        }
        if (colon == std::string_view::npos) return {};
        const std::string_view key = trimmed(line.substr(0, colon));
        const std::vector<std::string> parts = words(line.substr(colon + 1));
        if (parts.empty()) return {};
        if (key == "Source") path_.source = parts[0];
        if (key == "Destination") path_.destination = parts[0];
        if (key == "Path Group") path_.group = parts[0];
        if (key == "Path Type")
            is_hold_ = parts[0] == "Hold" || parts[0] == "Min" || parts[0] == "Removal";
        if (key == "Requirement") return set_ns(parts[0], path_.requirement_ps);
        if (key == "Data Path Delay") return set_ns(parts[0], path_.data_delay_ps);
        if (key == "Logic Levels") {
            const auto levels = number(parts[0]);
            if (!levels) return bad("expected a number of logic levels, found '" + parts[0] + "'");
            path_.logic_levels = static_cast<std::int64_t>(*levels);
        }
        return {};
    }

    Status set_ns(const std::string& word, double& ps) {
        const auto value = nanoseconds(word);
        if (!value) return bad("expected a time in ns, found '" + word + "'");
        ps = kPsPerNs * *value;
        return {};
    }

    Status take_row(const std::vector<std::string>& parts) {
        if (parts.empty()) return {};
        if (waiting_) {
            const VivadoArc arc = *waiting_;
            waiting_.reset();
            return finish_cell(arc, parts, 0);
        }
        if (parts[0] == "net") return take_net(parts);
        if (parts[0] == "clock" && parts.size() > 2 && parts[1] == "uncertainty") {
            double ps = 0;
            GW_TRY_STATUS(set_ns(parts[2], ps));
            path_.uncertainty_ps = -ps;
            return {};
        }
        for (std::size_t i = 1; i < parts.size(); ++i) {
            const bool is_arc = parts[i].starts_with("(Prop_") || parts[i].starts_with("(Setup_");
            if (!is_arc) continue;
            VivadoArc arc;
            arc.cell = parts[i - 1];
            split_pins(parts[i], arc);
            is_setup_ = parts[i].starts_with("(Setup_");
            if (i + 1 < parts.size()) return finish_cell(arc, parts, i + 1);
            waiting_ = arc;
            return {};
        }
        return {};
    }

    // The clock's own cells come before the register whose arc from C begins the data path.
    Status finish_cell(VivadoArc arc, const std::vector<std::string>& parts, std::size_t at) {
        GW_TRY_STATUS(set_ns(parts[at], arc.ps));
        if (is_setup_) {
            path_.setup_ps = -arc.ps;
            return {};
        }
        const bool launches = arc.from_pin == "C" || arc.from_pin.starts_with("CLK");
        if (part_ == Part::kTable && launches) part_ = Part::kData;
        if (part_ == Part::kData) path_.arcs.push_back(std::move(arc));
        return {};
    }

    // "net (fo=19, routed)          0.267     0.398    fsm/Q[1]"
    Status take_net(const std::vector<std::string>& parts) {
        if (part_ != Part::kData) return {};
        VivadoArc arc;
        arc.cell = "net";
        const std::string start = "(fo=";
        if (parts.size() < 4 || !parts[1].starts_with(start))
            return bad("expected 'net (fo=N, ...) delay', found 'net " +
                       (parts.size() > 1 ? parts[1] : std::string()) + "'");
        std::string count = parts[1].substr(start.size());
        if (count.ends_with(",")) count.pop_back();
        const auto fanout = number(count);
        if (!fanout || *fanout < 0) return bad("expected a fan-out, found '" + parts[1] + "'");
        arc.fanout = static_cast<std::int64_t>(*fanout);
        GW_TRY_STATUS(set_ns(parts[3], arc.ps));
        path_.arcs.push_back(std::move(arc));
        return {};
    }

    VivadoTiming timing_;
    VivadoPath path_;
    Part part_ = Part::kNone;
    bool is_hold_ = false;
    bool is_summary_ = false;
    bool is_setup_ = false;
    std::optional<VivadoArc> waiting_;  ///< a cell whose delay is on the next line
    std::size_t line_ = 0;
};

}  // namespace

Result<VivadoTiming> read_vivado_timing(std::string_view text) {
    return Reader().read(text);
}

Result<std::int64_t> read_vivado_luts(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::vector<std::string> parts = words(text.substr(at, end - at));
        at = end + 1;
        const bool is_row = parts.size() > 4 && parts[0] == "|" && parts[3] == "|" &&
                            (parts[1] == "CLB" || parts[1] == "Slice") &&
                            parts[2].starts_with("LUTs");
        if (!is_row) continue;
        const auto count = number(parts[4]);
        if (!count || *count < 0)
            return fail("expected a number of LUTs, found '" + parts[4] + "'");
        return static_cast<std::int64_t>(*count);
    }
    return fail("no row 'CLB LUTs' or 'Slice LUTs' found: expected Vivado's report_utilization");
}

}  // namespace gatewright::tools
