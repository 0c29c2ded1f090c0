// SPDX-License-Identifier: Apache-2.0
#include "cmvm/matrix_file.h"

#include <fmt/format.h>

#include <charconv>

#include "support/files.h"

namespace gatewright::cmvm {
namespace {

using fixed::Dyadic;
using fixed::Integer;
using fixed::Interval;

constexpr std::int64_t kMostEntries = std::int64_t{1} << 22U;
constexpr int kMostBits = 60;

struct Word {
    std::string_view text;
    std::size_t line = 0;
};

std::vector<Word> split(std::string_view text) {
    std::vector<Word> words;
    std::size_t number = 0;
    while (!text.empty()) {
        ++number;
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        line = line.substr(0, line.find('#'));
        while (true) {
            const std::size_t first = line.find_first_not_of(" \t\r");
            if (first == std::string_view::npos) break;
            line.remove_prefix(first);
            const std::size_t length = std::min(line.find_first_of(" \t\r"), line.size());
            words.push_back({line.substr(0, length), number});
            line.remove_prefix(length);
        }
    }
    return words;
}

// "-128", "0.25", "3*2^-70". A decimal without an exact binary form becomes its nearest double,
// whose many fraction bits no sensible step has.
std::optional<Dyadic> parse_number(std::string_view text) {
    if (const auto exact = Dyadic::parse(text)) return exact;
    double value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return Dyadic::from_double(value);
}

// The shortest decimal that reads back the same, or m*2^e.
std::string number_text(const Dyadic& value) {
    if (value.mantissa().magnitude_bits() > 52) return value.to_string();
    return fmt::format("{}", value.to_double());
}

class Parser {
  public:
    explicit Parser(std::string_view text) : words_(split(text)) {}

    Result<MatrixFile> parse() {
        GW_TRY_STATUS(read_sizes());
        GW_TRY_STATUS(read_entries());
        while (left() > 0) {
            if (words_[next_].text == "arrival") {
                GW_TRY_STATUS(read_levels("input", out_.matrix.rows, out_.arrival));
            } else if (words_[next_].text == "deadline") {
                GW_TRY_STATUS(read_levels("output", out_.matrix.columns, out_.deadlines));
            } else {
                GW_TRY_STATUS(read_ranges());
            }
        }
        return std::move(out_);
    }

  private:
    [[nodiscard]] std::size_t left() const { return words_.size() - next_; }
    [[nodiscard]] std::size_t last_line() const { return words_.empty() ? 0 : words_.back().line; }

    Status read_sizes() {
        constexpr std::string_view kWanted =
            "the first line holds the numbers of rows (inputs) and columns (outputs), such as "
            "'16 5'";
        if (left() < 2) return fail(fmt::format("the file has no matrix; {}", kWanted));
        std::int64_t sizes[2] = {0, 0};
        for (std::int64_t& size : sizes) {
            const Word word = words_[next_++];
            const auto value = Integer::parse(word.text);
            const auto small = value ? value->to_int64() : std::nullopt;
            if (!small || *small < 1 || *small > kMostEntries || word.line != words_[0].line) {
                return fail(
                    fmt::format("line {}: '{}' is no size; {}", word.line, word.text, kWanted));
            }
            size = *small;
        }
        if (sizes[0] * sizes[1] > kMostEntries) {
            return fail(fmt::format("line {}: a matrix of {} x {} entries; at most {} are solved",
                                    words_[0].line, sizes[0], sizes[1], kMostEntries));
        }
        out_.matrix.rows = static_cast<std::size_t>(sizes[0]);
        out_.matrix.columns = static_cast<std::size_t>(sizes[1]);
        return {};
    }

    Status read_entries() {
        const std::size_t wanted = out_.matrix.rows * out_.matrix.columns;
        if (left() < wanted) {
            return fail(fmt::format(
                "line {}: the file ends after {} of {} entries ({} rows of {}); add what is "
                "missing or correct the sizes in line {}",
                last_line(), left(), wanted, out_.matrix.rows, out_.matrix.columns,
                words_[0].line));
        }
        for (std::size_t i = 0; i < wanted; ++i) {
            const Word word = words_[next_++];
            const auto value = Integer::parse(word.text);
            if (!value) {
                return fail(fmt::format(
                    "line {}: entry '{}' (row {}, column {}) is no integer; scale the column by a "
                    "power of two",
                    word.line, word.text, i / out_.matrix.columns, i % out_.matrix.columns));
            }
            if (value->magnitude_bits() >= kMostBits) {
                return fail(fmt::format("line {}: entry {} has more than {} bits", word.line,
                                        word.text, kMostBits));
            }
            out_.matrix.entries.push_back(*value->to_int64());
        }
        return {};
    }

