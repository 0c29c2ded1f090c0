// SPDX-License-Identifier: Apache-2.0
//
// Gatewright's own model format: one JSON file, easy to write by hand, and exact, because every
// number is a dyadic rational and every type is written out. A layer is one object: its name, its
// kind, the names of its inputs, and the attributes that `gatewright layers` lists for the kind,
// all in one level. docs/native_format.md is the format's definition; docs/first_lesson.md writes a
// first model in it.
#pragma once

#include <string>

#include "frontends/import.h"
#include "model/graph.h"
#include "support/json.h"

namespace gatewright::frontends {

inline constexpr std::string_view kNativeFormat = "gatewright-model";
inline constexpr std::int64_t kNativeVersion = 1;

/// Reads a model file. `params.input_type` replaces the type of the input layers;
/// `params.winner_only` leaves out softmax layers that are outputs. Errors name the file and list
/// every wrong layer.
Result<ImportedModel> import_native(const std::string& path, const ImportParams& params);

/// A graph from the parsed file. All problems are reported at once, each with its layer's name.
Result<model::Graph> read_native(const Json& json);

/// The file's content for a graph; read_native() gives the same graph back.
Json write_native(const model::Graph& graph);

}  // namespace gatewright::frontends
