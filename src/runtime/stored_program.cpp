// SPDX-License-Identifier: Apache-2.0
#include "runtime/stored_program.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "arch/design.h"
#include "arch/stored_stages.h"
#include "dfg/text.h"
#include "emulate/engine.h"
#include "emulate/staged_engine.h"
#include "frontends/native/native.h"
#include "opt/graph_passes.h"
#include "support/files.h"

namespace gatewright::runtime {
namespace {

Json port_to_json(const dfg::Port& port) {
    Json elements = Json::array();
    for (std::size_t i = 0; i < port.elements.size(); ++i) {
        const fixed::Cast& cast = port.elements[i];
        Json element = Json::object();
        element.set("type", to_string(cast));
        element.set("signed", cast.format.is_signed);
        element.set("width", std::int64_t{cast.format.width});
        element.set("frac", std::int64_t{cast.format.frac});
        element.set("bit_offset", std::int64_t{port.bit_offset[i]});
        elements.push_back(std::move(element));
    }
    Json json = Json::object();
    json.set("name", port.name);
    json.set("shape", Json::array_of(port.shape));
    json.set("width", std::int64_t{port.width});
    json.set("elements", std::move(elements));
    return json;
}

Result<int> small_integer(const Json& json, std::string_view key) {
    constexpr std::int64_t kMost = 1 << 30;
    GW_TRY(const std::int64_t value, json.get_integer(key));
    if (value < 0 || value > kMost) {
        return fail(fmt::format("'{}' is {}, expected 0 to {}", key, value, kMost));
    }
    return static_cast<int>(value);
}

// The number of elements, without overflow for any shape a file can hold.
Result<std::size_t> elements_of(const tensor::Shape& shape) {
    constexpr std::int64_t kMost = 1 << 24;
    std::int64_t count = 1;
    for (const std::int64_t size : shape) {
        if (size < 0 || size > kMost || count * size > kMost)
            return fail("shape " + tensor::to_string(shape) + " is not possible");
        count *= size;
    }
    return static_cast<std::size_t>(count);
}

Result<dfg::Port> port_from_json(const Json& json) {
    dfg::Port port;
    GW_TRY(port.name, json.get_string("name"));
    GW_TRY(port.shape, json.get_integers("shape"));
    GW_TRY(port.width, small_integer(json, "width"));
    GW_TRY(const Json::Array* elements, json.get_array("elements"));
    GW_TRY(const std::size_t expected, elements_of(port.shape));
    if (elements->size() != expected) {
        return fail(fmt::format("port '{}' has {} elements, its shape {} needs {}", port.name,
                                elements->size(), tensor::to_string(port.shape), expected));
    }
    for (const Json& element : *elements) {
        GW_TRY(const std::string type, element.get_string("type"));
        GW_TRY(const fixed::Cast cast, fixed::parse_cast(type));
        port.elements.push_back(cast);
        GW_TRY(const int offset, small_integer(element, "bit_offset"));
        port.bit_offset.push_back(offset);
    }
    return port;
}

// Every port element has its value in the program, with the same format.
Status check_ports(const StoredProgram& stored) {
    const auto check = [&](const std::vector<dfg::Port>& ports, auto values,
                           std::string_view what) -> Status {
        std::size_t next = 0;
        for (const dfg::Port& port : ports) {
            for (const fixed::Cast& element : port.elements) {
                const bool agrees =
                    next < values.size() && stored.program[values[next]].format == element.format;
                if (!agrees) {
                    return fail(fmt::format("{} {} of port '{}' is not what {} has", what, next,
                                            port.name, kDataflowFile));
                }
                ++next;
            }
        }
        if (next == values.size()) return {};
        return fail(fmt::format("the ports have {} {}s, {} has {}", next, what, kDataflowFile,
                                values.size()));
    };
    GW_TRY_STATUS(check(stored.ports.inputs, stored.program.inputs(), "input"));
    return check(stored.ports.outputs, stored.program.outputs(), "output");
}

// The file that holds the function, and its hash.
struct FunctionFile {
    std::string_view name = kDataflowFile;
    std::string hash;
};

Result<FunctionFile> function_file(const Json& design) {
    GW_TRY(const Json* hashes, design.get_object("hashes"));
    FunctionFile file;
    if (hashes->contains(kStagesFile)) file.name = kStagesFile;
    if (!hashes->contains(file.name)) {
        return fail(
            fmt::format("has no {}: it was written by an older gatewright; compile the "
                        "model again",
                        kDataflowFile));
    }
    GW_TRY(file.hash, hashes->get_string(file.name));
    return file;
}

Result<arch::StagedDesign> parse_stages(const std::string& text, const dfg::Interface& ports) {
    GW_TRY(const Json json, parse_json(text));
    return arch::stages_from_json(json, ports);
}

// Everything in design.json but the program.
Result<StoredProgram> program_facts(const Json& design) {
    StoredProgram out;
    GW_TRY(out.name, design.get_string("name"));
    GW_TRY(out.part, design.get_string("part"));
    GW_TRY(out.clock_mhz, design.get_number("clock_mhz"));
    GW_TRY(out.latency_cycles, small_integer(design, "latency_cycles"));
    GW_TRY(out.initiation_interval, small_integer(design, "ii"));
    GW_TRY(out.ports.inputs, ports_from_json(design, "inputs"));
    GW_TRY(out.ports.outputs, ports_from_json(design, "outputs"));
    return out;
}

Result<StoredProgram> from_design(const Json& design, const std::string& path) {
    const auto in_file = [&](auto result) -> decltype(result) {
        if (!result) return fail_in(path, result.error());
        return result;
    };
    GW_TRY_STATUS(in_file(check_design_format(design)));
    GW_TRY(const FunctionFile file, in_file(function_file(design)));
    GW_TRY(StoredProgram out, in_file(program_facts(design)));
    const std::string text_path = (std::filesystem::path(path).parent_path() / file.name).string();
    GW_TRY(const std::string text, read_file(text_path));
    if (sha256_hex(text) != file.hash) {
        return fail(
            fmt::format("{}: is not the file that {} was written with; compile the model "
                        "again",
                        text_path, path));
    }
    if (file.name == kStagesFile) {
        auto stages = parse_stages(text, out.ports);
        if (!stages) return fail_in(text_path, stages.error());
        out.stages = std::move(*stages);
        return out;
    }
    auto program = dfg::parse_stored_text(text);
    if (!program) return fail_in(text_path, program.error());
    out.program = std::move(*program);
    GW_TRY_STATUS(in_file(check_ports(out)));
    return out;
}

Result<StoredProgram> from_model(const std::string& path) {
    GW_TRY(frontends::ImportedModel model, frontends::import_native(path, {}));
    auto typed = model::infer_types(opt::fuse(std::move(model.graph)));
    if (!typed) return fail_in(path, typed.error());
    const arch::Design design = arch::build_design(*typed);
    StoredProgram out;
    out.name = design.name;
    out.ports = design.interface();
    out.program = arch::flatten(design).program;
    return out;
}

}  // namespace

std::unique_ptr<emulate::BatchFunction> make_function(const StoredProgram& stored) {
    if (stored.stages) return std::make_unique<emulate::StagedEngine>(*stored.stages);
    return std::make_unique<emulate::Engine>(stored.program);
}

Json ports_to_json(const std::vector<dfg::Port>& ports) {
    Json json = Json::array();
    for (const dfg::Port& port : ports) json.push_back(port_to_json(port));
    return json;
}

Result<std::vector<dfg::Port>> ports_from_json(const Json& design, std::string_view key) {
    GW_TRY(const Json::Array* entries, design.get_array(key));
    std::vector<dfg::Port> ports;
    for (const Json& entry : *entries) {
        auto port = port_from_json(entry);
        if (!port) return fail_in(key, port.error());
        ports.push_back(std::move(*port));
    }
    return ports;
}

Status check_design_format(const Json& design) {
    GW_TRY(const std::string format, design.get_string("format"));
    GW_TRY(const std::int64_t version, design.get_integer("version"));
    if (format == kDesignFormat && version == kDesignFormatVersion) return {};
    return fail(fmt::format("is format {} version {}; this version reads {} version {}", format,
                            version, kDesignFormat, kDesignFormatVersion));
}

Result<StoredProgram> load_program(const std::string& path) {
    std::error_code ignored;
    const bool is_directory = std::filesystem::is_directory(path, ignored);
    const std::filesystem::path in_directory = std::filesystem::path(path) / kDesignFile;
    if (is_directory && !std::filesystem::exists(in_directory, ignored)) {
        return fail(path +
                    ": is no design directory (it has no design.json); `gatewright compile "
                    "MODEL -o DIR` makes one");
    }
    const std::string file = is_directory ? in_directory.string() : path;
    GW_TRY(const Json json, read_json_file(file));
    const Json* format = json.find("format");
    const bool is_model =
        format != nullptr && format->is_string() && format->as_string() == frontends::kNativeFormat;
    return is_model ? from_model(file) : from_design(json, file);
}

}  // namespace gatewright::runtime
