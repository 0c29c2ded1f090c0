// SPDX-License-Identifier: Apache-2.0
//
// Shared by the importers' fuzz targets: bytes become a file, the file is imported, and a model
// that is accepted must type-check or be refused; nothing may crash.
#pragma once

#include <fstream>
#include <string>

#include "frontends/import.h"
#include "model/graph.h"
#include "support/temporary_folder.h"

namespace gatewright::fuzz {

inline std::string file_bytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_bytes(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}

/// Parameters under which plain layers have types too, so that the whole importer is reached.
inline frontends::ImportParams with_precision() {
    frontends::ImportParams params;
    params.precision.everywhere = fixed::Cast{.format = {true, 16, 10}};
    return params;
}

inline void import_and_type(const std::string& path) {
    auto imported = frontends::import_model(path, with_precision());
    if (imported) (void)model::infer_types(std::move(imported->graph));
}

}  // namespace gatewright::fuzz
