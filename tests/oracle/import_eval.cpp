// SPDX-License-Identifier: Apache-2.0
//
// import_eval [--reference] [--precision TYPE] MODEL X.npy Y.npy: imports a model, runs its
// dataflow on every event of X and compares with the outputs Y that the training package computed.
// Several models: repeat the three arguments. Exit status 0 only if every output of every event is
// equal, and the reference loops agree too. --reference runs the loops alone, for networks too
// large to be unrolled; --precision is the type of models that carry none.
#include <fmt/format.h>

#include <cstdio>
#include <span>
#include <string_view>

#include "frontends/import.h"
#include "layers/input.h"
#include "support/check.h"
#include "support/model_run.h"
#include "tensor/npy.h"

namespace gatewright {
namespace {

constexpr std::size_t kReferenceEvents = 50;

struct Options {
    bool only_reference = false;
    frontends::ImportParams params;
};

/// Events of one port through the reference loops.
Result<testing::ModelRun> run_reference(const model::Graph& graph,
                                        const tensor::Tensor<double>& inputs) {
    const auto& port = static_cast<const layers::Input&>(*graph[graph.inputs().at(0)].layer);
    const std::size_t width = tensor::element_count(port.shape);
    testing::ModelRun run;
    for (std::size_t first = 0; first + width <= inputs.size(); first += width) {
        model::Values x(port.shape);
        for (std::size_t i = 0; i < width; ++i) {
            const fixed::Cast& type = port.type.size() == 1 ? port.type[0] : port.type[i];
            x[i] = cast_value(fixed::Dyadic::from_double(inputs[first + i]).value(), type);
        }
        const auto values = model::evaluate_reference(graph, std::vector<model::Values>{x});
        for (const LayerId output : graph.outputs()) {
            for (const fixed::Dyadic& y : values[output.index()].data)
                run.outputs.data.push_back(y.to_double());
        }
    }
    const auto events = static_cast<std::int64_t>(inputs.size() / width);
    run.outputs.shape = {events, static_cast<std::int64_t>(run.outputs.data.size()) / events};
    return run;
}

Result<std::size_t> mismatches(const Options& options, const std::string& model,
                               const std::string& x_path, const std::string& y_path) {
    GW_TRY(const frontends::ImportedModel imported, frontends::import_model(model, options.params));
    GW_TRY(const auto x, tensor::read_doubles(x_path));
    GW_TRY(const auto y, tensor::read_doubles(y_path));
    GW_TRY(const testing::ModelRun run,
           options.only_reference ? run_reference(imported.graph, x)
                                  : testing::run_model(imported.graph, x, kReferenceEvents));
    if (run.outputs.size() != y.size()) {
        return fail(fmt::format("{} outputs, expected {}", run.outputs.size(), y.size()));
    }
    std::size_t wrong = run.reference_mismatches;
    std::size_t first = y.size();
    for (std::size_t i = 0; i < y.size(); ++i) {
        if (run.outputs[i] == y[i]) continue;
        if (first == y.size()) first = i;
        ++wrong;
    }
    if (first < y.size()) {
        const auto columns = static_cast<std::size_t>(run.outputs.shape[1]);
        fmt::print("{}: event {} output {}: {} expected {}\n", model, first / columns,
                   first % columns, run.outputs[first], y[first]);
    }
    double stored = 0;
    for (const auto& [layer, ebops] : imported.stored_ebops) stored += ebops;
    fmt::print("{}: {} of {} outputs differ ({} by reference); EBOPs {:.0f} stored {:.0f}\n", model,
               wrong, y.size(), run.reference_mismatches, run.ebops, stored);
    for (const std::string& warning : imported.warnings) fmt::print("  warning: {}\n", warning);
    return wrong;
}

bool all_equal(const Options& options, std::span<char*> arguments) {
    bool equal = true;
    for (std::size_t i = 0; i + 2 < arguments.size(); i += 3) {
        const auto wrong = mismatches(options, arguments[i], arguments[i + 1], arguments[i + 2]);
        if (!wrong) fmt::print("{}: {}\n", arguments[i], wrong.error().message);
        equal = equal && wrong.has_value() && *wrong == 0;
    }
    return equal;
}

}  // namespace
}  // namespace gatewright

int main(int argc, char** argv) {
    std::span<char*> arguments(argv + 1, static_cast<std::size_t>(argc - 1));
    gatewright::Options options;
    if (!arguments.empty() && std::string_view(arguments[0]) == "--reference") {
        options.only_reference = true;
        arguments = arguments.subspan(1);
    }
    if (arguments.size() > 1 && std::string_view(arguments[0]) == "--precision") {
        const auto type = gatewright::fixed::parse_cast(arguments[1]);
        if (!type) {
            fmt::print(stderr, "--precision: {}\n", type.error().message);
            return 2;
        }
        options.params.precision.everywhere = *type;
        arguments = arguments.subspan(2);
    }
    if (arguments.empty() || arguments.size() % 3 != 0) {
        fmt::print(stderr,
                   "usage: import_eval [--reference] [--precision TYPE] MODEL X.npy Y.npy [MODEL "
                   "X.npy Y.npy ...]\n");
        return 2;
    }
    try {
        return gatewright::all_equal(options, arguments) ? 0 : 1;
    } catch (const gatewright::InternalError& error) {
        fmt::print(stderr, "internal error: {}\n", error.what());
        return 3;
    }
}
