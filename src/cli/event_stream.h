// SPDX-License-Identifier: Apache-2.0
//
// Events through the emulator a chunk at a time: what `emulate` and its comparisons share. Memory
// does not grow with the file.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "dfg/interface.h"
#include "emulate/batch_function.h"
#include "events/reader.h"
#include "events/writer.h"

namespace gatewright::cli {

/// What is emulated: of a design directory as it is stored, of a model file made in memory.
struct Function {
    dfg::Interface ports;
    std::shared_ptr<const emulate::BatchFunction> batch;
};
Result<Function> load_emulated(const compile::Options& options, Progress& progress);

std::size_t elements_of(std::span<const dfg::Port> ports);
/// With several output ports, the port's name is part of the file's.
std::string output_file(const std::string& output, std::span<const dfg::Port> ports,
                        const dfg::Port& port);

/// Some events: real values per port, or codes over all ports' elements.
struct EventBlock {
    std::size_t events = 0;
    std::vector<std::vector<double>> reals;  ///< per port, event-major
    std::vector<std::int64_t> codes;         ///< event-major
};

/// Codes of the first events of a block of inputs.
Result<std::vector<std::int64_t>> input_codes(const std::vector<dfg::Port>& ports,
                                              const EventBlock& inputs, std::size_t events);

// One reader per input port, in step.
class EventSource {
  public:
    static Result<EventSource> open(const Function& function, const EmulateArgs& args);
    [[nodiscard]] std::optional<std::size_t> total() const { return total_; }
    /// The next events; none at the end.
    Result<EventBlock> read(std::size_t most);

  private:
    EventSource(std::span<const dfg::Port> ports, events::Values values)
        : ports_(ports), values_(values) {}
    [[nodiscard]] Result<std::vector<std::int64_t>> gather(
        const std::vector<events::Chunk>& chunks) const;

    std::span<const dfg::Port> ports_;
    events::Values values_;
    std::vector<std::string> files_;
    std::vector<std::unique_ptr<events::Reader>> readers_;
    std::optional<std::size_t> total_;
    std::size_t done_ = 0;
};

/// One writer per output port.
class EventSink {
  public:
    static Result<EventSink> open(const Function& function, const EmulateArgs& args,
                                  std::optional<std::size_t> events);
    Status write(const EventBlock& outputs);
    Status finish();

  private:
    EventSink(std::span<const dfg::Port> ports, events::Values values)
        : ports_(ports), values_(values) {}
    std::span<const dfg::Port> ports_;
    events::Values values_;
    std::vector<std::unique_ptr<events::Writer>> writers_;
};

using TakeBlock = std::function<Status(const EventBlock& inputs, const EventBlock& outputs)>;
/// Emulates all events of the source; gives the seconds spent in the emulator.
Result<double> for_each_block(const Function& function, EventSource& source, Progress& progress,
                              const TakeBlock& take);

}  // namespace gatewright::cli
