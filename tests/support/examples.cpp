// SPDX-License-Identifier: Apache-2.0
#include "support/examples.h"

#include "layers/input.h"

namespace gatewright::testing {

using fixed::Integer;

model::Graph one_layer_graph(const model::Example& example) {
    model::Graph graph;
    std::vector<LayerId> inputs;
    for (const model::TensorType& type : example.inputs) {
        layers::Input input;
        input.shape = type.shape;
        for (const fixed::Interval& range : type.elements)
            input.type.push_back({.format = format_of(range)});
        inputs.push_back(graph.add("x", "", std::move(input), {}));
    }
    graph.add_output(graph.add("layer", "", example.layer->clone(), inputs));
    return graph;
}

std::vector<std::vector<Integer>> test_events(const arch::Design& design, std::size_t random,
                                              Rng& rng) {
    std::vector<fixed::Format> formats;
    for (const arch::Port& port : design.inputs) {
        for (const fixed::Cast& element : port.elements) formats.push_back(element.format);
    }
    std::vector<std::vector<Integer>> events(6 + random);
    for (std::size_t i = 0; i < formats.size(); ++i) {
        const fixed::Format& format = formats[i];
        events[0].push_back(format.min_code());
        events[1].push_back(format.max_code());
        events[2].emplace_back(0);
        events[3].push_back(format.wrap(1));
        events[4].push_back(format.wrap(-1));
        events[5].push_back(i % 2 == 0 ? format.min_code() : format.max_code());
        for (std::size_t e = 6; e < events.size(); ++e) {
            Integer code = 0;
            for (int bits = 0; bits < format.width; bits += 32) {
                code = (code << 32) + Integer(static_cast<std::int64_t>(rng.below(1ULL << 32U)));
            }
            events[e].push_back(format.wrap(code));
        }
    }
    return events;
}

std::vector<model::Values> port_values(const arch::Design& design,
                                       const std::vector<Integer>& codes) {
    std::vector<model::Values> out;
    std::size_t next = 0;
    for (const arch::Port& port : design.inputs) {
        model::Values values(port.shape);
        for (std::size_t i = 0; i < port.elements.size(); ++i) {
            values[i] = fixed::Dyadic(codes[next++], -port.elements[i].format.frac);
        }
        out.push_back(std::move(values));
    }
    return out;
}

}  // namespace gatewright::testing
