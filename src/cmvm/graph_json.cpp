// SPDX-License-Identifier: Apache-2.0
#include "cmvm/graph_json.h"

#include <string>

namespace gatewright::cmvm {
namespace {

constexpr std::int64_t kWidestShift = 4096;

// Integers of one entry of "nodes" or "outputs".
using Fields = std::vector<std::int64_t>;

Result<Fields> fields_of(const Json& entry) {
    if (!entry.is_array()) {
        return fail("adder graph: an entry is " + std::string(entry.type_name()) +
                    ", expected an array of integers");
    }
    Fields fields;
    for (const Json& field : entry.as_array()) {
        if (field.is_bool()) {
            fields.push_back(field.as_bool() ? 1 : 0);
        } else if (field.is_integer()) {
            fields.push_back(field.as_integer());
        } else {
            return fail("adder graph: a field is " + std::string(field.type_name()) +
                        ", expected an integer");
        }
    }
    return fields;
}

// True if fields[at] is a value below `made`, fields[shift] a shift and fields[sign] 1 or -1.
bool is_operand(const Fields& fields, std::size_t at, std::size_t shift, std::size_t made) {
    return fields[at] >= 0 && fields[at] < static_cast<std::int64_t>(made) && fields[shift] >= 0 &&
           fields[shift] <= kWidestShift;
}

bool is_sign(std::int64_t field) {
    return field == 1 || field == -1;
}

Result<AdderNode> node_of(const Fields& fields, std::size_t made) {
    const bool two = fields.size() == 5;
    const bool three = fields.size() == 8;
    if (!(two || three) || !is_operand(fields, 0, 2, made) || !is_operand(fields, 1, 3, made) ||
        !is_sign(fields[4]) ||
        (three && (!is_operand(fields, 5, 6, made) || !is_sign(fields[7])))) {
        return fail("adder graph: node " + std::to_string(made) +
                    " is no adder of earlier values, expected [a, b, shift_a, shift_b, sign]");
    }
    const auto narrow = [](std::int64_t field) { return static_cast<std::int32_t>(field); };
    AdderNode node{narrow(fields[0]), narrow(fields[1]), narrow(fields[2]), narrow(fields[3]),
                   fields[4] < 0};
    if (three) {
        node.c = narrow(fields[5]);
        node.shift_c = narrow(fields[6]);
        node.subtract_c = fields[7] < 0;
    }
    return node;
}

}  // namespace

Json to_json(const AdderGraph& graph) {
    Json nodes = Json::array();
    for (const AdderNode& node : graph.nodes) {
        Json::Array fields = {node.a, node.b, node.shift_a, node.shift_b, node.subtract ? -1 : 1};
        if (node.is_ternary()) {
            fields.insert(fields.end(), {node.c, node.shift_c, node.subtract_c ? -1 : 1});
        }
        nodes.push_back(std::move(fields));
    }
    Json outputs = Json::array();
    for (const AdderOutput& output : graph.outputs) {
        outputs.push_back(Json::Array{output.value, output.shift, output.negate});
    }
    Json out = Json::object();
    out.set("nodes", std::move(nodes)).set("outputs", std::move(outputs));
    return out;
}

Result<AdderGraph> graph_from_json(const Json& json, std::size_t inputs) {
    GW_TRY(const Json::Array* nodes, json.get_array("nodes"));
    GW_TRY(const Json::Array* outputs, json.get_array("outputs"));
    AdderGraph graph{inputs, {}, {}};
    for (const Json& entry : *nodes) {
        GW_TRY(const Fields fields, fields_of(entry));
        GW_TRY(const AdderNode node, node_of(fields, inputs + graph.nodes.size()));
        graph.nodes.push_back(node);
    }
    const auto values = static_cast<std::int64_t>(inputs + graph.nodes.size());
    for (const Json& entry : *outputs) {
        GW_TRY(const Fields fields, fields_of(entry));
        if (fields.size() != 3 || fields[0] < -1 || fields[0] >= values || fields[1] < 0 ||
            fields[1] > kWidestShift || fields[2] < 0 || fields[2] > 1) {
            return fail("adder graph: output " + std::to_string(graph.outputs.size()) +
                        " is no value of the graph, expected [node, shift, negate]");
        }
        graph.outputs.push_back({static_cast<std::int32_t>(fields[0]),
                                 static_cast<std::int32_t>(fields[1]), fields[2] == 1});
    }
    return graph;
}

}  // namespace gatewright::cmvm
