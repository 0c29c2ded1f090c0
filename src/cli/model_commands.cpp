// SPDX-License-Identifier: Apache-2.0
//
// Commands about models and events: inspect, layers, emulate.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cli/commands.h"
#include "cli/events.h"
#include "cli/loading.h"
#include "cli/table.h"
#include "compile/compile.h"
#include "emulate/engine.h"
#include "layers/registry.h"
#include "support/files.h"
#include "tensor/npy.h"

namespace gatewright::cli {
namespace {

struct LayerRow {
    std::string name;
    std::string kind;
    model::LayerFacts facts;
    std::string shape;
    std::string formats;
    std::string summary;
};

std::vector<LayerRow> describe_layers(const model::TypedGraph& typed) {
    std::vector<LayerRow> rows;
    for (std::size_t i = 0; i < typed.graph().size(); ++i) {
        const LayerId id(i);
        const model::GraphNode& node = typed.graph()[id];
        LayerRow row{node.name,
                     std::string(node.layer->kind()),
                     node.layer->facts(typed.input_types(id)),
                     tensor::to_string(typed.type(id).shape),
                     format_summary(typed.type(id)),
                     node.layer->summary()};
        if (row.facts.max_error > 0) {
            row.summary += fmt::format("{}largest error {:.3g}", row.summary.empty() ? "" : ", ",
                                       row.facts.max_error);
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

Status write_outputs(const arch::Design& design, const std::vector<std::int64_t>& codes,
                     std::size_t events, const EmulateArgs& args) {
    const auto reals = emulate::to_reals(design.outputs, codes);
    std::size_t offset = 0;
    std::size_t total = 0;
    for (const arch::Port& port : design.outputs) total += port.elements.size();
    for (std::size_t p = 0; p < design.outputs.size(); ++p) {
        const arch::Port& port = design.outputs[p];
        std::filesystem::path path(args.output);
        if (design.outputs.size() > 1) {
            path.replace_filename(path.stem().string() + "_" + port.name +
                                  path.extension().string());
        }
        if (!args.raw) {
            GW_TRY_STATUS(tensor::write_array(path.string(), reals[p]));
        } else {
            tensor::Tensor<std::int64_t> raw(reals[p].shape);
            for (std::size_t e = 0; e < events; ++e) {
                for (std::size_t i = 0; i < port.elements.size(); ++i) {
                    raw[e * port.elements.size() + i] = codes[e * total + offset + i];
                }
            }
            GW_TRY_STATUS(tensor::write_array(path.string(), raw));
        }
        offset += port.elements.size();
    }
    return {};
}

// <output>.trace/<layer>.npy: every layer's exact values of the first events.
Status write_trace(const model::TypedGraph& typed, const arch::Design& design, const Events& events,
                   const std::string& output) {
    constexpr std::size_t kMostEvents = 100;
    const std::size_t count = std::min(events.count, kMostEvents);
    const model::Graph& graph = typed.graph();
    std::vector<model::Reals> traces;
    for (std::size_t n = 0; n < graph.size(); ++n) {
        tensor::Shape shape = typed.type(LayerId(n)).shape;
        shape.insert(shape.begin(), static_cast<std::int64_t>(count));
        traces.emplace_back(shape);
    }
    std::size_t next = 0;
    for (std::size_t e = 0; e < count; ++e) {
        std::vector<model::Values> inputs;
        for (const arch::Port& port : design.inputs) {
            model::Values values(port.shape);
            for (std::size_t i = 0; i < values.size(); ++i) {
                values[i] = fixed::Dyadic(fixed::Integer(events.codes[next++]),
                                          -port.elements[i].format.frac);
            }
            inputs.push_back(std::move(values));
        }
        const auto all = model::evaluate_reference(graph, inputs);
        for (std::size_t n = 0; n < all.size(); ++n) {
            for (std::size_t i = 0; i < all[n].size(); ++i) {
                traces[n][e * all[n].size() + i] = all[n][i].to_double();
            }
        }
    }
    GW_TRY(StagedDirectory staged, StagedDirectory::create(output + ".trace", "trace.txt"));
    std::string index;
    for (std::size_t n = 0; n < traces.size(); ++n) {
        const std::string file = safe_file_name(graph[LayerId(n)].name) + ".npy";
        GW_TRY_STATUS(staged.write(file, tensor::to_npy(traces[n])));
        index += fmt::format("{}\t{}\t{}\n", file, graph[LayerId(n)].name,
                             format_summary(typed.type(LayerId(n))));
    }
    GW_TRY_STATUS(staged.write("trace.txt", index));
    return staged.commit();
}

}  // namespace

Result<Outcome> run_inspect(const InspectArgs& args, Progress& progress) {
    GW_TRY(const compile::Imported imported, compile::import_and_type(args.options, progress));
    std::vector<std::vector<std::string>> rows = {
        {"layer", "kind", "shape", "formats", "weights", "kept", "EBOPs", "about"}};
    Json layers = Json::array();
    double ebops = 0;
    std::size_t weights = 0;
    std::size_t kept = 0;
    for (const LayerRow& row : describe_layers(imported.typed)) {
        ebops += row.facts.ebops;
        weights += row.facts.weights;
        kept += row.facts.nonzero_weights;
        const bool has_weights = row.facts.weights > 0;
        rows.push_back({row.name, row.kind, row.shape, row.formats,
                        has_weights ? std::to_string(row.facts.weights) : "",
                        has_weights ? std::to_string(row.facts.nonzero_weights) : "",
                        row.facts.ebops > 0 ? fmt::format("{:.0f}", row.facts.ebops) : "",
                        row.summary});
        Json layer = Json::object();
        layer.set("name", row.name)
            .set("kind", row.kind)
            .set("shape", row.shape)
            .set("formats", row.formats);
        layer.set("weights", row.facts.weights).set("kept_weights", row.facts.nonzero_weights);
        layer.set("max_error", row.facts.max_error)
            .set("ebops", row.facts.ebops)
            .set("about", row.summary);
        layers.push_back(std::move(layer));
    }
    double stored = 0;
    for (const auto& [name, value] : imported.stored_ebops) stored += value;
    Outcome out;
    out.text = fmt::format("{}: {}\n\n{}\n{} weights, {} kept; {:.0f} EBOPs", imported.source.file,
                           imported.source.format, to_table(rows),
                           with_commas(static_cast<std::int64_t>(weights)),
                           with_commas(static_cast<std::int64_t>(kept)), ebops);
    if (stored > 0) out.text += fmt::format(" (the file says {:.0f})", stored);
    out.text += "\n";
    for (const std::string& warning : imported.warnings) out.text += "warning: " + warning + "\n";
    out.json.set("file", imported.source.file).set("sha256", imported.source.sha256);
    out.json.set("format", imported.source.format).set("layers", std::move(layers));
    out.json.set("weights", weights).set("kept_weights", kept).set("ebops", ebops);
    out.json.set("stored_ebops", stored > 0 ? Json(stored) : Json());
    out.json.set("warnings", Json::array_of(imported.warnings));
    return out;
}

Result<Outcome> run_layers() {
    Outcome out;
    out.json = Json::array();
    for (const model::LayerDef& def : layers::all_layers()) {
        out.text += fmt::format("{}\n    {}\n", def.kind, def.summary);
        Json fields = Json::array();
        for (const model::FieldDoc& field : def.fields()) {
            out.text += fmt::format("      {}{}: {}. {}\n", field.name,
                                    field.required ? "" : " (optional)", field.type, field.meaning);
            Json entry = Json::object();
            entry.set("name", field.name).set("type", field.type).set("meaning", field.meaning);
            entry.set("required", field.required);
            fields.push_back(std::move(entry));
        }
        Json layer = Json::object();
        layer.set("kind", def.kind).set("summary", def.summary).set("fields", std::move(fields));
        out.json.push_back(std::move(layer));
    }
    return out;
}

Result<Outcome> run_emulate(const EmulateArgs& args, Progress& progress) {
    GW_TRY(const LoadedFunction loaded, load_function(args.options, progress));
    progress.stage("read events");
    const ValuesAre values = args.raw ? ValuesAre::kCodes : ValuesAre::kReal;
    GW_TRY(const Events events, read_events(loaded.design, args.inputs, values));
    progress.stage("emulate");
    const Stopwatch watch;
    GW_TRY(const auto codes, emulate_events(loaded.flat, events));
    const double seconds = watch.seconds();
    progress.stage("write");
    GW_TRY_STATUS(write_outputs(loaded.design, codes, events.count, args));
    if (args.trace) GW_TRY_STATUS(write_trace(loaded.typed, loaded.design, events, args.output));
    Outcome out;
    const double rate = seconds > 0 ? static_cast<double>(events.count) / seconds : 0;
    out.text = fmt::format("{} events -> {} ({:.3g} events/s)\n",
                           with_commas(static_cast<std::int64_t>(events.count)), args.output, rate);
    if (args.trace) out.text += fmt::format("every layer's values -> {}.trace/\n", args.output);
    out.json.set("events", events.count).set("output", args.output);
    out.json.set("seconds", seconds).set("events_per_second", rate);
    return out;
}

}  // namespace gatewright::cli
