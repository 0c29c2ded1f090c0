// SPDX-License-Identifier: Apache-2.0
#include "cli/event_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "cli/events.h"
#include "cli/loading.h"
#include "compile/design_directory.h"
#include "emulate/engine.h"
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
        return Function{{loaded.design.inputs, loaded.design.outputs},
                        std::move(loaded.flat.program)};
    }
    progress.stage("load the design");
    GW_TRY(runtime::StoredProgram stored, runtime::load_program(options.model));
    return Function{std::move(stored.ports), std::move(stored.program)};
}

std::size_t elements_of(std::span<const dfg::Port> ports) {
    std::size_t count = 0;
    for (const dfg::Port& port : ports) count += port.elements.size();
    return count;
}

double real_at(const Chunk& chunk, std::size_t i) {
    if (chunk.type == ElementType::kFloat32) return static_cast<const float*>(chunk.data)[i];
    return static_cast<const double*>(chunk.data)[i];
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

Result<std::vector<std::int64_t>> run(const emulate::Engine& engine,
                                      std::span<const std::int64_t> inputs, std::size_t events) {
    std::vector<std::int64_t> outputs(events * engine.output_count());
    if (engine.fits_int64()) {
        engine.run(inputs, outputs);
        return outputs;
    }
    const std::vector<fixed::Integer> exact_inputs(inputs.begin(), inputs.end());
    std::vector<fixed::Integer> exact(outputs.size());
    engine.run_exact(exact_inputs, exact);
    for (std::size_t i = 0; i < exact.size(); ++i) outputs[i] = exact[i].to_int64().value();
    return outputs;
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

Result<std::vector<std::int64_t>> EventSource::read(std::size_t most) {
    std::vector<Chunk> chunks;
    for (std::size_t p = 0; p < readers_.size(); ++p) {
        GW_TRY(const Chunk chunk, readers_[p]->read(most));
        if (p > 0 && chunk.events != chunks[0].events) {
            return fail(fmt::format(
                "{} and {} do not hold equally many events: one ends after "
                "event {}",
                files_[0], files_[p], done_ + std::min(chunk.events, chunks[0].events)));
        }
        chunks.push_back(chunk);
    }
    auto codes = values_ == Values::kReal ? cast(chunks) : gather(chunks);
    done_ += chunks[0].events;
    return codes;
}

Result<std::vector<std::int64_t>> EventSource::cast(const std::vector<Chunk>& chunks) const {
    std::vector<tensor::Tensor<double>> reals;
    for (std::size_t p = 0; p < chunks.size(); ++p) {
        tensor::Shape shape = ports_[p].shape;
        shape.insert(shape.begin(), static_cast<std::int64_t>(chunks[p].events));
        tensor::Tensor<double> values(shape);
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = real_at(chunks[p], i);
        reals.push_back(std::move(values));
    }
    auto codes = emulate::to_codes(ports_, reals);
    if (!codes && done_ > 0)
        return fail(fmt::format("after event {}: {}", done_, codes.error().message));
    return codes;
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

Status EventSink::write(std::span<const std::int64_t> codes) {
    if (values_ == Values::kReal) {
        const auto reals = emulate::to_reals(ports_, codes);
        for (std::size_t p = 0; p < ports_.size(); ++p)
            GW_TRY_STATUS(writers_[p]->append(std::span<const double>(reals[p].data)));
        return {};
    }
    std::size_t first = 0;
    for (std::size_t p = 0; p < ports_.size(); ++p) {
        const std::size_t count = ports_[p].elements.size();
        const auto own = port_codes(codes, elements_of(ports_), first, count);
        GW_TRY_STATUS(writers_[p]->append(std::span<const std::int64_t>(own)));
        first += count;
    }
    return {};
}

Status EventSink::finish() {
    for (const auto& writer : writers_) GW_TRY_STATUS(writer->finish());
    return {};
}

Result<double> for_each_chunk(const Function& function, EventSource& source, Progress& progress,
                              const TakeChunk& take) {
    const emulate::Engine engine(function.program);
    progress.stage("emulate");
    const std::size_t row = elements_of(function.ports.inputs);
    double seconds = 0;
    for (std::size_t done = 0;;) {
        GW_TRY(const auto inputs, source.read(chunk_events(function)));
        const std::size_t events = row == 0 ? 0 : inputs.size() / row;
        if (events == 0) return seconds;
        const Stopwatch watch;
        GW_TRY(const auto outputs, run(engine, inputs, events));
        seconds += watch.seconds();
        GW_TRY_STATUS(take(inputs, outputs, events));
        done += events;
        progress.advance(done, source.total(), "events");
    }
}

}  // namespace gatewright::cli
