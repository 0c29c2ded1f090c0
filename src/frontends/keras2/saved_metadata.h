// SPDX-License-Identifier: Apache-2.0
//
// keras_metadata.pb of a TensorFlow SavedModel: a protocol buffer whose nodes carry the layers'
// configurations as JSON; the node of the whole network holds the model's. Only that text is read;
// its weights are the .h5 file beside it. Source: tensorflow/tensorflow
// python/keras/protobuf/saved_metadata.proto (SavedMetadata.nodes = 1; SavedObject.identifier = 4,
// .metadata = 5).
#pragma once

#include <string_view>

#include "support/json.h"

namespace gatewright::frontends::keras2 {

/// True if the bytes begin as such a file does.
bool is_saved_metadata(std::string_view bytes);

/// The model's JSON, with Python's tuples as lists.
Result<Json> read_saved_metadata(std::string_view bytes);

}  // namespace gatewright::frontends::keras2
