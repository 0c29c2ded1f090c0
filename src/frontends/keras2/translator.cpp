// SPDX-License-Identifier: Apache-2.0
#include "frontends/keras2/translator.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "frontends/windows.h"
#include "layers/affine.h"
#include "layers/concatenate.h"
#include "layers/dot.h"
#include "layers/input.h"
#include "layers/merge.h"
#include "layers/permute.h"
#include "layers/quantize.h"
#include "layers/reshape.h"

namespace gatewright::frontends::keras2 {

using fixed::Cast;
using fixed::Dyadic;

void Context::problem(const LayerSpec& layer, const std::string& message) {
    std::string text = fmt::format("layer '{}' ({}): {}", layer.name, layer.class_name, message);
    const auto& known = problems.messages();
    if (std::find(known.begin(), known.end(), text) == known.end()) problems.add(std::move(text));
}

void Context::needs_type(const LayerSpec& layer) {
    if (std::find(untyped.begin(), untyped.end(), layer.name) == untyped.end()) {
        untyped.push_back(layer.name);
    }
}

std::optional<LayerId> Context::add_layer(const LayerSpec& origin, const std::string& name,
                                          std::unique_ptr<model::Layer> layer,
                                          std::vector<LayerId> inputs) {
    model::TensorType type;
    bool stands_in = false;
    for (const LayerId input : inputs) stands_in = stands_in || stands_in_[input.index()];
    if (mode_ == WeightMode::kQuantized && !stands_in) {
        std::vector<model::TensorType> input_types;
        for (const LayerId input : inputs) input_types.push_back(types_[input.index()]);
        auto inferred = layer->infer(input_types);
        if (!inferred) {
            problem(origin, inferred.error().message);
            return std::nullopt;
        }
        type = std::move(*inferred);
    } else if (known_types_ != nullptr && types_.size() < known_types_->size()) {
        type.shape = (*known_types_)[types_.size()].shape;
    }
    types_.push_back(std::move(type));
    stands_in_.push_back(stands_in);
    return graph.add(name, origin.name, std::move(layer), std::move(inputs));
}

LayerId Context::stand_in(const LayerSpec& origin) {
    types_.emplace_back();
    stands_in_.push_back(true);
    return graph.add(origin.name, origin.name, layers::Input{}, {});
}

std::optional<LayerId> Context::quantize(const LayerSpec& origin, const std::string& name,
                                         const Cast& cast, std::optional<LayerId> input) {
    layers::Quantize quantize;
    quantize.type = {cast};
    return then(origin, name, std::move(quantize), input);
}

std::optional<LayerId> Context::add_average(const LayerSpec& origin, layers::AveragePool pool,
                                            LayerId input) {
    const auto open = open_average(pool, types_[input.index()]);
    const auto id = add(origin, origin.name, std::move(pool), {input});
    if (id && open) open_averages.emplace(id->index(), *open);
    return id;
}

std::int64_t Context::last_size(LayerId id) const {
    const tensor::Shape& shape = types_[id.index()].shape;
    return shape.empty() ? 1 : shape.back();
}

std::optional<tensor::Tensor<double>> Context::read(const LayerSpec& layer,
                                                    const std::string& role) {
    auto values = weights_.read(layer.name, role);
    if (values) return std::move(*values);
    problem(layer, values.error().message);
    return std::nullopt;
}

std::optional<double> Context::number(const LayerSpec& layer, const char* key, double fallback) {
    const auto value = layer.config.number_or(key, fallback);
    if (value && std::isfinite(*value) && std::abs(*value) < 1e30) return *value;
    problem(layer, value ? fmt::format("'{}' is {}, expected a finite number", key, *value)
                         : value.error().message);
    return std::nullopt;
}

LayerPrecision Context::own_precision_of(const LayerSpec& layer) const {
    const auto found = params_.precision.layers.find(layer.name);
    return found == params_.precision.layers.end() ? LayerPrecision{} : found->second;
}

namespace {

using Translate = std::function<std::optional<LayerId>(Context&, const Call&)>;

std::optional<LayerId> cast_result(Context& context, const LayerSpec& layer,
                                   std::optional<LayerId> id) {
    const LayerPrecision types = context.precision_of(layer);
    return types.result ? context.quantize(layer, layer.name + "_result", *types.result, id) : id;
}

std::optional<LayerId> pass_through(Context& context, const Call& call) {
    if (call.inputs.size() == 1) return call.inputs[0];
    context.problem(call.layer, fmt::format("has {} inputs, expected 1", call.inputs.size()));
    return std::nullopt;
}

std::optional<LayerId> translate_activation(Context& context, const Call& call) {
    const Json* activation = call.layer.config.find("activation");
    if (activation == nullptr || call.inputs.size() != 1) {
        context.problem(call.layer, "needs an 'activation' and one input");
        return std::nullopt;
    }
    const Dialect dialect =
        call.layer.class_name == "QActivation" ? Dialect::kQKeras : Dialect::kKeras;
    return activate(context, call.layer, *activation, dialect, call.inputs[0]);
}

template <class L>
std::optional<LayerId> translate_merge(Context& context, const Call& call) {
    return cast_result(context, call.layer,
                       context.add(call.layer, call.layer.name, L{}, call.inputs));
}

/// An axis as Keras counts it, batch included, as we count it.
std::optional<std::int64_t> without_batch(Context& context, const LayerSpec& layer,
                                          std::int64_t axis) {
    if (axis != 0) return axis > 0 ? axis - 1 : axis;
    context.problem(layer, "works along the batch axis, which is not part of an event");
    return std::nullopt;
}

std::optional<LayerId> translate_concatenate(Context& context, const Call& call) {
    const auto axis = call.layer.config.integer_or("axis", -1);
    if (!axis) {
        context.problem(call.layer, axis.error().message);
        return std::nullopt;
    }
    const auto own_axis = without_batch(context, call.layer, *axis);
    if (!own_axis) return std::nullopt;
    layers::Concatenate concatenate;
    concatenate.axis = *own_axis;
    return context.add(call.layer, call.layer.name, std::move(concatenate), call.inputs);
}

std::optional<LayerId> translate_dot(Context& context, const Call& call) {
    if (call.layer.config.bool_or("normalize", false).value_or(true)) {
        context.problem(call.layer, "normalize is not supported; normalize before the model");
        return std::nullopt;
    }
    const Json* axes = call.layer.config.find("axes");
    std::vector<std::int64_t> both;
    if (axes != nullptr && axes->is_integer()) both = {axes->as_integer(), axes->as_integer()};
    if (axes != nullptr && axes->is_array()) {
        both = call.layer.config.get_integers("axes").value_or(std::vector<std::int64_t>{});
    }
    if (both.size() != 2) {
        context.problem(call.layer, "axes must be an integer or two of them");
        return std::nullopt;
    }
    layers::Dot dot;
    for (const std::int64_t axis : both) {
        const auto own_axis = without_batch(context, call.layer, axis);
        if (!own_axis) return std::nullopt;
        dot.axes.push_back(*own_axis);
    }
    return cast_result(context, call.layer,
                       context.add(call.layer, call.layer.name, std::move(dot), call.inputs));
}

std::optional<LayerId> translate_flatten(Context& context, const Call& call) {
    std::optional<LayerId> id = pass_through(context, call);
    const auto channels = read_channel_axis(call.layer.config);
    if (!channels) context.problem(call.layer, channels.error().message);
    if (!id || !channels) return std::nullopt;
    const std::size_t axes = context.shape_of(*id).size();
    // Keras flattens in the order of channels last, wherever the channels are.
    if (*channels == ChannelAxis::kFirst && axes > 1) {
        id = permute_axes(context, call.layer, to_channels_last(axes), id);
    }
    layers::Reshape reshape;
    reshape.shape = {-1};
    return context.then(call.layer, call.layer.name, std::move(reshape), id);
}

std::optional<LayerId> translate_reshape(Context& context, const Call& call) {
    auto shape = call.layer.config.get_integers("target_shape");
    if (!shape) {
        context.problem(call.layer, shape.error().message);
        return std::nullopt;
    }
    layers::Reshape reshape;
    reshape.shape = std::move(*shape);
    return context.add(call.layer, call.layer.name, std::move(reshape), call.inputs);
}

std::optional<LayerId> translate_permute(Context& context, const Call& call) {
    const auto dims = call.layer.config.get_integers("dims");
    if (!dims) {
        context.problem(call.layer, dims.error().message);
        return std::nullopt;
    }
    layers::Permute permute;
    for (const std::int64_t dim : *dims) permute.dims.push_back(dim - 1);
    return context.add(call.layer, call.layer.name, std::move(permute), call.inputs);
}

/// Shape of an input layer without the batch axis.
std::optional<tensor::Shape> input_shape(Context& context, const LayerSpec& layer) {
    const Json* shape = layer.config.find("batch_input_shape");
    if (shape == nullptr) shape = layer.config.find("batch_shape");
    if (shape == nullptr || !shape->is_array() || shape->as_array().empty()) {
        context.problem(layer,
                        "the model does not say its input shape: give the first layer "
                        "\"batch_input_shape\": [null, inputs]");
        return std::nullopt;
    }
    tensor::Shape out;
    for (std::size_t i = 1; i < shape->as_array().size(); ++i) {
        const Json& dim = shape->as_array()[i];
        if (!dim.is_integer() || dim.as_integer() <= 0) {
            context.problem(layer,
                            fmt::format("input shape {} needs positive sizes after the batch axis",
                                        shape->dump()));
            return std::nullopt;
        }
        out.push_back(dim.as_integer());
    }
    return out;
}

bool is_qkeras(const LayerSpec& layer) {
    return !layer.class_name.empty() && layer.class_name[0] == 'Q' && layer.class_name.size() > 1 &&
           std::isupper(static_cast<unsigned char>(layer.class_name[1])) != 0;
}

/// The type of a quantizer that is the first thing to happen to an input, if it is a plain cast.
std::optional<Cast> plain_cast(const LayerSpec& layer) {
    const Json* activation = layer.config.find("activation");
    if (layer.class_name != "QActivation" || activation == nullptr || !is_quantizer(*activation)) {
        return std::nullopt;
    }
    const auto spec = read_quantizer(*activation, Role::kActivation);
    if (!spec || (spec->name != "quantized_bits" && spec->name != "quantized_linear"))
        return std::nullopt;
    const bool scaled = spec->alpha.kind != Alpha::Kind::kNone &&
                        (spec->alpha.numbers.size() != 1 || spec->alpha.numbers[0] != 1);
    if (scaled || spec->bits - (spec->keep_negative ? 1 : 0) < 1) return std::nullopt;
    return cast_of(*spec);
}

std::optional<Cast> first_quantizer(const Architecture& model, const std::string& input) {
    std::optional<Cast> common;
    for (const LayerSpec& layer : model.layers) {
        for (const auto& call : layer.calls) {
            for (const TensorRef& ref : call) {
                if (ref.layer != input) continue;
                const std::optional<Cast> cast = plain_cast(layer);
                if (!cast || (common && *common != *cast)) return std::nullopt;
                common = cast;
            }
        }
    }
    return common;
}

/// Type of an input port: the user's word, the model's own first quantizer, or for quantized models
/// the type hls4ml users expect.
std::optional<Cast> port_type(Context& context, const Architecture& model, const LayerSpec& layer) {
    const ImportParams& params = context.params();
    if (params.input_type) return params.input_type;
    const auto table = params.precision.layers.find("input");
    if (table != params.precision.layers.end() && table->second.result) return table->second.result;
    if (const auto own = context.own_precision_of(layer).result) return own;
    if (const auto cast = first_quantizer(model, layer.name)) return cast;
    if (params.precision.everywhere) return params.precision.everywhere;
    if (!std::any_of(model.layers.begin(), model.layers.end(), is_qkeras)) {
        context.untyped.push_back("input");
        return std::nullopt;
    }
    const Cast usual = *fixed::parse_cast("fixed<16,6>");
    context.warnings.push_back(
        fmt::format("the model does not say the type of its input '{}': {} is used", layer.name,
                    to_string(usual)));
    return usual;
}

std::optional<LayerId> translate_input(Context& context, const Architecture& model,
                                       const LayerSpec& layer) {
    auto shape = input_shape(context, layer);
    const auto type = port_type(context, model, layer);
    if (!shape) return std::nullopt;
    layers::Input input;
    input.shape = std::move(*shape);
    // Untyped models are refused in the end; a stand-in type lets the other layers be checked.
    input.type = {
        type.value_or(Cast{{true, 16, 10}, fixed::Round::kTrn, fixed::Overflow::kWrap, 0})};
    return context.add(layer, layer.name, std::move(input), {});
}

const std::map<std::string, Translate>& translations() {
    static const std::map<std::string, Translate> kTranslations = {
        {"Dense", translate_dense},
        {"QDense", translate_dense},
        {"BinaryDense", translate_binary_dense},
        {"TernaryDense", translate_binary_dense},
        {"QDenseBatchnorm", translate_dense_batchnorm},
        {"Conv1D", translate_convolution},
        {"Conv2D", translate_convolution},
        {"DepthwiseConv1D", translate_convolution},
        {"DepthwiseConv2D", translate_convolution},
        {"SeparableConv1D", translate_convolution},
        {"SeparableConv2D", translate_convolution},
        {"Conv1DTranspose", translate_convolution},
        {"Conv2DTranspose", translate_convolution},
        {"QConv1D", translate_convolution},
        {"QConv2D", translate_convolution},
        {"QDepthwiseConv2D", translate_convolution},
        {"QSeparableConv1D", translate_convolution},
        {"QSeparableConv2D", translate_convolution},
        {"QConv2DTranspose", translate_convolution},
        {"QConv2DBatchnorm", translate_convolution},
        {"QDepthwiseConv2DBatchnorm", translate_convolution},
        {"MaxPooling1D", translate_pooling},
        {"MaxPooling2D", translate_pooling},
        {"AveragePooling1D", translate_pooling},
        {"AveragePooling2D", translate_pooling},
        {"GlobalMaxPooling1D", translate_pooling},
        {"GlobalMaxPooling2D", translate_pooling},
        {"GlobalAveragePooling1D", translate_pooling},
        {"GlobalAveragePooling2D", translate_pooling},
        {"QAveragePooling2D", translate_pooling},
        {"QGlobalAveragePooling2D", translate_pooling},
        {"ZeroPadding1D", translate_zero_padding},
        {"ZeroPadding2D", translate_zero_padding},
        {"Cropping1D", translate_cropping},
        {"Cropping2D", translate_cropping},
        {"UpSampling1D", translate_up_sampling},
        {"UpSampling2D", translate_up_sampling},
        {"BatchNormalization", translate_batch_normalization},
        {"QBatchNormalization", translate_batch_normalization},
        {"Activation", translate_activation},
        {"QActivation", translate_activation},
        {"ReLU", translate_relu},
        {"ThresholdedReLU", translate_thresholded_relu},
        {"LeakyReLU", translate_leaky_relu},
        {"PReLU", translate_prelu},
        {"ELU", translate_elu},
        {"Softmax", translate_softmax},
        {"Add", translate_merge<layers::Add>},
        {"Subtract", translate_merge<layers::Subtract>},
        {"Multiply", translate_merge<layers::Multiply>},
        {"Average", translate_merge<layers::Average>},
        {"Maximum", translate_merge<layers::Maximum>},
        {"Minimum", translate_merge<layers::Minimum>},
        {"Concatenate", translate_concatenate},
        {"Dot", translate_dot},
        {"Flatten", translate_flatten},
        {"Reshape", translate_reshape},
        {"Permute", translate_permute},
        {"Dropout", pass_through},
        {"AlphaDropout", pass_through},
        {"GaussianDropout", pass_through},
        {"GaussianNoise", pass_through},
        {"SpatialDropout1D", pass_through},
        {"SpatialDropout2D", pass_through},
        {"ActivityRegularization", pass_through},
    };
    return kTranslations;
}

std::string known_classes() {
    std::string text = "InputLayer";
    for (const auto& [name, function] : translations()) text += ", " + name;
    return text;
}

/// Softmax at the end is left out when only the winner is asked for.
bool is_final_softmax(const Architecture& model, const LayerSpec& layer) {
    const auto is_output = [&](const TensorRef& ref) { return ref.layer == layer.name; };
    const Json* activation = layer.config.find("activation");
    const bool softmax =
        layer.class_name == "Softmax" ||
        (activation != nullptr && activation->is_string() && activation->as_string() == "softmax");
    return softmax && std::any_of(model.outputs.begin(), model.outputs.end(), is_output);
}

/// Visits every call of every layer as soon as its inputs are known.
class Walk {
  public:
    Walk(Context& context, const Architecture& model) : context_(context), model_(model) {}

