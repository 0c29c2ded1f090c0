// SPDX-License-Identifier: Apache-2.0
//
// One layer of the file at a time: its class name picks a rule from the table in translate.cpp, the
// rule appends nodes to both graphs. All nodes of one layer carry its name as their origin; a
// quantizer in front is `<layer>_iq`, one behind `<layer>_oq`, an activation `<layer>_relu`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "frontends/import.h"
#include "frontends/keras3/assembly.h"
#include "frontends/keras3/model_file.h"
#include "frontends/keras3/quantizer.h"

namespace gatewright::frontends::keras3 {

/// One use of one layer.
struct Call {
    std::string name;        ///< the user's layer
    std::string class_name;  ///< without "hgq>"
    const Json& config;
    VariableGroup variables;
    std::vector<Wire> inputs;
    bool is_final = false;  ///< an output of the model that feeds no layer
    const ImportParams& params;
    Assembly& assembly;
    ImportedModel& result;  ///< warnings and stored EBOPs go here

    [[nodiscard]] const tensor::Shape& shape(const Wire& wire) const {
        return assembly.shape(wire);
    }
    /// Nodes of this layer; `suffix` is "" or "_relu".
    template <class L>
    Result<Wire> add(std::string_view suffix, L layer, const std::vector<Wire>& wires) {
        return assembly.add(name + std::string(suffix), name, std::move(layer), wires);
    }
    template <class L>
    Result<Wire> add_pair(std::string_view suffix, L quantized, L real,
                          const std::vector<Wire>& wires) {
        return assembly.add_pair(name + std::string(suffix), name,
                                 std::make_unique<L>(std::move(quantized)),
                                 std::make_unique<L>(std::move(real)), wires);
    }
    [[nodiscard]] Result<bool> flag(std::string_view key, bool fallback) const {
        return config.bool_or(key, fallback);
    }
};

// Shared by the rules (quantized_parts.cpp).

/// The quantizer configured under `key`, with the variables of `role`; nullopt where there is none.
Result<std::optional<Quantizer>> find_quantizer(const Call& call, std::string_view key,
                                                const std::string& role);
/// Puts a data quantizer behind a wire, and its affine map if it has one.
Result<Wire> apply_quantizer(Call& call, const Quantizer& quantizer, std::string_view suffix,
                             const Wire& x);
/// Input and output quantizers of a layer with one input, where they are enabled.
Result<Wire> apply_input_quantizer(Call& call, const Wire& x);
Result<Wire> apply_output_quantizer(Call& call, const Wire& x);
/// An activation by its name or serialized object; null and "linear" change nothing.
Result<Wire> apply_activation(Call& call, const Json* activation, const Wire& x);
/// A table function of Keras, waiting for its type; an error names what is known.
Result<Wire> apply_function(Call& call, const std::string& function, const Wire& x);
/// Softmax of a plain model along an axis that counts the batch.
Result<Wire> apply_plain_softmax(Call& call, std::int64_t axis, std::string_view suffix,
                                 const Wire& x);
/// Keeps the EBOPs that the file stores for the layer, if it does.
void store_ebops(Call& call, const VariableOrder& order);
/// An axis of Keras, which counts the batch, as one that does not; negative ones count from the
/// end.
Result<std::int64_t> without_batch(std::int64_t axis, std::size_t rank);
/// The one input of the layer.
Result<Wire> only_input(const Call& call);
/// The number as an exact float32, as Keras computes with it.
fixed::Dyadic as_float32(double value);

// The rules (layers_*.cpp).

Result<Wire> translate_dense(Call& call);
Result<Wire> translate_einsum_dense(Call& call);
Result<Wire> translate_convolution(Call& call);
Result<Wire> translate_pooling(Call& call);
Result<Wire> translate_zero_padding(Call& call);
Result<Wire> translate_cropping(Call& call);
Result<Wire> translate_up_sampling(Call& call);
Result<Wire> translate_batch_norm(Call& call);
Result<Wire> translate_quantizer(Call& call);
Result<Wire> translate_activation(Call& call);
Result<Wire> translate_lut(Call& call);
Result<Wire> translate_softmax(Call& call);
Result<Wire> translate_plain_softmax(Call& call);
Result<Wire> translate_relu(Call& call);
Result<Wire> translate_leaky_relu(Call& call);
Result<Wire> translate_prelu(Call& call);
Result<Wire> translate_elu(Call& call);
Result<Wire> translate_merge(Call& call);
Result<Wire> translate_dot(Call& call);
Result<Wire> translate_sum(Call& call);
Result<Wire> translate_reshape(Call& call);
Result<Wire> translate_flatten(Call& call);
Result<Wire> translate_permute(Call& call);
Result<Wire> translate_concatenate(Call& call);
Result<Wire> translate_rescaling(Call& call);
Result<Wire> translate_identity(Call& call);

/// What is known of a class of the file.
struct Rule {
    std::string_view class_name;
    std::string_view attributes;  ///< known beyond those every layer has, blank-separated
    Result<Wire> (*translate)(Call& call);
};

/// The rule of a class; nullptr if it cannot be imported.
const Rule* find_rule(std::string_view class_name);
/// What a user could do instead of an unknown layer.
std::string advice_for(std::string_view class_name);
/// Attributes that the rule does not know and that are set.
std::vector<std::string> unknown_attributes(const Rule& rule, const Json& config);

}  // namespace gatewright::frontends::keras3
