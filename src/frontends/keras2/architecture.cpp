// SPDX-License-Identifier: Apache-2.0
#include "frontends/keras2/architecture.h"

#include <fmt/format.h>

#include <set>

namespace gatewright::frontends::keras2 {

namespace {

Result<TensorRef> read_ref(const Json& json) {
    const bool well_formed = json.is_array() && json.as_array().size() >= 3 &&
                             json.as_array()[0].is_string() && json.as_array()[1].is_integer() &&
                             json.as_array()[2].is_integer();
    if (!well_formed) {
        return fail("expected [layer name, call, tensor], found " + json.dump().substr(0, 60));
    }
    const Json::Array& parts = json.as_array();
    return TensorRef{parts[0].as_string(), parts[1].as_integer(), parts[2].as_integer()};
}

/// A list of references; Keras writes a single one without the list around it.
Result<std::vector<TensorRef>> read_refs(const Json& json) {
    if (!json.is_array()) return fail(fmt::format("is {}, expected a list", json.type_name()));
    std::vector<TensorRef> refs;
    const Json::Array& items = json.as_array();
    if (!items.empty() && items[0].is_string()) {
        GW_TRY(TensorRef ref, read_ref(json));
        refs.push_back(std::move(ref));
        return refs;
    }
    for (const Json& item : items) {
        GW_TRY(TensorRef ref, read_ref(item));
        refs.push_back(std::move(ref));
    }
    return refs;
}

Result<LayerSpec> read_layer(const Json& json) {
    GW_TRY(const std::string class_name, json.get_string("class_name"));
    GW_TRY(const Json* config, json.get_object("config"));
    GW_TRY(const std::string own_name, config->string_or("name", ""));
    GW_TRY(std::string name, json.string_or("name", own_name));
    if (name.empty()) return fail("has no name");
    if (plain_class_name(class_name) == "PruneLowMagnitude") {
        // Of a pruned layer only the layer counts: its stored weights have their zeros already.
        GW_TRY(const Json* inner, config->get_object("layer"));
        GW_TRY(const std::string inner_class, inner->get_string("class_name"));
        GW_TRY(const Json* inner_config, inner->get_object("config"));
        return LayerSpec{plain_class_name(inner_class), std::move(name), *inner_config, {}};
    }
    return LayerSpec{plain_class_name(class_name), std::move(name), *config, {}};
}

/// Layers of the list that can be read; the others become problems.
std::vector<LayerSpec> read_layers(const Json::Array& items, Problems& problems) {
    std::vector<LayerSpec> layers;
    std::set<std::string> names;
    for (std::size_t i = 0; i < items.size(); ++i) {
        auto layer = read_layer(items[i]);
        if (!layer) {
            problems.add(fmt::format("layer {}: {}", i, layer.error().message));
            continue;
        }
        if (!names.insert(layer->name).second) {
            problems.add(fmt::format("layer '{}': the name is used twice", layer->name));
        }
        layers.push_back(std::move(*layer));
    }
    return layers;
}

/// A chain: each layer takes the one before it; the input layer is made if the file leaves it out.
void wire_sequential(Architecture& model, const Json& config) {
    if (model.layers.empty()) return;
    if (model.layers[0].class_name != "InputLayer") {
        LayerSpec input{"InputLayer", model.layers[0].name + "_input", Json::object(), {}};
        const Json* shape = model.layers[0].config.find("batch_input_shape");
        if (shape == nullptr) shape = config.find("build_input_shape");
        if (shape != nullptr) input.config.set("batch_input_shape", *shape);
        model.layers.insert(model.layers.begin(), std::move(input));
    }
    model.layers[0].calls = {{}};
    for (std::size_t i = 1; i < model.layers.size(); ++i) {
        model.layers[i].calls = {{TensorRef{model.layers[i - 1].name, 0, 0}}};
    }
    model.outputs = {TensorRef{model.layers.back().name, 0, 0}};
}

void wire_functional(Architecture& model, const Json::Array& items, Problems& problems) {
    for (std::size_t i = 0; i < items.size() && i < model.layers.size(); ++i) {
        LayerSpec& layer = model.layers[i];
        const Json* nodes = items[i].find("inbound_nodes");
        if (nodes == nullptr || !nodes->is_array()) {
            problems.add(fmt::format("layer '{}': has no list 'inbound_nodes'", layer.name));
            continue;
        }
        for (const Json& node : nodes->as_array()) {
            auto refs = read_refs(node);
            if (!refs) {
                problems.add(
                    fmt::format("layer '{}': inbound_nodes: {}; only the Keras 2 form is read",
                                layer.name, refs.error().message));
                continue;
            }
            layer.calls.push_back(std::move(*refs));
        }
        if (layer.class_name == "InputLayer") layer.calls = {{}};
    }
}

}  // namespace

std::string plain_class_name(const std::string& class_name) {
    const std::size_t package = class_name.rfind('>');
    return package == std::string::npos ? class_name : class_name.substr(package + 1);
}

Result<Architecture> read_architecture(const Json& json) {
    GW_TRY(const std::string class_name, json.get_string("class_name"));
    const Json* config = json.find("config");
    if (config == nullptr) return fail("has no 'config'");
    Architecture model;
    Problems problems;
    const Json* list = config->is_array() ? config : config->find("layers");
    if (list == nullptr || !list->is_array()) return fail("has no list of layers");
    if (config->is_object()) {
        GW_TRY(model.name, config->string_or("name", ""));
    }
    model.layers = read_layers(list->as_array(), problems);
    if (model.layers.empty() && problems.empty()) return fail("has no layers");
    if (class_name == "Sequential") {
        wire_sequential(model, *config);
    } else if (class_name == "Model" || class_name == "Functional") {
        if (problems.empty()) wire_functional(model, list->as_array(), problems);
        const Json* outputs = config->find("output_layers");
        auto refs = outputs == nullptr ? Result<std::vector<TensorRef>>(fail("is missing"))
                                       : read_refs(*outputs);
        if (!refs) {
            problems.add("output_layers: " + refs.error().message);
        } else {
            model.outputs = std::move(*refs);
        }
    } else {
        return fail(fmt::format("has class_name '{}'; expected Sequential, Functional or Model",
                                class_name));
    }
    if (!problems.empty()) {
        return tl::unexpected<Error>(problems.to_error("the architecture cannot be read:"));
    }
    return model;
}

}  // namespace gatewright::frontends::keras2
