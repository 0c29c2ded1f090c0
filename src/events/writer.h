// SPDX-License-Identifier: Apache-2.0
//
// Results as they come: .npy, .csv, HDF5 or raw little-endian numbers, chunk by chunk. A file is
// written beside its place and renamed into it when it is complete, so that a full disk, an error
// or an interrupt leaves what was there before. "-" is standard output.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "events/reader.h"

namespace gatewright::events {

struct WriterParams {
    FileFormat format = FileFormat::kByName;
    Values values = Values::kReal;               ///< reals are float64, codes int64 (but for kRaw)
    tensor::Shape shape;                         ///< of one event
    ElementType raw_type = ElementType::kInt32;  ///< of kRaw files of codes
    std::optional<std::size_t> events;           ///< how many will come, if known
};

class Writer {
  public:
    Writer() = default;
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    /// Without finish() nothing stays on disk.
    virtual ~Writer() = default;
    /// Whole events, event-major; of the kind that WriterParams::values says.
    virtual Status append(std::span<const double> values) = 0;
    virtual Status append(std::span<const std::int64_t> codes) = 0;
    /// Makes the file complete and puts it in its place.
    virtual Status finish() = 0;
};

/// "-" needs a format that can be written front to back: npy only if the number of events is known.
Result<std::unique_ptr<Writer>> open_writer(const std::string& path, const WriterParams& params);

}  // namespace gatewright::events
