// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <hdf5.h>
#include <unistd.h>

#include <bit>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "events/reader.h"
#include "events/writer.h"
#include "support/files.h"
#include "tensor/npy.h"

namespace gatewright::events {
namespace {

namespace fs = std::filesystem;

class EventFiles : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() / ("gw_events_" + std::to_string(::getpid()));
        fs::create_directories(folder_);
    }
    void TearDown() override { fs::remove_all(folder_); }
    [[nodiscard]] std::string path(const std::string& name) const {
        return (folder_ / name).string();
    }
    void write(const std::string& name, std::string_view bytes) const {
        std::ofstream(path(name), std::ios::binary)
            .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }
    fs::path folder_;
};

double number(const Chunk& chunk, std::size_t i) {
    switch (chunk.type) {
        case ElementType::kFloat32:
            return static_cast<const float*>(chunk.data)[i];
        case ElementType::kFloat64:
            return static_cast<const double*>(chunk.data)[i];
        case ElementType::kInt16:
            return static_cast<const std::int16_t*>(chunk.data)[i];
        case ElementType::kInt32:
            return static_cast<const std::int32_t*>(chunk.data)[i];
        case ElementType::kInt64:
            return static_cast<double>(static_cast<const std::int64_t*>(chunk.data)[i]);
    }
    return 0;
}

// All numbers, read in chunks of `step` events.
Result<std::vector<double>> read_all(const std::string& path, const ReaderParams& params,
                                     std::size_t step) {
    GW_TRY(auto reader, open_reader(path, params));
    std::size_t elements = 1;
    for (const auto dim : params.shape) elements *= static_cast<std::size_t>(dim);
    std::vector<double> all;
    for (;;) {
        GW_TRY(const Chunk chunk, reader->read(step));
        if (chunk.events == 0) return all;
        EXPECT_LE(chunk.events, step);
        for (std::size_t i = 0; i < chunk.events * elements; ++i) all.push_back(number(chunk, i));
    }
}

std::vector<double> counting(std::size_t count) {
    std::vector<double> out(count);
    for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<double>(i) * 0.25 - 3;
    return out;
}

TEST_F(EventFiles, EveryFormatComesBackAsWritten) {
    const std::vector<double> values = counting(7 * 6);
    for (const char* name : {"a.npy", "a.csv", "a.h5", "a.raw"}) {
        WriterParams out;
        out.shape = {2, 3};
        out.raw_type = ElementType::kFloat64;
        auto writer = open_writer(path(name), out);
        ASSERT_TRUE(writer) << writer.error().message;
        ASSERT_TRUE((*writer)->append(std::span(values).first(12)));
        ASSERT_FALSE(fs::exists(path(name))) << "appears only when complete";
        ASSERT_TRUE((*writer)->append(std::span(values).subspan(12)));
        ASSERT_TRUE((*writer)->finish());
        for (const std::size_t step : {1U, 2U, 5U, 7U, 100U}) {
            ReaderParams in;
            in.shape = {2, 3};
            in.raw_type = ElementType::kFloat64;
            const auto back = read_all(path(name), in, step);
            ASSERT_TRUE(back) << back.error().message;
            EXPECT_EQ(*back, values) << name << " in steps of " << step;
        }
    }
}

TEST_F(EventFiles, CodesKeepAll64Bits) {
    const std::vector<std::int64_t> codes = {(1LL << 62) + 1, -(1LL << 61) - 3, 5, 7};
    for (const char* name : {"c.npy", "c.csv", "c.h5", "c.raw"}) {
        WriterParams out;
        out.shape = {2};
        out.values = Values::kCodes;
        out.raw_type = ElementType::kInt64;
        auto writer = open_writer(path(name), out);
        ASSERT_TRUE(writer);
        ASSERT_TRUE((*writer)->append(codes));
        ASSERT_TRUE((*writer)->finish());
        ReaderParams in;
        in.shape = {2};
        in.values = Values::kCodes;
        in.raw_type = ElementType::kInt64;
        auto reader = open_reader(path(name), in);
        ASSERT_TRUE(reader) << reader.error().message;
        const auto chunk = (*reader)->read(10);
        ASSERT_TRUE(chunk);
        ASSERT_EQ(chunk->type, ElementType::kInt64);
        EXPECT_EQ(std::memcmp(chunk->data, codes.data(), 32), 0) << name;
    }
}

TEST_F(EventFiles, TheNpyOfAnUnknownNumberOfEventsIsWhatNumpyReads) {
    WriterParams out;
    out.shape = {3};
    auto writer = open_writer(path("n.npy"), out);
    ASSERT_TRUE(writer);
    const std::vector<double> values = counting(30);
    ASSERT_TRUE((*writer)->append(values));
    ASSERT_TRUE((*writer)->finish());
    const auto array = tensor::read_doubles(path("n.npy"));
    ASSERT_TRUE(array) << array.error().message;
    EXPECT_EQ(array->shape, (tensor::Shape{10, 3}));
    EXPECT_EQ(array->data, values);
}

TEST_F(EventFiles, FortranOrderAndForeignEndsAreTurnedRound) {
    // Two events of [3]: (1, 2, 3) and (4, 5, 6), column-major big-endian int16.
    std::string bytes = "\x93NUMPY";
    bytes += std::string("\x01\x00", 2);
    std::string header = "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }";
    while ((header.size() + 11) % 64 != 0) header += ' ';
    header += '\n';
    bytes += static_cast<char>(header.size());
    bytes += '\0';
    bytes += header;
    for (const int value : {1, 4, 2, 5, 3, 6}) bytes += {'\0', static_cast<char>(value)};
    write("f.npy", bytes);
    ReaderParams in;
    in.shape = {3};
    EXPECT_EQ(read_all(path("f.npy"), in, 1).value(), (std::vector<double>{1, 2, 3, 4, 5, 6}));
}

