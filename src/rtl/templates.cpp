// SPDX-License-Identifier: Apache-2.0
#include "rtl/templates.h"

#include <algorithm>
#include <cctype>

#include "rtl/embedded_files.h"
#include "support/check.h"

namespace gatewright::rtl {
namespace {

std::string_view template_text(std::string_view name) {
    for (const EmbeddedFile& file : embedded_files()) {
        if (file.name == name) return file.content;
    }
    GW_UNREACHABLE("no template " + std::string(name));
}

// Length of the key at the start of `text` if it is "key@": letters, digits, underscores.
std::size_t key_length(std::string_view text) {
    const auto end = std::find_if_not(text.begin(), text.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
    });
    return end != text.end() && *end == '@' ? static_cast<std::size_t>(end - text.begin()) : 0;
}

}  // namespace

std::string fill_template(std::string_view name, const TemplateValues& values) {
    std::string_view rest = template_text(name);
    std::string out;
    for (std::size_t at = rest.find('@'); at != std::string_view::npos; at = rest.find('@')) {
        out += rest.substr(0, at);
        rest.remove_prefix(at + 1);
        const std::size_t length = key_length(rest);
        if (length == 0) {
            out += '@';
            continue;
        }
        const auto value = values.find(std::string(rest.substr(0, length)));
        GW_CHECK(value != values.end(),
                 "no value for @" + std::string(rest.substr(0, length)) + "@");
        out += value->second;
        rest.remove_prefix(length + 1);
    }
    return out += rest;
}

}  // namespace gatewright::rtl
