// SPDX-License-Identifier: Apache-2.0
#include "tensor/npy_header.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

namespace gatewright::tensor {

namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

/// Reads the header's Python literal: a dictionary of strings, booleans and one tuple of integers.
class HeaderScanner {
  public:
    explicit HeaderScanner(std::string_view text) : text_(text) {}

    Result<NpyHeader> read() {
        NpyHeader header;
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
    static Status read_descr(const std::string& descr, NpyHeader& header) {
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

}  // namespace

std::uint64_t load_bytes(const char* bytes, std::size_t count, bool big_endian) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t at = big_endian ? i : count - 1 - i;
        value = value << 8U | static_cast<unsigned char>(bytes[at]);
    }
    return value;
}

Result<NpyHeader> read_npy_header(std::string_view bytes) {
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
    const std::size_t length = load_bytes(bytes.data() + 8, length_bytes, false);
    if (length > bytes.size() - start) return fail("is truncated inside the .npy header");
    GW_TRY(NpyHeader header, HeaderScanner(bytes.substr(start, length)).read());
    header.data_offset = start + length;
    return header;
}

Status decode_npy(const NpyHeader& header, std::uint64_t bits, double& value) {
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

Status decode_npy(const NpyHeader& header, std::uint64_t bits, std::int64_t& value) {
    if (header.kind == 'f') {
        double real = 0;
        GW_TRY_STATUS(decode_npy(header, bits, real));
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

std::string npy_header(std::string_view descr, const Shape& shape, std::size_t length) {
    std::string dims;
    for (const std::int64_t dim : shape) dims += fmt::format("{}, ", dim);
    if (shape.size() > 1) dims.resize(dims.size() - 2);
    if (shape.size() == 1) dims.resize(dims.size() - 1);
    std::string header =
        fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descr, dims);
    while (header.size() + 11 < length || (header.size() + 11) % 64 != 0) header += ' ';
    header += '\n';
    std::string out(kMagic);
    out += '\x01';
    out += '\x00';
    out += static_cast<char>(header.size() & 255U);
    out += static_cast<char>(header.size() >> 8U);
    return out + header;
}

}  // namespace gatewright::tensor
