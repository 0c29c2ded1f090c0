// SPDX-License-Identifier: Apache-2.0
//
// How a path is divided: the register's clock-to-out, setup and uncertainty, with the net into the
// register behind the last logic, are register_ps. A net before a level of logic is net_ps, by its
// fan-out. An adder is the LUT before its chain, the short net into the chain, and the way from
// there to a sum bit: carry_entry_ps; each further carry block with the net between the blocks is
// carry_block.ps.
#include "compile/calibrate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace gatewright::compile {
namespace {

using tools::VivadoArc;

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const std::size_t half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

bool is_carry(const VivadoArc& arc) {
    return arc.cell.starts_with("CARRY");
}
bool is_lut(const VivadoArc& arc) {
    return arc.cell.size() == 4 && arc.cell.starts_with("LUT");
}
bool is_register(const VivadoArc& arc) {
    return arc.cell.starts_with("FD");
}

struct Samples {
    std::vector<double> clock_to_out, last_net, setup, uncertainty;
    std::vector<double> lut, into_chain, chain_to_sum, chain_in, chain_out, block, between_blocks;
    std::map<int, std::vector<double>> nets;  ///< by floor(log2(fan-out))
    std::size_t paths = 0;
    std::size_t net_count = 0;

    void add(const tools::VivadoPath& path) {
        ++paths;
        if (path.setup_ps) setup.push_back(*path.setup_ps);
        if (path.uncertainty_ps) uncertainty.push_back(*path.uncertainty_ps);
        for (std::size_t i = 0; i < path.arcs.size(); ++i) {
            const VivadoArc* before = i > 0 ? &path.arcs[i - 1] : nullptr;
            const VivadoArc* after = i + 1 < path.arcs.size() ? &path.arcs[i + 1] : nullptr;
            if (path.arcs[i].cell == "net") {
                add_net(path.arcs[i], before, after);
            } else {
                add_cell(path.arcs[i]);
            }
        }
    }

  private:
    void add_cell(const VivadoArc& arc) {
        if (is_register(arc)) clock_to_out.push_back(arc.ps);
        if (is_lut(arc)) lut.push_back(arc.ps);
        if (!is_carry(arc)) return;
        const bool from_block = arc.from_pin == "CI";
        const bool to_block = arc.to_pin.starts_with("CO");
        if (from_block && to_block) block.push_back(arc.ps);
        if (from_block && !to_block) chain_out.push_back(arc.ps);
        if (!from_block && to_block) chain_in.push_back(arc.ps);
        if (!from_block && !to_block) chain_to_sum.push_back(arc.ps);
    }
    void add_net(const VivadoArc& net, const VivadoArc* before, const VivadoArc* after) {
        if (after == nullptr) {
            last_net.push_back(net.ps);
        } else if (is_carry(*after) && after->from_pin == "CI") {
            between_blocks.push_back(net.ps);
        } else if (is_carry(*after) && before != nullptr && is_lut(*before)) {
            into_chain.push_back(net.ps);
        } else {
            const double sinks = static_cast<double>(std::max<std::int64_t>(1, net.fanout));
            nets[static_cast<int>(std::log2(sinks))].push_back(net.ps);
            ++net_count;
        }
    }
};

double median_or_zero(const std::vector<double>& values) {
    return values.empty() ? 0 : median(values);
}

Json sourced(double value, const std::string& source) {
    Json json = Json::object();
    json.set("value", std::round(10 * value) / 10).set("source", source);
    return json;
}

// Writes the fields of a device file, in the order of the files in schedule/devices.
class Writer {
  public:
    Writer(const schedule::Device& start, const Samples& samples, std::optional<std::int64_t> luts)
        : start_(start), samples_(samples), luts_(luts) {}

    Calibration write() {
        Json& json = out_.device;
        json.set("part", start_.part).set("vendor_part", start_.vendor_part);
        json.set("family", start_.family);
        json.set("description", start_.description + ", calibrated from timing reports");
        json.set("lut_inputs", sourced(start_.lut_inputs, "as in " + start_.part));
        field("lut_ps", samples_.lut, start_.lut_ps);
        write_carry();
        write_nets();
        write_register();
        json.set("max_clock_mhz", sourced(start_.max_clock_mhz, "as in " + start_.part));
        Json capacity = Json::object();
        capacity.set("lut", start_.capacity.lut).set("ff", start_.capacity.ff);
        capacity.set("dsp", start_.capacity.dsp).set("bram", start_.capacity.bram);
        json.set("capacity", capacity.set("source", "as in " + start_.part));
        if (start_.has_ternary_adders)
            json.set("ternary_adders", sourced(1, "as in " + start_.part));
        if (start_.inversion_ps > 0)
            json.set("inversion_ps", sourced(start_.inversion_ps, "as in " + start_.part));
        if (start_.comparison_exit_ps > 0)
            json.set("comparison_exit_ps",
                     sourced(start_.comparison_exit_ps, "as in " + start_.part));
        out_.paths = samples_.paths;
        out_.nets = samples_.net_count;
        return std::move(out_);
    }

  private:
    [[nodiscard]] std::string kept(const std::string& name) {
        out_.kept.push_back(name);
        return "not in the timing reports; as in " + start_.part;
    }
    static std::string medians_of(std::size_t count) {
        return fmt::format("timing reports: median of {} arcs", count);
    }

    void field(const char* name, const std::vector<double>& values, double otherwise) {
        out_.device.set(name, values.empty() ? sourced(otherwise, kept(name))
                                             : sourced(median(values), medians_of(values.size())));
    }

