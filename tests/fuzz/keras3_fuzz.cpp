// SPDX-License-Identifier: Apache-2.0
//
// Fuzz target: Keras 3 with HGQ2. An input that starts with '{' is the config.json of an archive
// whose weights stay as they are; one that starts like HDF5 is its weight file; anything else is
// the archive.
#include "frontends/zip_file.h"
#include "fuzz/harness.h"
#include "fuzz/importing.h"
#include "unit/frontends/test_zip.h"

namespace {

using namespace gatewright;

const std::string kModel = GW_SOURCE_DIR "/models/jets/jets.keras";
constexpr std::size_t kMost = std::size_t{1} << 26U;

struct Files {
    testing::TemporaryFolder folder;
    std::string config = frontends::read_zip_member(kModel, "config.json", kMost).value();
    std::string weights = frontends::read_zip_member(kModel, "model.weights.h5", kMost).value();
};

const Files& files() {
    static const Files instance;
    return instance;
}

void import_keras3_bytes(const std::string& bytes) {
    const std::string path = files().folder.path("m.keras");
    const bool is_config = bytes.starts_with('{');
    const bool is_weights = bytes.starts_with("\x89HDF") || bytes.starts_with(
                                                                "\x89"
                                                                "HD");
    if (is_config || is_weights) {
        testing::write_zip(path, {{"metadata.json", R"({"keras_version": "3.15.1"})"},
                                  {"config.json", is_config ? bytes : files().config},
                                  {"model.weights.h5", is_weights ? bytes : files().weights}});
    } else {
        fuzz::write_bytes(path, bytes);
    }
    fuzz::import_and_type(path);
}

[[maybe_unused]] std::vector<std::string> seed_files() {
    return {files().config, files().config, files().weights, fuzz::file_bytes(kModel)};
}

}  // namespace

GW_FUZZ_TARGET(import_keras3_bytes, seed_files())
