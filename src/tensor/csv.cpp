// SPDX-License-Identifier: Apache-2.0
#include "tensor/csv.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <iterator>

namespace gatewright::tensor {

namespace {

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r";
    const std::size_t first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    text = text.substr(first, text.find_last_not_of(kBlank) - first + 1);
    const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
    return quoted ? text.substr(1, text.size() - 2) : text;
}

std::vector<std::string_view> split(std::string_view line) {
    std::vector<std::string_view> fields;
    for (;;) {
        const std::size_t comma = line.find(',');
        fields.push_back(trimmed(line.substr(0, comma)));
        if (comma == std::string_view::npos) return fields;
        line.remove_prefix(comma + 1);
    }
}

bool is_number(std::string_view field) {
    if (!field.empty() && field[0] == '+') field.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
    return error != std::errc::invalid_argument && end == field.data() + field.size();
}

std::string shown(std::string_view field) {
    return fmt::format("'{}'{}", field.substr(0, 40), field.size() > 40 ? "..." : "");
}

Status read_number(std::string_view field, double& value) {
    if (!field.empty() && field[0] == '+') field.remove_prefix(1);
    const char* last = field.data() + field.size();
    const auto [end, error] = std::from_chars(field.data(), last, value);
    if (error == std::errc::result_out_of_range && end == last) {
        return fail(shown(field) + " is outside the range of a double");
    }
    if (error != std::errc() || end != last) {
        return fail((field.empty() ? "is empty" : shown(field) + " is not a number") +
                    std::string(", expected a number"));
    }
    if (!std::isfinite(value))
        return fail(shown(field) + " is not finite; every value must be a number");
    return {};
}

Status read_number(std::string_view field, std::int64_t& value) {
    if (!field.empty() && field[0] == '+') field.remove_prefix(1);
    const char* last = field.data() + field.size();
    const auto [end, error] = std::from_chars(field.data(), last, value);
    if (error == std::errc() && end == last) return {};
    double real = 0;  // "3.0" and "1e3" are whole numbers too
    GW_TRY_STATUS(read_number(field, real));
    if (real != std::floor(real))
        return fail(shown(field) + " has a fraction, expected a whole number");
    if (std::abs(real) > 0x1p53) return fail(shown(field) + " does not fit a 64-bit integer");
    value = static_cast<std::int64_t>(real);
    return {};
}

}  // namespace

template <class T>
Status CsvParser<T>::parse(std::string_view text, std::vector<T>& out) {
    if (line_ == 0 && text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
    while (!text.empty()) {
        const std::size_t newline = text.find('\n');
        const std::string_view line = text.substr(0, newline);
        text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
        ++line_;
        if (trimmed(line).empty()) continue;
        GW_TRY_STATUS(parse_line(line, out));
    }
    return {};
}

template <class T>
Status CsvParser<T>::parse_line(std::string_view line, std::vector<T>& out) {
    const std::vector<std::string_view> fields = split(line);
    if (columns_ == 0) {
        columns_ = fields.size();
        bool header = false;
        for (const std::string_view field : fields) header |= !field.empty() && !is_number(field);
        if (header) return {};
    }
    if (fields.size() != columns_) {
        return fail(fmt::format("line {} has {} columns, the first line has {}", line_,
                                fields.size(), columns_));
    }
    for (std::size_t column = 0; column < columns_; ++column) {
        T value{};
        if (const Status status = read_number(fields[column], value); !status) {
            return fail(
                fmt::format("line {}, column {}: {}", line_, column + 1, status.error().message));
        }
        out.push_back(value);
    }
    return {};
}

template class CsvParser<double>;
template class CsvParser<std::int64_t>;

namespace {

template <class T>
Result<Tensor<T>> parse(std::string_view text) {
    CsvParser<T> parser;
    Tensor<T> out{Shape{0, 0}};
    GW_TRY_STATUS(parser.parse(text, out.data));
    if (parser.columns() == 0) return fail("is empty: expected one line of numbers per event");
    out.shape[0] = static_cast<std::int64_t>(out.data.size() / parser.columns());
    out.shape[1] = static_cast<std::int64_t>(parser.columns());
    return out;
}

template <class T>
std::string print(const Tensor<T>& array) {
    std::string text;
    const std::size_t rows = array.shape.empty() ? 1 : static_cast<std::size_t>(array.shape[0]);
    const std::size_t columns = rows == 0 ? 0 : array.size() / rows;
    for (std::size_t row = 0; row < rows; ++row) {
        for (std::size_t column = 0; column < columns; ++column) {
            if (column != 0) text += ',';
            fmt::format_to(std::back_inserter(text), "{}", array[row * columns + column]);
        }
        text += '\n';
    }
    return text;
}

}  // namespace

Result<Tensor<double>> parse_csv_doubles(std::string_view text) {
    return parse<double>(text);
}
Result<Tensor<std::int64_t>> parse_csv_integers(std::string_view text) {
    return parse<std::int64_t>(text);
}

std::string to_csv(const Tensor<double>& array) {
    return print(array);
}
std::string to_csv(const Tensor<std::int64_t>& array) {
    return print(array);
}

}  // namespace gatewright::tensor
