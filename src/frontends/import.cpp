// SPDX-License-Identifier: Apache-2.0
//
// Which importer a file belongs to is read from its first bytes and, where those are shared, from
// the version note inside; the file's name plays no part.
#include "frontends/import.h"

#include <fmt/format.h>

#include <filesystem>

#include "frontends/hdf5_file.h"
#include "frontends/keras2/keras2.h"
#include "frontends/keras2/saved_metadata.h"
#include "frontends/keras3/keras3.h"
#include "frontends/native/native.h"
#include "frontends/program/program.h"
#include "interchange/program_file.h"
#include "support/files.h"

namespace gatewright::frontends {

namespace {

constexpr std::string_view kZipMagic = "PK\x03\x04";
constexpr std::string_view kHdf5Magic = "\x89HDF\r\n\x1a\n";
constexpr std::size_t kMaxModelBytes = std::size_t{1} << 29U;

Result<ImportedModel> import_hdf5(const std::string& path, const ImportParams& params) {
    GW_TRY(const Hdf5File file, Hdf5File::open(path));
    const auto version = file.string_attribute("/", "keras_version");
    const auto inner = file.string_attribute("/model_weights", "keras_version");
    const std::string found = version ? *version : inner ? *inner : "";
    return found.rfind("3.", 0) == 0 ? import_keras3(path, params) : import_keras2(path, params);
}

Result<ImportedModel> import_json(const std::string& path, const ImportParams& params) {
    auto json = read_json_file(path);
    if (!json) return tl::unexpected<Error>(json.error());
    if (json->contains("class_name")) return import_keras2(path, params);
    return import_native(path, params);
}

}  // namespace

Result<ImportedModel> import_model(const std::string& path, const ImportParams& params) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) {
        const std::string model = path + "/model.json";
        if (std::filesystem::exists(model, ignored)) return import_native(model, params);
        return fail(fmt::format(
            "{}: is a directory without a model.json; give a model file or a design directory",
            path));
    }
    const auto content = read_file(path, kMaxModelBytes);
    if (!content) return tl::unexpected<Error>(content.error());
    const std::string_view bytes = *content;
    if (bytes.rfind(kZipMagic, 0) == 0) return import_keras3(path, params);
    if (bytes.rfind(kHdf5Magic, 0) == 0) return import_hdf5(path, params);
    if (keras2::is_saved_metadata(bytes)) return import_keras2(path, params);
    if (interchange::is_program(bytes)) return import_program(path, params);
    const std::size_t first = bytes.find_first_not_of(" \t\r\n");
    if (first != std::string::npos && (bytes[first] == '{' || bytes[first] == '['))
        return import_json(path, params);
    return fail(fmt::format(
        "{}: is no model file; known are Keras 3 (.keras), Keras 2 (.h5, or .json "
        "or keras_metadata.pb with weights), Gatewright's JSON, programs (DAIS, ALIR, text), and "
        "design directories",
        path));
}

}  // namespace gatewright::frontends
