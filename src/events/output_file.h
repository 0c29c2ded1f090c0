// SPDX-License-Identifier: Apache-2.0
//
// A file that grows beside its place and is renamed into it when complete; "-" is standard output.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "support/interrupt.h"
#include "support/result.h"

namespace gatewright::events {

class OutputFile {
  public:
    static Result<std::unique_ptr<OutputFile>> create(const std::string& path);
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;
    /// Removes what is unfinished.
    ~OutputFile();

    /// Where the bytes go until finish(); "-" has none.
    [[nodiscard]] const std::string& part() const { return part_; }
    Status append(std::string_view bytes);
    /// Overwrites bytes at the start of the file.
    Status rewrite(std::string_view bytes);
    Status finish();

  private:
    OutputFile(std::string path, std::string part, int fd);
    std::string path_;
    std::string part_;
    int fd_;
    std::unique_ptr<CleanupOnInterrupt> on_interrupt_;
};

}  // namespace gatewright::events
