// SPDX-License-Identifier: Apache-2.0
//
// The report for a person: one self-contained HTML page made from report.json and nothing else
// (docs/report.md lists the fields). Pictures are SVG written here instead of a plotting library:
// three simple pictures do not earn a megabyte of script in every design directory, and a page
// without script prints, opens from a mail attachment and cannot be attacked through a layer's
// name.
#pragma once

#include <string>

#include "support/json.h"

namespace gatewright::report {

/// The page. Fields that are missing or of a wrong type leave their part out; all text is escaped.
std::string to_html(const Json& report);

}  // namespace gatewright::report
