// SPDX-License-Identifier: Apache-2.0
//
// The result of a verification for report.json and for a person.
#include <fmt/format.h>

#include <algorithm>

#include "verify/verify.h"

namespace gatewright::verify {
namespace {

Json difference_json(const Difference& difference) {
    Json json = Json::object();
    json.set("event", difference.event);
    json.set("port", difference.port);
    json.set("element", difference.element);
    json.set("expected", difference.expected);
    json.set("found", difference.found);
    json.set("inputs", difference.inputs);
    return json;
}

Json evaluator_json(const EvaluatorResult& row) {
    Json json = Json::object();
    json.set("evaluator", row.name);
    if (!row.tool.empty()) json.set("tool", row.tool);
    json.set("vectors", row.vectors);
    json.set("mismatches", row.mismatches);
    if (!row.failure.empty()) json.set("failure", row.failure);
    if (row.first) json.set("first_difference", difference_json(*row.first));
    json.set("seconds", row.seconds);
    return json;
}

std::size_t count(const std::vector<ProofResult>& proofs, Outcome outcome) {
    return static_cast<std::size_t>(
        std::count_if(proofs.begin(), proofs.end(),
                      [outcome](const ProofResult& proof) { return proof.outcome == outcome; }));
}

std::string proofs_text(const VerifyResult& result) {
    std::string text =
        fmt::format("  proofs     {} of {} layers proven for all inputs, {} only tested\n",
                    count(result.proofs, Outcome::kProven), result.proofs.size(),
                    count(result.proofs, Outcome::kTestedOnly));
    if (result.every_layer_proven)
        text += "             so the dataflow equals the reference for every input\n";
    for (const ProofResult& proof : result.proofs) {
        if (proof.outcome == Outcome::kProven) continue;
        text += fmt::format("             {} ({}): {}: {}\n", proof.layer, proof.kind,
                            to_string(proof.outcome), proof.detail);
    }
    if (result.passes_proof) {
        const ProofResult& proof = *result.passes_proof;
        text += fmt::format("  passes     {} to change no result: {}\n", to_string(proof.outcome),
                            proof.detail);
    }
    if (result.netlist_proof) {
        const ProofResult& proof = *result.netlist_proof;
        text += fmt::format("  netlist    {} equal to the dataflow: {}\n", to_string(proof.outcome),
                            proof.detail);
    }
    return text;
}

}  // namespace

Json to_json(const VerifyResult& result) {
    Json json = Json::object();
    json.set("passed", result.passed());
    json.set("edge_vectors", result.edge_vectors);
    json.set("random_vectors", result.random_vectors);
    json.set("data_vectors", result.data_vectors);
    json.set("exhaustive_vectors", result.exhaustive_vectors);
    json.set("seed", static_cast<std::int64_t>(result.seed));
    json.set("latency_cycles", std::int64_t{result.latency_cycles});
    if (result.measured_latency) json.set("measured_latency_cycles", *result.measured_latency);
    Json evaluators = Json::array();
    for (const EvaluatorResult& row : result.evaluators) evaluators.push_back(evaluator_json(row));
    json.set("evaluators", std::move(evaluators));
    Json proofs = Json::array();
    for (const ProofResult& proof : result.proofs) proofs.push_back(to_json(proof));
    if (result.passes_proof) proofs.push_back(to_json(*result.passes_proof));
    if (result.netlist_proof) proofs.push_back(to_json(*result.netlist_proof));
    json.set("proofs", std::move(proofs));
    json.set("every_layer_proven", result.every_layer_proven);
    json.set("notes", Json::array_of(result.notes));
    json.set("seconds", result.seconds);
    return json;
}

std::string to_text(const VerifyResult& result) {
    std::string text = fmt::format("verification {}: {} edge, {} random and {} data events\n",
                                   result.passed() ? "passed" : "FAILED", result.edge_vectors,
                                   result.random_vectors, result.data_vectors);
    if (result.exhaustive_vectors > 0) {
        text += fmt::format("  and all {} events there are\n", result.exhaustive_vectors);
    }
    for (const EvaluatorResult& row : result.evaluators) {
        const bool good = row.mismatches == 0 && row.failure.empty();
        text += fmt::format("  {:<10} {:>9} events  {:>7} mismatches  {:7.2f} s  {}\n", row.name,
                            row.vectors, row.mismatches, row.seconds, good ? "" : "WRONG");
        if (!row.failure.empty()) text += "             " + row.failure + "\n";
        if (!row.first) continue;
        text += fmt::format(
            "             first in event {}: {}[{}] is {}, expected {}; input codes {}\n",
            row.first->event, row.first->port, row.first->element, row.first->found,
            row.first->expected, row.first->inputs);
    }
    if (result.measured_latency) {
        text += fmt::format("  timing     latency {} cycles and an event every {}, measured\n",
                            *result.measured_latency,
                            result.initiation_interval == 1
                                ? "cycle"
                                : fmt::format("{} cycles", result.initiation_interval));
    }
    if (!result.proofs.empty()) text += proofs_text(result);
    for (const std::string& note : result.notes) text += "  note       " + note + "\n";
    return text;
}

}  // namespace gatewright::verify
