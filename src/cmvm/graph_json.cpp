// SPDX-License-Identifier: Apache-2.0
#include "cmvm/graph_json.h"

namespace gatewright::cmvm {

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

}  // namespace gatewright::cmvm
