// SPDX-License-Identifier: Apache-2.0
#include "arch/stored_stages.h"

#include <fmt/format.h>

#include "arch/stored_stages_check.h"
#include "dfg/text.h"

namespace gatewright::arch {
namespace {

using fixed::Format;

constexpr std::int64_t kMostElements = std::int64_t{1} << 28;

Json to_json(const Format& format) {
    return Json(Json::Array{std::int64_t{format.is_signed ? 1 : 0}, std::int64_t{format.width},
                            std::int64_t{format.frac}});
}

Json to_json(const std::vector<Format>& formats) {
    Json json = Json::array();
    for (const Format& format : formats) json.push_back(to_json(format));
    return json;
}

Result<Format> format_from(const Json& json) {
    const bool fits = json.is_array() && json.as_array().size() == 3 &&
                      json.as_array()[0].is_integer() && json.as_array()[1].is_integer() &&
                      json.as_array()[2].is_integer();
    if (!fits) return fail("a format is [signed, width, frac]");
    const std::int64_t width = json.as_array()[1].as_integer();
    const std::int64_t frac = json.as_array()[2].as_integer();
    constexpr std::int64_t kMost = 1 << 14;
    if (width < 0 || width > kMost || frac < -kMost || frac > kMost) {
        return fail(fmt::format("a format of {} bits, frac {}", width, frac));
    }
    return Format{json.as_array()[0].as_integer() != 0, static_cast<int>(width),
                  static_cast<int>(frac)};
}

Result<std::vector<Format>> formats_from(const Json& json, std::string_view key) {
    GW_TRY(const Json::Array* entries, json.get_array(key));
    std::vector<Format> out;
    for (const Json& entry : *entries) {
        GW_TRY(const Format format, format_from(entry));
        out.push_back(format);
    }
    return out;
}

Json to_json(const Stream& stream) {
    Json json = Json::object();
    json.set("name", stream.name);
    json.set("shape", Json::array_of(stream.shape));
    json.set("words", stream.words);
    json.set("formats", to_json(stream.formats));
    if (!stream.producer.valid()) json.set("port", stream.port);
    return json;
}

Json to_json(const model::Window& window) {
    Json json = Json::object();
    json.set("extent", Json::array_of(window.extent));
    json.set("size", Json::array_of(window.size));
    json.set("stride", Json::array_of(window.stride));
    json.set("dilation", Json::array_of(window.dilation));
    json.set("before", Json::array_of(window.before));
    return json;
}

Json to_json(const LinearHead& head) {
    Json json = Json::object();
    json.set("input_formats", to_json(head.input_formats));
    json.set("weight_format", to_json(head.weight_format));
    json.set("weights", Json::array_of(head.weights));
    json.set("bias_format", to_json(head.bias_format));
    json.set("bias", Json::array_of(head.bias));
    json.set("sums", to_json(head.sums));
    return json;
}

Json to_json(const Stage& stage) {
    Json json = Json::object();
    json.set("name", stage.name);
    json.set("description", stage.description);
    Json inputs = Json::array();
    for (const StageInput& input : stage.inputs) {
        Json entry = Json::object();
        entry.set("stream", input.stream.index());
        if (std::holds_alternative<Compute>(stage.work)) entry.set("window", to_json(input.window));
        inputs.push_back(std::move(entry));
    }
    json.set("inputs", std::move(inputs));
    json.set("output", stage.output.index());
    if (const auto* move = std::get_if<Rearrange>(&stage.work)) {
        json.set("from", Json::array_of(move->from));
        return json;
    }
    const Compute& work = std::get<Compute>(stage.work);
    json.set("positions", Json::array_of(work.positions));
    Json parts = Json::array();
    for (const Part& part : work.parts) {
        Json entry = Json::object();
        if (part.head) entry.set("head", to_json(*part.head));
        entry.set("program", dfg::to_text(part.program));
        parts.push_back(std::move(entry));
    }
    json.set("parts", std::move(parts));
    if (!work.part_of.empty()) {
        Json part_of = Json::array();
        for (const std::uint32_t part : work.part_of) part_of.push_back(std::int64_t{part});
        json.set("part_of", std::move(part_of));
    }
    return json;
}

// Reads one design; every index is checked against what was read before it.
class Reader {
  public:
    explicit Reader(const dfg::Interface& ports) {
        design_.inputs = ports.inputs;
        design_.outputs = ports.outputs;
    }

    Result<StagedDesign> read(const Json& json) {
        GW_TRY(design_.name, json.get_string("name"));
        GW_TRY(const Json::Array* streams, json.get_array("streams"));
        for (const Json& entry : *streams) GW_TRY_STATUS(read_stream(entry));
        GW_TRY(const Json::Array* stages, json.get_array("stages"));
        for (const Json& entry : *stages) {
            const Status status = read_stage(entry);
            if (!status) {
                return fail_in(fmt::format("stage {}", design_.stages.size()), status.error());
            }
        }
        GW_TRY(const auto results, json.get_integers("results"));
        for (const std::int64_t result : results) {
            GW_TRY(const StreamId id, stream_id(result));
            design_.results.push_back(id);
        }
        GW_TRY_STATUS(check_structure(design_));
        return std::move(design_);
    }

  private:
    Result<StreamId> stream_id(std::int64_t index) const {
        if (index >= 0 && index < static_cast<std::int64_t>(design_.streams.size()))
            return StreamId(static_cast<std::size_t>(index));
        return fail(fmt::format("there is no stream {}", index));
    }

