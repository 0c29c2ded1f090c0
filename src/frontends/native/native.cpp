// SPDX-License-Identifier: Apache-2.0
#include "frontends/native/native.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "layers/input.h"
#include "layers/registry.h"

namespace gatewright::frontends {

using model::Graph;
using model::GraphNode;

namespace {

constexpr std::array<std::string_view, 4> kOwnKeys = {"name", "kind", "inputs", "origin"};
constexpr std::array<std::string_view, 6> kTopKeys = {"format", "version", "name",
                                                      "source", "layers",  "outputs"};

template <std::size_t N>
bool is_one_of(std::string_view key, const std::array<std::string_view, N>& keys) {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
}

/// Reads the layers one by one; a wrong layer is noted and the rest is read all the same.
class Reader {
  public:
    explicit Reader(const Json& json) : json_(json) {}

    Result<Graph> read() {
        GW_TRY_STATUS(check_version());
        for (const auto& [key, value] : json_.as_object()) {
            if (!is_one_of(key, kTopKeys)) problems_.add(fmt::format("unknown key '{}'", key));
        }
        read_text("name", graph_.name);
        graph_.format = "native JSON";
        read_text("source", graph_.format);
        const auto layers = json_.get_array("layers");
        if (!layers) return tl::unexpected<Error>(layers.error());
        collect_names(**layers);
        for (std::size_t i = 0; i < (*layers)->size(); ++i) read_layer((**layers)[i], i);
        read_outputs();
        if (!problems_.empty()) return tl::unexpected<Error>(problems_.to_error("wrong model:"));
        return std::move(graph_);
    }

  private:
    Status check_version() const {
        const Json* format = json_.find("format");
        if (format == nullptr || !format->is_string() || format->as_string() != kNativeFormat) {
            return fail(
                fmt::format("is no model of ours: expected \"format\": \"{}\"", kNativeFormat));
        }
        GW_TRY(const std::int64_t version, json_.get_integer("version"));
        if (version != kNativeVersion) {
            return fail(fmt::format("has format version {}; this program reads version {}", version,
                                    kNativeVersion));
        }
        return {};
    }

    void read_text(const char* key, std::string& value) {
        auto text = json_.string_or(key, value);
        if (!text) {
            problems_.add(text.error().message);
        } else {
            value = std::move(*text);
        }
    }

    void collect_names(const Json::Array& layers) {
        for (const Json& layer : layers) {
            const Json* name = layer.find("name");
            if (name != nullptr && name->is_string()) all_names_.insert(name->as_string());
        }
    }

    void read_layer(const Json& json, std::size_t index) {
        std::string where = fmt::format("layer {}", index);
        const auto name = json.get_string("name");
        const auto kind = json.get_string("kind");
        if (name) where = fmt::format("layer '{}'", *name);
        if (!name || !kind) {
            problems_.add(fmt::format("{}: {}", where, (!name ? name : kind).error().message));
            return;
        }
        if (name->empty()) return problems_.add(where + ": has an empty name");
        if (by_name_.contains(*name)) return problems_.add(where + ": the name is used twice");
        std::vector<LayerId> inputs = read_inputs(json, *kind, where);
        auto layer = layers::make_layer(*kind, attributes_of(json));
        if (!layer) problems_.add(fmt::format("{} ({}): {}", where, *kind, layer.error().message));
        auto origin = json.string_or("origin", *name);
        if (!origin) problems_.add(fmt::format("{}: {}", where, origin.error().message));
        // A wrong layer keeps its name, so that layers fed by it are not reported too.
        by_name_[*name] = LayerId();
        previous_ = *name;
        if (!layer || !origin || !problems_.empty()) return;
        by_name_[*name] = graph_.add(*name, *origin, std::move(*layer), std::move(inputs));
    }

    static Json attributes_of(const Json& json) {
        Json attributes = Json::object();
        for (const auto& [key, value] : json.as_object()) {
            if (!is_one_of(key, kOwnKeys)) attributes.set(key, value);
        }
        return attributes;
    }

    std::vector<LayerId> read_inputs(const Json& json, const std::string& kind,
                                     const std::string& where) {
        std::vector<LayerId> inputs;
        const Json* listed = json.find("inputs");
        if (listed == nullptr) {
            if (kind == layers::Input::kKind) return inputs;
            if (previous_.empty()) {
                problems_.add(where + ": has no layer before it; the first layer must be an input");
                return inputs;
            }
            return {by_name_.at(previous_)};
        }
        if (!listed->is_array()) {
            problems_.add(fmt::format("{}: 'inputs' is {}, expected a list of layer names", where,
                                      listed->type_name()));
            return inputs;
        }
        for (const Json& item : listed->as_array()) {
            if (const auto id = find_layer(item, where + ": input")) inputs.push_back(*id);
        }
        return inputs;
    }

