// SPDX-License-Identifier: Apache-2.0
//
// From the file's list of layers to a graph. A Sequential model is a chain; a functional one names
// the producers of every call (keras_history = layer, call, tensor). Calls are translated as soon
// as all their producers are; a call whose producer failed is passed over in silence, because the
// producer's problem is already reported.
#include "frontends/keras3/keras3.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "frontends/keras3/model_file.h"
#include "frontends/keras3/translate.h"

namespace gatewright::frontends {

namespace {

using keras3::Assembly;
using keras3::ModelFile;
using keras3::Wire;

/// One call of a layer: the layer's name and the number of the call.
using CallId = std::pair<std::string, std::int64_t>;

struct LayerEntry {
    std::string name;
    std::string class_name;
    const Json* config = nullptr;
    /// Producers of each call, in order.
    std::vector<std::vector<CallId>> calls;
};

struct ModelPlan {
    std::vector<LayerEntry> layers;
    std::vector<CallId> inputs;
    std::vector<CallId> outputs;
};

const Json kEmptyObject = Json::object();

/// ["name", call, tensor]
std::optional<CallId> read_call_id(const Json& json) {
    if (!json.is_array() || json.as_array().size() != 3) return std::nullopt;
    const auto& parts = json.as_array();
    if (!parts[0].is_string() || !parts[1].is_integer() || !parts[2].is_integer())
        return std::nullopt;
    return CallId(parts[0].as_string(), parts[1].as_integer());
}

/// All producers named anywhere in the arguments of a call, in order.
void collect_producers(const Json& json, std::vector<CallId>& out) {
    if (json.is_array()) {
        for (const Json& item : json.as_array()) collect_producers(item, out);
        return;
    }
    if (!json.is_object()) return;
    const Json* config = json.find("config");
    const Json* history = config == nullptr ? nullptr : config->find("keras_history");
    if (history != nullptr) {
        if (const auto id = read_call_id(*history)) out.push_back(*id);
        return;
    }
    for (const auto& [key, value] : json.as_object()) collect_producers(value, out);
}

/// input_layers and output_layers: one call or a list (or table) of them.
void collect_ends(const Json& json, std::vector<CallId>& out) {
    if (const auto id = read_call_id(json)) {
        out.push_back(*id);
    } else if (json.is_array()) {
        for (const Json& item : json.as_array()) collect_ends(item, out);
    } else if (json.is_object()) {
        for (const auto& [key, value] : json.as_object()) collect_ends(value, out);
    }
}

Result<std::vector<LayerEntry>> read_layers(const Json& config) {
    GW_TRY(const Json::Array* layers, config.get_array("layers"));
    std::vector<LayerEntry> out;
    std::set<std::string> names;
    for (const Json& json : *layers) {
        LayerEntry entry;
        entry.class_name = keras3::plain_class_name(json);
        const Json* own = json.find("config");
        entry.config = own != nullptr && own->is_object() ? own : &kEmptyObject;
        GW_TRY(entry.name, entry.config->string_or("name", ""));
        if (entry.name.empty()) {
            GW_TRY(entry.name, json.string_or("name", ""));
        }
        if (entry.class_name.empty() || entry.name.empty()) {
            return fail(fmt::format("layer {} has no class_name or no name", out.size()));
        }
        if (!names.insert(entry.name).second) {
            return fail(fmt::format("two layers have the name '{}'", entry.name));
        }
        const Json* nodes = json.find("inbound_nodes");
        if (nodes != nullptr && nodes->is_array()) {
            for (const Json& node : nodes->as_array()) {
                entry.calls.emplace_back();
                collect_producers(node, entry.calls.back());
            }
        }
        out.push_back(std::move(entry));
    }
    if (out.empty()) return fail("the model has no layers");
    return out;
}

/// A Sequential model without an InputLayer: its shape is noted elsewhere.
Json sequential_input_shape(const Json& config, const Json& first) {
    const Json* build = first.find("build_config");
    for (const Json* shape :
         {config.find("build_input_shape"), build == nullptr ? nullptr : build->find("input_shape"),
          first.find("config") == nullptr ? nullptr : first.find("config")->find("batch_shape")}) {
        if (shape != nullptr && shape->is_array()) return *shape;
    }
    return {};
}

/// A Sequential model: each layer takes the one before. `made_input` holds the input layer if it
/// has none.
void chain_layers(const Json& config, ModelPlan& plan, Json& made_input) {
    if (plan.layers[0].class_name != "InputLayer") {
        const Json& first = config.find("layers")->as_array()[0];
        made_input.set("batch_shape", sequential_input_shape(config, first));
        plan.layers.insert(plan.layers.begin(), {"input_layer", "InputLayer", &made_input, {}});
    }
    for (std::size_t i = 1; i < plan.layers.size(); ++i) {
        plan.layers[i].calls = {{CallId(plan.layers[i - 1].name, 0)}};
    }
    plan.inputs = {CallId(plan.layers.front().name, 0)};
    plan.outputs = {CallId(plan.layers.back().name, 0)};
}

Result<ModelPlan> read_plan(const Json& model, Json& made_input) {
    const std::string kind = keras3::plain_class_name(model);
    GW_TRY(const Json* config, model.get_object("config"));
    ModelPlan plan;
    GW_TRY(plan.layers, read_layers(*config));
    if (kind == "Sequential") {
        chain_layers(*config, plan, made_input);
        return plan;
    }
    if (kind != "Functional" && kind != "Model") {
        return fail(fmt::format(
            "the model is a {}; only Sequential and functional models say how their layers "
            "are connected",
            kind.empty() ? "model without a class_name" : "'" + kind + "'"));
    }
    if (const Json* inputs = config->find("input_layers")) collect_ends(*inputs, plan.inputs);
    if (const Json* outputs = config->find("output_layers")) collect_ends(*outputs, plan.outputs);
    if (plan.inputs.empty() || plan.outputs.empty())
        return fail("the model names no inputs or no outputs");
    return plan;
}

class Importer {
  public:
    Importer(const ModelFile& file, const ImportParams& params)
        : file_(file), params_(params), assembly_(params) {}

