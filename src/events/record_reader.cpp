// SPDX-License-Identifier: Apache-2.0
#include "events/record_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <vector>

namespace gatewright::events {

using tensor::NpyHeader;
using tensor::Shape;

std::size_t elements_of(const Shape& shape) {
    std::size_t count = 1;
    for (const std::int64_t dim : shape) count *= static_cast<std::size_t>(dim);
    return count;
}

bool holds_events(const Shape& array, const Shape& event) {
    if (array.empty()) return false;
    const Shape one(array.begin() + 1, array.end());
    const std::size_t elements = elements_of(event);
    if (one == event) return true;
    return one == Shape{static_cast<std::int64_t>(elements)} || (one.empty() && elements == 1);
}

namespace {

// The element type whose memory is exactly what the file holds, if the chunk may have it.
std::optional<ElementType> direct_type(const NpyHeader& header, Values values) {
    if (header.fortran_order || (header.big_endian && header.bytes > 1)) return std::nullopt;
    if constexpr (std::endian::native != std::endian::little) return std::nullopt;
    if (values == Values::kReal && header.kind == 'f') {
        if (header.bytes == 4) return ElementType::kFloat32;
        if (header.bytes == 8) return ElementType::kFloat64;
    }
    if (values == Values::kCodes && header.kind == 'i') {
        if (header.bytes == 2) return ElementType::kInt16;
        if (header.bytes == 4) return ElementType::kInt32;
        if (header.bytes == 8) return ElementType::kInt64;
    }
    return std::nullopt;
}

class RecordReader : public Reader {
  public:
    RecordReader(std::unique_ptr<ByteSource> bytes, NpyHeader header, const ReaderParams& params,
                 std::optional<std::size_t> total)
        : bytes_(std::move(bytes)),
          header_(std::move(header)),
          values_(params.values),
          elements_(elements_of(params.shape)),
          total_(total),
          direct_(direct_type(header_, params.values)) {}

    [[nodiscard]] std::optional<std::size_t> events() const override { return total_; }

    Result<Chunk> read(std::size_t most) override {
        if (total_) most = std::min(most, *total_ - done_);
        if (header_.fortran_order) return read_columns(most);
        const std::size_t row_bytes = elements_ * header_.bytes;
        GW_TRY(const std::string_view block, bytes_->peek(most * row_bytes));
        const std::size_t rows = row_bytes == 0 ? most : block.size() / row_bytes;
        if (total_ && rows < most) {
            return fail(
                fmt::format("ends after {} of {} events (truncated?)", done_ + rows, *total_));
        }
        if (!total_ && block.size() % std::max<std::size_t>(row_bytes, 1) != 0) {
            return fail(fmt::format("ends inside event {}: an event has {} numbers of {} bytes",
                                    done_ + rows, elements_, header_.bytes));
        }
        GW_TRY(const Chunk chunk, chunk_of(block.data(), rows));
        bytes_->take(rows * row_bytes);
        done_ += rows;
        return chunk;
    }

  private:
    Result<Chunk> chunk_of(const char* data, std::size_t rows) {
        if (direct_ && reinterpret_cast<std::uintptr_t>(data) % bytes_of(*direct_) == 0) {
            return Chunk{rows, *direct_, data};
        }
        return convert(rows, [&](std::size_t i) { return data + i * header_.bytes; });
    }

    // Element (event, i...) of a column-major array lies at event + Σ i · stride.
    Result<Chunk> read_columns(std::size_t rows) {
        const std::string_view all = bytes_->mapped();
        if (all.empty() && rows > 0)
            return fail("is in Fortran order, which cannot be read from a pipe; use a file");
        std::vector<std::size_t> offset(elements_, 0);
        const Shape event(header_.shape.begin() + 1, header_.shape.end());
        tensor::MultiIndex index(event);
        for (std::size_t i = 0; i < elements_; ++i, index.next()) {
            auto stride = static_cast<std::size_t>(header_.shape[0]);
            for (std::size_t axis = 0; axis < event.size(); ++axis) {
                offset[i] += static_cast<std::size_t>((*index)[axis]) * stride;
                stride *= static_cast<std::size_t>(event[axis]);
            }
        }
        const char* data = all.data() + header_.data_offset;
        GW_TRY(const Chunk chunk, convert(rows, [&](std::size_t i) {
                   return data + (done_ + i / elements_ + offset[i % elements_]) * header_.bytes;
               }));
        done_ += rows;
        return chunk;
    }

