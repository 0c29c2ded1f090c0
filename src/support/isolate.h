// SPDX-License-Identifier: Apache-2.0
//
// Running code that may crash on hostile input in a process of its own. What it produces comes back
// through a pipe, all at once or as a stream; a crash, an abort or endless work becomes an error.
#pragma once

#include <sys/types.h>

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "support/result.h"

namespace gatewright {

struct IsolateParams {
    unsigned cpu_seconds = 60;                             ///< 0: no limit
    std::size_t max_output_bytes = std::size_t{1} << 31U;  ///< of run_isolated
};

/// The bytes that `work` returns, computed in a child process. The error says how the child ended.
Result<std::string> run_isolated(const std::function<std::string()>& work,
                                 const IsolateParams& params = {});

/// A child process that sends bytes for as long as someone reads them.
class IsolatedStream {
  public:
    /// Sends bytes to the reader; false if the reader is gone, and then the work should end.
    using Send = std::function<bool(std::string_view)>;
    static Result<IsolatedStream> start(const std::function<void(const Send&)>& work,
                                        const IsolateParams& params = {});
    IsolatedStream(IsolatedStream&& other) noexcept;
    IsolatedStream& operator=(IsolatedStream&&) = delete;
    /// Ends the child if it still runs.
    ~IsolatedStream();

    /// Fills `out`; fewer bytes only at the end of the stream. The error says how the child ended
    /// if it did not end well.
    Result<std::size_t> read(std::span<char> out);

  private:
    IsolatedStream(pid_t child, int in) : child_(child), in_(in) {}
    Status reap();
    pid_t child_ = -1;
    int in_ = -1;
};

}  // namespace gatewright