    void write_carry() {
        const bool direct = !samples_.chain_to_sum.empty();
        const bool through = !samples_.chain_in.empty() && !samples_.chain_out.empty();
        Json& json = out_.device;
        if (!(direct || through) || samples_.lut.empty()) {
            json.set("carry_entry_ps", sourced(start_.carry_entry_ps, kept("carry_entry_ps")));
            json.set("carry_ps_per_bit",
                     sourced(start_.carry_ps_per_bit, kept("carry_ps_per_bit")));
        } else {
            const double chain = direct ? median(samples_.chain_to_sum)
                                        : median(samples_.chain_in) + median(samples_.chain_out);
            const double before = median(samples_.lut) + median_or_zero(samples_.into_chain);
            json.set("carry_entry_ps",
                     sourced(before + chain,
                             "timing reports: median LUT, net into the chain, way to a sum bit"));
            json.set("carry_ps_per_bit", sourced(0, "within a block: part of carry_entry_ps"));
        }
        write_block();
    }

    void write_block() {
        const bool measured = !samples_.block.empty();
        if (!measured && start_.carry_block_bits == 0) return;
        const double ps = measured
                              ? median(samples_.block) + median_or_zero(samples_.between_blocks)
                              : start_.carry_block_ps;
        // The only vendor whose reports are read: CARRY8 from UltraScale on, CARRY4 before.
        const int bits = start_.carry_block_bits > 0 ? start_.carry_block_bits
                         : start_.family == "xc7"    ? 4
                                                     : 8;
        Json block = Json::object();
        block.set("bits", std::int64_t{bits}).set("ps", std::round(10 * ps) / 10);
        block.set("source", measured ? medians_of(samples_.block.size()) : kept("carry_block"));
        out_.device.set("carry_block", std::move(block));
    }

    // Fan-outs in steps of two; a step without nets is passed over, a net to more sinks is never
    // faster.
    void write_nets() {
        std::vector<double> sinks;
        std::vector<double> delays;
        for (const auto& [step, values] : samples_.nets) {
            const double before = delays.empty() ? 0 : delays.back();
            sinks.push_back(std::exp2(step));
            delays.push_back(std::max(before, median(values)));
        }
        if (delays.empty() || delays.front() <= 0) {
            out_.device.set("net_ps", sourced(start_.net_ps, kept("net_ps")));
            write_growth(start_.fanout_growth.sinks, start_.fanout_growth.factor,
                         "as in " + start_.part);
            return;
        }
        const double at_one = delays.front();
        for (double& delay : delays) delay = std::round(1000 * delay / at_one) / 1000;
        const double size_factor =
            luts_ ? at_size(start_, static_cast<double>(*luts_)).net_ps / start_.net_ps : 1;
        out_.device.set("net_ps", sourced(at_one / size_factor,
                                          fmt::format("timing reports: median of {} nets of the "
                                                      "lowest fan-out seen ({:.0f}){}",
                                                      samples_.nets.begin()->second.size(),
                                                      sinks.front(), size_note())));
        write_growth(
            sinks, delays,
            fmt::format("timing reports: medians of {} nets by fan-out", samples_.net_count));
    }
    [[nodiscard]] std::string size_note() const {
        return luts_ ? fmt::format(", brought from {} LUT to a small design", *luts_)
                     : std::string();
    }

    void write_growth(const std::vector<double>& sinks, const std::vector<double>& factor,
                      const std::string& source) {
        Json size = Json::object();
        const schedule::NetGrowth growth = luts_ ? start_.net_growth : schedule::NetGrowth{};
        size.set("cells", Json::array_of(growth.cells))
            .set("factor", Json::array_of(growth.factor));
        size.set("source", luts_
                               ? "as in " + start_.part
                               : std::string("no size was given: nets as in the reports' design"));
        Json fanout = Json::object();
        fanout.set("sinks", Json::array_of(sinks)).set("factor", Json::array_of(factor));
        out_.device.set("net_growth", std::move(size));
        out_.device.set("fanout_growth", fanout.set("source", source));
    }

    void write_register() {
        const double ps = median_or_zero(samples_.clock_to_out) +
                          median_or_zero(samples_.last_net) + median_or_zero(samples_.setup) +
                          median_or_zero(samples_.uncertainty);
        if (samples_.clock_to_out.empty() || ps <= 0) {
            out_.device.set("register_ps", sourced(start_.register_ps, kept("register_ps")));
            return;
        }
        out_.device.set(
            "register_ps",
            sourced(ps,
                    fmt::format("timing reports, medians: clock to out {:.0f}, net into the "
                                "register {:.0f}, setup {:.0f}, clock uncertainty {:.0f}",
                                median_or_zero(samples_.clock_to_out),
                                median_or_zero(samples_.last_net), median_or_zero(samples_.setup),
                                median_or_zero(samples_.uncertainty))));
    }

    const schedule::Device& start_;
    const Samples& samples_;
    const std::optional<std::int64_t> luts_;
    Calibration out_;
};

}  // namespace

Result<Calibration> calibrate(const schedule::Device& start,
                              const std::vector<tools::VivadoTiming>& reports,
                              std::optional<std::int64_t> luts) {
    Samples samples;
    for (const tools::VivadoTiming& report : reports) {
        for (const tools::VivadoPath& path : report.paths) samples.add(path);
    }
    if (samples.paths == 0) return fail("no path from register to register in the reports");
    Calibration out = Writer(start, samples, luts).write();
    // The file must be one we can read.
    GW_TRY(const schedule::Device checked, schedule::parse_device(out.device.dump(1)));
    static_cast<void>(checked);
    return out;
}

}  // namespace gatewright::compile
