// SPDX-License-Identifier: Apache-2.0
//
// Our side of the interchange oracle (tests/oracle/interchange/check.py drives it).
//
//   interchange_eval make FOLDER COUNT SEED   random programs as <n>_alir.json.gz and
//   <n>_dais.json, with
//                                             events <n>_x.npy and our outputs <n>_y.npy; even n
//                                             are slot programs, odd n dataflow programs exported
//   interchange_eval check FILE X.npy Y.npy   reads a program of either tool; 1 unless the plain
//                                             interpreter and the dataflow give Y for X, bit for
//                                             bit
#include <fmt/format.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "dfg/interpreter.h"
#include "interchange/alir.h"
#include "interchange/dais.h"
#include "interchange/evaluate.h"
#include "interchange/example.h"
#include "interchange/from_dataflow.h"
#include "interchange/program_file.h"
#include "interchange/to_dataflow.h"
#include "support/files.h"
#include "support/random_program.h"
#include "tensor/npy.h"

namespace gatewright {
namespace {

using fixed::Dyadic;
using fixed::Integer;
using Reals = tensor::Tensor<double>;

constexpr std::size_t kEvents = 64;

std::vector<Dyadic> values_of(const dfg::Program& program, std::span<const dfg::ValueId> ids,
                              const std::vector<Integer>& codes) {
    std::vector<Dyadic> out;
    for (std::size_t i = 0; i < ids.size(); ++i)
        out.emplace_back(codes[i], -program[ids[i]].format.frac);
    return out;
}

Status make_one(const std::string& stem, Rng& rng, bool exported) {
    interchange::SlotProgram slots;
    dfg::Program program;
    if (exported) {
        program = testing::random_program(
            rng, {.inputs = 3, .nodes = 24, .outputs = 3, .max_width = 10, .max_table_bits = 5});
        GW_TRY(slots, interchange::from_dataflow(program));
    } else {
        slots = interchange::example_program(rng);
        program = interchange::to_dataflow(slots, "p");
    }
    Reals x(tensor::Shape{kEvents, static_cast<std::int64_t>(program.inputs().size())});
    Reals y(tensor::Shape{kEvents, static_cast<std::int64_t>(program.outputs().size())});
    std::size_t next_x = 0;
    std::size_t next_y = 0;
    for (const auto& event : testing::random_input_codes(program, kEvents, rng)) {
        const auto inputs = values_of(program, program.inputs(), event);
        for (const Dyadic& value : inputs) x[next_x++] = value.to_double();
        const auto outputs = exported
                                 ? values_of(program, program.outputs(), interpret(program, event))
                                 : interchange::evaluate(slots, inputs);
        for (const Dyadic& value : outputs) y[next_y++] = value.to_double();
    }
    GW_TRY_STATUS(write_file(stem + "_alir.json.gz",
                             interchange::gzip_compressed(interchange::write_alir(slots).dump())));
    GW_TRY_STATUS(write_file(stem + "_dais.json", interchange::write_dais(slots).dump()));
    GW_TRY_STATUS(write_file(stem + "_x.npy", tensor::to_npy(x)));
    return write_file(stem + "_y.npy", tensor::to_npy(y));
}

Result<std::size_t> differences(const std::string& path, const std::string& x_path,
                                const std::string& y_path) {
    GW_TRY(const std::string bytes, read_file(path));
    GW_TRY(const interchange::SlotProgram slots, interchange::parse_slot_program(bytes));
    GW_TRY(const dfg::Program program, interchange::read_program(path));
    GW_TRY(const Reals x, tensor::read_doubles(x_path));
    GW_TRY(const Reals y, tensor::read_doubles(y_path));
    const std::size_t n_in = program.inputs().size();
    const std::size_t n_out = program.outputs().size();
    const std::size_t events = n_in == 0 ? 0 : x.size() / n_in;
    if (events == 0 || y.size() != events * n_out) return fail("sizes of the event files");
    std::size_t wrong = 0;
    for (std::size_t e = 0; e < events; ++e) {
        std::vector<Dyadic> inputs;
        std::vector<Integer> codes;
        for (std::size_t i = 0; i < n_in; ++i) {
            inputs.push_back(*Dyadic::from_double(x[e * n_in + i]));
            codes.push_back(cast_code(inputs[i], {program[program.inputs()[i]].format}));
        }
        const auto plain = interchange::evaluate(slots, inputs);
        const auto flow = values_of(program, program.outputs(), interpret(program, codes));
        for (std::size_t j = 0; j < n_out; ++j) {
            const auto wanted = Dyadic::from_double(y[e * n_out + j]);
            if (!wanted || plain[j] != *wanted || flow[j] != *wanted) ++wrong;
        }
    }
    return wrong;
}

int run(const std::vector<std::string>& arguments) {
    if (arguments.size() == 4 && arguments[0] == "make") {
        const int count = std::atoi(arguments[2].c_str());
        Rng rng(std::strtoull(arguments[3].c_str(), nullptr, 10));
        for (int n = 0; n < count; ++n) {
            const Status made = make_one(fmt::format("{}/{}", arguments[1], n), rng, n % 2 == 1);
            if (made) continue;
            fmt::print(stderr, "program {}: {}\n", n, made.error().message);
            return 1;
        }
        return 0;
    }
    if (arguments.size() >= 4 && arguments[0] == "check") {
        std::size_t bad = 0;
        for (std::size_t i = 1; i + 2 < arguments.size(); i += 3) {
            const auto wrong = differences(arguments[i], arguments[i + 1], arguments[i + 2]);
            if (wrong && *wrong == 0) continue;
            ++bad;
            fmt::print("{}: {}\n", arguments[i],
                       wrong ? fmt::format("{} outputs differ", *wrong) : wrong.error().message);
        }
        return bad == 0 ? 0 : 1;
    }
    fmt::print(stderr, "see the head of interchange_eval.cpp\n");
    return 2;
}

}  // namespace
}  // namespace gatewright

int main(int argc, char** argv) {
    return gatewright::run({argv + 1, argv + argc});
}
