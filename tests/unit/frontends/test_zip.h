// SPDX-License-Identifier: Apache-2.0
//
// Zip archives for tests of importers: read whole, changed, written again.
#pragma once

#include <zip.h>

#include <cstdio>
#include <map>
#include <string>

#include "frontends/zip_file.h"
#include "support/check.h"

namespace gatewright::testing {

using ZipMembers = std::map<std::string, std::string>;

inline void write_zip(const std::string& path, const ZipMembers& members) {
    std::remove(path.c_str());
    int code = 0;
    zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
    GW_CHECK(archive != nullptr, "cannot write " + path);
    for (const auto& [name, bytes] : members) {
        zip_source_t* source = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
        zip_file_add(archive, name.c_str(), source, ZIP_FL_OVERWRITE);
    }
    GW_CHECK(zip_close(archive) == 0, "cannot write " + path);
}

/// The two members of a .keras file that matter.
inline ZipMembers read_keras(const std::string& path) {
    ZipMembers out;
    for (const char* name : {"config.json", "model.weights.h5"}) {
        out[name] = frontends::read_zip_member(path, name, std::size_t{1} << 28U).value();
    }
    return out;
}

}  // namespace gatewright::testing