    Status read_ranges() {
        std::size_t numbers = 0;
        while (numbers < left() && !is_keyword(words_[next_ + numbers].text)) ++numbers;
        if (numbers != out_.matrix.rows * 3 || !out_.inputs.empty()) {
            return fail(fmt::format(
                "line {}: {} more numbers after the matrix; expected none, or 'lo hi step' for "
                "each of the {} inputs",
                words_[next_].line, numbers, out_.matrix.rows));
        }
        for (std::size_t i = 0; i < out_.matrix.rows; ++i) GW_TRY_STATUS(read_range(i));
        return {};
    }

    static bool is_keyword(std::string_view text) {
        return text == "arrival" || text == "deadline";
    }

    // "arrival 0 0 2": a level for each input; "deadline 4 -": one for each output.
    Status read_levels(std::string_view what, std::size_t count, std::vector<int>& levels) {
        constexpr std::int64_t kMostLevel = 40;
        const Word keyword = words_[next_++];
        if (!levels.empty())
            return fail(fmt::format("line {}: '{}' is given twice", keyword.line, keyword.text));
        for (std::size_t k = 0; k < count; ++k) {
            const bool is_there = left() > 0 && words_[next_].line == keyword.line;
            const std::string_view text = is_there ? words_[next_++].text : "";
            if (text == "-" && keyword.text == "deadline") {
                levels.push_back(kNoDeadline);
                continue;
            }
            const auto value = Integer::parse(text);
            const auto level = value ? value->to_int64() : std::nullopt;
            if (!level || *level < 0 || *level > kMostLevel) {
                return fail(fmt::format(
                    "line {}: '{}' for {} {}; expected an adder level from 0 to {}{} for each of "
                    "the {} {}s, on one line",
                    keyword.line, text, what, k, kMostLevel,
                    keyword.text == "deadline" ? ", or '-'," : "", count, what));
            }
            levels.push_back(static_cast<int>(*level));
        }
        return {};
    }

    Status read_range(std::size_t input) {
        const std::size_t line = words_[next_].line;
        Dyadic numbers[3];
        for (Dyadic& number : numbers) {
            const Word word = words_[next_++];
            const auto value = parse_number(word.text);
            if (!value || word.line != line) {
                return fail(fmt::format(
                    "line {}: '{}' in the range of input {}; expected three numbers 'lo hi step' "
                    "on one line, such as '-128 127 1'",
                    word.line, word.text, input));
            }
            number = *value;
        }
        const auto& [lo, hi, step] = numbers;
        if (step.mantissa() != 1 || std::abs(step.exponent()) > 1024) {
            return fail(fmt::format("line {}: step {} of input {} is no power of two", line,
                                    step.to_string(), input));
        }
        const auto on_step = [&](const Dyadic& x) {
            return x.is_zero() || (x.exponent() >= step.exponent() && x.exponent() <= 4096);
        };
        if (hi < lo || !on_step(lo) || !on_step(hi)) {
            return fail(fmt::format(
                "line {}: input {} lies in [{}, {}] with step {}; lo must not be above hi, and "
                "both multiples of the step",
                line, input, lo.to_string(), hi.to_string(), step.to_string()));
        }
        out_.inputs.push_back({lo.code_at(step.frac()), hi.code_at(step.frac()), step.frac()});
        return {};
    }

    std::vector<Word> words_;
    std::size_t next_ = 0;
    MatrixFile out_;
};

}  // namespace

Result<MatrixFile> parse_matrix(std::string_view text) {
    return Parser(text).parse();
}

Result<MatrixFile> read_matrix_file(const std::string& path) {
    GW_TRY(const std::string text, read_file(path));
    auto parsed = parse_matrix(text);
    if (!parsed) return fail_in(path, parsed.error());
    return parsed;
}

std::string to_text(const MatrixFile& file) {
    std::string out = fmt::format("{} {}\n", file.matrix.rows, file.matrix.columns);
    for (std::size_t i = 0; i < file.matrix.rows; ++i) {
        for (std::size_t j = 0; j < file.matrix.columns; ++j) {
            out += fmt::format("{}{}", j == 0 ? "" : " ", file.matrix.at(i, j));
        }
        out += '\n';
    }
    for (const Interval& range : file.inputs) {
        out += fmt::format("{} {} {}\n", number_text(range.min()), number_text(range.max()),
                           number_text(Dyadic(1, -range.frac)));
    }
    const auto levels = [&](std::string_view keyword, const std::vector<int>& values) {
        if (values.empty()) return;
        out += keyword;
        for (const int level : values)
            out += level == kNoDeadline ? " -" : fmt::format(" {}", level);
        out += '\n';
    };
    levels("arrival", file.arrival);
    levels("deadline", file.deadlines);
    return out;
}

}  // namespace gatewright::cmvm
