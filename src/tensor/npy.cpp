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

namespace gatewright::tensor {

namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMaxElements = std::size_t{1} << 32U;

/// What the text dictionary of a .npy header says.
struct Header {
    char kind = 0;          // 'f', 'i', 'u', 'b'
    std::size_t bytes = 0;  // of one element
    bool big_endian = false;
    bool fortran_order = false;
    Shape shape;
    std::size_t data_offset = 0;
};

/// Reads the header's Python literal: a dictionary of strings, booleans and one tuple of integers.
class HeaderScanner {
  public:
    explicit HeaderScanner(std::string_view text) : text_(text) {}

    Result<Header> read() {
        Header header;
        std::string seen;
        GW_TRY_STATUS(expect('{'));
        while (!accept('}')) {
            std::string key;
            GW_TRY_STATUS(read_string(key));
            GW_TRY_STATUS(expect(':'));
            if (key == "descr") {
                std::string descr;
                GW_TRY_STATUS(read_string(descr));
                GW_TRY_STATUS(read_descr(descr, header));
            } else if (key == "fortran_order") {
                GW_TRY(header.fortran_order, boolean());
            } else if (key == "shape") {
                GW_TRY(header.shape, tuple());
            } else {
                return fail(fmt::format("header has the unknown key '{}'", key.substr(0, 40)));
            }
            seen += key + ' ';
            if (!accept(',')) {
                GW_TRY_STATUS(expect('}'));
                break;
            }
        }
        for (const char* key : {"descr", "fortran_order", "shape"}) {
            if (seen.find(key) == std::string::npos) {
                return fail(fmt::format("header lacks the key '{}'", key));
            }
        }
        return header;
    }

  private:
    void skip_blanks() {
        while (next_ < text_.size() && (text_[next_] == ' ' || text_[next_] == '\n')) ++next_;
    }
    bool accept(char wanted) {
        skip_blanks();
        if (next_ >= text_.size() || text_[next_] != wanted) return false;
        ++next_;
        return true;
    }
    Status expect(char wanted) {
        if (accept(wanted)) return {};
        return fail(
            fmt::format("header is malformed at character {}: expected '{}'", next_, wanted));
    }
    Status read_string(std::string& value) {
        skip_blanks();
        const char quote = next_ < text_.size() ? text_[next_] : '\0';
        if (quote == '[') return fail("holds a structured array; expected one plain number type");
        if (quote != '\'' && quote != '"') {
            return fail(
                fmt::format("header is malformed at character {}: expected a string", next_));
        }
        const std::size_t end = text_.find(quote, next_ + 1);
        if (end == std::string_view::npos) return fail("header ends inside a string");
        value = text_.substr(next_ + 1, end - next_ - 1);
        next_ = end + 1;
        return {};
    }
    Result<bool> boolean() {
        skip_blanks();
        for (const bool value : {true, false}) {
            const std::string_view word = value ? "True" : "False";
            if (text_.substr(next_, word.size()) == word) {
                next_ += word.size();
                return value;
            }
        }
        return fail("header's fortran_order is neither True nor False");
    }
    Result<Shape> tuple() {
        Shape shape;
        GW_TRY_STATUS(expect('('));
        while (!accept(')')) {
            skip_blanks();
            std::int64_t dim = 0;
            const char* begin = text_.data() + next_;
            const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), dim);
            if (error != std::errc() || dim < 0) {
                return fail("header's shape must be a tuple of sizes that are not negative");
            }
            next_ += static_cast<std::size_t>(end - begin);
            shape.push_back(dim);
            if (!accept(',')) {
                GW_TRY_STATUS(expect(')'));
                break;
            }
        }
        if (shape.size() > 32) return fail("header's shape has more than 32 axes");
        return shape;
    }
    static Status read_descr(const std::string& descr, Header& header) {
        const bool marked =
            !descr.empty() && std::string_view("<>|=").find(descr[0]) != std::string::npos;
        const std::string code = marked ? descr.substr(1) : descr;
        header.big_endian = marked && descr[0] == '>';
        for (const char* known :
             {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"}) {
            if (code != known) continue;
            header.kind = code[0];
            header.bytes = static_cast<std::size_t>(code[1] - '0');
            return {};
        }
        return fail(
            fmt::format("holds elements of type '{}'; expected float16/32/64, an integer or bool",
                        descr.substr(0, 40)));
    }

    std::string_view text_;
    std::size_t next_ = 0;
};

