// SPDX-License-Identifier: Apache-2.0
#include "events/writer.h"

#include <fmt/format.h>

#include <iterator>
#include <limits>

#include "events/hdf5_objects.h"
#include "events/output_file.h"
#include "events/record_reader.h"
#include "support/check.h"
#include "tensor/npy_header.h"

namespace gatewright::events {
namespace {

using tensor::Shape;

template <class T>
std::string_view bytes_view(std::span<const T> values) {
    return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

Shape with_events(const Shape& event, std::size_t events) {
    Shape shape = event;
    shape.insert(shape.begin(), static_cast<std::int64_t>(events));
    return shape;
}

class NpyWriter : public Writer {
  public:
    NpyWriter(std::unique_ptr<OutputFile> file, const WriterParams& params)
        : file_(std::move(file)),
          shape_(params.shape),
          expected_(params.events),
          descr_(params.values == Values::kReal ? "<f8" : "<i8") {}

    Status append(std::span<const double> values) override { return append_any(values); }
    Status append(std::span<const std::int64_t> codes) override { return append_any(codes); }

    Status finish() override {
        GW_TRY_STATUS(begin());
        const std::size_t elements = elements_of(shape_);
        const std::size_t events = elements == 0 ? expected_.value_or(0) : numbers_ / elements;
        if (events != expected_) GW_TRY_STATUS(file_->rewrite(header(events)));
        return file_->finish();
    }

  private:
    // Room for any number of events, so that the header can be written again at the end.
    [[nodiscard]] std::string header(std::size_t events) const {
        const std::size_t longest =
            tensor::npy_header(descr_, with_events(shape_, std::size_t{1} << 62U)).size();
        return tensor::npy_header(descr_, with_events(shape_, events), longest);
    }
    Status begin() {
        if (begun_) return {};
        begun_ = true;
        return file_->append(header(expected_.value_or(0)));
    }
    template <class T>
    Status append_any(std::span<const T> values) {
        GW_TRY_STATUS(begin());
        numbers_ += values.size();
        return file_->append(bytes_view(values));
    }

    std::unique_ptr<OutputFile> file_;
    Shape shape_;
    std::optional<std::size_t> expected_;
    const char* descr_;
    std::size_t numbers_ = 0;
    bool begun_ = false;
};

class CsvWriter : public Writer {
  public:
    CsvWriter(std::unique_ptr<OutputFile> file, const WriterParams& params)
        : file_(std::move(file)), columns_(elements_of(params.shape)) {}
    Status append(std::span<const double> values) override { return append_any(values); }
    Status append(std::span<const std::int64_t> codes) override { return append_any(codes); }
    Status finish() override { return file_->finish(); }

  private:
    template <class T>
    Status append_any(std::span<const T> values) {
        std::string text;
        for (std::size_t i = 0; i < values.size(); ++i) {
            const char end = (i + 1) % columns_ == 0 ? '\n' : ',';
            fmt::format_to(std::back_inserter(text), "{}{}", values[i], end);
        }
        return file_->append(text);
    }
    std::unique_ptr<OutputFile> file_;
    std::size_t columns_;
};

class RawWriter : public Writer {
  public:
    RawWriter(std::unique_ptr<OutputFile> file, const WriterParams& params)
        : file_(std::move(file)), type_(params.raw_type) {}

    Status append(std::span<const double> values) override {
        if (type_ != ElementType::kFloat32) return file_->append(bytes_view(values));
        const std::vector<float> narrow(values.begin(), values.end());
        return file_->append(bytes_view(std::span<const float>(narrow)));
    }
    Status append(std::span<const std::int64_t> codes) override {
        switch (type_) {
            case ElementType::kInt16:
                return append_as<std::int16_t>(codes);
            case ElementType::kInt32:
                return append_as<std::int32_t>(codes);
            case ElementType::kInt64:
            case ElementType::kFloat32:
            case ElementType::kFloat64:
                return file_->append(bytes_view(codes));
        }
        GW_UNREACHABLE("element type");
    }
    Status finish() override { return file_->finish(); }

  private:
    template <class T>
    Status append_as(std::span<const std::int64_t> codes) {
        std::vector<T> narrow(codes.size());
        for (std::size_t i = 0; i < codes.size(); ++i) {
            narrow[i] = static_cast<T>(codes[i]);
            if (narrow[i] != codes[i]) {
                return fail(
                    fmt::format("code {} does not fit the raw type of {} bytes; choose a "
                                "wider --raw-type",
                                codes[i], sizeof(T)));
            }
        }
        return file_->append(bytes_view(std::span<const T>(narrow)));
    }
    std::unique_ptr<OutputFile> file_;
    ElementType type_;
};

// One dataset "/data" that grows along its first axis.
class Hdf5Writer : public Writer {
  public:
    Hdf5Writer(std::unique_ptr<OutputFile> file, const WriterParams& params)
        : file_(std::move(file)),
          name_(file_->part()),
          type_(params.values == Values::kReal ? H5T_NATIVE_DOUBLE : H5T_NATIVE_INT64),
          shape_(params.shape) {}

    Status append(std::span<const double> values) override {
        return append_any(values.data(), values.size());
    }
    Status append(std::span<const std::int64_t> codes) override {
        return append_any(codes.data(), codes.size());
    }
    Status finish() override {
        GW_TRY_STATUS(begin());
        dataset_.reset();
        const bool is_flushed = H5Fflush(h5_->get(), H5F_SCOPE_GLOBAL) >= 0;
        h5_.reset();
        if (!is_flushed) return fail(name_ + ": cannot be written (disk full?)");
        return file_->finish();
    }

  private:
    Status begin() {
        if (h5_) return {};
        quiet_hdf5();
        h5_.emplace(H5Fcreate(name_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose);
        std::vector<hsize_t> none(shape_.begin(), shape_.end());
        none.insert(none.begin(), 0);
        std::vector<hsize_t> any = none;
        any[0] = H5S_UNLIMITED;
        std::vector<hsize_t> chunk = none;
        const std::size_t elements = std::max<std::size_t>(1, elements_of(shape_));
        chunk[0] = std::max<std::size_t>(1, (std::size_t{1} << 17U) / elements);
        const Hdf5Id space(H5Screate_simple(static_cast<int>(none.size()), none.data(), any.data()),
                           H5Sclose);
        const Hdf5Id plist(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
        H5Pset_chunk(plist.get(), static_cast<int>(chunk.size()), chunk.data());
        dataset_.emplace(H5Dcreate2(h5_->get(), "/data", type_, space.get(), H5P_DEFAULT,
                                    plist.get(), H5P_DEFAULT),
                         H5Dclose);
        if (!dataset_->valid()) return fail(name_ + ": cannot be written");
        return {};
    }

    Status append_any(const void* data, std::size_t numbers) {
        GW_TRY_STATUS(begin());
        const std::size_t elements = elements_of(shape_);
        if (elements == 0 || numbers == 0) return {};
        std::vector<hsize_t> start(shape_.size() + 1, 0);
        start[0] = events_;
        std::vector<hsize_t> count(shape_.begin(), shape_.end());
        count.insert(count.begin(), numbers / elements);
        events_ += numbers / elements;
        std::vector<hsize_t> size = count;
        size[0] = events_;
        bool is_written = H5Dset_extent(dataset_->get(), size.data()) >= 0;
        const Hdf5Id space(H5Dget_space(dataset_->get()), H5Sclose);
        const Hdf5Id memory(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr),
                            H5Sclose);
        is_written =
            is_written &&
            H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start.data(), nullptr, count.data(),
                                nullptr) >= 0 &&
            H5Dwrite(dataset_->get(), type_, memory.get(), space.get(), H5P_DEFAULT, data) >= 0;
        if (!is_written) return fail(name_ + ": cannot be written (disk full?)");
        return {};
    }

    std::unique_ptr<OutputFile> file_;
    std::string name_;
    hid_t type_;
    Shape shape_;
    hsize_t events_ = 0;
    std::optional<Hdf5Id> h5_;
    std::optional<Hdf5Id> dataset_;
};

}  // namespace

Result<std::unique_ptr<Writer>> open_writer(const std::string& path, const WriterParams& params) {
    FileFormat format = params.format;
    if (format == FileFormat::kByName) {
        if (path == "-") {
            format = FileFormat::kCsv;
        } else {
            auto named = format_by_name(path);
            if (!named) return fail_in(path, named.error());
            format = *named;
        }
    }
    if (path == "-" && format == FileFormat::kHdf5)
        return fail("HDF5 cannot be written to standard output; name a file");
    if (path == "-" && format == FileFormat::kNpy && !params.events) {
        return fail(
            "the number of events is not known before the end, so .npy cannot go to "
            "standard output; name a file or use --format csv or raw");
    }
    GW_TRY(auto file, OutputFile::create(path));
    switch (format) {
        case FileFormat::kNpy:
            return std::make_unique<NpyWriter>(std::move(file), params);
        case FileFormat::kCsv:
            return std::make_unique<CsvWriter>(std::move(file), params);
        case FileFormat::kHdf5:
            return std::make_unique<Hdf5Writer>(std::move(file), params);
        case FileFormat::kRaw:
            return std::make_unique<RawWriter>(std::move(file), params);
        case FileFormat::kByName:
            break;
    }
    GW_UNREACHABLE("file format");
}

}  // namespace gatewright::events
