// SPDX-License-Identifier: Apache-2.0
//
// Solved matrices by content: a kernel that occurs again, in the same network or in a later run, is
// not solved again. On disk a graph lies in a file named by the SHA-256 of its problem; what is
// read back must carry the right digest and compute the right matrix, so a damaged, truncated or
// foreign file is a miss and is written anew. Files appear whole or not at all.
#pragma once

#include <map>
#include <span>
#include <string>

#include "cmvm/solve.h"

namespace gatewright::cmvm {

class Cache {
  public:
    /// `directory`: where graphs are kept between runs, made if missing; empty: nowhere. A folder
    /// that cannot be read or written only costs time.
    explicit Cache(std::string directory = {}) : directory_(std::move(directory)) {}

    /// As cmvm::solve(); the reference stays valid as long as the cache. Not thread-safe.
    const AdderGraph& solve(const Matrix& matrix, std::span<const fixed::Interval> inputs,
                            const SolveParams& params);
    /// Answers that were known in this run, and those read from the directory.
    [[nodiscard]] std::size_t hits() const { return hits_; }
    [[nodiscard]] std::size_t disk_hits() const { return disk_hits_; }

  private:
    std::string directory_;
    std::map<std::string, AdderGraph> graphs_;  // by problem
    std::size_t hits_ = 0;
    std::size_t disk_hits_ = 0;
};

}  // namespace gatewright::cmvm