std::uint64_t load(const char* bytes, std::size_t count, bool big_endian) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t at = big_endian ? i : count - 1 - i;
        value = value << 8U | static_cast<unsigned char>(bytes[at]);
    }
    return value;
}

double half_to_double(std::uint64_t bits) {
    const int exponent = static_cast<int>(bits >> 10U & 31U);
    const double fraction = static_cast<double>(bits & 1023U);
    double value =
        exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024.0 + fraction, exponent - 25);
    if (exponent == 31) {
        value = fraction == 0 ? std::numeric_limits<double>::infinity()
                              : std::numeric_limits<double>::quiet_NaN();
    }
    return (bits >> 15U & 1U) != 0 ? -value : value;
}

Result<Header> read_header(std::string_view bytes) {
    if (bytes.substr(0, kMagic.size()) != kMagic) {
        return fail("is no .npy file: it does not start with \\x93NUMPY");
    }
    if (bytes.size() < 10) return fail("is truncated inside the .npy header");
    const int major = static_cast<unsigned char>(bytes[6]);
    if (major < 1 || major > 3) {
        return fail(fmt::format("has .npy format version {}; expected 1, 2 or 3", major));
    }
    const std::size_t length_bytes = major == 1 ? 2 : 4;
    const std::size_t start = 8 + length_bytes;
    if (bytes.size() < start) return fail("is truncated inside the .npy header");
    const std::size_t length = load(bytes.data() + 8, length_bytes, false);
    if (length > bytes.size() - start) return fail("is truncated inside the .npy header");
    GW_TRY(Header header, HeaderScanner(bytes.substr(start, length)).read());
    header.data_offset = start + length;
    return header;
}

/// The number of elements, checked against what the file holds before any memory is taken.
Result<std::size_t> checked_count(const Header& header, std::size_t file_bytes) {
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

Status decode(const Header& header, std::uint64_t bits, double& value) {
    if (header.kind == 'f') {
        if (header.bytes == 2) value = half_to_double(bits);
        if (header.bytes == 4) value = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
        if (header.bytes == 8) value = std::bit_cast<double>(bits);
        if (!std::isfinite(value)) return fail("is not finite; every value must be a number");
        return {};
    }
    const unsigned unused = static_cast<unsigned>(64 - 8 * header.bytes);
    const auto signed_value = static_cast<std::int64_t>(bits << unused) >> unused;
    value = header.kind == 'i' ? static_cast<double>(signed_value) : static_cast<double>(bits);
    if (std::abs(value) > 0x1p53) return fail("is beyond 2^53 and does not fit a double exactly");
    return {};
}

Status decode(const Header& header, std::uint64_t bits, std::int64_t& value) {
    if (header.kind == 'f') {
        double real = 0;
        GW_TRY_STATUS(decode(header, bits, real));
        if (real != std::floor(real))
            return fail(fmt::format("is {}, expected a whole number", real));
        if (std::abs(real) >= 0x1p63) return fail("does not fit a 64-bit integer");
        value = static_cast<std::int64_t>(real);
        return {};
    }
    const unsigned unused = static_cast<unsigned>(64 - 8 * header.bytes);
    value = header.kind == 'i' ? static_cast<std::int64_t>(bits << unused) >> unused
                               : static_cast<std::int64_t>(bits);
    if (header.kind != 'i' && value < 0) return fail("does not fit a signed 64-bit integer");
    return {};
}

template <class T>
Result<Tensor<T>> parse(std::string_view bytes) {
    GW_TRY(const Header header, read_header(bytes));
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
        const std::uint64_t raw = load(element, header.bytes, header.big_endian);
        if (const Status status = decode(header, raw, out[i]); !status) {
            return fail(fmt::format("element {} {}", to_string(*index), status.error().message));
        }
    }
    return out;
}

template <class T>
std::string print(const Tensor<T>& array, const char* descr) {
    std::string shape;
    for (const std::int64_t dim : array.shape) shape += fmt::format("{}, ", dim);
    if (array.shape.size() > 1) shape.resize(shape.size() - 2);
    if (array.shape.size() == 1) shape.resize(shape.size() - 1);
    std::string header =
        fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descr, shape);
    while ((header.size() + 11) % 64 != 0) header += ' ';
    header += '\n';
    std::string out(kMagic);
    out += '\x01';
    out += '\x00';
    out += static_cast<char>(header.size() & 255U);
    out += static_cast<char>(header.size() >> 8U);
    out += header;
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
