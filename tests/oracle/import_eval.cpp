// SPDX-License-Identifier: Apache-2.0
//
// import_eval MODEL X.npy Y.npy: imports a model, runs its dataflow on every event of X and
// compares with the outputs Y that the training package computed. Several models: repeat the three
// arguments. Exit status 0 only if every output of every event is equal, and the reference loops
// agree too.
#include <fmt/format.h>

#include <cstdio>
#include <span>

#include "frontends/import.h"
#include "support/check.h"
#include "support/model_run.h"
#include "tensor/npy.h"

namespace gatewright {
namespace {

constexpr std::size_t kReferenceEvents = 50;

Result<std::size_t> mismatches(const std::string& model, const std::string& x_path,
                               const std::string& y_path) {
    GW_TRY(const frontends::ImportedModel imported, frontends::import_model(model));
    GW_TRY(const auto x, tensor::read_doubles(x_path));
    GW_TRY(const auto y, tensor::read_doubles(y_path));
    GW_TRY(const testing::ModelRun run, testing::run_model(imported.graph, x, kReferenceEvents));
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

bool all_equal(std::span<char*> arguments) {
    bool equal = true;
    for (std::size_t i = 0; i + 2 < arguments.size(); i += 3) {
        const auto wrong = mismatches(arguments[i], arguments[i + 1], arguments[i + 2]);
        if (!wrong) fmt::print("{}: {}\n", arguments[i], wrong.error().message);
        equal = equal && wrong.has_value() && *wrong == 0;
    }
    return equal;
}

}  // namespace
}  // namespace gatewright

int main(int argc, char** argv) {
    const std::span<char*> arguments(argv + 1, static_cast<std::size_t>(argc - 1));
    if (arguments.empty() || arguments.size() % 3 != 0) {
        fmt::print(stderr, "usage: import_eval MODEL X.npy Y.npy [MODEL X.npy Y.npy ...]\n");
        return 2;
    }
    try {
        return gatewright::all_equal(arguments) ? 0 : 1;
    } catch (const gatewright::InternalError& error) {
        fmt::print(stderr, "internal error: {}\n", error.what());
        return 3;
    }
}
