// SPDX-License-Identifier: Apache-2.0
#include "tensor/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "support/files.h"
#include "tensor/csv.h"
#include "tensor/npy_header.h"

namespace gatewright::tensor {

namespace {

constexpr std::size_t kMaxElements = std::size_t{1} << 32U;

/// The number of elements, checked against what the file holds before any memory is taken.
Result<std::size_t> checked_count(const NpyHeader& header, std::size_t file_bytes) {
    std::size_t count = 1;
    for (const std::int64_t dim : header.shape) {
        const auto size = static_cast<std::size_t>(dim);
        if (size > kMaxElements || (size != 0 && count > kMaxElements / size)) {
            return fail(fmt::format("shape {} is larger than {} elements", to_string(header.shape),
                                    kMaxElements));
        }
        count *= size;
    }
    const std::size_t held = file_bytes - header.data_offset;
    if (held != count * header.bytes) {
        return fail(
            fmt::format("shape {} of {}-byte elements needs {} bytes of data, the file has {}{}",
                        to_string(header.shape), header.bytes, count * header.bytes, held,
                        held < count * header.bytes ? " (truncated?)" : ""));
    }
    return count;
}

template <class T>
Result<Tensor<T>> parse(std::string_view bytes) {
    GW_TRY(const NpyHeader header, read_npy_header(bytes));
    GW_TRY(const std::size_t count, checked_count(header, bytes.size()));
    Tensor<T> out(header.shape);
    // Position in the file of the row-major element `index`.
    Shape reversed(header.shape.rbegin(), header.shape.rend());
    std::vector<std::size_t> file_strides = strides(reversed);
    std::reverse(file_strides.begin(), file_strides.end());
    MultiIndex index(header.shape);
    for (std::size_t i = 0; i < count; ++i, index.next()) {
        std::size_t at = i;
        if (header.fortran_order) {
            at = 0;
            for (std::size_t axis = 0; axis < header.shape.size(); ++axis) {
                at += static_cast<std::size_t>((*index)[axis]) * file_strides[axis];
            }
        }
        const char* element = bytes.data() + header.data_offset + at * header.bytes;
        const std::uint64_t raw = load_bytes(element, header.bytes, header.big_endian);
        if (const Status status = decode_npy(header, raw, out[i]); !status) {
            return fail(fmt::format("element {} {}", to_string(*index), status.error().message));
        }
    }
    return out;
}

template <class T>
std::string print(const Tensor<T>& array, const char* descr) {
    std::string out = npy_header(descr, array.shape);
    for (const T value : array.data) {
        const auto bits = std::bit_cast<std::uint64_t>(value);
        for (unsigned shift = 0; shift < 64; shift += 8)
            out += static_cast<char>(bits >> shift & 255U);
    }
    return out;
}

enum class Kind { kNpy, kCsv };

Result<Kind> kind_by_name(const std::string& path) {
    const auto ends_with = [&](std::string_view ending) {
        return path.size() >= ending.size() &&
               std::string_view(path).substr(path.size() - ending.size()) == ending;
    };
    if (ends_with(".npy")) return Kind::kNpy;
    if (ends_with(".csv")) return Kind::kCsv;
    return fail(path + ": unknown kind of array file; the name must end in .npy or .csv");
}

template <class T, class FromNpy, class FromCsv>
Result<Tensor<T>> read_any(const std::string& path, FromNpy from_npy, FromCsv from_csv) {
    GW_TRY(const Kind kind, kind_by_name(path));
    GW_TRY(const std::string bytes, read_file(path));
    Result<Tensor<T>> array = kind == Kind::kNpy ? from_npy(bytes) : from_csv(bytes);
    if (!array) return fail_in(path, array.error());
    return array;
}

template <class T>
Status write_any(const std::string& path, const Tensor<T>& array) {
    GW_TRY(const Kind kind, kind_by_name(path));
    return write_file(path, kind == Kind::kNpy ? to_npy(array) : to_csv(array));
}

}  // namespace

Result<Tensor<double>> parse_npy_doubles(std::string_view bytes) {
    return parse<double>(bytes);
}
Result<Tensor<std::int64_t>> parse_npy_integers(std::string_view bytes) {
    return parse<std::int64_t>(bytes);
}

std::string to_npy(const Tensor<double>& array) {
    return print(array, "<f8");
}
std::string to_npy(const Tensor<std::int64_t>& array) {
    return print(array, "<i8");
}

Result<Tensor<double>> read_doubles(const std::string& path) {
    return read_any<double>(path, parse_npy_doubles, parse_csv_doubles);
}
Result<Tensor<std::int64_t>> read_integers(const std::string& path) {
    return read_any<std::int64_t>(path, parse_npy_integers, parse_csv_integers);
}

Status write_array(const std::string& path, const Tensor<double>& array) {
    return write_any(path, array);
}
Status write_array(const std::string& path, const Tensor<std::int64_t>& array) {
    return write_any(path, array);
}

}  // namespace gatewright::tensor
