// SPDX-License-Identifier: Apache-2.0
//
// Finding a layer's tensors in HDF5. Keras 2 files have one group per layer whose attribute
// `weight_names` lists its tensors ("fc1/kernel:0"); `.weights.h5` files of the Keras 2.12+ saver
// have groups named after the layer's class, numbered in the model's order, with variables known by
// number only. Here both are asked by the user's layer name and the tensor's role: kernel, bias,
// gamma, beta, moving_mean, moving_variance, alpha.
#pragma once

#include <map>
#include <string>

#include "frontends/hdf5_file.h"
#include "frontends/keras2/architecture.h"

namespace gatewright::frontends::keras2 {

class Weights {
  public:
    /// Indexes the tensors of all layers of the model.
    static Weights index(Hdf5File file, const Architecture& model);

    [[nodiscard]] bool has(const std::string& layer, const std::string& role) const;
    /// All values finite. The error names the role and the element, not the layer.
    [[nodiscard]] Result<tensor::Tensor<double>> read(const std::string& layer,
                                                      const std::string& role) const;

  private:
    explicit Weights(Hdf5File file) : file_(std::move(file)) {}
    void index_named(const std::string& root, const Architecture& model);
    void index_numbered(const std::string& root, const Architecture& model);

    Hdf5File file_;
    std::map<std::pair<std::string, std::string>, std::string>
        paths_;  ///< (layer, role) -> dataset
};

}  // namespace gatewright::frontends::keras2
