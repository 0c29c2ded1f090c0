// SPDX-License-Identifier: Apache-2.0
//
// The head of a NumPy .npy file and the meaning of its elements, for readers of whole files (npy.h)
// and of streams (events/reader.h). Format:
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "support/result.h"
#include "tensor/tensor.h"

namespace gatewright::tensor {

/// What the text dictionary of a .npy header says.
struct NpyHeader {
    char kind = 0;          ///< 'f', 'i', 'u', 'b'
    std::size_t bytes = 0;  ///< of one element
    bool big_endian = false;
    bool fortran_order = false;
    Shape shape;
    std::size_t data_offset = 0;
};

/// The header at the start of `bytes`; the longest header there is fits 64 KiB.
Result<NpyHeader> read_npy_header(std::string_view bytes);

/// `count` bytes as an unsigned number.
std::uint64_t load_bytes(const char* bytes, std::size_t count, bool big_endian);

/// The value of an element from its bits. Integers beyond 2^53 do not fit a double; a fraction does
/// not fit an integer.
Status decode_npy(const NpyHeader& header, std::uint64_t bits, double& value);
Status decode_npy(const NpyHeader& header, std::uint64_t bits, std::int64_t& value);

/// The bytes before the data of a C-order array of `descr` ("<f8"), at least `length` of them.
std::string npy_header(std::string_view descr, const Shape& shape, std::size_t length = 0);

}  // namespace gatewright::tensor
