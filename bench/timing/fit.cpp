// SPDX-License-Identifier: Apache-2.0
#include "fit.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace gatewright::bench {
namespace {

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

bool is_carry_in(const std::string& port) {
    return port == "CIN" || port == "FCI";
}
bool is_carry_out(const std::string& port) {
    return port == "COUT" || port == "FCO";
}

// ECP5 reports two carries per cell, the second for nothing: bits are counted, not arcs. There the
// way from the chain to a sum bit is an arc of its own (exit); on iCE40 it is a net (exit_net), and
// a LUT follows.
struct Arcs {
    std::vector<double> clock_to_out, lut, entry, exit, exit_net, bit, block, net;

    void add(const tools::PlaceArc& arc) {
        const bool from_carry = is_carry_out(arc.from_port) || is_carry_in(arc.from_port);
        if (arc.type == "clk-to-q") clock_to_out.push_back(arc.ps);
        if (arc.type == "setup" && arc.ps > 0) lut.push_back(arc.ps);
        if (arc.type == "logic") add_logic(arc);
        if (arc.type != "routing") return;
        if (from_carry && is_carry_in(arc.to_port)) {
            if (arc.ps > 0) block.push_back(arc.ps);
        } else if (from_carry) {
            exit_net.push_back(arc.ps);
        } else if (arc.ps > 200) {  // shorter ones stay within a cell
            net.push_back(arc.ps);
        }
    }
    void add_logic(const tools::PlaceArc& arc) {
        if (is_carry_in(arc.from_port) && is_carry_out(arc.to_port)) {
            bit.push_back(arc.ps);
        } else if (is_carry_in(arc.from_port)) {
            exit.push_back(arc.ps);
        } else if (is_carry_out(arc.to_port)) {
            entry.push_back(arc.ps);
        } else {
            lut.push_back(arc.ps);
        }
    }
};

double mean(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

// What is fitted: net_ps, its growth per tenfold size and per tenfold fan-out, carry per bit,
// entry.
using Point = std::array<double, 5>;

schedule::Device with(schedule::Device device, const Point& point) {
    device.net_ps = point[0];
    device.net_growth.cells = {100, 1000, 10000};
    device.net_growth.factor = {1, 1 + point[1], 1 + 2 * point[1]};
    device.fanout_growth.sinks = {1, 10, 100};
    device.fanout_growth.factor = {1, 1 + point[2], 1 + 2 * point[2]};
    device.register_ps += point[3];
    return device;
}

double loss(const schedule::Device& device, const std::vector<Placed>& placed) {
    double sum = 0;
    for (const Placed& one : placed) {
        const double error = std::log(retimed_ps(one.compiled, device) / one.achieved_ps());
        sum += error * error * (error < 0 ? kOptimismWeight : 1);
    }
    return sum;
}

}  // namespace

ArcMedians arc_medians(const std::vector<Placed>& placed) {
    Arcs arcs;
    for (const Placed& one : placed) {
        if (one.report.limited_by_wrapper) continue;
        for (const tools::PlaceArc& arc : one.report.critical_path) arcs.add(arc);
    }
    ArcMedians out;
    out.clock_to_out = median(arcs.clock_to_out);
    out.lut = median(arcs.lut);
    const double exit = arcs.exit_net.empty() ? median(arcs.exit) : median(arcs.exit_net) + out.lut;
    out.carry_entry = median(arcs.entry) + exit;
    out.carry_bit = mean(arcs.bit);
    out.carry_block = median(arcs.block);
    out.net = median(arcs.net);
    return out;
}

schedule::Device fit_device(schedule::Device start, const std::vector<Placed>& placed) {
    const ArcMedians arcs = arc_medians(placed);
    start.register_ps = arcs.clock_to_out;
    start.lut_ps = arcs.lut;
    start.carry_entry_ps = arcs.carry_entry;
    start.carry_ps_per_bit = arcs.carry_bit;
    start.carry_block_ps = arcs.carry_block;
    Point point = {arcs.net, 0.2, 0.2, 0};
    const Point least = {0.3 * arcs.net, 0, 0, 0};
    const Point most = {3 * arcs.net, 1.0, 1.0, 2 * arcs.net};
    Point step = {0.2 * arcs.net, 0.1, 0.1, 0.2 * arcs.net};
    double best = loss(with(start, point), placed);
    for (int round = 0; round < 40; ++round) {
        bool improved = false;
        for (std::size_t i = 0; i < point.size(); ++i) {
            for (const double sign : {1.0, -1.0}) {
                Point next = point;
                next[i] = std::clamp(next[i] + sign * step[i], least[i], most[i]);
                const double now = loss(with(start, next), placed);
                if (now >= best) continue;
                best = now;
                point = next;
                improved = true;
            }
        }
        if (!improved) {
            for (double& width : step) width /= 2;
        }
    }
    return with(start, point);
}

}  // namespace gatewright::bench
