// SPDX-License-Identifier: Apache-2.0
#include "events/reader.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <utility>

#include "events/record_reader.h"
#include "support/check.h"

namespace gatewright::events {
namespace {

constexpr std::array<std::pair<const char*, ElementType>, 5> kElementTypes = {{
    {"float32", ElementType::kFloat32},
    {"float64", ElementType::kFloat64},
    {"int16", ElementType::kInt16},
    {"int32", ElementType::kInt32},
    {"int64", ElementType::kInt64},
}};
constexpr std::array<std::pair<const char*, FileFormat>, 4> kFormats = {{
    {"npy", FileFormat::kNpy},
    {"csv", FileFormat::kCsv},
    {"hdf5", FileFormat::kHdf5},
    {"raw", FileFormat::kRaw},
}};

// Puts the file's name in front of every error of a reader.
class NamedReader : public Reader {
  public:
    NamedReader(std::string name, std::unique_ptr<Reader> reader)
        : name_(std::move(name)), reader_(std::move(reader)) {}
    [[nodiscard]] std::optional<std::size_t> events() const override { return reader_->events(); }
    Result<Chunk> read(std::size_t most) override {
        auto chunk = reader_->read(most);
        if (!chunk) return fail_in(name_, chunk.error());
        return chunk;
    }

  private:
    std::string name_;
    std::unique_ptr<Reader> reader_;
};

Result<std::unique_ptr<Reader>> open_stream(const std::string& path, FileFormat format,
                                            const ReaderParams& params) {
    GW_TRY(auto bytes, open_bytes(path));
    if (format == FileFormat::kByName) {  // standard input says what it is
        GW_TRY(const std::string_view start, bytes->peek(6));
        format = start == "\x93NUMPY" ? FileFormat::kNpy : FileFormat::kCsv;
    }
    if (format == FileFormat::kNpy) return open_npy(std::move(bytes), params);
    if (format == FileFormat::kCsv) return open_csv(std::move(bytes), params);
    return open_raw(std::move(bytes), params);
}

Result<std::unique_ptr<Reader>> open_unnamed(const std::string& path, const ReaderParams& params) {
    const std::size_t colon = path.rfind(':');
    const std::string file = path.substr(0, colon);
    const bool has_dataset = colon != std::string::npos && !std::filesystem::exists(path);
    FileFormat format = params.format;
    if (format == FileFormat::kByName && path != "-") {
        GW_TRY(format, format_by_name(has_dataset ? file : path));
    }
    if (format != FileFormat::kHdf5) return open_stream(path, format, params);
    if (path == "-") return fail("HDF5 cannot be read from standard input; name the file");
    return open_hdf5(has_dataset ? file : path, has_dataset ? path.substr(colon + 1) : "", params);
}

}  // namespace

std::size_t bytes_of(ElementType type) {
    switch (type) {
        case ElementType::kInt16:
            return 2;
        case ElementType::kFloat32:
        case ElementType::kInt32:
            return 4;
        case ElementType::kFloat64:
        case ElementType::kInt64:
            return 8;
    }
    GW_UNREACHABLE("element type");
}

std::vector<double> reals_of(const Chunk& chunk, std::size_t count) {
    if (chunk.type == ElementType::kFloat32) {
        const auto* values = static_cast<const float*>(chunk.data);
        return {values, values + count};
    }
    const auto* values = static_cast<const double*>(chunk.data);
    return {values, values + count};
}

Result<ElementType> parse_element_type(const std::string& text) {
    for (const auto& [name, type] : kElementTypes) {
        if (text == name) return type;
    }
    return fail(fmt::format(
        "'{}' is no type of raw numbers; expected float32, float64, int16, int32 or int64", text));
}

Result<FileFormat> parse_file_format(const std::string& text) {
    for (const auto& [name, format] : kFormats) {
        if (text == name) return format;
    }
    return fail(fmt::format("'{}' is no file format; expected npy, csv, hdf5 or raw", text));
}

Result<FileFormat> format_by_name(const std::string& path) {
    const std::string ending = std::filesystem::path(path).extension().string();
    if (ending == ".npy") return FileFormat::kNpy;
    if (ending == ".csv") return FileFormat::kCsv;
    if (ending == ".h5" || ending == ".hdf5" || ending == ".hdf") return FileFormat::kHdf5;
    if (ending == ".raw" || ending == ".bin") return FileFormat::kRaw;
    return fail(
        "unknown kind of event file; the name must end in .npy, .csv, .h5 or .raw, or say "
        "--format");
}

Result<std::unique_ptr<Reader>> open_reader(const std::string& path, const ReaderParams& params) {
    const std::string name = path == "-" ? "standard input" : path;
    auto reader = open_unnamed(path, params);
    if (!reader) return fail_in(name, reader.error());
    return std::make_unique<NamedReader>(name, std::move(*reader));
}

}  // namespace gatewright::events