    Status read_stream(const Json& json) {
        Stream stream;
        GW_TRY(stream.name, json.get_string("name"));
        GW_TRY(stream.shape, json.get_integers("shape"));
        GW_TRY(const std::int64_t words, json.get_integer("words"));
        if (words < 1 || words > kMostElements) return fail("a stream has impossible words");
        stream.words = static_cast<std::size_t>(words);
        GW_TRY(stream.formats, formats_from(json, "formats"));
        for (const Format& format : stream.formats)
            stream.ranges.push_back(fixed::Interval::of(format));
        GW_TRY(const std::int64_t port, json.integer_or("port", 0));
        if (port < 0 || port >= static_cast<std::int64_t>(design_.inputs.size()))
            return fail(fmt::format("there is no input port {}", port));
        stream.port = static_cast<std::size_t>(port);
        design_.streams.push_back(std::move(stream));
        return {};
    }

    static Result<model::Window> read_window(const Json& json) {
        model::Window window;
        GW_TRY(window.extent, json.get_integers("extent"));
        GW_TRY(window.size, json.get_integers("size"));
        GW_TRY(window.stride, json.get_integers("stride"));
        GW_TRY(window.dilation, json.get_integers("dilation"));
        GW_TRY(window.before, json.get_integers("before"));
        const std::size_t axes = window.extent.size();
        if (window.size.size() != axes || window.stride.size() != axes ||
            window.dilation.size() != axes || window.before.size() != axes) {
            return fail("a window's lists have different lengths");
        }
        return window;
    }

    Result<LinearHead> read_head(const Json& json) const {
        LinearHead head;
        GW_TRY(head.input_formats, formats_from(json, "input_formats"));
        GW_TRY(head.sums, formats_from(json, "sums"));
        GW_TRY(const Json::Array* weight_format, json.get_array("weight_format"));
        GW_TRY(head.weight_format, format_from(Json(*weight_format)));
        GW_TRY(const Json::Array* bias_format, json.get_array("bias_format"));
        GW_TRY(head.bias_format, format_from(Json(*bias_format)));
        GW_TRY(head.weights, json.get_integers("weights"));
        GW_TRY(head.bias, json.get_integers("bias"));
        head.inputs = head.input_formats.size();
        head.outputs = head.sums.size();
        if (head.weights.size() != head.inputs * head.outputs || head.bias.size() != head.outputs)
            return fail("a head has another number of weights than inputs and outputs");
        for (const Format& sum : head.sums) head.sum_ranges.push_back(fixed::Interval::of(sum));
        return head;
    }

    Status read_stage(const Json& json) {
        Stage stage;
        GW_TRY(stage.name, json.get_string("name"));
        GW_TRY(stage.description, json.get_string("description"));
        GW_TRY(const std::int64_t output, json.get_integer("output"));
        GW_TRY(stage.output, stream_id(output));
        const StageId id(design_.stages.size());
        GW_TRY(const Json::Array* inputs, json.get_array("inputs"));
        if (inputs->empty()) return fail("has no inputs");
        for (const Json& entry : *inputs) {
            StageInput input;
            GW_TRY(const std::int64_t stream, entry.get_integer("stream"));
            GW_TRY(input.stream, stream_id(stream));
            if (entry.contains("window")) {
                GW_TRY(const Json* window, entry.get_object("window"));
                GW_TRY(input.window, read_window(*window));
            }
            design_.streams[input.stream.index()].readers.push_back({id, stage.inputs.size()});
            stage.inputs.push_back(std::move(input));
        }
        if (json.contains("from")) {
            Rearrange move;
            GW_TRY(move.from, json.get_integers("from"));
            stage.work = std::move(move);
        } else {
            GW_TRY(Compute work, read_compute(json));
            stage.work = std::move(work);
        }
        design_.streams[stage.output.index()].producer = id;
        design_.stages.push_back(std::move(stage));
        return {};
    }

    Result<Compute> read_compute(const Json& json) const {
        Compute work;
        GW_TRY(work.positions, json.get_integers("positions"));
        GW_TRY(const Json::Array* parts, json.get_array("parts"));
        if (parts->empty()) return fail("has no parts");
        for (const Json& entry : *parts) {
            Part part;
            if (entry.contains("head")) {
                GW_TRY(const Json* head, entry.get_object("head"));
                GW_TRY(part.head, read_head(*head));
            }
            GW_TRY(const std::string text, entry.get_string("program"));
            GW_TRY(part.program, dfg::parse_stored_text(text));
            work.parts.push_back(std::move(part));
        }
        if (json.contains("part_of")) {
            GW_TRY(const auto part_of, json.get_integers("part_of"));
            for (const std::int64_t part : part_of) {
                if (part < 0 || part >= static_cast<std::int64_t>(work.parts.size()))
                    return fail(fmt::format("there is no part {}", part));
                work.part_of.push_back(static_cast<std::uint32_t>(part));
            }
        }
        return work;
    }

    StagedDesign design_;
};

}  // namespace

Json to_json(const StagedDesign& design) {
    Json json = Json::object();
    json.set("name", design.name);
    Json streams = Json::array();
    for (const Stream& stream : design.streams) streams.push_back(to_json(stream));
    json.set("streams", std::move(streams));
    Json stages = Json::array();
    for (const Stage& stage : design.stages) stages.push_back(to_json(stage));
    json.set("stages", std::move(stages));
    Json results = Json::array();
    for (const StreamId result : design.results) results.push_back(result.index());
    json.set("results", std::move(results));
    return json;
}

Result<StagedDesign> stages_from_json(const Json& json, const dfg::Interface& ports) {
    return Reader(ports).read(json);
}

}  // namespace gatewright::arch
