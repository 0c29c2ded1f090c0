// SPDX-License-Identifier: Apache-2.0
//
// The child opens the file, finds the dataset and sends one line ("ok <type> <events>" or an
// error), then the numbers as they are in memory. The parent only ever sees bytes of a known
// meaning.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <vector>

#include "events/hdf5_objects.h"
#include "events/record_reader.h"
#include "support/isolate.h"

namespace gatewright::events {
namespace {

using tensor::Shape;

constexpr std::size_t kBlockBytes = std::size_t{1} << 22U;

Result<Shape> shape_of(hid_t dataset) {
    const Hdf5Id space(H5Dget_space(dataset), H5Sclose);
    const int rank = space.valid() ? H5Sget_simple_extent_ndims(space.get()) : -1;
    if (rank < 0 || rank > H5S_MAX_RANK) return fail("has no readable shape");
    std::vector<hsize_t> dims(static_cast<std::size_t>(rank));
    if (rank > 0 && H5Sget_simple_extent_dims(space.get(), dims.data(), nullptr) < 0)
        return fail("has no readable shape");
    return Shape(dims.begin(), dims.end());
}

// Paths of all datasets, in the order of their names.
herr_t collect(hid_t, const char* name, const H5O_info_t* info, void* out) {
    if (info->type == H5O_TYPE_DATASET)
        static_cast<std::vector<std::string>*>(out)->push_back(std::string("/") + name);
    return 0;
}

Result<std::string> only_fitting_dataset(hid_t file, const Shape& event) {
    std::vector<std::string> all;
    H5Ovisit(file, H5_INDEX_NAME, H5_ITER_INC, collect, &all);
    std::vector<std::string> fitting;
    std::string list;
    for (const std::string& path : all) {
        const Hdf5Id dataset(H5Dopen2(file, path.c_str(), H5P_DEFAULT), H5Dclose);
        if (!dataset.valid()) continue;
        const auto shape = shape_of(dataset.get());
        if (!shape) continue;
        if (holds_events(*shape, event)) fitting.push_back(path);
        list += fmt::format(" {} {}", path, tensor::to_string(*shape));
    }
    if (fitting.size() == 1) return fitting[0];
    return fail(
        fmt::format("{} datasets of [events, {}] values; name one as file.h5:/path. It has:{}",
                    fitting.empty() ? "has no" : "has several", elements_of(event),
                    list.empty() ? " none" : list));
}

// What the numbers become on the way.
struct Transfer {
    hid_t memory;      // type HDF5 converts to
    ElementType type;  // of what is sent
    bool needs_check;  // a 64-bit integer for a real, or a real for a code
};

Result<Transfer> transfer_of(hid_t dataset, Values values) {
    const Hdf5Id type(H5Dget_type(dataset), H5Tclose);
    const H5T_class_t kind = H5Tget_class(type.get());
    const std::size_t bytes = H5Tget_size(type.get());
    if (kind == H5T_ENUM) return fail("holds an enumeration (booleans?); expected numbers");
    if (bytes > 8) return fail(fmt::format("has numbers of {} bytes; at most 8 are read", bytes));
    if (kind == H5T_FLOAT && values == Values::kReal) {
        if (bytes <= 4) return Transfer{H5T_NATIVE_FLOAT, ElementType::kFloat32, false};
        return Transfer{H5T_NATIVE_DOUBLE, ElementType::kFloat64, false};
    }
    if (kind == H5T_FLOAT) return Transfer{H5T_NATIVE_DOUBLE, ElementType::kInt64, true};
    if (bytes == 8 && H5Tget_sign(type.get()) == H5T_SGN_NONE)
        return fail("holds unsigned 64-bit numbers; convert them to signed ones");
    if (values == Values::kCodes) return Transfer{H5T_NATIVE_INT64, ElementType::kInt64, false};
    if (bytes == 8) return Transfer{H5T_NATIVE_INT64, ElementType::kFloat64, true};
    return Transfer{H5T_NATIVE_DOUBLE, ElementType::kFloat64, false};
}

// In place: 64-bit integers to doubles, or doubles to integers; false if a number does not fit.
bool convert_checked(ElementType target, std::string& block) {
    for (std::size_t at = 0; at < block.size(); at += 8) {
        if (target == ElementType::kFloat64) {
            std::int64_t code = 0;
            block.copy(reinterpret_cast<char*>(&code), 8, at);
            if (std::llabs(code) > std::int64_t{1} << 53U) return false;
            const auto real = static_cast<double>(code);
            block.replace(at, 8, reinterpret_cast<const char*>(&real), 8);
        } else {
            double real = 0;
            block.copy(reinterpret_cast<char*>(&real), 8, at);
            if (!(std::abs(real) < 0x1p63) || real != std::floor(real)) return false;
            const auto code = static_cast<std::int64_t>(real);
            block.replace(at, 8, reinterpret_cast<const char*>(&code), 8);
        }
    }
    return true;
}

Status send_rows(hid_t dataset, const Shape& shape, const Transfer& transfer,
                 const IsolatedStream::Send& send) {
    const std::size_t row = std::max<std::size_t>(
        elements_of(Shape(shape.begin() + 1, shape.end())) * bytes_of(transfer.type), 1);
    const std::size_t stored = H5Tget_size(transfer.memory);
    const auto rows = static_cast<std::size_t>(shape[0]);
    const std::size_t step = std::max<std::size_t>(1, kBlockBytes / row);
    const Hdf5Id space(H5Dget_space(dataset), H5Sclose);
    std::string block;
    for (std::size_t first = 0; first < rows; first += step) {
        std::vector<hsize_t> start(shape.size(), 0);
        std::vector<hsize_t> count(shape.begin(), shape.end());
        start[0] = first;
        count[0] = std::min(step, rows - first);
        const Hdf5Id memory(H5Screate_simple(static_cast<int>(count.size()), count.data(), nullptr),
                            H5Sclose);
        block.resize(count[0] * (row / bytes_of(transfer.type)) * stored);
        if (H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start.data(), nullptr, count.data(),
                                nullptr) < 0 ||
            H5Dread(dataset, transfer.memory, memory.get(), space.get(), H5P_DEFAULT,
                    block.data()) < 0) {
            return fail("is damaged");
        }
        if (transfer.needs_check && !convert_checked(transfer.type, block)) return fail("fraction");
        if (!send(block)) return {};
    }
    return {};
}

// Reads all, or sends one line that says why not.
Status send_dataset(const std::string& path, std::string name, const ReaderParams& params,
                    const IsolatedStream::Send& send) {
    quiet_hdf5();
    const Hdf5Id file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
    if (!file.valid()) return fail("is no readable HDF5 file");
    if (name.empty()) {
        GW_TRY(name, only_fitting_dataset(file.get(), params.shape));
    }
    const Hdf5Id dataset(H5Dopen2(file.get(), name.c_str(), H5P_DEFAULT), H5Dclose);
    if (!dataset.valid()) return fail(fmt::format("has no dataset '{}'", name));
    if (const Status status = check_storage(dataset.get()); !status)
        return fail(fmt::format("dataset '{}' {}", name, status.error().message));
    GW_TRY(const Shape shape, shape_of(dataset.get()));
    if (!holds_events(shape, params.shape)) {
        return fail(fmt::format("dataset '{}' has shape {}, expected [events, {}] values", name,
                                tensor::to_string(shape), elements_of(params.shape)));
    }
    GW_TRY(const Transfer transfer, transfer_of(dataset.get(), params.values));
    send(fmt::format("ok {} {}\n", static_cast<int>(transfer.type), shape[0]));
    return send_rows(dataset.get(), shape, transfer, send);
}

class Hdf5Reader : public Reader {
  public:
    Hdf5Reader(IsolatedStream stream, ElementType type, std::size_t total, std::size_t elements)
        : stream_(std::move(stream)), type_(type), total_(total), elements_(elements) {}

