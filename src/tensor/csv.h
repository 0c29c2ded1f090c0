// SPDX-License-Identifier: Apache-2.0
//
// The text side of npy.h: one event per line, numbers separated by commas, an optional header line
// of column names. Every error names the line and the column, because that is where a person will
// look.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "support/result.h"
#include "tensor/tensor.h"

namespace gatewright::tensor {

/// Parses csv text into [lines, columns]. A first line with a field that is no number is a header.
Result<Tensor<double>> parse_csv_doubles(std::string_view text);
/// Same for whole numbers; a fraction is an error.
Result<Tensor<std::int64_t>> parse_csv_integers(std::string_view text);

/// The same piece by piece, for files larger than memory: every piece but the last ends with a
/// line. T is double or std::int64_t.
template <class T>
class CsvParser {
  public:
    /// Appends the numbers of the lines, row by row.
    Status parse(std::string_view lines, std::vector<T>& out);
    /// Numbers per line; 0 before the first line.
    [[nodiscard]] std::size_t columns() const { return columns_; }

  private:
    Status parse_line(std::string_view line, std::vector<T>& out);
    std::size_t columns_ = 0;
    std::size_t line_ = 0;
};

/// One line per index of the first axis; further axes are flattened into columns.
std::string to_csv(const Tensor<double>& array);
std::string to_csv(const Tensor<std::int64_t>& array);

}  // namespace gatewright::tensor
