// SPDX-License-Identifier: Apache-2.0
//
// Bytes of a file front to back: a mapped file, whose pages are given back once read, or whatever a
// descriptor delivers (a pipe, standard input).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "support/result.h"

namespace gatewright::events {

class ByteSource {
  public:
    ByteSource() = default;
    ByteSource(const ByteSource&) = delete;
    ByteSource& operator=(const ByteSource&) = delete;
    virtual ~ByteSource() = default;
    /// Bytes from the start of the file to its end, if known.
    [[nodiscard]] virtual std::optional<std::size_t> size() const = 0;
    /// The next bytes without taking them: `count`, or fewer at the end. Valid until the next call.
    virtual Result<std::string_view> peek(std::size_t count) = 0;
    /// Moves on by bytes that were peeked.
    virtual void take(std::size_t count) = 0;
    /// The whole file if it is mapped; empty if it is a stream.
    [[nodiscard]] virtual std::string_view mapped() const = 0;
};

/// A regular file is mapped; "-" is standard input; other things (pipes) are read. Errors do not
/// name the file.
Result<std::unique_ptr<ByteSource>> open_bytes(const std::string& path);

}  // namespace gatewright::events
