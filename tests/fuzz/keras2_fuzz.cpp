// SPDX-License-Identifier: Apache-2.0
//
// Fuzz target: Keras 2. An input that starts with '{' is the architecture of a model whose weights
// stay as they are; anything else is its HDF5 weight file, and a whole model where it holds one.
#include "fuzz/harness.h"
#include "fuzz/importing.h"

namespace {

using namespace gatewright;

const std::string kModels = GW_SHARED_DATA "/hls4ml_example_models/keras/";

struct Files {
    testing::TemporaryFolder folder;
    std::string architecture = fuzz::file_bytes(kModels + "qkeras_3layer.json");
    std::string weights = fuzz::file_bytes(kModels + "qkeras_3layer_weights.h5");
    std::string images = fuzz::file_bytes(kModels + "jetTagger_Conv2D_Small_weights.h5");
};

void import_keras2_bytes(const std::string& bytes) {
    static const Files files;
    const bool is_architecture = bytes.starts_with('{');
    fuzz::write_bytes(files.folder.path("m.json"), is_architecture ? bytes : files.architecture);
    fuzz::write_bytes(files.folder.path("m_weights.h5"),
                      is_architecture
                          ? bytes.find("Conv2D") == std::string::npos ? files.weights : files.images
                          : bytes);
    fuzz::import_and_type(files.folder.path("m.json"));
    if (!is_architecture) fuzz::import_and_type(files.folder.path("m_weights.h5"));
}

[[maybe_unused]] std::vector<std::string> seed_files() {
    return {fuzz::file_bytes(kModels + "qkeras_3layer.json"),
            fuzz::file_bytes(kModels + "KERAS_3layer.json"),
            fuzz::file_bytes(kModels + "KERAS_3layer_binary_smaller.json"),
            fuzz::file_bytes(kModels + "qkeras_3layer_weights.h5"),
            fuzz::file_bytes(kModels + "jetTagger_Conv2D_Small.json"),
            fuzz::file_bytes(GW_SHARED_DATA "/econt_ae/baseline_encoder_keras_model.h5")};
}

}  // namespace

GW_FUZZ_TARGET(import_keras2_bytes, seed_files())