TEST_F(EventFiles, StoredFloatsAndShortCodesAreHandedOutWithoutACopy) {
    std::string bytes = tensor::to_npy(tensor::Tensor<double>{{2, 1}, {1.5, 2.5}});
    write("d.npy", bytes);
    ReaderParams in;
    in.shape = {1};
    auto reader = open_reader(path("d.npy"), in);
    ASSERT_TRUE(reader);
    EXPECT_EQ((*reader)->events(), 2U);
    const auto chunk = (*reader)->read(2);
    ASSERT_TRUE(chunk);
    EXPECT_EQ(chunk->type, ElementType::kFloat64);
    EXPECT_EQ(number(*chunk, 1), 2.5);
}

TEST_F(EventFiles, AnHdf5FileWithOneFittingDatasetNeedsNoName) {
    const std::string file = path("many.h5");
    const hid_t h5 = H5Fcreate(file.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const auto put = [&](const char* name, std::vector<hsize_t> dims, hid_t type) {
        const hid_t space = H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr);
        const hid_t set = H5Dcreate2(h5, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        hsize_t count = 1;
        for (const hsize_t dim : dims) count *= dim;
        std::vector<double> values = counting(count);
        H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
        H5Dclose(set);
        H5Sclose(space);
    };
    put("/x", {4, 3}, H5T_IEEE_F32BE);
    put("/other", {4, 5}, H5T_IEEE_F64LE);
    H5Fclose(h5);
    ReaderParams in;
    in.shape = {3};
    EXPECT_EQ(read_all(file, in, 3).value(), counting(12));
    EXPECT_EQ(read_all(file + ":/x", in, 3).value(), counting(12));
    const auto wrong = read_all(file + ":/other", in, 3);
    ASSERT_FALSE(wrong);
    EXPECT_NE(wrong.error().message.find("/other' has shape [4, 5], expected [events, 3]"),
              std::string::npos)
        << wrong.error().message;
    in.values = Values::kCodes;
    const auto fraction = read_all(file, in, 3);
    ASSERT_FALSE(fraction);
    EXPECT_NE(fraction.error().message.find("no whole 64-bit number"), std::string::npos);
}

struct BadFile {
    const char* name;
    std::string bytes;
    const char* message;
};

TEST_F(EventFiles, BadFilesSayWhatIsWrong) {
    const std::string npy = tensor::to_npy(tensor::Tensor<double>{{2, 3}, {1, 2, 3, 4, 5, 6}});
    const std::vector<BadFile> files = {
        {"short.npy", npy.substr(0, npy.size() - 4), "truncated"},
        {"shape.npy", tensor::to_npy(tensor::Tensor<double>{{3, 2}, {1, 2, 3, 4, 5, 6}}),
         "has shape [3, 2], expected [events, 3]"},
        {"no.npy", "hello", "is no .npy file"},
        {"cols.csv", "1,2\n3,4\n", "has 2 columns, an event has 3"},
        {"word.csv", "1,2,3\n4,x,6\n", "line 2, column 2: 'x' is not a number"},
        {"empty.csv", "", "is empty"},
        {"odd.raw", "12345", "has 5 bytes, no multiple of the 12 bytes of one event"},
        {"no.h5", "not hdf5", "is no readable HDF5 file"},
        {"what.txt", "1,2,3\n", "must end in .npy, .csv, .h5 or .raw"},
    };
    for (const BadFile& bad : files) {
        write(bad.name, bad.bytes);
        ReaderParams in;
        in.shape = {3};
        in.raw_type = ElementType::kFloat32;
        const auto result = read_all(path(bad.name), in, 10);
        ASSERT_FALSE(result) << bad.name;
        EXPECT_NE(result.error().message.find(bad.message), std::string::npos)
            << result.error().message;
        EXPECT_NE(result.error().message.find(bad.name), std::string::npos);
    }
    EXPECT_FALSE(open_reader(path("missing.npy"), {}));
    EXPECT_FALSE(open_reader(path("missing.h5"), {}));
}

TEST_F(EventFiles, AFullDiskLeavesWhatWasThere) {
    write("y.npy", "before");
    const std::vector<double> ten = counting(10);
    const std::vector<double> many = counting(100'000);
    WriterParams out;
    out.shape = {1};
    {
        auto writer = open_writer(path("y.npy"), out);
        ASSERT_TRUE(writer);
        ASSERT_TRUE((*writer)->append(std::span<const double>(ten)));
    }
    EXPECT_EQ(read_file(path("y.npy")).value(), "before");
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator{}), 1);
    // The file beside is a device that is always full.
    for (const char* name : {"y.npy", "y.csv", "y.raw"}) {
        fs::create_symlink("/dev/full", path(name) + ".part" + std::to_string(::getpid()));
        auto full = open_writer(path(name), out);
        ASSERT_TRUE(full);
        const Status status = (*full)->append(std::span<const double>(many));
        ASSERT_FALSE(status);
        EXPECT_NE(status.error().message.find("cannot be written: No space left"),
                  std::string::npos);
        full->reset();
    }
    EXPECT_EQ(read_file(path("y.npy")).value(), "before");
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator{}), 1);
}

}  // namespace
}  // namespace gatewright::events
