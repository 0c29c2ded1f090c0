// SPDX-License-Identifier: Apache-2.0
//
// Progress of long work: one line that is rewritten on a terminal, nothing at all in a pipe or a
// file.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/stopwatch.h"

namespace gatewright {

class Progress {
  public:
    using Listener = std::function<void(std::string_view stage)>;

    /// Shows on standard error if that is a terminal.
    Progress();
    /// Shows nothing; `listener` hears of every stage as it begins, on the thread that works.
    explicit Progress(Listener listener);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// A new stage begins; the time of the one before it is kept.
    void stage(std::string_view name);
    void finish();
    /// Within a stage of many like things ("events"): how many are done, the rate and, if the total
    /// is known, the time left. Cheap enough to call for every chunk of work.
    void advance(std::size_t done, std::optional<std::size_t> total, std::string_view things);
    /// Seconds per stage, in order.
    [[nodiscard]] const std::vector<std::pair<std::string, double>>& seconds() const {
        return seconds_;
    }

  private:
    void close_stage();
    bool on_terminal_;
    Listener listener_;
    bool open_ = false;
    Stopwatch watch_;
    double started_ = 0;
    double shown_ = 0;
    std::vector<std::pair<std::string, double>> seconds_;
};

}  // namespace gatewright
