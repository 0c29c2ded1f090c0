// SPDX-License-Identifier: Apache-2.0
//
// report.json: everything known of a design right after compilation. verify, synth and evaluate add
// their evidence to it later. Fields: docs/report.md.
#pragma once

#include <string>

#include "compile/compile.h"
#include "support/json.h"
#include "support/progress.h"

namespace gatewright::compile {

/// `directory` is only used in the commands that repeat everything.
Json make_report(const Compiled& compiled, const Progress& progress, const std::string& directory);

}  // namespace gatewright::compile
