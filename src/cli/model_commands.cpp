// SPDX-License-Identifier: Apache-2.0
//
// Commands about models: inspect, layers.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cli/commands.h"
#include "cli/table.h"
#include "compile/compile.h"
#include "layers/registry.h"

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

}  // namespace gatewright::cli
