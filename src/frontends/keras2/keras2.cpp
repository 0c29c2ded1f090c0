// SPDX-License-Identifier: Apache-2.0
#include "frontends/keras2/keras2.h"

#include <fmt/format.h>

#include <filesystem>

#include "frontends/keras2/saved_metadata.h"
#include "frontends/keras2/translator.h"
#include "support/files.h"

namespace gatewright::frontends {

namespace {

using keras2::Architecture;
using keras2::Context;
using keras2::Weights;

constexpr std::string_view kHdf5Magic = "\x89HDF\r\n\x1a\n";

bool ends_with(const std::string& text, std::string_view ending) {
    return text.size() >= ending.size() &&
           std::string_view(text).substr(text.size() - ending.size()) == ending;
}

/// The weight file of an architecture file.
Result<std::string> find_weights(const std::string& path, const ImportParams& params) {
    if (!params.weights_path.empty()) return params.weights_path;
    std::string stem = path;
    for (const std::string_view ending : {".json", "_keras_metadata.pb", "keras_metadata.pb"}) {
        if (!ends_with(path, ending)) continue;
        stem = path.substr(0, path.size() - ending.size());
        break;
    }
    std::string tried;
    for (const char* ending : {"_weights.h5", ".weights.h5", ".h5", "_model_weights.h5"}) {
        const std::string candidate = stem + ending;
        std::error_code error;
        if (std::filesystem::is_regular_file(candidate, error)) return candidate;
        tried += "\n  " + candidate;
    }
    return fail(
        fmt::format("{}: no weights beside the architecture; expected one of{}", path, tried));
}

struct Source {
    Architecture architecture;
    Weights weights;
};

Result<Source> read_source(const Json& json, const std::string& path, Hdf5File file) {
    auto architecture = keras2::read_architecture(json);
    if (!architecture) return fail_in(path, architecture.error());
    Weights weights = Weights::index(std::move(file), *architecture);
    return Source{std::move(*architecture), std::move(weights)};
}

Result<Source> open_source(const std::string& path, const ImportParams& params) {
    GW_TRY(const std::string bytes, read_file(path));
    if (bytes.rfind(kHdf5Magic, 0) != 0) {
        auto json = keras2::is_saved_metadata(bytes) ? keras2::read_saved_metadata(bytes)
                                                     : parse_json(bytes);
        if (!json) return fail_in(path, json.error());
        GW_TRY(const std::string weights, find_weights(path, params));
        GW_TRY(Hdf5File file, Hdf5File::open(weights));
        return read_source(*json, path, std::move(file));
    }
    GW_TRY(Hdf5File file, Hdf5File::open(path));
    if (!file.has_attribute("/", "model_config")) {
        return fail(path +
                    ": holds weights only (no attribute model_config); compile the .json of the "
                    "architecture, with this file beside it as NAME_weights.h5");
    }
    GW_TRY(const std::string text, file.string_attribute("/", "model_config"));
    auto json = parse_json(text);
    if (!json) return fail_in(path + ": model_config", json.error());
    return read_source(*json, path, std::move(file));
}

std::string untyped_message(const std::vector<std::string>& untyped) {
    std::string names;
    for (const std::string& name : untyped) names += (names.empty() ? "" : ", ") + name;
    return fmt::format(
        "the model carries no types for: {}. Give one for all of them with --precision "
        "\"fixed<16,6>\", or per layer in the TOML file of --config, for example\n"
        "      [precision.layers.{}]\n"
        "      weight = \"fixed<8,2>\"\n"
        "      bias = \"fixed<8,2>\"\n"
        "      result = \"fixed<16,6,RND,SAT>\"",
        names, untyped.back());
}

}  // namespace

Result<ImportedModel> import_keras2(const std::string& path, const ImportParams& params) {
    GW_TRY(const Source source, open_source(path, params));
    Context quantized(params, source.weights);
    translate(quantized, source.architecture);
    if (quantized.problems.empty()) {
        settle_averages(quantized.graph, quantized.open_averages, quantized.problems);
    }
    if (!quantized.untyped.empty()) quantized.problems.add(untyped_message(quantized.untyped));
    if (!quantized.problems.empty()) {
        return tl::unexpected<Error>(
            quantized.problems.to_error(fmt::format("{}: cannot be imported:", path)));
    }
    Context trained(params, source.weights, quantized);
    translate(trained, source.architecture);
    ImportedModel model;
    model.graph = std::move(quantized.graph);
    if (trained.problems.empty()) model.float_graph = std::move(trained.graph);
    model.warnings = std::move(quantized.warnings);
    return model;
}

}  // namespace gatewright::frontends
