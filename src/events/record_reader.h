// SPDX-License-Identifier: Apache-2.0
//
// Readers of files whose elements have a fixed size: .npy and raw numbers.
#pragma once

#include "events/bytes.h"
#include "events/reader.h"
#include "tensor/npy_header.h"

namespace gatewright::events {

Result<std::unique_ptr<Reader>> open_npy(std::unique_ptr<ByteSource> bytes,
                                         const ReaderParams& params);
Result<std::unique_ptr<Reader>> open_raw(std::unique_ptr<ByteSource> bytes,
                                         const ReaderParams& params);
Result<std::unique_ptr<Reader>> open_csv(std::unique_ptr<ByteSource> bytes,
                                         const ReaderParams& params);
Result<std::unique_ptr<Reader>> open_hdf5(const std::string& path, const std::string& dataset,
                                          const ReaderParams& params);

/// Numbers of one event.
std::size_t elements_of(const tensor::Shape& shape);
/// True for [events, ...shape], [events, elements], and [events] if an event is one number.
bool holds_events(const tensor::Shape& array, const tensor::Shape& event);

}  // namespace gatewright::events
