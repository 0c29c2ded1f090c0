// SPDX-License-Identifier: Apache-2.0
#include "cli/first_difference.h"

#include <fmt/format.h>

#include <filesystem>

#include "cli/layer_values.h"
#include "cli/loading.h"
#include "compile/compile.h"
#include "compile/design_directory.h"
#include "tensor/npy.h"

namespace gatewright::cli {

using events::Chunk;

namespace {

constexpr std::size_t kComparedEvents = 2000;  // the reference is slow

double real_at(const Chunk& chunk, std::size_t i) {
    if (chunk.type == events::ElementType::kFloat32)
        return static_cast<const float*>(chunk.data)[i];
    return static_cast<const double*>(chunk.data)[i];
}

struct Difference {
    std::string layer;
    std::size_t event = 0;
    std::size_t element = 0;
    double ours = 0;
    double theirs = 0;
};

Outcome describe(const std::optional<Difference>& difference, std::size_t events,
                 const std::string& what) {
    Outcome out;
    out.json.set("events", events).set("equal", !difference.has_value());
    if (!difference) {
        out.text = fmt::format("{}: equal in all {} events\n", what, events);
        return out;
    }
    out.text =
        fmt::format("{}: first difference in layer '{}', event {}, element {}: {} here, {} there\n",
                    what, difference->layer, difference->event, difference->element,
                    difference->ours, difference->theirs);
    Json first = Json::object();
    first.set("layer", difference->layer).set("event", difference->event);
    first.set("element", difference->element);
    first.set("ours", difference->ours).set("theirs", difference->theirs);
    out.json.set("first_difference", std::move(first));
    out.exit_code = 1;
    return out;
}

// The earliest event that differs anywhere, and in it the first layer.
std::optional<Difference> first_difference(const std::vector<std::string>& names,
                                           const std::vector<tensor::Tensor<double>>& ours,
                                           const std::vector<tensor::Tensor<double>>& theirs) {
    std::optional<Difference> first;
    for (std::size_t n = 0; n < names.size(); ++n) {
        const auto events = static_cast<std::size_t>(theirs[n].shape[0]);
        const std::size_t elements = events == 0 ? 0 : theirs[n].size() / events;
        for (std::size_t i = 0; i < theirs[n].size(); ++i) {
            if (first && i / elements >= first->event) break;
            if (ours[n][i] == theirs[n][i]) continue;
            first = Difference{names[n], i / elements, i % elements, ours[n][i], theirs[n][i]};
            break;
        }
    }
    return first;
}

}  // namespace

Result<model::TypedGraph> load_layers(const compile::Options& options, Progress& progress) {
    if (compile::is_design_directory(options.model)) {
        GW_TRY(compile::StoredDesign stored, compile::read_design_directory(options.model));
        return std::move(stored.typed);
    }
    GW_TRY(compile::Imported imported, compile::import_and_type(options, progress));
    return std::move(imported.typed);
}

Result<Outcome> compare_layers(const EmulateArgs& args, const Function& function,
                               EventSource& source, Progress& progress) {
    GW_TRY(const model::TypedGraph typed, load_layers(args.options, progress));
    std::vector<std::string> names;
    std::vector<std::size_t> ids;
    std::vector<tensor::Tensor<double>> theirs;
    std::size_t events = kComparedEvents;
    for (std::size_t n = 0; n < typed.graph().size(); ++n) {
        const std::string& name = typed.graph()[LayerId(n)].name;
        const std::string file = args.first_difference + "/" + safe_file_name(name) + ".npy";
        if (!std::filesystem::exists(file)) continue;
        GW_TRY(auto array, tensor::read_doubles(file));
        const std::size_t elements = typed.type(LayerId(n)).elements.size();
        const auto rows = array.shape.empty() ? 0 : static_cast<std::size_t>(array.shape[0]);
        if (array.size() != rows * elements) {
            return fail(fmt::format("{}: has shape {}, layer '{}' has {} values per event", file,
                                    tensor::to_string(array.shape), name, elements));
        }
        events = std::min(events, rows);
        names.push_back(name);
        ids.push_back(n);
        theirs.push_back(std::move(array));
    }
    if (names.empty()) {
        return fail(
            fmt::format("{}: has no <layer>.npy of this model's layers (the first is "
                        "'{}.npy')",
                        args.first_difference, safe_file_name(typed.graph()[LayerId(0)].name)));
    }
    progress.stage("compare layers");
    GW_TRY(const EventBlock inputs, source.read(events));
    events = std::min(events, inputs.events);
    GW_TRY(const auto codes, input_codes(function.ports.inputs, inputs, events));
    auto all = layer_values(typed, function.ports.inputs, codes, events);
    std::vector<tensor::Tensor<double>> ours;
    for (std::size_t k = 0; k < ids.size(); ++k) {
        ours.push_back(std::move(all[ids[k]]));
        const std::size_t elements = typed.type(LayerId(ids[k])).elements.size();
        theirs[k].shape[0] = static_cast<std::int64_t>(events);
        theirs[k].data.resize(events * elements);
    }
    return describe(first_difference(names, ours, theirs), events,
                    fmt::format("{} layers", names.size()));
}

Result<Outcome> compare_outputs(const EmulateArgs& args, const Function& function,
                                EventSource& source, Progress& progress) {
    const auto& ports = function.ports.outputs;
    std::vector<std::unique_ptr<events::Reader>> theirs;
    for (const dfg::Port& port : ports) {
        events::ReaderParams params;
        params.shape = port.shape;
        params.raw_type = args.raw_type;
        GW_TRY(auto reader,
               events::open_reader(output_file(args.first_difference, ports, port), params));
        theirs.push_back(std::move(reader));
    }
    std::optional<Difference> first;
    std::size_t done = 0;
    const std::size_t row = elements_of(ports);
    const auto compare = [&](const EventBlock&, const EventBlock& outputs) -> Status {
        std::size_t before = 0;  // elements of the ports before
        for (std::size_t p = 0; p < ports.size(); ++p) {
            const std::size_t elements = ports[p].elements.size();
            // Real values in one array of the port, codes in one of all ports.
            const auto ours = [&](std::size_t i) {
                if (!args.raw) return outputs.reals[p][i];
                const std::size_t at = i / elements * row + before + i % elements;
                return static_cast<double>(outputs.codes[at]);
            };
            for (std::size_t e = 0; e < outputs.events;) {
                GW_TRY(const Chunk chunk, theirs[p]->read(outputs.events - e));
                if (chunk.events == 0) {
                    return fail(fmt::format("{}: ends after event {}, before the inputs do",
                                            args.first_difference, done + e));
                }
                for (std::size_t i = 0; i < chunk.events * elements; ++i) {
                    const std::size_t event = done + e + i / elements;
                    const double here = ours(e * elements + i);
                    const double there = real_at(chunk, i);
                    if (here == there || (first && first->event <= event)) continue;
                    first = Difference{ports[p].name, event, i % elements, here, there};
                }
                e += chunk.events;
            }
            before += elements;
        }
        done += outputs.events;
        return {};
    };
    GW_TRY_STATUS(for_each_block(function, source, progress, compare).map([](double) {}));
    return describe(first, done, "outputs");
}

}  // namespace gatewright::cli
