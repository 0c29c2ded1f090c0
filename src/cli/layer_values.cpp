// SPDX-License-Identifier: Apache-2.0
#include "cli/layer_values.h"

#include <fmt/format.h>

#include <cmath>

#include "cli/loading.h"
#include "support/files.h"
#include "tensor/npy.h"

namespace gatewright::cli {

using tensor::Tensor;

std::vector<Tensor<double>> layer_values(const model::TypedGraph& typed,
                                         std::span<const dfg::Port> inputs,
                                         std::span<const std::int64_t> codes, std::size_t events) {
    const model::Graph& graph = typed.graph();
    std::vector<Tensor<double>> out;
    for (std::size_t n = 0; n < graph.size(); ++n) {
        tensor::Shape shape = typed.type(LayerId(n)).shape;
        shape.insert(shape.begin(), static_cast<std::int64_t>(events));
        out.emplace_back(shape);
    }
    std::size_t next = 0;
    for (std::size_t e = 0; e < events; ++e) {
        std::vector<model::Values> event;
        for (const dfg::Port& port : inputs) {
            model::Values values(port.shape);
            for (std::size_t i = 0; i < values.size(); ++i) {
                values[i] =
                    fixed::Dyadic(fixed::Integer(codes[next++]), -port.elements[i].format.frac);
            }
            event.push_back(std::move(values));
        }
        const auto all = model::evaluate_reference(graph, event);
        for (std::size_t n = 0; n < all.size(); ++n) {
            for (std::size_t i = 0; i < all[n].size(); ++i)
                out[n][e * all[n].size() + i] = all[n][i].to_double();
        }
    }
    return out;
}

namespace {

Tensor<std::int64_t> codes_of(const model::TensorType& type, const Tensor<double>& values) {
    Tensor<std::int64_t> codes(values.shape);
    const std::size_t elements = type.elements.size();
    for (std::size_t i = 0; i < values.size(); ++i) {
        codes[i] =
            static_cast<std::int64_t>(std::ldexp(values[i], type.elements[i % elements].frac));
    }
    return codes;
}

}  // namespace

Status write_trace(const model::TypedGraph& typed, const std::vector<Tensor<double>>& layers,
                   events::Values values, const std::string& folder) {
    GW_TRY(StagedDirectory staged, StagedDirectory::create(folder, "trace.txt"));
    std::string index;
    for (std::size_t n = 0; n < layers.size(); ++n) {
        const LayerId layer(n);
        const std::string& name = typed.graph()[layer].name;
        const std::string file = safe_file_name(name) + ".npy";
        GW_TRY_STATUS(
            staged.write(file, values == events::Values::kReal
                                   ? tensor::to_npy(layers[n])
                                   : tensor::to_npy(codes_of(typed.type(layer), layers[n]))));
        index += fmt::format("{}\t{}\t{}\n", file, name, format_summary(typed.type(layer)));
    }
    GW_TRY_STATUS(staged.write("trace.txt", index));
    return staged.commit();
}

}  // namespace gatewright::cli