    template <class At>
    Result<Chunk> convert(std::size_t rows, const At& at) {
        if (values_ == Values::kReal) {
            GW_TRY_STATUS(decode(rows, at, reals_));
            return Chunk{rows, ElementType::kFloat64, reals_.data()};
        }
        GW_TRY_STATUS(decode(rows, at, codes_));
        return Chunk{rows, ElementType::kInt64, codes_.data()};
    }

    template <class T, class At>
    Status decode(std::size_t rows, const At& at, std::vector<T>& out) {
        out.resize(rows * elements_);
        for (std::size_t i = 0; i < out.size(); ++i) {
            const std::uint64_t bits = tensor::load_bytes(at(i), header_.bytes, header_.big_endian);
            if (const Status status = tensor::decode_npy(header_, bits, out[i]); !status) {
                return fail(fmt::format("event {}, element {} {}", done_ + i / elements_,
                                        i % elements_, status.error().message));
            }
        }
        return {};
    }

    std::unique_ptr<ByteSource> bytes_;
    NpyHeader header_;
    Values values_;
    std::size_t elements_;
    std::optional<std::size_t> total_;
    std::optional<ElementType> direct_;
    std::size_t done_ = 0;
    std::vector<double> reals_;
    std::vector<std::int64_t> codes_;
};

}  // namespace

Result<std::unique_ptr<Reader>> open_npy(std::unique_ptr<ByteSource> bytes,
                                         const ReaderParams& params) {
    constexpr std::size_t kLongestHeader = std::size_t{1} << 16U;
    constexpr std::int64_t kMostEvents = std::int64_t{1} << 48U;
    GW_TRY(const std::string_view start, bytes->peek(kLongestHeader));
    GW_TRY(const NpyHeader header, tensor::read_npy_header(start));
    if (!holds_events(header.shape, params.shape)) {
        return fail(fmt::format("has shape {}, expected [events, {}] values",
                                tensor::to_string(header.shape), elements_of(params.shape)));
    }
    if (header.shape[0] > kMostEvents)
        return fail(fmt::format("says it holds {} events", header.shape[0]));
    const auto events = static_cast<std::size_t>(header.shape[0]);
    const std::size_t needed = events * elements_of(params.shape) * header.bytes;
    if (bytes->size() && *bytes->size() - header.data_offset != needed) {
        return fail(
            fmt::format("shape {} of {}-byte elements needs {} bytes of data, the file has "
                        "{}{}",
                        tensor::to_string(header.shape), header.bytes, needed,
                        *bytes->size() - header.data_offset,
                        *bytes->size() - header.data_offset < needed ? " (truncated?)" : ""));
    }
    bytes->take(header.data_offset);
    return std::make_unique<RecordReader>(std::move(bytes), header, params, events);
}

Result<std::unique_ptr<Reader>> open_raw(std::unique_ptr<ByteSource> bytes,
                                         const ReaderParams& params) {
    NpyHeader header;
    const bool is_real =
        params.raw_type == ElementType::kFloat32 || params.raw_type == ElementType::kFloat64;
    header.kind = is_real ? 'f' : 'i';
    header.bytes = bytes_of(params.raw_type);
    std::optional<std::size_t> events;
    const std::size_t row_bytes = elements_of(params.shape) * header.bytes;
    if (bytes->size() && row_bytes > 0) {
        if (*bytes->size() % row_bytes != 0) {
            return fail(
                fmt::format("has {} bytes, no multiple of the {} bytes of one event ({} "
                            "numbers of {} bytes)",
                            *bytes->size(), row_bytes, elements_of(params.shape), header.bytes));
        }
        events = *bytes->size() / row_bytes;
    }
    return std::make_unique<RecordReader>(std::move(bytes), header, params, events);
}

}  // namespace gatewright::events