    std::optional<LayerId> find_layer(const Json& name, const std::string& what) {
        if (!name.is_string()) {
            problems_.add(fmt::format("{} is {}, expected a layer's name", what, name.type_name()));
            return std::nullopt;
        }
        const auto found = by_name_.find(name.as_string());
        if (found != by_name_.end()) return found->second;
        problems_.add(fmt::format("{} '{}' {}", what, name.as_string(),
                                  all_names_.contains(name.as_string())
                                      ? "is defined only later; move that layer up"
                                      : "is no layer of this model"));
        return std::nullopt;
    }

    void read_outputs() {
        const Json* listed = json_.find("outputs");
        if (listed == nullptr) {
            if (previous_.empty()) return problems_.add("the model has no layers");
            graph_.add_output(by_name_.at(previous_));
            return;
        }
        if (!listed->is_array() || listed->as_array().empty()) {
            return problems_.add("'outputs' must be a list of at least one layer name");
        }
        for (const Json& item : listed->as_array()) {
            if (const auto id = find_layer(item, "output")) graph_.add_output(*id);
        }
    }

    const Json& json_;
    Graph graph_;
    Problems problems_;
    std::set<std::string> all_names_;
    std::map<std::string, LayerId> by_name_;
    std::string previous_;
};

/// The graph without softmax layers that are outputs: their inputs order the classes the same way.
Graph without_final_softmax(const Graph& graph) {
    Graph out;
    out.name = graph.name;
    out.format = graph.format;
    std::vector<LayerId> renamed;
    for (std::size_t i = 0; i < graph.size(); ++i) {
        const GraphNode& node = graph.nodes()[i];
        const bool is_output =
            std::count(graph.outputs().begin(), graph.outputs().end(), LayerId(i)) > 0;
        if (is_output && node.layer->kind() == "softmax") {
            renamed.push_back(renamed[node.inputs[0].index()]);
            continue;
        }
        std::vector<LayerId> inputs;
        for (const LayerId input : node.inputs) inputs.push_back(renamed[input.index()]);
        renamed.push_back(out.add(node.name, node.origin, node.layer->clone(), std::move(inputs)));
    }
    for (const LayerId output : graph.outputs()) out.add_output(renamed[output.index()]);
    return out;
}

}  // namespace

Result<Graph> read_native(const Json& json) {
    if (!json.is_object()) {
        return fail(fmt::format("holds {}, expected a JSON object", json.type_name()));
    }
    return Reader(json).read();
}

Result<ImportedModel> import_native(const std::string& path, const ImportParams& params) {
    GW_TRY(const Json json, read_json_file(path));
    auto graph = read_native(json);
    if (!graph) return fail_in(path, graph.error());
    ImportedModel model;
    model.graph = params.winner_only ? without_final_softmax(*graph) : std::move(*graph);
    if (params.input_type) {
        for (const LayerId id : model.graph.inputs()) {
            auto input = static_cast<const layers::Input&>(*model.graph[id].layer);
            input.type = {*params.input_type};
            model.graph[id].layer = std::make_unique<layers::Input>(std::move(input));
        }
    }
    if (params.precision.everywhere || !params.precision.layers.empty()) {
        model.warnings.push_back(
            "a native model carries its own types: the precision given is not used");
    }
    return model;
}

Json write_native(const Graph& graph) {
    Json json = Json::object();
    json.set("format", kNativeFormat);
    json.set("version", kNativeVersion);
    json.set("name", graph.name);
    json.set("source", graph.format);
    Json layers = Json::array();
    for (const GraphNode& node : graph.nodes()) {
        Json layer = Json::object();
        layer.set("name", node.name);
        layer.set("kind", node.layer->kind());
        if (node.origin != node.name) layer.set("origin", node.origin);
        Json inputs = Json::array();
        for (const LayerId input : node.inputs) inputs.push_back(graph[input].name);
        if (!node.inputs.empty()) layer.set("inputs", std::move(inputs));
        const Json attributes = node.layer->attributes();
        for (const auto& [key, value] : attributes.as_object()) layer.set(key, value);
        layers.push_back(std::move(layer));
    }
    json.set("layers", std::move(layers));
    Json outputs = Json::array();
    for (const LayerId output : graph.outputs()) outputs.push_back(graph[output].name);
    json.set("outputs", std::move(outputs));
    return json;
}

}  // namespace gatewright::frontends
