// SPDX-License-Identifier: Apache-2.0
#include "tensor/npy.h"

#include <gtest/gtest.h>

#include <bit>
#include <filesystem>

#include "support/files.h"
#include "support/rng.h"
#include "tensor/csv.h"

namespace gatewright::tensor {
namespace {

/// A .npy file by hand: version 1, the given dictionary, the given data bytes.
std::string npy(const std::string& dictionary, const std::string& data, char major = 1) {
    std::string out("\x93NUMPY");
    out += major;
    out += '\0';
    out += static_cast<char>(dictionary.size() & 255U);
    out += static_cast<char>(dictionary.size() >> 8U);
    if (major != 1) out += std::string(2, '\0');
    return out + dictionary + data;
}

std::string dictionary(const std::string& descr, const std::string& shape,
                       const char* order = "False") {
    return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

std::string error_of(const std::string& bytes) {
    const auto array = parse_npy_doubles(bytes);
    return array ? "no error" : array.error().message;
}

TEST(Npy, ArraysSurviveARoundTrip) {
    const Tensor<double> reals({2, 3}, {0.1, -2.5, 1e300, 5e-324, 0, -7});
    EXPECT_EQ(parse_npy_doubles(to_npy(reals)).value(), reals);
    const Tensor<std::int64_t> integers({4}, {INT64_MIN, -1, 0, INT64_MAX});
    EXPECT_EQ(parse_npy_integers(to_npy(integers)).value(), integers);
    const Tensor<double> scalar(Shape{}, {3.0});
    EXPECT_EQ(parse_npy_doubles(to_npy(scalar)).value(), scalar);
    const Tensor<double> empty(Shape{0, 16});
    EXPECT_EQ(parse_npy_doubles(to_npy(empty)).value(), empty);
}

TEST(Npy, HeaderFillsAMultipleOf64BytesAsTheFormatAsks) {
    const std::string bytes = to_npy(Tensor<double>({3}, {1, 2, 3}));
    EXPECT_EQ((bytes.size() - 24) % 64, 0U);
    EXPECT_NE(bytes.find("'shape': (3,)"), std::string::npos);
}

TEST(Npy, EveryElementTypeIsRead) {
    using namespace std::string_literals;
    const auto one = [](const std::string& descr, const std::string& data) {
        return parse_npy_doubles(npy(dictionary(descr, "(1,)"), data)).value()[0];
    };
    EXPECT_EQ(one("<f2", "\x00\xC1"s), -2.5);
    EXPECT_EQ(one("<f2", "\x01\x00"s), 0x1p-24);  // the smallest subnormal
    EXPECT_EQ(one("<f4", "\x00\x00\x20\xC0"s), -2.5);
    EXPECT_EQ(one(">f4", "\xC0\x20\x00\x00"s), -2.5);
    EXPECT_EQ(one("<f8", "\x00\x00\x00\x00\x00\x00\x04\xC0"s), -2.5);
    EXPECT_EQ(one("|i1", "\xFE"s), -2);
    EXPECT_EQ(one("<i2", "\xFE\xFF"s), -2);
    EXPECT_EQ(one(">i2", "\xFF\xFE"s), -2);
    EXPECT_EQ(one("<i4", "\xFE\xFF\xFF\xFF"s), -2);
    EXPECT_EQ(one("<i8", "\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF"s), -2);
    EXPECT_EQ(one("|u1", "\xFE"s), 254);
    EXPECT_EQ(one("<u2", "\xFE\xFF"s), 65534);
    EXPECT_EQ(one("<u4", "\xFE\xFF\xFF\xFF"s), 4294967294.0);
    EXPECT_EQ(one("<u8", "\x02\x00\x00\x00\x00\x00\x00\x00"s), 2);
    EXPECT_EQ(one("|b1", "\x01"s), 1);
}

TEST(Npy, VersionsTwoAndThreeHaveAFourByteLength) {
    for (const char major : {'\x02', '\x03'}) {
        EXPECT_EQ(
            parse_npy_integers(npy(dictionary("|u1", "(2,)"), "\x05\x06", major)).value().data,
            (std::vector<std::int64_t>{5, 6}));
    }
}

TEST(Npy, FortranOrderIsTransposedToRowMajor) {
    const std::string bytes = npy(dictionary("|i1", "(2, 3)", "True"), "\x01\x04\x02\x05\x03\x06");
    EXPECT_EQ(parse_npy_integers(bytes).value(), Tensor<std::int64_t>({2, 3}, {1, 2, 3, 4, 5, 6}));
}

TEST(Npy, WrongHeadersAreRefusedWithTheReason) {
    EXPECT_NE(error_of("PK\x03\x04").find("no .npy file"), std::string::npos);
    EXPECT_NE(error_of("\x93NUMPY").find("truncated"), std::string::npos);
    EXPECT_NE(error_of(npy(dictionary("<f4", "(2,)"), "abc")).find("needs 8 bytes"),
              std::string::npos);
    EXPECT_NE(error_of(npy(dictionary("<f4", "(2,)"), "123456789")).find("the file has 9"),
              std::string::npos);
    EXPECT_NE(error_of(npy(dictionary("|O", "(2,)"), "")).find("'|O'"), std::string::npos);
    EXPECT_NE(error_of(npy(dictionary("<c8", "(2,)"), "")).find("'<c8'"), std::string::npos);
    EXPECT_NE(error_of(npy(dictionary("<f4", "(-2,)"), "")).find("not negative"),
              std::string::npos);
    EXPECT_NE(
        error_of(npy(dictionary("<f4", "(99999999999, 99999999999)"), "")).find("larger than"),
        std::string::npos);
    EXPECT_NE(error_of(npy("{'descr': [('a', '<f4')]}", "")).find("structured"), std::string::npos);
    EXPECT_NE(error_of(npy("{'descr': '<f4', 'shape': (1,)}", "1234")).find("fortran_order"),
              std::string::npos);
    EXPECT_NE(error_of(npy(dictionary("<f4", "(1,)"), "1234", 9)).find("version 9"),
              std::string::npos);
}

TEST(Npy, ValuesThatDoNotFitNameTheirElement) {
    const std::string big = "\x01" + std::string(6, '\0') + "\x7F";
    EXPECT_NE(error_of(npy(dictionary("<i8", "(1, 1)"), big)).find("element [0, 0]"),
              std::string::npos);
    const std::string nan("\x00\x00\xC0\x7F", 4);
    EXPECT_NE(error_of(npy(dictionary("<f4", "(1,)"), nan)).find("not finite"), std::string::npos);
    const auto fraction = parse_npy_integers(to_npy(Tensor<double>({2}, {1, 1.5})));
    ASSERT_FALSE(fraction);
    EXPECT_NE(fraction.error().message.find("element [1] is 1.5"), std::string::npos);
}

TEST(Npy, DamagedFilesNeverCrash) {
    const std::string whole = to_npy(Tensor<double>({2, 2}, {1, 2, 3, 4}));
    for (std::size_t length = 0; length < whole.size(); ++length) {
        EXPECT_FALSE(parse_npy_doubles(whole.substr(0, length))) << length;
    }
    Rng rng(7);
    for (int trial = 0; trial < 20000; ++trial) {
        std::string damaged = whole;
        for (int hit = 0; hit < 3; ++hit)
            damaged[rng.below(130)] = static_cast<char>(rng.below(256));
        const auto array = parse_npy_doubles(damaged);
        EXPECT_TRUE(!array || array->size() == 4U);
    }
}

TEST(Csv, HeaderLineIsSkippedAndBlankLinesIgnored) {
    const auto array = parse_csv_doubles("pt,mass\r\n1.5, -2\r\n\r\n+3,4e1\r\n");
    EXPECT_EQ(array.value(), Tensor<double>({2, 2}, {1.5, -2, 3, 40}));
    EXPECT_EQ(parse_csv_integers("1,2.0\n3,-4").value(),
              Tensor<std::int64_t>({2, 2}, {1, 2, 3, -4}));
}

TEST(Csv, ErrorsNameLineAndColumn) {
    EXPECT_EQ(parse_csv_doubles("1,2\n3,x").error().message,
              "line 2, column 2: 'x' is not a number, expected a number");
    EXPECT_EQ(parse_csv_doubles("a,b\n1,2\n3").error().message,
              "line 3 has 1 columns, the first line has 2");
    EXPECT_EQ(parse_csv_integers("1\n1.5").error().message,
              "line 2, column 1: '1.5' has a fraction, expected a whole number");
    EXPECT_FALSE(parse_csv_doubles("1\nnan"));
    EXPECT_FALSE(parse_csv_doubles(" \n"));
    EXPECT_FALSE(parse_csv_doubles("1,\n1,2"));
}

TEST(ArrayFiles, AreChosenByName) {
    const auto folder = std::filesystem::temp_directory_path() / "gw_npy_test";
    std::filesystem::create_directories(folder);
    const Tensor<double> reals({2, 2}, {0.1, -2, 1e-30, 4});
    for (const char* name : {"a.npy", "a.csv"}) {
        const std::string path = (folder / name).string();
        ASSERT_TRUE(write_array(path, reals));
        EXPECT_EQ(read_doubles(path).value(), reals);
    }
    EXPECT_NE(read_doubles("x.txt").error().message.find(".npy or .csv"), std::string::npos);
    const std::string broken = (folder / "broken.csv").string();
    ASSERT_TRUE(write_file(broken, "1\ny\n"));
    EXPECT_EQ(read_integers(broken).error().message.rfind(broken + ": line 2, column 1", 0), 0U);
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace gatewright::tensor
