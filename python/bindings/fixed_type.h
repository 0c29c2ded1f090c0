// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nanobind/nanobind.h>

/// Adds the class FixedType: a fixed::Cast with its exact conversions of arrays.
void add_fixed_type(nanobind::module_& module);

/// `message` as a Python exception gatewright.Error.
[[noreturn]] void raise_error(const std::string& message);
