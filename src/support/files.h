// SPDX-License-Identifier: Apache-2.0
//
// Files that are never half written. A file is written beside its place and renamed into it; a
// whole design directory is built in a staging directory beside the target and swapped in when
// complete, so that an error, a full disk or an interrupted run leaves what was there before.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "support/interrupt.h"
#include "support/result.h"

namespace gatewright {

/// Whole file as bytes. Refuses files larger than `max_bytes` and things that are no regular file.
Result<std::string> read_file(const std::string& path,
                              std::size_t max_bytes = std::size_t{1} << 31U);

/// Writes beside, flushes to disk, renames. The error says what the system said.
Status write_file(const std::string& path, std::string_view content);

/// A directory under construction. Nothing appears at `target` until commit().
class StagedDirectory {
  public:
    /// Makes the staging directory beside `target`. If target exists, it must be empty or hold the
    /// file `marker` (an earlier product of ours that may be replaced).
    static Result<StagedDirectory> create(const std::string& target, std::string_view marker);
    StagedDirectory(StagedDirectory&& other) noexcept;
    StagedDirectory& operator=(StagedDirectory&&) = delete;
    ~StagedDirectory();

    /// Path of a file inside the staging directory; makes the parent folders on write.
    [[nodiscard]] const std::string& path() const { return staging_; }
    Status write(std::string_view relative_path, std::string_view content);
    /// Replaces the target by the staged directory.
    Status commit();

  private:
    StagedDirectory(std::string target, std::string staging);
    std::string target_;
    std::string staging_;
    std::unique_ptr<CleanupOnInterrupt> on_interrupt_;
};

/// Lower-case hex SHA-256 of `bytes` (FIPS 180-4).
std::string sha256_hex(std::string_view bytes);

}  // namespace gatewright
