// SPDX-License-Identifier: Apache-2.0
//
// docs/layers.md is made from the registry; GW_UPDATE_GOLDEN=1 writes it anew.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "layers/real_function.h"
#include "layers/registry.h"
#include "support/files.h"

namespace gatewright::layers {
namespace {

constexpr const char* kIntroduction = R"(# Layers

This page is made from the layers themselves: `GW_UPDATE_GOLDEN=1 ctest -R unit.layers` writes it, and the
test fails when it is out of date. `gatewright layers` prints the same on a terminal.

A layer in a native model file is `{"name": ..., "kind": ..., "inputs": [...], ` and its attributes `}`.
Shapes never have the batch axis. Numbers are exact: a JSON number, or the text `"m*2^e"` for values no
double holds. Types are written as hls4ml users write them, `fixed<W,I,rounding,overflow>` or
`ufixed<...>`; the meaning of every mode is in [semantics.md](semantics.md).

No layer rounds or overflows unless it says so: results have exactly the bits they need. Put a `quantize`
layer where a model casts.
)";

std::string layers_page() {
    std::string page = kIntroduction;
    for (const model::LayerDef& def : all_layers()) {
        page += fmt::format("\n## {}\n\n{}\n", def.kind, def.summary);
        const auto fields = def.fields();
        if (fields.empty()) {
            page += "\nNo attributes.\n";
            continue;
        }
        page += "\n| attribute | type | meaning |\n|---|---|---|\n";
        for (const model::FieldDoc& field : fields) {
            page += fmt::format("| `{}`{} | {} | {} |\n", field.name,
                                field.required ? "" : " (optional)", field.type, field.meaning);
        }
    }
    page +=
        "\n## Functions of `unary_table`\n\nThe argument is u = input_scale x + input_offset, and "
        "the result "
        "output_scale f(u), correctly rounded to `type`.\nWhere f is infinite the entry is the "
        "largest or "
        "smallest value of the type; where it has no value, 0.\n\n| function | meaning "
        "|\n|---|---|\n";
    for (const FunctionDoc& doc : function_docs()) {
        std::string meaning;
        for (const char c : doc.meaning) {
            if (c == '|') meaning += '\\';
            meaning += c;
        }
        page += fmt::format("| `{}` | {} |\n", doc.name, meaning);
    }
    return page;
}

TEST(LayerDocs, ThePageSaysWhatTheRegistrySays) {
    const std::string path = GW_SOURCE_DIR "/docs/layers.md";
    if (std::getenv("GW_UPDATE_GOLDEN") != nullptr) {
        ASSERT_TRUE(write_file(path, layers_page()));
    }
    const auto committed = read_file(path);
    ASSERT_TRUE(committed) << committed.error().message;
    EXPECT_TRUE(*committed == layers_page())
        << "docs/layers.md is out of date: GW_UPDATE_GOLDEN=1 writes it";
}

TEST(LayerDocs, EveryLayerAndFieldExplainsItself) {
    for (const model::LayerDef& def : all_layers()) {
        EXPECT_FALSE(def.summary.empty()) << def.kind;
        for (const model::FieldDoc& field : def.fields())
            EXPECT_FALSE(field.meaning.empty()) << def.kind;
    }
}

}  // namespace
}  // namespace gatewright::layers
