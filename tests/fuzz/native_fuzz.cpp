// SPDX-License-Identifier: Apache-2.0
//
// Fuzz target: the native JSON model format.
#include "fuzz/harness.h"
#include "fuzz/importing.h"

namespace {

using namespace gatewright;

void import_native_bytes(const std::string& bytes) {
    static const testing::TemporaryFolder folder;
    const std::string path = folder.path("model.json");
    fuzz::write_bytes(path, bytes);
    fuzz::import_and_type(path);
}

[[maybe_unused]] std::vector<std::string> seed_models() {
    return {fuzz::file_bytes(GW_SOURCE_DIR "/examples/tiny.json"),
            R"({"format": "gatewright-model", "version": 1, "layers": [
 {"name": "x", "kind": "input", "shape": [2, 3], "type": "ufixed<5,2>"},
 {"name": "p", "kind": "permute", "dims": [1, 0]},
 {"name": "r", "kind": "reshape", "shape": [-1]},
 {"name": "a", "kind": "affine", "scale": [0.5], "offset": ["3*2^-70"]},
 {"name": "t", "kind": "unary_table", "function": "sigmoid", "type": "ufixed<8,0,RND,SAT>"},
 {"name": "m", "kind": "maximum", "inputs": ["a", "r"]},
 {"name": "c", "kind": "concatenate", "inputs": ["m", "t"], "axis": -1},
 {"name": "s", "kind": "softmax", "exp_type": "ufixed<12,1>", "inv_type": "ufixed<12,1>"}], "outputs": ["s", "c"]})"};
}

}  // namespace

GW_FUZZ_TARGET(import_native_bytes, seed_models())