    [[nodiscard]] std::optional<std::size_t> events() const override { return total_; }

    Result<Chunk> read(std::size_t most) override {
        most = std::min(most, total_ - done_);
        const std::size_t bytes = most * elements_ * bytes_of(type_);
        block_.resize((bytes + 7) / 8);
        GW_TRY(const std::size_t got,
               stream_.read({reinterpret_cast<char*>(block_.data()), bytes}));
        if (got < bytes) {
            return fail(fmt::format("cannot be read beyond event {} of {}: damaged, or {}",
                                    done_ + got * most / bytes, total_,
                                    type_ == ElementType::kInt64
                                        ? "a number is no whole 64-bit number"
                                        : "a whole number is beyond 2^53"));
        }
        done_ += most;
        return Chunk{most, type_, block_.data()};
    }

  private:
    IsolatedStream stream_;
    ElementType type_;
    std::size_t total_;
    std::size_t elements_;
    std::size_t done_ = 0;
    std::vector<std::uint64_t> block_;  // for its alignment
};

Result<std::string> read_line(IsolatedStream& stream) {
    std::string line;
    for (char c = 0; c != '\n';) {
        GW_TRY(const std::size_t got, stream.read({&c, 1}));
        if (got == 0 || line.size() > 10000) return fail("is damaged");
        if (c != '\n') line += c;
    }
    return line;
}

}  // namespace

Result<std::unique_ptr<Reader>> open_hdf5(const std::string& path, const std::string& dataset,
                                          const ReaderParams& params) {
    const IsolateParams no_limit{.cpu_seconds = 0};
    GW_TRY(IsolatedStream stream, IsolatedStream::start(
                                      [&](const IsolatedStream::Send& send) {
                                          const Status status =
                                              send_dataset(path, dataset, params, send);
                                          if (!status) send(status.error().message + "\n");
                                      },
                                      no_limit));
    GW_TRY(const std::string line, read_line(stream));
    if (!line.starts_with("ok ")) return fail(line);
    std::size_t events = 0;
    std::from_chars(line.data() + 5, line.data() + line.size(), events);
    const auto type = static_cast<ElementType>(line[3] - '0');
    return std::make_unique<Hdf5Reader>(std::move(stream), type, events, elements_of(params.shape));
}

}  // namespace gatewright::events
