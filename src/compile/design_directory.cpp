// SPDX-License-Identifier: Apache-2.0
#include "compile/design_directory.h"

#include <fmt/format.h>

#include "dfg/text.h"
#include "emulate/engine.h"
#include "frontends/native/native.h"
#include "report/html.h"
#include "support/files.h"
#include "verify/stimuli.h"

namespace gatewright::compile {
namespace {

Json layers_json(const model::TypedGraph& typed) {
    Json json = Json::array();
    for (std::size_t i = 0; i < typed.graph().size(); ++i) {
        const model::GraphNode& node = typed.graph()[LayerId(i)];
        Json layer = Json::object();
        layer.set("name", node.name);
        layer.set("origin", node.origin);
        layer.set("kind", node.layer->kind());
        layer.set("shape", Json::array_of(typed.type(LayerId(i)).shape));
        json.push_back(std::move(layer));
    }
    return json;
}

Json design_json(const DesignContent& content, Json hashes) {
    const Imported& model = content.model;
    Json json = Json::object();
    json.set("format", runtime::kDesignFormat);
    json.set("version", runtime::kDesignFormatVersion);
    json.set("gatewright", version());
    json.set("name", model.typed.graph().name);
    json.set("top", content.top);
    json.set("inputs", runtime::ports_to_json(content.ports.inputs));
    json.set("outputs", runtime::ports_to_json(content.ports.outputs));
    json.set("latency_cycles", content.latency_cycles);
    json.set("ii", content.initiation_interval);
    json.set("clock_mhz", content.clock_mhz);
    json.set("part", content.part);
    json.set("layers", layers_json(model.typed));
    Json source = Json::object();
    source.set("file", model.source.file);
    source.set("sha256", model.source.sha256);
    source.set("format", model.source.format);
    json.set("source", std::move(source));
    json.set("options", to_json(content.options));
    if (!content.streams.is_null()) json.set("streams", content.streams);
    json.set("hashes", std::move(hashes));
    return json;
}

// Vectors for the emitted testbench: edges and random events, expected values from the emulator.
std::vector<rtl::Vector> testbench_vectors(const Compiled& compiled) {
    constexpr std::size_t kVectors = 256;
    constexpr std::uint64_t kSeed = 1;
    const auto inputs = verify::stimuli(compiled.design.inputs, kVectors, kSeed);
    const std::size_t width_in = compiled.flat.program.inputs().size();
    const std::size_t width_out = compiled.flat.program.outputs().size();
    const std::size_t events = width_in == 0 ? 0 : inputs.size() / width_in;
    std::vector<fixed::Integer> outputs(events * width_out);
    emulate::Engine(compiled.flat.program).run_exact(inputs, outputs);
    std::vector<rtl::Vector> vectors;
    for (std::size_t e = 0; e < events; ++e) {
        vectors.push_back(
            {rtl::pack(compiled.design.inputs, std::span(inputs).subspan(e * width_in, width_in)),
             rtl::pack(compiled.design.outputs,
                       std::span(outputs).subspan(e * width_out, width_out))});
    }
    return vectors;
}

std::vector<rtl::File> generated_files(const Compiled& compiled) {
    std::vector<rtl::File> files = rtl::verilog_files(compiled.netlist);
    for (auto& file : rtl::testbench_files(compiled.netlist, testbench_vectors(compiled))) {
        files.push_back(std::move(file));
    }
    const double clock = compiled.schedule.clock_mhz;
    for (auto& file : rtl::synthesis_files(compiled.netlist, compiled.device, clock)) {
        files.push_back(std::move(file));
    }
    return files;
}

}  // namespace

std::string version() {
    return GW_VERSION;
}

Status write_design_directory(const DesignContent& content, const Json& report,
                              const std::string& directory) {
    GW_TRY(StagedDirectory staged, StagedDirectory::create(directory, kDesignFile));
    Json hashes = Json::object();
    for (const rtl::File& file : content.files) {
        GW_TRY_STATUS(staged.write(file.path, file.content));
        hashes.set(file.path, sha256_hex(file.content));
    }
    const std::string model = frontends::write_native(content.model.typed.graph()).dump(1);
    GW_TRY_STATUS(staged.write(kModelFile, model + "\n"));
    hashes.set(kModelFile, sha256_hex(model + "\n"));
    if (content.model.float_graph) {
        const std::string float_model = frontends::write_native(*content.model.float_graph).dump(1);
        GW_TRY_STATUS(staged.write(kFloatModelFile, float_model + "\n"));
    }
    GW_TRY_STATUS(
        staged.write(kDesignFile, design_json(content, std::move(hashes)).dump(1) + "\n"));
    GW_TRY_STATUS(staged.write(kReportFile, report.dump(1) + "\n"));
    GW_TRY_STATUS(staged.write("report.html", report::to_html(report)));
    return staged.commit();
}

Status write_design_directory(const Compiled& compiled, const Json& report,
                              const std::string& directory) {
    DesignContent content{compiled.options, compiled, compiled.design.interface()};
    content.part = compiled.device.part;
    content.top = compiled.netlist.top().name;
    content.latency_cycles = compiled.schedule.latency_cycles;
    content.initiation_interval = compiled.schedule.initiation_interval;
    content.clock_mhz = compiled.schedule.clock_mhz;
    content.files = generated_files(compiled);
    content.files.push_back({runtime::kDataflowFile, dfg::to_text(compiled.flat.program)});
    return write_design_directory(content, report, directory);
}

Result<StoredDesign> read_design_directory(const std::string& directory) {
    const std::string path = directory + "/" + kDesignFile;
    GW_TRY(const Json json, read_json_file(path));
    const auto in_file = [&](auto result) -> decltype(result) {
        if (!result) return fail_in(path, result.error());
        return result;
    };
    GW_TRY_STATUS(in_file(runtime::check_design_format(json)));
    StoredDesign stored;
    GW_TRY(const Json* options, in_file(json.get_object("options")));
    GW_TRY(stored.options, in_file(options_from_json(*options)));
    GW_TRY(stored.options.name, in_file(json.get_string("name")));
    stored.options.model = directory;
    GW_TRY(const Json* source, in_file(json.get_object("source")));
    GW_TRY(stored.source.file, in_file(source->get_string("file")));
    GW_TRY(stored.source.sha256, in_file(source->get_string("sha256")));
    GW_TRY(stored.source.format, in_file(source->get_string("format")));
    GW_TRY(const Json* hashes, in_file(json.get_object("hashes")));
    for (const auto& [file, hash] : hashes->as_object()) {
        if (hash.is_string()) stored.hashes[file] = hash.as_string();
    }
    GW_TRY(const Json model, read_json_file(directory + "/" + kModelFile));
    GW_TRY(model::Graph graph, frontends::read_native(model));
    GW_TRY(stored.typed, model::infer_types(std::move(graph)));
    const std::string float_path = directory + "/" + kFloatModelFile;
    if (auto float_model = read_json_file(float_path)) {
        GW_TRY(stored.float_graph, frontends::read_native(*float_model));
    }
    return stored;
}

std::vector<std::string> rtl_paths(const rtl::Netlist& netlist, const std::string& directory) {
    std::vector<std::string> paths;
    for (const std::string& name : rtl::module_files(netlist))
        paths.push_back(directory + "/rtl/" + name + ".v");
    return paths;
}

Status check_files(const std::vector<rtl::File>& files, const std::string& directory) {
    for (const rtl::File& file : files) {
        GW_TRY(const std::string content, read_file(directory + "/" + file.path));
        if (content != file.content) {
            return fail(fmt::format("{}/{}: was changed after compilation; compile the model again",
                                    directory, file.path));
        }
    }
    return {};
}

Result<Json> read_report(const std::string& directory) {
    return read_json_file(directory + "/" + kReportFile);
}

Status write_report(const std::string& directory, const Json& report) {
    GW_TRY_STATUS(write_file(directory + "/" + kReportFile, report.dump(1) + "\n"));
    return write_file(directory + "/report.html", report::to_html(report));
}

}  // namespace gatewright::compile
