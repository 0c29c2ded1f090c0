// SPDX-License-Identifier: Apache-2.0
//
// `gatewright evaluate`: how well the fixed-point design classifies labelled events, beside the
// floating point model where the file has one.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/commands.h"
#include "cli/events.h"
#include "cli/loading.h"
#include "cli/table.h"
#include "compile/compile.h"
#include "compile/design_directory.h"
#include "emulate/engine.h"
#include "report/metrics.h"
#include "support/parallel.h"
#include "tensor/npy.h"

namespace gatewright::cli {
namespace {

using Scores = tensor::Tensor<double>;

// The first `classes` values of each event.
Scores first_classes(const Scores& scores, std::size_t events, std::size_t classes) {
    const std::size_t width = events == 0 ? 0 : scores.size() / events;
    Scores out({static_cast<std::int64_t>(events), static_cast<std::int64_t>(classes)});
    for (std::size_t e = 0; e < events; ++e) {
        for (std::size_t c = 0; c < classes; ++c) out[e * classes + c] = scores[e * width + c];
    }
    return out;
}

// Curves compare one class's score over all events, so scores must be on one scale: raw logits
// become the probabilities of a softmax. The order within an event, and so the answer, stays the
// same.
Scores to_probabilities(Scores scores) {
    const auto classes = static_cast<std::size_t>(scores.shape[1]);
    for (std::size_t row = 0; row < scores.size(); row += classes) {
        double* const first = scores.data.data() + row;
        const double largest = *std::max_element(first, first + classes);
        double sum = 0;
        for (std::size_t c = 0; c < classes; ++c) sum += first[c] = std::exp(first[c] - largest);
        for (std::size_t c = 0; c < classes; ++c) first[c] /= sum;
    }
    return scores;
}

bool ends_in_softmax(const model::Graph& graph) {
    LayerId id = graph.outputs()[0];
    while (graph[id].layer->kind() == "quantize") id = graph[id].inputs[0];
    return graph[id].layer->kind() == "softmax";
}

Scores float_scores(const model::Graph& graph, const std::vector<Scores>& ports,
                    std::size_t events) {
    std::vector<model::Reals> results(events);
    parallel_for(events, 64, [&](std::size_t begin, std::size_t end) {
        for (std::size_t e = begin; e < end; ++e) {
            std::vector<model::Reals> inputs;
            for (const Scores& port : ports) {
                const tensor::Shape shape(port.shape.begin() + 1, port.shape.end());
                const std::size_t size = tensor::element_count(shape);
                const auto first = port.data.begin() + static_cast<std::ptrdiff_t>(e * size);
                inputs.emplace_back(
                    shape, std::vector<double>(first, first + static_cast<std::ptrdiff_t>(size)));
            }
            results[e] = model::evaluate_real(graph, inputs)[graph.outputs()[0].index()];
        }
    });
    Scores out;
    out.shape = {static_cast<std::int64_t>(events),
                 static_cast<std::int64_t>(events == 0 ? 0 : results[0].size())};
    for (const model::Reals& result : results)
        out.data.insert(out.data.end(), result.data.begin(), result.data.end());
    return out;
}

std::string metrics_text(const report::Metrics& fixed, const std::optional<report::Metrics>& ideal,
                         const std::vector<std::string>& names) {
    std::string out =
        fmt::format("{} events, accuracy {:.4f}",
                    with_commas(static_cast<std::int64_t>(fixed.events)), fixed.accuracy);
    if (ideal) out += fmt::format(" (floating point {:.4f})", ideal->accuracy);
    out += "\n\n";
    std::vector<std::vector<std::string>> rows = {{"class", "AUC"}};
    if (ideal) rows[0].emplace_back("AUC float");
    for (std::size_t c = 0; c < fixed.confusion.size(); ++c) rows[0].push_back("-> " + names[c]);
    for (std::size_t c = 0; c < fixed.confusion.size(); ++c) {
        const bool has_curve = c < fixed.roc.size();
        rows.push_back({names[c], has_curve ? fmt::format("{:.4f}", fixed.roc[c].auc) : ""});
        if (ideal)
            rows.back().push_back(c < ideal->roc.size() ? fmt::format("{:.4f}", ideal->roc[c].auc)
                                                        : "");
        for (const std::size_t count : fixed.confusion[c])
            rows.back().push_back(std::to_string(count));
    }
    return out + to_table(rows);
}

}  // namespace

Result<Outcome> run_evaluate(const EvaluateArgs& args, Progress& progress) {
    GW_TRY(const LoadedFunction loaded, load_function(args.options, progress));
    progress.stage("read events");
    GW_TRY(const Events events, read_events(loaded.ports, args.data));
    GW_TRY(const auto labels, tensor::read_doubles(args.labels));
    const std::size_t outputs = loaded.ports.outputs[0].elements.size();
    const std::size_t classes = args.classes == 0 ? outputs : args.classes;
    if (classes > outputs) {
        return fail(
            fmt::format("--classes {} is more than the model's {} outputs", classes, outputs));
    }
    std::vector<std::string> names = args.class_names;
    if (!names.empty() && names.size() != classes) {
        return fail(
            fmt::format("--class-names has {} names for {} classes", names.size(), classes));
    }
    if (names.empty()) {
        for (std::size_t c = 0; c < std::max<std::size_t>(classes, 2); ++c)
            names.push_back(std::to_string(c));
    }
    progress.stage("emulate");
    const auto codes = run_codes(*loaded.batch, events.codes, events.count);
    const auto scores = emulate::to_reals(loaded.ports.outputs, codes);
    const bool logits = classes > 1 && !ends_in_softmax(loaded.typed.graph());
    const auto measure = [&](const Scores& values) -> Result<report::Metrics> {
        Scores part = first_classes(values, events.count, classes);
        if (logits) part = to_probabilities(std::move(part));
        auto metrics = report::classification_metrics(part, labels);
        if (!metrics) return fail_in(args.labels, metrics.error());
        return metrics;
    };
    GW_TRY(const report::Metrics fixed, measure(scores[0]));
    std::optional<report::Metrics> ideal;
    if (loaded.float_graph) {
        progress.stage("floating-point model");
        GW_TRY(const auto arrays, read_port_arrays(loaded.ports.inputs, args.data));
        GW_TRY(ideal, measure(float_scores(*loaded.float_graph, arrays, events.count)));
    }
    Outcome out;
    out.text = metrics_text(fixed, ideal, names);
    if (logits) out.text += "  AUC of softmax(outputs), each class against the rest\n";
    out.json = report::to_json(fixed, names);
    out.json.set("float_accuracy", ideal ? Json(ideal->accuracy) : Json());
    if (ideal) out.json.set("float", report::to_json(*ideal, names));
    if (compile::is_design_directory(args.options.model)) {
        GW_TRY(Json report, compile::read_report(args.options.model));
        report.set("metrics", out.json);
        GW_TRY_STATUS(compile::write_report(args.options.model, report));
    }
    return out;
}

}  // namespace gatewright::cli
