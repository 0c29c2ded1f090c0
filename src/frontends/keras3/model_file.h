// SPDX-License-Identifier: Apache-2.0
//
// Where a Keras 3 file keeps things. In `.keras`, weight groups are numbered per class
// (layers/q_dense_1), their `vars` carry the user's layer name as an attribute, and variables are
// numbered, trainable ones first. In Keras 3's `.h5`, groups carry the user's names and variables
// their own. VariableGroup hides the difference: a variable is asked for by its name and by the
// list of the layer's variables in the order Keras makes them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "frontends/hdf5_file.h"
#include "support/json.h"

namespace gatewright::frontends::keras3 {

using FloatTensor = tensor::Tensor<float>;

/// A layer's variables in file order: the trainable ones, then the others.
using VariableOrder = std::vector<std::string_view>;

class VariableGroup {
  public:
    VariableGroup() = default;
    VariableGroup(const Hdf5File* file, std::string path, std::string layer, bool by_name)
        : file_(file), path_(std::move(path)), layer_(std::move(layer)), by_name_(by_name) {}

    /// The variable `name`; all values finite. `order` says which number it has.
    [[nodiscard]] Result<FloatTensor> read(const VariableOrder& order, std::string_view name) const;
    /// Variables of a quantizer of this layer: "iq", "kq", "exp_table/oq",
    /// "iq/quantizers/quantizer_1"; empty: the layer is itself a quantizer.
    [[nodiscard]] Result<VariableGroup> quantizer(const std::string& role) const;
    /// Variables of a layer inside this one ("exp_table").
    [[nodiscard]] VariableGroup child(const std::string& role) const;

  private:
    [[nodiscard]] Result<VariableGroup> inner_quantizer(const std::string& path,
                                                        const std::string& role) const;
    [[nodiscard]] Result<VariableGroup> merge_quantizer(const std::string& role) const;

    const Hdf5File* file_ = nullptr;
    std::string path_;
    std::string layer_;
    bool by_name_ = false;
};

class ModelFile {
  public:
    static Result<ModelFile> open(const std::string& path);

    /// The model's own object: class_name and config.
    [[nodiscard]] const Json& model() const { return model_; }
    /// Weights of a layer; a layer without weights gives a group in which every read fails.
    [[nodiscard]] VariableGroup layer(const std::string& user_name) const;

  private:
    ModelFile() = default;
    void find_groups();

    Json model_;
    std::unique_ptr<Hdf5File> weights_;
    bool by_name_ = false;
    std::map<std::string, std::string> group_of_;  ///< user's layer name -> HDF5 path
};

/// "QDense" of "hgq>QDense".
std::string plain_class_name(const Json& object);

}  // namespace gatewright::frontends::keras3
