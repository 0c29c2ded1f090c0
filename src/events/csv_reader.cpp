// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <vector>

#include "events/record_reader.h"
#include "tensor/csv.h"

namespace gatewright::events {
namespace {

template <class T>
class CsvReader : public Reader {
  public:
    CsvReader(std::unique_ptr<ByteSource> bytes, std::size_t elements)
        : bytes_(std::move(bytes)), elements_(elements) {}

    [[nodiscard]] std::optional<std::size_t> events() const override { return std::nullopt; }

    Result<Chunk> read(std::size_t most) override {
        numbers_.erase(numbers_.begin(), numbers_.begin() + static_cast<std::ptrdiff_t>(given_));
        given_ = 0;
        while (!ended_ && numbers_.size() < most * elements_) GW_TRY_STATUS(parse_block());
        const std::size_t events = std::min(most, numbers_.size() / elements_);
        given_ = events * elements_;
        constexpr auto kType =
            std::is_same_v<T, double> ? ElementType::kFloat64 : ElementType::kInt64;
        return Chunk{events, kType, numbers_.data()};
    }

  private:
    static constexpr std::size_t kBlock = std::size_t{1} << 20U;
    static constexpr std::size_t kLongestLine = std::size_t{1} << 28U;

    // Whole lines only; a line longer than a block makes the block longer.
    Status parse_block() {
        for (std::size_t size = kBlock;; size *= 2) {
            if (size > kLongestLine) return fail("has a line of more than 256 MiB");
            GW_TRY(const std::string_view block, bytes_->peek(size));
            ended_ = block.size() < size;
            const std::size_t end = ended_ ? block.size() : block.rfind('\n') + 1;
            if (end == 0 && !ended_) continue;
            GW_TRY_STATUS(parser_.parse(block.substr(0, end), numbers_));
            bytes_->take(end);
            return check_columns();
        }
    }

    Status check_columns() {
        if (parser_.columns() == elements_) return {};
        if (parser_.columns() == 0)
            return ended_ ? fail("is empty: expected one line of numbers per event") : Status{};
        return fail(
            fmt::format("has {} columns, an event has {} values", parser_.columns(), elements_));
    }

    std::unique_ptr<ByteSource> bytes_;
    std::size_t elements_;
    tensor::CsvParser<T> parser_;
    std::vector<T> numbers_;
    std::size_t given_ = 0;
    bool ended_ = false;
};

}  // namespace

Result<std::unique_ptr<Reader>> open_csv(std::unique_ptr<ByteSource> bytes,
                                         const ReaderParams& params) {
    const std::size_t elements = elements_of(params.shape);
    if (params.values == Values::kReal)
        return std::make_unique<CsvReader<double>>(std::move(bytes), elements);
    return std::make_unique<CsvReader<std::int64_t>>(std::move(bytes), elements);
}

}  // namespace gatewright::events
