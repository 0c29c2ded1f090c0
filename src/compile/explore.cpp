// SPDX-License-Identifier: Apache-2.0
#include "compile/explore.h"

#include <algorithm>

#include "report/resources.h"

namespace gatewright::compile {
namespace {

TradePoint point_of(const Compiled& compiled, const schedule::Schedule& schedule) {
    const auto registers =
        schedule::register_bits_by_kernel(compiled.flat, compiled.design.kernels.size(), schedule);
    const report::ResourceReport cost =
        report::count_resources(compiled.design, compiled.flat, schedule, registers);
    TradePoint point;
    point.stages = schedule.latency_cycles;
    point.clock_mhz = schedule.clock_mhz;
    point.latency_ns = 1e3 * schedule.latency_cycles / schedule.clock_mhz;
    point.lut = cost.total.estimate.lut;
    point.register_bits = schedule.register_bits;
    return point;
}

schedule::ScheduleParams staged(const Compiled& compiled, int stages) {
    schedule::ScheduleParams params;
    params.stages = stages;
    params.register_inputs = compiled.options.pipeline.input_register;
    params.register_outputs = compiled.options.pipeline.output_register;
    params.register_fanout = compiled.options.pipeline.register_fanout;
    params.ternary_adders = ternary_adders(compiled.options);
    return params;
}

}  // namespace

Result<std::vector<TradePoint>> explore(const Compiled& compiled) {
    const PipelineOptions& pipeline = compiled.options.pipeline;
    const int least = (pipeline.input_register ? 1 : 0) + (pipeline.output_register ? 1 : 0);
    const int most =
        schedule::most_useful_cycles(compiled.flat, compiled.device, staged(compiled, least));
    std::vector<TradePoint> points;
    double best_mhz = 0;
    for (int stages = least; stages <= most; ++stages) {
        GW_TRY(const schedule::Schedule schedule,
               schedule::schedule(compiled.flat, compiled.device, staged(compiled, stages)));
        constexpr double kWorthwhile = 1 + 1e-3;
        if (schedule.clock_mhz <= best_mhz * kWorthwhile) continue;
        best_mhz = schedule.clock_mhz;
        points.push_back(point_of(compiled, schedule));
    }
    points.push_back(point_of(compiled, compiled.schedule));
    points.back().is_design = true;
    std::stable_sort(points.begin(), points.end(),
                     [](const TradePoint& a, const TradePoint& b) { return a.stages < b.stages; });
    return points;
}

Json to_json(const std::vector<TradePoint>& points) {
    Json json = Json::array();
    for (const TradePoint& point : points) {
        Json entry = Json::object();
        entry.set("stages", std::int64_t{point.stages}).set("clock_mhz", point.clock_mhz);
        entry.set("latency_ns", point.latency_ns).set("lut", point.lut);
        entry.set("register_bits", point.register_bits).set("is_design", point.is_design);
        json.push_back(std::move(entry));
    }
    return json;
}

Result<Compiled> with_stages(const Compiled& compiled, int stages) {
    Compiled out = compiled;
    out.options.clock_mhz.reset();
    out.options.latency.reset();
    out.options.pipeline.stages = stages;
    GW_TRY(out.schedule, schedule::schedule(out.flat, out.device, staged(compiled, stages)));
    GW_TRY_STATUS(schedule::verify(out.flat, out.device, out.schedule));
    out.netlist = rtl::build_netlist(out.design, out.flat, out.schedule);
    return out;
}

}  // namespace gatewright::compile
