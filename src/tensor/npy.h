// SPDX-License-Identifier: Apache-2.0
//
// Arrays on disk: NumPy .npy (format 1.0 to 3.0, C and Fortran order, little and big endian,
// float16/32/64, bool and all integers) and .csv (one event per line, an optional header line).
// Both read into doubles or int64; anything else is an error that names the file and the place.
// Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <string>

#include "support/result.h"
#include "tensor/tensor.h"

namespace gatewright::tensor {

/// Reads .npy or .csv by its name's ending. Integers beyond 2^53 do not fit a double and are
/// refused.
Result<Tensor<double>> read_doubles(const std::string& path);
/// Same for whole numbers; a fraction is an error.
Result<Tensor<std::int64_t>> read_integers(const std::string& path);

/// Writes float64 / int64 .npy or .csv by the name's ending, through a temporary beside it.
Status write_array(const std::string& path, const Tensor<double>& array);
Status write_array(const std::string& path, const Tensor<std::int64_t>& array);

/// The bytes of a .npy file.
std::string to_npy(const Tensor<double>& array);
std::string to_npy(const Tensor<std::int64_t>& array);
/// Parses the bytes of a .npy file.
Result<Tensor<double>> parse_npy_doubles(std::string_view bytes);
Result<Tensor<std::int64_t>> parse_npy_integers(std::string_view bytes);

}  // namespace gatewright::tensor
