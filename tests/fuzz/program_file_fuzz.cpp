// SPDX-License-Identifier: Apache-2.0
//
// Fuzzes the readers of DAIS, ALIR and gzip: whatever the bytes, reading returns; a program that is
// read is evaluated, becomes dataflow of the same function, and is written and read again.
#include "dfg/interpreter.h"
#include "fuzz/harness.h"
#include "interchange/alir.h"
#include "interchange/dais.h"
#include "interchange/evaluate.h"
#include "interchange/example.h"
#include "interchange/program_file.h"
#include "interchange/to_dataflow.h"
#include "support/check.h"
#include "support/random_program.h"

namespace {

using namespace gatewright;

// Mutated numbers can ask for much: what is run is kept small.
bool is_small(const interchange::SlotProgram& program) {
    if (program.ops.size() > 100 || program.input_shifts.size() > 20) return false;
    for (const interchange::SlotOp& op : program.ops) {
        if (op.format().width > 200) return false;
        const bool table = op.opcode == interchange::Opcode::kTable;
        if (table && program.tables[static_cast<std::size_t>(op.index)].codes.size() > 4096) {
            return false;
        }
    }
    return true;
}

void read_and_run(const std::string& bytes) {
    const auto slots = interchange::parse_slot_program(bytes);
    if (!slots || !is_small(*slots)) return;
    const dfg::Program program = interchange::to_dataflow(*slots, "p");
    Rng rng(1);
    for (const auto& event : testing::random_input_codes(program, 6, rng)) {
        std::vector<fixed::Dyadic> x;
        for (std::size_t i = 0; i < event.size(); ++i)
            x.emplace_back(event[i], -program[program.inputs()[i]].format.frac);
        const auto wanted = interchange::evaluate(*slots, x);
        const auto codes = dfg::interpret(program, event);
        for (std::size_t j = 0; j < codes.size(); ++j) {
            const fixed::Dyadic got(codes[j], -program[program.outputs()[j]].format.frac);
            GW_CHECK(got == wanted[j], "dataflow and program differ");
        }
    }
}

[[maybe_unused]] std::vector<std::string> seed_programs() {
    std::vector<std::string> seeds;
    Rng rng(7);
    for (int i = 0; i < 12; ++i) {
        const interchange::SlotProgram program = interchange::example_program(rng);
        seeds.push_back(interchange::write_alir(program).dump());
        seeds.push_back(interchange::write_dais(program).dump());
    }
    seeds.push_back(interchange::gzip_compressed(seeds[0]));
    return seeds;
}

}  // namespace

GW_FUZZ_TARGET(read_and_run, seed_programs())