    void run() {
        refuse_unknown_classes();
        std::vector<std::pair<const LayerSpec*, std::size_t>> waiting;
        for (const LayerSpec& layer : model_.layers) {
            for (std::size_t call = 0; call < layer.calls.size(); ++call)
                waiting.emplace_back(&layer, call);
        }
        for (bool moved = true; moved && !waiting.empty();) {
            const std::size_t before = waiting.size();
            std::erase_if(waiting,
                          [&](const auto& item) { return visit(*item.first, item.second); });
            moved = waiting.size() < before;
        }
        for (const auto& [layer, call] : waiting) {
            context_.problem(*layer, "takes an input that no layer of the model provides");
        }
        for (const TensorRef& ref : model_.outputs) {
            const auto found = known_.find({ref.layer, ref.call});
            if (found != known_.end()) {
                context_.graph.add_output(found->second);
            } else if (waiting.empty()) {
                context_.problems.add(fmt::format("output '{}' is no layer", ref.layer));
            }
        }
        if (model_.outputs.empty()) context_.problems.add("the model has no outputs");
    }

  private:
    void refuse_unknown_classes() {
        for (const LayerSpec& layer : model_.layers) {
            if (layer.class_name == "InputLayer" || translations().contains(layer.class_name))
                continue;
            context_.problem(layer, fmt::format("unknown layer class; known: {}", known_classes()));
        }
    }

