// SPDX-License-Identifier: Apache-2.0
#include "frontends/keras3/model_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "frontends/zip_file.h"

namespace gatewright::frontends::keras3 {

namespace {

constexpr std::size_t kMaxConfigBytes = std::size_t{1} << 26U;
constexpr std::size_t kMaxWeightBytes = std::size_t{1} << 29U;

std::string last_part(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

/// Keras' name of the group of a class: "QEinsumDenseBatchnorm" -> "q_einsum_dense_batchnorm".
std::string snake_case(const std::string& name) {
    const auto upper = [&](std::size_t i) { return i < name.size() && std::isupper(name[i]) != 0; };
    const auto lower = [&](std::size_t i) { return i < name.size() && std::islower(name[i]) != 0; };
    std::string out;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (i > 0 && upper(i) && (lower(i + 1) || lower(i - 1))) out += '_';
        out += static_cast<char>(std::tolower(name[i]));
    }
    return out;
}

constexpr std::string_view kMergeRole = "iq/quantizers/quantizer";

/// The number behind the last '_': 3 of "quantizer_3" or "quantizers/quantizer_3", 0 if there is
/// none.
int number_of(const std::string& name) {
    const std::size_t digits = name.find_last_not_of("0123456789") + 1;
    if (digits == 0 || digits == name.size() || name[digits - 1] != '_' || name.size() - digits > 6)
        return 0;
    return std::stoi(name.substr(digits));
}

/// The groups below `path`, at most `depth` levels down, whose last name satisfies `wanted`.
template <class Wanted>
std::vector<std::string> find_below(const Hdf5File& file, const std::string& path, int depth,
                                    Wanted wanted) {
    std::vector<std::string> out;
    for (const std::string& member : file.members(path)) {
        const std::string full = path + "/" + member;
        if (file.is_dataset(full)) continue;
        if (wanted(member)) out.push_back(full);
        if (depth > 1) {
            for (std::string& deeper : find_below(file, full, depth - 1, wanted)) {
                out.push_back(std::move(deeper));
            }
        }
    }
    return out;
}

}  // namespace

Result<FloatTensor> VariableGroup::read(const VariableOrder& order, std::string_view name) const {
    const auto found = std::find(order.begin(), order.end(), name);
    GW_CHECK(found != order.end(), "variable is not in its layer's list");
    std::string path = path_ + "/" + std::string(name);
    if (!by_name_) path = fmt::format("{}/vars/{}", path_, found - order.begin());
    if (file_ == nullptr || path_.empty() || !file_->is_dataset(path)) {
        return fail(fmt::format("has no variable '{}' in the weight file", name));
    }
    GW_TRY(const auto stored, file_->read(path));
    FloatTensor out(stored.shape);
    for (std::size_t i = 0; i < stored.size(); ++i) {
        out[i] = static_cast<float>(stored[i]);
        if (std::isfinite(out[i]) || name == "i_decay_speed") continue;
        return fail(
            fmt::format("variable '{}' has the value {} at element {}; weights must be finite",
                        name, stored[i], i));
    }
    return out;
}

VariableGroup VariableGroup::child(const std::string& role) const {
    if (by_name_) return {file_, path_ + "/" + layer_ + "_" + role, layer_ + "_" + role, by_name_};
    return {file_, path_ + "/" + role, layer_, by_name_};
}

Result<VariableGroup> VariableGroup::inner_quantizer(const std::string& path,
                                                     const std::string& role) const {
    for (const std::string& member : file_->members(path)) {
        if (member.find("quantizer") != std::string::npos) {
            return VariableGroup(file_, path + "/" + member, layer_, by_name_);
        }
    }
    return fail(fmt::format("has no quantizer '{}' in the weight file", role));
}

Result<VariableGroup> VariableGroup::merge_quantizer(const std::string& role) const {
    // The groups' numbers count through the whole model; their order is that of the inputs.
    for (const std::string& member : file_->members(path_)) {
        if (member.rfind("multiple_quantizers", 0) != 0) continue;
        std::vector<std::string> groups = file_->members(path_ + "/" + member);
        std::sort(groups.begin(), groups.end(),
                  [](const auto& a, const auto& b) { return number_of(a) < number_of(b); });
        const auto index = static_cast<std::size_t>(number_of(role));
        if (index < groups.size())
            return inner_quantizer(path_ + "/" + member + "/" + groups[index], role);
    }
    return fail(fmt::format("has no quantizer '{}' in the weight file", role));
}

Result<VariableGroup> VariableGroup::quantizer(const std::string& role) const {
    if (file_ == nullptr || path_.empty()) return fail("has no weights in the file");
    if (!by_name_) {
        return VariableGroup(file_, path_ + (role.empty() ? "" : "/" + role) + "/quantizer", layer_,
                             by_name_);
    }
    if (role.rfind(kMergeRole, 0) == 0) return merge_quantizer(role);
    std::string path = path_;
    std::string name = layer_;
    std::size_t begin = 0;
    while (begin < role.size()) {
        const std::size_t end = std::min(role.find('/', begin), role.size());
        name += "_" + role.substr(begin, end - begin);
        path += "/" + name;
        begin = end + 1;
    }
    return inner_quantizer(path, role);
}

Result<ModelFile> ModelFile::open(const std::string& path) {
    ModelFile out;
    auto config = read_zip_member(path, "config.json", kMaxConfigBytes);
    if (config) {
        auto weights = read_zip_member(path, "model.weights.h5", kMaxWeightBytes);
        if (!weights) return tl::unexpected<Error>(weights.error());
        GW_TRY(auto file, Hdf5File::from_bytes(std::move(*weights), path + ": model.weights.h5"));
        out.weights_ = std::make_unique<Hdf5File>(std::move(file));
    } else {
        auto file = Hdf5File::open(path);
        if (!file) return tl::unexpected<Error>(config.error());
        out.weights_ = std::make_unique<Hdf5File>(std::move(*file));
        out.by_name_ = true;
        config = out.weights_->string_attribute("/", "model_config");
        if (!config) {
            return fail(
                path +
                ": has weights but no model_config; save the whole model, not only its weights");
        }
    }
    auto model = parse_json(*config);
    if (!model) return fail_in(path + ": the model's configuration", model.error());
    out.model_ = std::move(*model);
    out.find_groups();
    return out;
}

void ModelFile::find_groups() {
    if (by_name_) {
        for (const std::string& layer : weights_->members("/model_weights")) {
            const std::string top = "/model_weights/" + layer;
            const auto same = [&](const std::string& name) { return name == layer; };
            const auto below = find_below(*weights_, top, 4, same);
            group_of_[layer] = below.empty() ? top : below.front();
        }
        return;
    }
    for (const std::string& group : weights_->members("/layers")) {
        const std::string path = "/layers/" + group;
        const auto name = weights_->string_attribute(path + "/vars", "name");
        if (name) group_of_.emplace(*name, path);
    }
    if (!group_of_.empty()) return;
    // Keras before 3.5 wrote no names: groups are numbered per class in the order of the layers.
    const Json* config = model_.find("config");
    const Json* layers = config == nullptr ? nullptr : config->find("layers");
    if (layers == nullptr || !layers->is_array()) return;
    std::map<std::string, int> used;
    for (const Json& layer : layers->as_array()) {
        const Json* layer_config = layer.find("config");
        if (layer_config == nullptr) continue;
        const std::string group = snake_case(plain_class_name(layer));
        const int number = used[group]++;
        const auto name = layer_config->string_or("name", "");
        if (!name) continue;
        group_of_[*name] = "/layers/" + group + (number == 0 ? "" : fmt::format("_{}", number));
    }
}

VariableGroup ModelFile::layer(const std::string& user_name) const {
    const auto found = group_of_.find(user_name);
    if (found == group_of_.end()) return {nullptr, "", user_name, by_name_};
    return {weights_.get(), found->second, by_name_ ? last_part(found->second) : user_name,
            by_name_};
}

std::string plain_class_name(const Json& object) {
    const auto name = object.string_or("class_name", "");
    if (!name) return "";
    return name->substr(name->rfind('>') + 1);  // npos + 1 is 0
}

}  // namespace gatewright::frontends::keras3
