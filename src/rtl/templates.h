// SPDX-License-Identifier: Apache-2.0
//
// Emitted files whose text hardly depends on the design are kept as files (templates/*.in) in which
// @key@ stands for a value.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace gatewright::rtl {

using TemplateValues = std::map<std::string, std::string>;

/// The template's text with every @key@ replaced. A key without a value is an InternalError.
std::string fill_template(std::string_view name, const TemplateValues& values);

}  // namespace gatewright::rtl