    /// False while an input is not known yet.
    bool visit(const LayerSpec& layer, std::size_t call) {
        std::vector<LayerId> inputs;
        for (const TensorRef& ref : layer.calls[call]) {
            const auto found = known_.find({ref.layer, ref.call});
            if (found == known_.end()) return false;
            inputs.push_back(found->second);
        }
        std::optional<LayerId> result;
        const auto translation = translations().find(layer.class_name);
        if (layer.class_name == "InputLayer") {
            result = translate_input(context_, model_, layer);
        } else if (translation != translations().end()) {
            result = translate(translation->second, layer, std::move(inputs));
        }
        known_[{layer.name, static_cast<std::int64_t>(call)}] =
            result ? *result : context_.stand_in(layer);
        return true;
    }

    std::optional<LayerId> translate(const Translate& function, const LayerSpec& layer,
                                     std::vector<LayerId> inputs) {
        if (!context_.params().winner_only || !is_final_softmax(model_, layer)) {
            return function(context_, {layer, std::move(inputs)});
        }
        if (layer.class_name == "Softmax" || layer.class_name == "Activation") {
            return pass_through(context_, {layer, std::move(inputs)});
        }
        LayerSpec plain = layer;
        plain.config.set("activation", "linear");
        return function(context_, {plain, std::move(inputs)});
    }

    Context& context_;
    const Architecture& model_;
    std::map<std::pair<std::string, std::int64_t>, LayerId> known_;
};

}  // namespace

void translate(Context& context, const Architecture& model) {
    context.graph.name = model.name.empty() ? "model" : model.name;
    context.graph.format = std::any_of(model.layers.begin(), model.layers.end(), is_qkeras)
                               ? "Keras 2 (QKeras)"
                               : "Keras 2";
    Walk(context, model).run();
}

}  // namespace gatewright::frontends::keras2