    Result<ImportedModel> run();

  private:
    void check_layers(const ModelPlan& plan);
    void add_inputs(const ModelPlan& plan);
    void translate_all(const ModelPlan& plan);
    /// True if the call could be tried: all its producers are known.
    bool try_call(const LayerEntry& layer, std::size_t number);
    void add_outputs(const ModelPlan& plan);

    const ModelFile& file_;
    const ImportParams& params_;
    Assembly assembly_;
    ImportedModel out_;
    Problems problems_;
    std::map<CallId, std::optional<Wire>> wires_;  ///< nullopt: reported as failed
    std::set<CallId> finals_;                      ///< outputs that feed no layer
    std::set<std::string> reported_;               ///< layers that check_layers() refused
};

Result<tensor::Shape> input_shape(const Json& config) {
    const Json* shape = config.find("batch_shape");
    if (shape == nullptr || shape->is_null()) shape = config.find("batch_input_shape");
    if (shape == nullptr || !shape->is_array() || shape->as_array().empty()) {
        return fail("has no batch_shape; build the model before saving it");
    }
    tensor::Shape out;
    for (std::size_t axis = 1; axis < shape->as_array().size(); ++axis) {
        const Json& size = shape->as_array()[axis];
        if (!size.is_integer() || size.as_integer() <= 0) {
            return fail(
                fmt::format("axis {} has no fixed positive size; hardware needs one", axis));
        }
        out.push_back(size.as_integer());
    }
    constexpr std::int64_t kMaxElements = 1 << 20;
    std::int64_t count = 1;
    for (const std::int64_t size : out) {
        if (size > kMaxElements / count)
            return fail(fmt::format("has more than {} elements", kMaxElements));
        count *= size;
    }
    return out;
}

std::string layer_text(const LayerEntry& layer) {
    return fmt::format("layer '{}' ({})", layer.name, layer.class_name);
}

void Importer::check_layers(const ModelPlan& plan) {
    for (const LayerEntry& layer : plan.layers) {
        if (layer.class_name == "InputLayer") continue;
        const keras3::Rule* rule = keras3::find_rule(layer.class_name);
        if (rule == nullptr) {
            problems_.add(fmt::format("{}: this kind of layer cannot be imported; {}",
                                      layer_text(layer), keras3::advice_for(layer.class_name)));
            reported_.insert(layer.name);
            continue;
        }
        for (const std::string& key : keras3::unknown_attributes(*rule, *layer.config)) {
            problems_.add(fmt::format("{}: attribute '{}' is not known; leave it at its default",
                                      layer_text(layer), key));
        }
        const Json* dtype = layer.config->find("dtype");
        if (dtype != nullptr && dtype->is_object()) dtype = dtype->find("config");
        if (dtype != nullptr && dtype->is_object()) dtype = dtype->find("name");
        if (dtype != nullptr && dtype->is_string() && dtype->as_string() != "float32") {
            problems_.add(fmt::format("{}: computes in {}; save the model with dtype float32",
                                      layer_text(layer), dtype->as_string()));
        }
    }
}

void Importer::add_inputs(const ModelPlan& plan) {
    std::optional<fixed::Cast> type = params_.input_type;
    if (!type) type = params_.precision.of("input").result;
    const auto entry_of = [&](const std::string& name) {
        return std::find_if(plan.layers.begin(), plan.layers.end(),
                            [&](const LayerEntry& layer) { return layer.name == name; });
    };
    for (const CallId& id : plan.inputs) {
        const auto found = entry_of(id.first);
        if (found == plan.layers.end() || found->class_name != "InputLayer") {
            problems_.add(fmt::format("input '{}' is not an InputLayer of the model", id.first));
            continue;
        }
        const auto shape = input_shape(*found->config);
        if (!shape) {
            problems_.add(fmt::format("{}: {}", layer_text(*found), shape.error().message));
            wires_[id] = std::nullopt;
        } else if (wires_.count(id) == 0) {
            wires_[id] = assembly_.add_input(id.first, *shape, type);
        }
    }
}

bool Importer::try_call(const LayerEntry& layer, std::size_t number) {
    const CallId id(layer.name, static_cast<std::int64_t>(number));
    std::vector<Wire> inputs;
    bool complete = reported_.count(layer.name) == 0;
    for (const CallId& producer : layer.calls[number]) {
        const auto found = wires_.find(producer);
        if (found == wires_.end()) return false;
        complete = complete && found->second.has_value();
        if (found->second) inputs.push_back(*found->second);
    }
    wires_[id] = std::nullopt;
    if (!complete) return true;
    keras3::Call call{layer.name,
                      layer.class_name,
                      *layer.config,
                      file_.layer(layer.name),
                      std::move(inputs),
                      finals_.count(id) > 0,
                      params_,
                      assembly_,
                      out_};
    auto wire = keras3::find_rule(layer.class_name)->translate(call);
    if (wire) {
        wires_[id] = std::move(*wire);
    } else {
        problems_.add(fmt::format("{}: {}", layer_text(layer), wire.error().message));
    }
    return true;
}

void Importer::translate_all(const ModelPlan& plan) {
    finals_ = {plan.outputs.begin(), plan.outputs.end()};
    for (const LayerEntry& layer : plan.layers) {
        for (const auto& producers : layer.calls) {
            for (const CallId& producer : producers) finals_.erase(producer);
        }
    }
    std::vector<std::pair<const LayerEntry*, std::size_t>> open;
    for (const LayerEntry& layer : plan.layers) {
        if (layer.class_name == "InputLayer") continue;
        for (std::size_t number = 0; number < layer.calls.size(); ++number)
            open.emplace_back(&layer, number);
    }
    while (!open.empty()) {
        const std::size_t before = open.size();
        std::erase_if(open, [&](const auto& call) { return try_call(*call.first, call.second); });
        if (open.size() < before) continue;
        for (const auto& [layer, number] : open) {
            problems_.add(fmt::format(
                "{}: takes its input from a layer that is missing or comes later in a cycle",
                layer_text(*layer)));
        }
        return;
    }
}

void Importer::add_outputs(const ModelPlan& plan) {
    for (const CallId& id : plan.outputs) {
        const auto found = wires_.find(id);
        if (found == wires_.end()) {
            problems_.add(fmt::format("output '{}' is not a layer of the model", id.first));
        } else if (found->second && found->second->pending) {
            const auto type = params_.precision.of(id.first).result;
            const auto wire =
                type ? assembly_.quantize("", "", {*type}, *found->second)
                     : Result<Wire>(fail("ends in a function without a quantizer; use "
                                         "QUnaryFunctionLUT or give its type with --precision"));
            if (wire)
                assembly_.add_output(*wire);
            else
                problems_.add(fmt::format("layer '{}': {}", id.first, wire.error().message));
        } else if (found->second) {
            assembly_.add_output(*found->second);
        }
    }
}

Result<ImportedModel> Importer::run() {
    Json made_input = Json::object();
    GW_TRY(const ModelPlan plan, read_plan(file_.model(), made_input));
    check_layers(plan);
    add_inputs(plan);
    translate_all(plan);
    add_outputs(plan);
    if (problems_.empty()) assembly_.settle_averages(problems_);
    if (problems_.empty()) assembly_.bind_ports(problems_);
    if (!problems_.empty())
        return tl::unexpected<Error>(problems_.to_error("the model cannot be imported:"));
    out_.graph = std::move(assembly_.fixed());
    out_.float_graph = std::move(assembly_.real());
    const Json* config = file_.model().find("config");
    const auto name = config->string_or("name", "model");
    for (model::Graph* graph : {&out_.graph, &*out_.float_graph}) {
        graph->name = name ? *name : "model";
        graph->format = "Keras 3";
        for (const auto& layer : plan.layers) {
            if (layer.class_name[0] == 'Q') graph->format = "Keras 3 (HGQ2)";
        }
    }
    return std::move(out_);
}

}  // namespace

Result<ImportedModel> import_keras3(const std::string& path, const ImportParams& params) {
    GW_TRY(const ModelFile file, ModelFile::open(path));
    auto imported = Importer(file, params).run();
    if (!imported) return fail_in(path, imported.error());
    return imported;
}

}  // namespace gatewright::frontends
