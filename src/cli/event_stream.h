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
#include "dfg/program.h"
#include "events/reader.h"
#include "events/writer.h"

namespace gatewright::cli {

/// What is emulated: of a design directory as it is stored, of a model file made in memory.
struct Function {
    dfg::Interface ports;
    dfg::Program program;
};
Result<Function> load_emulated(const compile::Options& options, Progress& progress);

std::size_t elements_of(std::span<const dfg::Port> ports);
/// A number of a chunk of reals.
double real_at(const events::Chunk& chunk, std::size_t i);
/// With several output ports, the port's name is part of the file's.
std::string output_file(const std::string& output, std::span<const dfg::Port> ports,
                        const dfg::Port& port);

// One reader per input port, in step.
class EventSource {
  public:
    static Result<EventSource> open(const Function& function, const EmulateArgs& args);
    [[nodiscard]] std::optional<std::size_t> total() const { return total_; }
    /// Input codes of the next events, event-major over all ports; empty at the end.
    Result<std::vector<std::int64_t>> read(std::size_t most);

  private:
    EventSource(std::span<const dfg::Port> ports, events::Values values)
        : ports_(ports), values_(values) {}
    [[nodiscard]] Result<std::vector<std::int64_t>> cast(
        const std::vector<events::Chunk>& chunks) const;
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
    /// Output codes, event-major over all ports.
    Status write(std::span<const std::int64_t> codes);
    Status finish();

  private:
    EventSink(std::span<const dfg::Port> ports, events::Values values)
        : ports_(ports), values_(values) {}
    std::span<const dfg::Port> ports_;
    events::Values values_;
    std::vector<std::unique_ptr<events::Writer>> writers_;
};

/// Gets input codes, output codes and how many events they are.
using TakeChunk = std::function<Status(std::span<const std::int64_t> inputs,
                                       std::span<const std::int64_t> outputs, std::size_t events)>;
/// Emulates all events of the source; gives the seconds spent in the emulator.
Result<double> for_each_chunk(const Function& function, EventSource& source, Progress& progress,
                              const TakeChunk& take);

}  // namespace gatewright::cli
