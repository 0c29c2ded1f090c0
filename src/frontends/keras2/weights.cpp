// SPDX-License-Identifier: Apache-2.0
#include "frontends/keras2/weights.h"

#include <fmt/format.h>

#include <cctype>
#include <cmath>

namespace gatewright::frontends::keras2 {

namespace {

/// "QDense" -> "q_dense", "BatchNormalization" -> "batch_normalization": how Keras names groups.
std::string snake_case(const std::string& name) {
    std::string out;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const auto here = static_cast<unsigned char>(name[i]);
        const bool next_is_lower =
            i + 1 < name.size() && std::islower(static_cast<unsigned char>(name[i + 1])) != 0;
        const bool after_lower =
            i > 0 && (std::islower(static_cast<unsigned char>(name[i - 1])) != 0 ||
                      std::isdigit(static_cast<unsigned char>(name[i - 1])) != 0);
        if (i > 0 && std::isupper(here) != 0 && (after_lower || next_is_lower)) out += '_';
        out += static_cast<char>(std::tolower(here));
    }
    return out;
}

bool flag(const LayerSpec& layer, const char* key) {
    return layer.config.bool_or(key, true).value_or(true);
}

/// Roles of the numbered variables of a layer, in Keras' order: trainable ones first.
std::vector<std::string> numbered_roles(const LayerSpec& layer) {
    std::vector<std::string> roles;
    const std::string& kind = layer.class_name;
    const auto has = [&](const char* part) { return kind.find(part) != std::string::npos; };
    const bool has_moments = has("BatchNorm") || has("Batchnorm");
    const bool is_linear = has("Dense") || has("Conv");
    if (has("Depthwise") || has("Separable")) {
        roles.emplace_back("depthwise_kernel");
        if (has("Separable")) roles.emplace_back("pointwise_kernel");
    } else if (is_linear) {
        roles.emplace_back("kernel");
    }
    if (is_linear && flag(layer, "use_bias")) roles.emplace_back("bias");
    if (has_moments && flag(layer, "scale")) roles.emplace_back("gamma");
    if (has_moments && flag(layer, "center")) roles.emplace_back("beta");
    if (has_moments) roles.insert(roles.end(), {"moving_mean", "moving_variance"});
    if (kind == "PReLU") roles.emplace_back("alpha");
    return roles;
}

}  // namespace

Weights Weights::index(Hdf5File file, const Architecture& model) {
    Weights weights(std::move(file));
    for (const char* root : {"/_layer_checkpoint_dependencies", "/layers"}) {
        if (!weights.file_.exists(root)) continue;
        weights.index_numbered(root, model);
        return weights;
    }
    const std::string root = weights.file_.exists("/model_weights") ? "/model_weights" : "";
    weights.index_named(root, model);
    return weights;
}

void Weights::index_named(const std::string& root, const Architecture& model) {
    for (const LayerSpec& layer : model.layers) {
        const std::string group = root + "/" + layer.name;
        if (!file_.exists(group) || !file_.has_attribute(group, "weight_names")) continue;
        // h5py writes the empty list of a layer without weights as numbers; a layer that does have
        // weights will be missed by name later.
        const auto names = file_.strings_attribute(group, "weight_names");
        if (!names) continue;
        for (const std::string& name : *names) {
            std::string role = name.substr(name.rfind('/') + 1);
            role = role.substr(0, role.find(':'));
            paths_[{layer.name, role}] = group + "/" + name;
        }
    }
}

void Weights::index_numbered(const std::string& root, const Architecture& model) {
    std::map<std::string, int> counts;
    for (const LayerSpec& layer : model.layers) {
        const std::string kind = snake_case(layer.class_name);
        const int number = counts[kind]++;
        const std::string group =
            fmt::format("{}/{}{}/vars", root, kind, number == 0 ? "" : fmt::format("_{}", number));
        const std::vector<std::string> roles = numbered_roles(layer);
        for (std::size_t i = 0; i < roles.size(); ++i) {
            const std::string path = fmt::format("{}/{}", group, i);
            if (file_.exists(path)) paths_[{layer.name, roles[i]}] = path;
        }
    }
}

bool Weights::has(const std::string& layer, const std::string& role) const {
    return paths_.contains({layer, role});
}

Result<tensor::Tensor<double>> Weights::read(const std::string& layer,
                                             const std::string& role) const {
    const auto found = paths_.find({layer, role});
    if (found == paths_.end()) {
        return fail(fmt::format("{} has no '{}' for this layer", file_.name(), role));
    }
    GW_TRY(tensor::Tensor<double> values, file_.read(found->second));
    tensor::MultiIndex index(values.shape);
    for (std::size_t i = 0; i < values.size(); ++i, index.next()) {
        if (!std::isfinite(values[i])) {
            return fail(fmt::format("{} element {} is {}; weights must be finite", role,
                                    tensor::to_string(*index), values[i]));
        }
    }
    return values;
}

}  // namespace gatewright::frontends::keras2
