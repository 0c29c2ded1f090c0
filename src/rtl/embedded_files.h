// SPDX-License-Identifier: Apache-2.0
//
// The templates built into the library (cmake/EmbedData.cmake writes the definition).
#pragma once

#include <span>
#include <string_view>

namespace gatewright::rtl {

struct EmbeddedFile {
    std::string_view name;
    std::string_view content;
};

std::span<const EmbeddedFile> embedded_files();

}  // namespace gatewright::rtl
