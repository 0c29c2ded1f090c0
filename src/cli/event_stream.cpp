// SPDX-License-Identifier: Apache-2.0
#include "cli/event_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cli/events.h"
#include "cli/loading.h"
#include "compile/design_directory.h"
#include "emulate/engine.h"
#include "emulate/reals.h"
#include "runtime/stored_program.h"
#include "support/check.h"
#include "support/stopwatch.h"

namespace gatewright::cli {

using events::Chunk;
using events::ElementType;
using events::Values;

Result<Function> load_emulated(const compile::Options& options, Progress& progress) {
    if (!compile::is_design_directory(options.model)) {
        GW_TRY(LoadedFunction loaded, load_function(options, progress));
        return Function{std::move(loaded.ports), std::move(loaded.batch)};
    }
    progress.stage("load the design");
    GW_TRY(runtime::StoredProgram stored, runtime::load_program(options.model));
    std::shared_ptr<const emulate::BatchFunction> batch = runtime::make_function(stored);
    return Function{std::move(stored.ports), std::move(batch)};
}

std::size_t elements_of(std::span<const dfg::Port> ports) {
    std::size_t count = 0;
    for (const dfg::Port& port : ports) count += port.elements.size();
    return count;
}

std::string output_file(const std::string& output, std::span<const dfg::Port> ports,
                        const dfg::Port& port) {
    if (ports.size() == 1) return output;
    std::filesystem::path path(output);
    path.replace_filename(path.stem().string() + "_" + port.name + path.extension().string());
    return path.string();
}

namespace {

std::int64_t code_at(const Chunk& chunk, std::size_t i) {
    switch (chunk.type) {
        case ElementType::kInt16:
            return static_cast<const std::int16_t*>(chunk.data)[i];
        case ElementType::kInt32:
            return static_cast<const std::int32_t*>(chunk.data)[i];
        case ElementType::kInt64:
        case ElementType::kFloat32:
        case ElementType::kFloat64:
            return static_cast<const std::int64_t*>(chunk.data)[i];
    }
    GW_UNREACHABLE("element type");
}

// The codes of one port out of rows over all ports.
std::vector<std::int64_t> port_codes(std::span<const std::int64_t> codes, std::size_t row,
                                     std::size_t first, std::size_t count) {
    std::vector<std::int64_t> out;
    out.reserve(codes.size() / row * count);
    for (std::size_t at = first; at < codes.size(); at += row) {
        const auto begin = codes.begin() + static_cast<std::ptrdiff_t>(at);
        out.insert(out.end(), begin, begin + static_cast<std::ptrdiff_t>(count));
    }
    return out;
}

// So many events at a time that a chunk and its results take some tens of megabytes.
std::size_t chunk_events(const Function& function) {
    constexpr std::size_t kNumbers = std::size_t{1} << 20U;
    const std::size_t row =
        elements_of(function.ports.inputs) + elements_of(function.ports.outputs);
    return std::clamp<std::size_t>(kNumbers / std::max<std::size_t>(row, 1), 64, 1U << 16U);
}

}  // namespace

Result<EventSource> EventSource::open(const Function& function, const EmulateArgs& args) {
    GW_TRY(const std::vector<std::string> files, assign_files(function.ports.inputs, args.inputs));
    EventSource source(function.ports.inputs, args.raw ? Values::kCodes : Values::kReal);
    for (std::size_t p = 0; p < files.size(); ++p) {
        events::ReaderParams params;
        params.values = source.values_;
        params.format = args.format;
        params.shape = function.ports.inputs[p].shape;
        params.raw_type = args.raw_type;
        GW_TRY(auto reader, events::open_reader(files[p], params));
        const auto count = reader->events();
        if (count && source.total_ && *count != *source.total_) {
            return fail(fmt::format("{}: has {} events, {} has {}", files[p], *count, files[0],
                                    *source.total_));
        }
        if (count) source.total_ = count;
        source.readers_.push_back(std::move(reader));
    }
    source.files_ = files;
    return source;
}

Result<EventBlock> EventSource::read(std::size_t most) {
    std::vector<Chunk> chunks;
    EventBlock block;
    for (std::size_t p = 0; p < readers_.size(); ++p) {
        GW_TRY(const Chunk chunk, readers_[p]->read(most));
        if (p > 0 && chunk.events != chunks[0].events) {
            return fail(fmt::format(
                "{} and {} do not hold equally many events: one ends after event {}", files_[0],
                files_[p], done_ + std::min(chunk.events, chunks[0].events)));
        }
        if (values_ == Values::kReal)
            block.reals.push_back(
                events::reals_of(chunk, chunk.events * ports_[p].elements.size()));
        chunks.push_back(chunk);
    }
    block.events = chunks[0].events;
    if (values_ == Values::kCodes) {
        GW_TRY(block.codes, gather(chunks));
    }
    done_ += block.events;
    return block;
}

Result<std::vector<std::int64_t>> input_codes(const std::vector<dfg::Port>& ports,
                                              const EventBlock& inputs, std::size_t events) {
    if (inputs.reals.empty()) {
        const auto count = static_cast<std::ptrdiff_t>(events * elements_of(ports));
        return std::vector<std::int64_t>(inputs.codes.begin(), inputs.codes.begin() + count);
    }
    std::vector<tensor::Tensor<double>> reals;
    for (std::size_t p = 0; p < ports.size(); ++p) {
        tensor::Shape shape = ports[p].shape;
        shape.insert(shape.begin(), static_cast<std::int64_t>(events));
        tensor::Tensor<double> values(shape);
        std::copy_n(inputs.reals[p].begin(), values.size(), values.data.begin());
        reals.push_back(std::move(values));
    }
    return emulate::to_codes(ports, reals);
}

Result<std::vector<std::int64_t>> EventSource::gather(const std::vector<Chunk>& chunks) const {
    std::vector<std::int64_t> codes;
    codes.reserve(chunks[0].events * elements_of(ports_));
    for (std::size_t e = 0; e < chunks[0].events; ++e) {
        for (std::size_t p = 0; p < chunks.size(); ++p) {
            const auto& elements = ports_[p].elements;
            for (std::size_t i = 0; i < elements.size(); ++i) {
                const std::int64_t code = code_at(chunks[p], e * elements.size() + i);
                const fixed::Format& format = elements[i].format;
                if (!format.holds(code)) {
                    return fail(
                        fmt::format("{}: event {}, element {}: code {} does not fit {} ({} to {})",
                                    files_[p], done_ + e, i, code, to_string(format),
                                    format.min_code().to_string(), format.max_code().to_string()));
                }
                codes.push_back(code);
            }
        }
    }
    return codes;
}

Result<EventSink> EventSink::open(const Function& function, const EmulateArgs& args,
                                  std::optional<std::size_t> events) {
    EventSink sink(function.ports.outputs, args.raw ? Values::kCodes : Values::kReal);
    if (args.output == "-" && function.ports.outputs.size() > 1)
        return fail("a design with several output ports cannot write to standard output");
    for (const dfg::Port& port : function.ports.outputs) {
        events::WriterParams params;
        params.values = sink.values_;
        params.format = args.output == "-" ? args.format : events::FileFormat::kByName;
        params.shape = port.shape;
        params.raw_type = args.raw_type;
        params.events = events;
        GW_TRY(auto writer,
               events::open_writer(output_file(args.output, function.ports.outputs, port), params));
        sink.writers_.push_back(std::move(writer));
    }
    return sink;
}

Status EventSink::write(const EventBlock& outputs) {
    std::size_t first = 0;
    for (std::size_t p = 0; p < ports_.size(); ++p) {
        if (values_ == Values::kReal) {
            GW_TRY_STATUS(writers_[p]->append(std::span<const double>(outputs.reals[p])));
            continue;
        }
        const std::size_t count = ports_[p].elements.size();
        const auto own = port_codes(outputs.codes, elements_of(ports_), first, count);
        GW_TRY_STATUS(writers_[p]->append(std::span<const std::int64_t>(own)));
        first += count;
    }
    return {};
}

Status EventSink::finish() {
    for (const auto& writer : writers_) GW_TRY_STATUS(writer->finish());
    return {};
}

namespace {

Result<EventBlock> run_reals(const Function& function, const emulate::RealPorts& ports,
                             const emulate::BatchFunction& engine, const EventBlock& inputs) {
    EventBlock out{inputs.events, {}, {}};
    std::vector<const double*> from;
    std::vector<double*> to;
    for (const auto& values : inputs.reals) from.push_back(values.data());
    for (const dfg::Port& port : function.ports.outputs) {
        out.reals.emplace_back(inputs.events * port.elements.size());
        to.push_back(out.reals.back().data());
    }
    GW_TRY_STATUS(ports.run<double>(engine, from, to, inputs.events));
    return out;
}

Result<EventBlock> run_block(const Function& function, const emulate::RealPorts& ports,
                             const emulate::BatchFunction& engine, const EventBlock& inputs) {
    const bool is_real = !inputs.reals.empty();
    if (is_real && engine.fits_int64()) return run_reals(function, ports, engine, inputs);
    GW_TRY(const auto codes, input_codes(function.ports.inputs, inputs, inputs.events));
    EventBlock out{inputs.events, {}, run_codes(engine, codes, inputs.events)};
    if (!is_real) return out;
    for (auto& port : emulate::to_reals(function.ports.outputs, out.codes))
        out.reals.push_back(std::move(port.data));
    return out;
}

}  // namespace

Result<double> for_each_block(const Function& function, EventSource& source, Progress& progress,
                              const TakeBlock& take) {
    const emulate::BatchFunction& engine = *function.batch;
    const emulate::RealPorts ports(function.ports);
    progress.stage("emulate");
    double seconds = 0;
    for (std::size_t done = 0;;) {
        GW_TRY(const EventBlock inputs, source.read(chunk_events(function)));
        if (inputs.events == 0) return seconds;
        const Stopwatch watch;
        auto outputs = run_block(function, ports, engine, inputs);
        if (!outputs && done > 0)
            return fail(fmt::format("after event {}: {}", done, outputs.error().message));
        if (!outputs) return tl::unexpected<Error>(outputs.error());
        seconds += watch.seconds();
        GW_TRY_STATUS(take(inputs, *outputs));
        done += inputs.events;
        progress.advance(done, source.total(), "events");
    }
}

}  // namespace gatewright::cli
