// SPDX-License-Identifier: Apache-2.0
#include "cli/events.h"

#include <fmt/format.h>

#include <algorithm>

#include "emulate/engine.h"
#include "events/reader.h"

namespace gatewright::cli {
namespace {

constexpr int kWidestLane = 63;

// A file's values, all of them; [events, ...shape].
Result<tensor::Tensor<double>> read_all(const dfg::Port& port, const std::string& file) {
    constexpr std::size_t kChunk = 1U << 16U;
    events::ReaderParams params;
    params.shape = port.shape;
    GW_TRY(const auto reader, events::open_reader(file, params));
    tensor::Tensor<double> array(port.shape);
    array.data.clear();
    for (;;) {
        GW_TRY(const events::Chunk chunk, reader->read(kChunk));
        if (chunk.events == 0) break;
        const auto values = events::reals_of(chunk, chunk.events * port.elements.size());
        array.data.insert(array.data.end(), values.begin(), values.end());
    }
    const std::size_t elements = std::max<std::size_t>(port.elements.size(), 1);
    array.shape.insert(array.shape.begin(),
                       static_cast<std::int64_t>(array.data.size() / elements));
    return array;
}

}  // namespace

Result<std::vector<std::string>> assign_files(const std::vector<dfg::Port>& ports,
                                              const std::vector<std::string>& files) {
    std::vector<std::string> out(ports.size());
    std::string names;
    for (const dfg::Port& port : ports) names += " " + port.name;
    std::size_t next = 0;
    for (const std::string& file : files) {
        const std::size_t equals = file.find('=');
        const auto named = std::find_if(ports.begin(), ports.end(), [&](const auto& port) {
            return equals != std::string::npos && port.name == file.substr(0, equals);
        });
        if (named != ports.end()) {
            out[static_cast<std::size_t>(named - ports.begin())] = file.substr(equals + 1);
            continue;
        }
        while (next < out.size() && !out[next].empty()) ++next;
        if (next == out.size()) {
            return fail(fmt::format(
                "'{}' is one input file too many; the design's input ports are:{}", file, names));
        }
        out[next] = file;
    }
    for (std::size_t p = 0; p < out.size(); ++p) {
        if (out[p].empty()) {
            return fail(
                fmt::format("no file is given for input port '{}'; the design's input ports are:{}",
                            ports[p].name, names));
        }
    }
    return out;
}

Status check_lanes(const dfg::Interface& ports) {
    const auto check = [](const std::vector<dfg::Port>& side) -> Status {
        for (const dfg::Port& port : side) {
            for (const fixed::Cast& element : port.elements) {
                if (element.format.width > kWidestLane) {
                    return fail(fmt::format(
                        "port '{}' has an element of {} bits; event files carry at most "
                        "{} bits per element",
                        port.name, element.format.width, kWidestLane));
                }
            }
        }
        return {};
    };
    GW_TRY_STATUS(check(ports.inputs));
    return check(ports.outputs);
}

Result<std::vector<tensor::Tensor<double>>> read_port_arrays(
    const std::vector<dfg::Port>& ports, const std::vector<std::string>& files) {
    GW_TRY(const std::vector<std::string> assigned, assign_files(ports, files));
    std::vector<tensor::Tensor<double>> arrays;
    for (std::size_t p = 0; p < assigned.size(); ++p) {
        GW_TRY(auto array, read_all(ports[p], assigned[p]));
        if (!arrays.empty() && array.shape[0] != arrays[0].shape[0]) {
            return fail(fmt::format("{}: has {} events, {} has {}", assigned[p], array.shape[0],
                                    assigned[0], arrays[0].shape[0]));
        }
        arrays.push_back(std::move(array));
    }
    return arrays;
}

Result<Events> read_events(const dfg::Interface& ports, const std::vector<std::string>& files) {
    GW_TRY_STATUS(check_lanes(ports));
    GW_TRY(const auto arrays, read_port_arrays(ports.inputs, files));
    GW_TRY(auto codes, emulate::to_codes(ports.inputs, arrays));
    return Events{static_cast<std::size_t>(arrays[0].shape[0]), std::move(codes)};
}

std::vector<std::int64_t> run_codes(const emulate::BatchFunction& engine,
                                    std::span<const std::int64_t> inputs, std::size_t events) {
    std::vector<std::int64_t> outputs(events * engine.output_count());
    if (engine.fits_int64()) {
        engine.run(inputs, outputs);
        return outputs;
    }
    const std::vector<fixed::Integer> exact_inputs(inputs.begin(), inputs.end());
    std::vector<fixed::Integer> exact(outputs.size());
    engine.run_exact(exact_inputs, exact);
    for (std::size_t i = 0; i < exact.size(); ++i) outputs[i] = exact[i].to_int64().value();
    return outputs;
}

}  // namespace gatewright::cli
