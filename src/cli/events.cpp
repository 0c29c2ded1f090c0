// SPDX-License-Identifier: Apache-2.0
#include "cli/events.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "emulate/engine.h"
#include "tensor/npy.h"

namespace gatewright::cli {
namespace {

constexpr int kWidestLane = 63;

// [events, ...shape] or [events, elements] -> [events, ...shape].
template <class T>
Status fit_shape(tensor::Tensor<T>& array, const arch::Port& port, const std::string& file) {
    const std::size_t elements = port.elements.size();
    tensor::Shape wanted = port.shape;
    wanted.insert(wanted.begin(), array.shape.empty() ? 0 : array.shape[0]);
    const tensor::Shape flat = {wanted[0], static_cast<std::int64_t>(elements)};
    const bool one_element = elements == 1 && array.shape.size() == 1;
    if (array.shape != wanted && array.shape != flat && !one_element) {
        return fail(fmt::format("{}: has shape {}, input port '{}' takes [events, {}] values", file,
                                tensor::to_string(array.shape), port.name, elements));
    }
    array.shape = wanted;
    return {};
}

Result<Events> read_raw(const arch::Design& design, const std::vector<std::string>& files) {
    std::vector<tensor::Tensor<std::int64_t>> arrays;
    for (std::size_t p = 0; p < files.size(); ++p) {
        GW_TRY(auto array, tensor::read_integers(files[p]));
        GW_TRY_STATUS(fit_shape(array, design.inputs[p], files[p]));
        arrays.push_back(std::move(array));
    }
    Events events{static_cast<std::size_t>(arrays[0].shape[0]), {}};
    for (std::size_t e = 0; e < events.count; ++e) {
        for (std::size_t p = 0; p < files.size(); ++p) {
            const arch::Port& port = design.inputs[p];
            if (arrays[p].shape[0] != arrays[0].shape[0]) {
                return fail(fmt::format("{}: has {} events, {} has {}", files[p],
                                        arrays[p].shape[0], files[0], arrays[0].shape[0]));
            }
            for (std::size_t i = 0; i < port.elements.size(); ++i) {
                const std::int64_t code = arrays[p][e * port.elements.size() + i];
                const fixed::Format& format = port.elements[i].format;
                if (!format.holds(code)) {
                    return fail(
                        fmt::format("{}: event {}, element {}: code {} does not fit {} ({} to {})",
                                    files[p], e, i, code, to_string(format),
                                    format.min_code().to_string(), format.max_code().to_string()));
                }
                events.codes.push_back(code);
            }
        }
    }
    return events;
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
        const auto named =
            std::find_if(ports.begin(), ports.end(), [&](const auto& port) {
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
    const arch::Design& design, const std::vector<std::string>& files) {
    GW_TRY(const std::vector<std::string> assigned, assign_files(design.inputs, files));
    std::vector<tensor::Tensor<double>> arrays;
    for (std::size_t p = 0; p < assigned.size(); ++p) {
        GW_TRY(auto array, tensor::read_doubles(assigned[p]));
        GW_TRY_STATUS(fit_shape(array, design.inputs[p], assigned[p]));
        if (!arrays.empty() && array.shape[0] != arrays[0].shape[0]) {
            return fail(fmt::format("{}: has {} events, {} has {}", assigned[p], array.shape[0],
                                    assigned[0], arrays[0].shape[0]));
        }
        arrays.push_back(std::move(array));
    }
    return arrays;
}

Result<Events> read_events(const arch::Design& design, const std::vector<std::string>& files,
                           ValuesAre values) {
    GW_TRY_STATUS(check_lanes({design.inputs, design.outputs}));
    if (values == ValuesAre::kCodes) {
        GW_TRY(const std::vector<std::string> assigned, assign_files(design.inputs, files));
        return read_raw(design, assigned);
    }
    GW_TRY(const auto arrays, read_port_arrays(design, files));
    GW_TRY(auto codes, emulate::to_codes(design.inputs, arrays));
    return Events{static_cast<std::size_t>(arrays[0].shape[0]), std::move(codes)};
}

Result<std::vector<std::int64_t>> emulate_events(const arch::FlatProgram& flat,
                                                 const Events& events) {
    const emulate::Engine engine(flat.program);
    std::vector<std::int64_t> outputs(events.count * engine.output_count());
    if (engine.fits_int64()) {
        engine.run(events.codes, outputs);
        return outputs;
    }
    const std::vector<fixed::Integer> exact_inputs(events.codes.begin(), events.codes.end());
    std::vector<fixed::Integer> exact_outputs(outputs.size());
    engine.run_exact(exact_inputs, exact_outputs);
    for (std::size_t i = 0; i < outputs.size(); ++i)
        outputs[i] = exact_outputs[i].to_int64().value();
    return outputs;
}

}  // namespace gatewright::cli
